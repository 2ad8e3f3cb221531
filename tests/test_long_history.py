"""A history too long to be read whole: what waits is as ever, the newest teach what is usual."""

import gzip
import re
import shutil

import pandas as pd
import pytest
from pydantic import SecretStr

from fulfilltools import schema, steps, tables
from fulfilltools.admin import AdminClient, fetch
from fulfilltools.demo import AS_OF, serve
from fulfilltools.errors import TableError
from fulfilltools.exports import read_shipments
from fulfilltools.settings import Connection, Policy

NEWEST = 100

LEARNED = (
    *("norm", "sample", "usual", "slow", "silent", "habit", "app_", "auto_", "instant_"),
    *("sla_", "hours_late", "capture_mode", "online_share", "shipped_before", "younger_shipped"),
)
"""What columns have in their names that rest on the shop's history, and so on how much was read."""


@pytest.fixture(scope="module")
def bulk_raw(whole_world, tmp_path_factory):
    raw = tmp_path_factory.mktemp("raw")
    with serve(whole_world) as shop:
        token = SecretStr(shop.access_token)
        known = Connection(name="d", domain=shop.domain, api_url=shop.url, access_token=token)
        with AdminClient(known) as client:
            fetch(client, raw, as_of=AS_OF, way="bulk")
    return raw


@pytest.fixture(scope="module")
def built(bulk_raw, tmp_path_factory):
    """Build the same bulk result twice: read whole, and with few orders to learn from."""
    made = {}
    for name, most in {"whole": 25_000, "long": NEWEST}.items():
        folder = tmp_path_factory.mktemp(name)
        policy = Policy(history_orders=most)
        made[name] = tables.build(bulk_raw, folder, as_of=AS_OF, policy=policy)
    return made


def read(made: tables.Tables, table: str) -> pd.DataFrame:
    return pd.read_parquet(made.folder / f"{table}.parquet")


def test_no_open_row_is_lost(built):
    assert list(built["long"].backlog["row_id"]) == list(built["whole"].backlog["row_id"])


def test_what_is_no_norm_is_equal_in_each_row(built):
    whole, long = (built[name].backlog for name in ("whole", "long"))
    names = [column.name for column in schema.BACKLOG]
    own = [name for name in names if not any(word in name for word in LEARNED)]
    assert len(own) > 120
    pd.testing.assert_frame_equal(long[own], whole[own])


def test_every_order_and_parcel_is_counted(built):
    for table, columns in {
        "orders": ["order_id", "order_name", "processed_at", "fulfillment_status", "is_test"],
        "fulfillments": ["order_id", "status", "created_at"],
    }.items():
        whole, long = (
            read(built[name], table)[columns].sort_values(columns).reset_index(drop=True)
            for name in ("whole", "long")
        )
        pd.testing.assert_frame_equal(long, whole)


def test_what_a_supplier_lists_is_held_against_whole_orders(bulk_raw, built, tmp_path):
    orders = read(built["long"], "orders")
    older = orders[orders["total"].isna()]
    names = [*older["order_name"].head(40), *built["long"].backlog["order_name"].head(5)]
    numbers = [name.strip("#") for name in names]
    rows = [f"{number},T{number},2026-11-20" for number in numbers]
    listed = tmp_path / "listed.csv"
    listed.write_text("\n".join(["order,tracking,shipped", *rows]) + "\n")
    raw = shutil.copytree(bulk_raw, tmp_path / "raw")
    read_shipments([listed], raw)
    made = {}
    for most in (25_000, NEWEST):
        folder = tmp_path / str(most)
        folder.mkdir()
        policy = Policy(history_orders=most)
        made[most] = tables.build(raw, folder, as_of=AS_OF, policy=policy)
    assert made[NEWEST].glanced == built["long"].glanced - 40
    assert made[NEWEST].supplier == made[25_000].supplier
    assert made[NEWEST].supplier["rows_unmatched"] == 0
    said = ["row_id", "supplier_shipped_units", "supplier_tracking"]
    pd.testing.assert_frame_equal(made[NEWEST].backlog[said], made[25_000].backlog[said])


def test_only_the_newest_shipped_orders_are_read_whole(built):
    orders = read(built["long"], "orders").set_index("order_id")
    whole = orders["total"].notna()  # what a glance does not read
    shipped = orders["fulfillment_status"] == "FULFILLED"
    assert whole[~shipped].all()
    # orders that changed in the same second come along, and those with something left to ship
    assert NEWEST <= (whole & shipped).sum() < NEWEST + 20
    assert orders.loc[shipped & ~whole, "updated_at"].max() <= (
        orders.loc[shipped & whole, "updated_at"].quantile(0.2)
    )


def test_fewer_examples_make_the_sample_of_a_norm_smaller(built):
    whole, long = (read(built[name], "location_norms")["shipped"].sum() for name in built)
    assert 0 < long < whole


@pytest.mark.parametrize(
    ("broken", "says"),
    {
        "cut short": (lambda packed: packed[:-900], "not what Shopify sends"),
        "another checksum": (lambda packed: packed[:-8] + b"checksum", "cannot be read to its end"),
        "an empty line": (lambda packed: packed + gzip.compress(b"\n"), "lines, where .* are JSON"),
    }.values(),
)
def test_a_file_that_is_not_whole_is_named(bulk_raw, tmp_path, broken, says):
    raw = tmp_path / "raw"
    shutil.copytree(bulk_raw, raw)
    packed = (bulk_raw / "orders.bulk.jsonl.gz").read_bytes()
    (raw / "orders.bulk.9.jsonl.gz").write_bytes(broken(packed))
    with pytest.raises(TableError, match=says):
        tables.build(raw, tmp_path, as_of=AS_OF, policy=Policy(history_orders=NEWEST))


def test_the_report_says_what_was_only_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FULFILLTOOLS_RUNS", raising=False)
    (tmp_path / "fulfilltools.toml").write_text(f"[policy]\nhistory_orders = {NEWEST}\n")
    run = steps.fetch("demo", as_of=f"{AS_OF:%Y-%m-%dT%H:%M:%SZ}", way="bulk")
    steps.write_report(run, steps.diagnose_run(run))
    notes = " ".join(run.summary["fetch"]["notes"])
    counted = int(re.search(r"last; (\d+) shipped before are only counted", notes)[1])
    orders = run.table("orders")
    assert counted == (orders["total"].isna() & (orders["fulfillment_status"] == "FULFILLED")).sum()
