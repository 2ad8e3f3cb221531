"""The three notebooks as an Airflow DAG; put this file into the dags folder.

The workers need fulfilltools, apache-airflow-providers-papermill, and in their environment
SHOPIFY_ACCESS_TOKEN and FULFILLTOOLS_RUNS. Secrets are never parameters: papermill writes
parameters into the notebooks. (Airflow 2: `from airflow import DAG`.)
"""

from datetime import datetime, timedelta

from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.sdk import DAG

SHOP = @SHOP_LITERAL@
NOTEBOOKS = @NOTEBOOKS_LITERAL@
OUTPUT = @OUTPUT_LITERAL@
MOMENT = "{{ ts }}"

with DAG(
    dag_id="fulfilltools",
    schedule="@MINUTE@ @HOUR@ * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "execution_timeout": timedelta(hours=1)},
) as dag:
    before = None
    for name in ("1_fetch_orders", "2_diagnose_causes", "3_report"):
        parameters = {"shop": SHOP}
        if name == "1_fetch_orders":
            parameters["as_of"] = MOMENT
        task = PapermillOperator(
            task_id=name,
            input_nb=f"{NOTEBOOKS}/{name}.ipynb",
            output_nb=f"{OUTPUT}/{name}-{{{{ ts_nodash }}}}.ipynb",
            parameters=parameters,
            kernel_name="python3",
        )
        if before is not None:
            before >> task
        before = task
