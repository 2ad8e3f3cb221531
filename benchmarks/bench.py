"""Measure where time and memory go, as ratios against baselines of the same run.

Writes docs/benchmarks.md. The raw files are the demo shop's own bulk result, repeated under
new ids, so their shape is real: children away from their parents, 4 to 5 KB an order. Each
figure comes from a process of its own; the median of RUNS counts.
"""

from __future__ import annotations

import gzip
import json
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from fulfilltools import admin, demo
from fulfilltools.settings import Connection

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3
SIZES = (10_000, 100_000)

_OWN_ID = re.compile(
    rb"((?:Order|LineItem|FulfillmentOrder|FulfillmentOrderLineItem"
    rb"|FulfillmentOrderMerchantRequest|Fulfillment|FulfillmentHold)\\/)(\d+)"
)

SCAN = """
import duckdb, sys
print(duckdb.execute('''
    SELECT count(*), count(DISTINCT id), max(createdAt), max(status), count(name)
    FROM read_json(?, format = 'newline_delimited', columns = {
        id: 'VARCHAR', createdAt: 'VARCHAR', status: 'VARCHAR', name: 'VARCHAR',
        __typename: 'VARCHAR'
    })
''', [sys.argv[1] + '/orders.bulk.jsonl.gz']).fetchone())
"""

FINDINGS = """
import sys, tempfile
from pathlib import Path
from fulfilltools import demo, tables
from fulfilltools.diagnosis import diagnose
from fulfilltools.settings import Policy
with tempfile.TemporaryDirectory() as folder:
    built = tables.build(
        Path(sys.argv[1]), Path(folder), as_of=demo.AS_OF, policy=Policy()
    )
    diagnose(built.backlog, as_of=demo.AS_OF).save(Path(folder))
"""

CAUSES = """
import json, time
import pandas as pd
from fulfilltools.causes import CAUSES
from fulfilltools.schema import backlog_of
rows = [example for made in CAUSES for example in made.hits]
backlog = pd.concat([backlog_of(rows)] * (1_000_000 // len(rows)), ignore_index=True)
start = time.perf_counter()
for made in CAUSES:
    made.answer(backlog)
asked = time.perf_counter() - start
start = time.perf_counter()
backlog.groupby(["location", "status"], dropna=False)["value"].agg(["size", "sum"])
grouped = time.perf_counter() - start
print(json.dumps({"asked": asked, "grouped": grouped, "rows": len(backlog)}))
"""


def main() -> None:
    """Measure everything and write the page."""
    with tempfile.TemporaryDirectory() as scratch:
        lines = [_growth(size, Path(scratch)) for size in SIZES]
    page = _page(lines, _causes(), _imports())
    (ROOT / "docs" / "benchmarks.md").write_text(page, encoding="utf-8")
    print(page)


def make_raw(orders: int, folder: Path) -> int:
    """Write raw files of about that many orders; return their size in bytes, unpacked."""
    folder.mkdir(parents=True)
    with demo.serve() as server:
        connection = Connection(
            name="bench",
            domain=demo.SHOP_DOMAIN,
            api_url=server.url,
            access_token=SecretStr(server.access_token),
        )
        with admin.AdminClient(connection) as client:
            report = admin.fetch(client, folder, as_of=demo.AS_OF, way="bulk")
    file = folder / "orders.bulk.jsonl.gz"
    parts = _OWN_ID.split(gzip.decompress(file.read_bytes()))
    written = 0
    with gzip.open(file, "wb", compresslevel=1) as raw:
        for copy in range(round(orders / report.orders_received)):
            mark = b"%d" % copy if copy else b""
            again = list(parts)
            again[2::3] = [mark + number for number in again[2::3]]
            written += raw.write(b"".join(again))
    return written


def timed(program: str, *arguments: str) -> tuple[float, float, str]:
    """Run a program in processes of its own: median seconds, most memory in MB, its output."""
    seconds, output = [], ""
    for _ in range(RUNS):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
        )
        seconds.append(time.perf_counter() - start)
        output = done.stdout
    # Of all children so far; sizes grow, so the newest is the largest.
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return statistics.median(seconds), memory, output


def _growth(orders: int, scratch: Path) -> str:
    folder = scratch / str(orders)
    size = make_raw(orders, folder)
    scan, _, _ = timed(SCAN, str(folder))
    found, memory, _ = timed(FINDINGS, str(folder))
    return (
        f"| {orders:,} | {size / 1e6:,.0f} MB | {scan:.2f} s | {found / scan:.1f} × "
        f"| {memory:,.0f} MB |"
    )


def _causes() -> str:
    figures = json.loads(timed(CAUSES)[2])
    ratio = figures["asked"] / figures["grouped"]
    return f"all causes of {figures['rows']:,} rows: {ratio:.1f} × one pandas groupby of them"


def _imports() -> list[str]:
    base = timed("import pandas")[0]
    package = timed("import fulfilltools")[0] / base
    names = timed("import fulfilltools as ft; ft.Diagnosis")[0] / base
    helped = timed(
        "import sys; sys.argv = ['x', '--help']\nfrom fulfilltools.cli import main\nmain()"
    )[0]
    return [
        f"`import fulfilltools`: {package:.2f} × `import pandas` (its names used: {names:.2f} ×)",
        f"`fulfilltools --help`: {helped / base:.2f} × `import pandas`",
    ]


def _page(growth: list[str], causes: str, imports: list[str]) -> str:
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    return (
        "# Benchmarks\n\n"
        "<!-- Written by `make bench`. -->\n\n"
        f"Measured on {machine}, each figure the median of {RUNS} processes. Ratios are against a "
        "baseline of the same run, because machines differ and drift.\n\n"
        "## From a raw bulk file to findings\n\n"
        "Parse, tables, norms, backlog, every cause, evidence, Parquet; against DuckDB reading "
        "five columns of the same file (packed, so one core).\n\n"
        "| orders | raw, unpacked | DuckDB scan | to findings | peak memory |\n|--|--|--|--|--|\n"
        + "\n".join(growth)
        + "\n\n## Causes and start-up\n\n"
        + "\n".join(f"- {line}" for line in [causes, *imports])
        + "\n"
    )


if __name__ == "__main__":
    main()
