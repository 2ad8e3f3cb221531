"""From a raw bulk file to findings, by the number of orders.

The raw files are the demo shop's own bulk result, repeated under new ids, so their shape is
real: children away from their parents, 4 to 5 KB an order.
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from measure import measured, python
from pydantic import SecretStr

from fulfilltools import admin, demo
from fulfilltools.settings import Connection

if TYPE_CHECKING:
    from pathlib import Path

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


def measure(scratch: Path) -> str:
    """Measure each size against a scan of the same file."""
    lines = [_growth(size, scratch) for size in SIZES]
    return (
        "## From a raw bulk file to findings\n\n"
        "Parse, tables, norms, backlog, every cause, evidence, Parquet; against DuckDB reading "
        "five columns of the same file (packed, so one core).\n\n"
        "| orders | raw, unpacked | DuckDB scan | to findings | peak memory |\n|--|--|--|--|--|\n"
        + "\n".join(lines)
    )


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


def _growth(orders: int, scratch: Path) -> str:
    folder = scratch / str(orders)
    size = make_raw(orders, folder)
    scan = measured(python(SCAN, str(folder)))
    found = measured(python(FINDINGS, str(folder)))
    return (
        f"| {orders:,} | {size / 1e6:,.0f} MB | {scan.seconds:.2f} s "
        f"| {found.times(scan):.1f} × | {found.memory:,.0f} MB |"
    )
