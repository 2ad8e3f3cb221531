"""From a raw bulk file to findings, by the number of orders.

The raw files are the demo shop's own bulk result, its orders repeated under new ids: the fields
are those of our own query, children stand away from their parents, and OPEN of the orders wait.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from measure import Measured, in_turn, measured, python
from pydantic import SecretStr

from fulfilltools import admin, demo
from fulfilltools.settings import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = (10_000, 100_000, 300_000, 1_000_000)
OPEN = 0.02
"""A million orders in 60 days, a day's worth of them waiting."""

ALL_WAIT = 100_000
"""Orders of a shop where nothing was shipped for weeks."""

ASSEMBLED_UP_TO = 300_000
"""Assembled by orjson, a million orders take some 20 GB."""

AT_ONCE = 5_000
"""Orders written before their children."""

FILE = "orders.bulk.jsonl.gz"

# Own ids, names, and the seconds of moments: what makes an order another one, and hard to pack.
_VARIES = re.compile(
    rb"(?<=\\/Order\\/)\d+|(?<=LineItem\\/)\d+|(?<=\\/FulfillmentOrder\\/)\d+"
    rb"|(?<=MerchantRequest\\/)\d+|(?<=\\/Fulfillment\\/)\d+|(?<=FulfillmentHold\\/)\d+"
    rb'|(?<="legacyResourceId":")\d+|(?<="name":"#)\d+|(?<=:)\d\d(?=Z")'
)
_SECONDS = 2

SCAN = """
import duckdb, sys
print(duckdb.execute('''
    SELECT count(*), count(DISTINCT id), max(createdAt), max(status), count(name)
    FROM read_json(?, format = 'newline_delimited', columns = {
        id: 'VARCHAR', createdAt: 'VARCHAR', status: 'VARCHAR', name: 'VARCHAR',
        __typename: 'VARCHAR'
    })
''', [sys.argv[1]]).fetchone())
"""

FINDINGS = """
import sys, tempfile
from pathlib import Path
from datetime import datetime
from fulfilltools import tables
from fulfilltools.diagnosis import diagnose
from fulfilltools.settings import Policy
AS_OF = datetime.fromisoformat(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    built = tables.build(Path(sys.argv[1]), Path(folder), as_of=AS_OF, policy=Policy())
    diagnosis = diagnose(built.backlog, as_of=AS_OF)
    diagnosis.save(Path(folder))
print(len(diagnosis.findings))
"""

ASSEMBLE = """
import gc, gzip, sys
from collections import defaultdict
import orjson
gc.disable()  # or it would take three times as long
orders = defaultdict(list)
with gzip.open(sys.argv[1]) as lines:
    for line in lines:
        node = orjson.loads(line)
        orders[node.get('__parentId') or node['id']].append(node)
print(len(orders))
"""


@dataclass(frozen=True)
class Size:
    """What was measured of one raw file."""

    orders: int
    size: int
    """Bytes, unpacked."""
    lines: int
    scan: Measured
    findings: Measured
    assemble: Measured | None

    @property
    def row(self) -> str:
        """Tell it as a row of the table."""
        assembled = "needs some 20 GB"
        if self.assemble:
            ratio, memory = self.findings.times(self.assemble), self.assemble.memory
            assembled = f"{ratio:.2f} × ({memory:,.0f} MB)"
        return (
            f"| {self.orders:,} | {self.size / 1e6:,.0f} MB, {self.lines:,} lines "
            f"| {int(self.findings.output):,} | {self.scan.seconds:.2f} s "
            f"| {self.findings.seconds:.2f} s | {self.findings.times(self.scan):.1f} × "
            f"| {assembled} | {self.findings.memory:,.0f} MB |"
        )


def measure(scratch: Path) -> str:
    """Measure each size against a scan of the same file, and against its assembly by orjson."""
    sizes = [_measured(orders, OPEN, scratch) for orders in SIZES]
    largest, waiting = sizes[-1], _measured(ALL_WAIT, 1, scratch)
    return (
        "## From a raw bulk file to findings\n\n"
        "Parse, tables, norms, backlog, every cause, evidence, Parquet; against DuckDB reading "
        "five columns of the same file, and against orjson reading its lines into lists by order, "
        "and no more (Python's garbage collection switched off). The orders are the demo shop's, "
        f"again and again under new ids, {largest.size / largest.orders / 1000:.1f} KB and "
        f"{largest.lines / largest.orders:.1f} lines each, {OPEN:.0%} of them open; the file is "
        "packed, so a scan unpacks it on one processor. About a second is for imports and for "
        "planning queries, however few orders there are.\n\n"
        "| orders | raw, unpacked | open | scan | to findings | against the scan "
        "| against orjson (its memory) | peak memory |\n|--|--|--|--|--|--|--|--|\n"
        + "\n".join(size.row for size in sizes)
        + f"\n\nWhat costs is what waits: {ALL_WAIT:,} orders of which every one is open, "
        f"{int(waiting.findings.output):,} rows with evidence, take {waiting.findings.seconds:.1f} "
        f"s and {waiting.findings.memory:,.0f} MB."
    )


def make_raw(orders: int, share_open: float, folder: Path) -> tuple[int, int]:
    """Write raw files of that many orders; return the bytes, unpacked, and the lines."""
    folder.mkdir(parents=True)
    _fetch(folder)
    shipped, waiting = _families(folder / FILE)
    chance = random.Random(1)  # noqa: S311 - the same file each time
    size = lines = 0
    with gzip.open(folder / FILE, "wb", compresslevel=1) as raw:
        for start in range(0, orders, AT_ONCE):
            heads, children = [], []
            for number in range(start, min(start + AT_ONCE, orders)):
                family = chance.choice(waiting if chance.random() < share_open else shipped)
                head, *others = _again(family, number, chance)
                heads.append(head)
                children += others
            chance.shuffle(children)
            size += raw.write(b"".join(heads + children))
            lines += len(heads) + len(children)
    report = json.loads((folder / "fetch.json").read_text("utf-8"))
    report |= {"orders_received": orders, "orders_counted": orders}
    (folder / "fetch.json").write_text(json.dumps(report), encoding="utf-8")
    return size, lines


def _measured(orders: int, share_open: float, scratch: Path) -> Size:
    folder = scratch / f"{orders}-{share_open}"
    size, lines = make_raw(orders, share_open, folder)
    scan, findings = in_turn(
        python(SCAN, str(folder / FILE)),
        python(FINDINGS, str(folder), f"{demo.AS_OF:%Y-%m-%dT%H:%MZ}"),
    )
    assemble = None
    if orders <= ASSEMBLED_UP_TO:
        assemble = measured(python(ASSEMBLE, str(folder / FILE)))
    (folder / FILE).unlink()
    return Size(orders, size, lines, scan, findings, assemble)


def _fetch(folder: Path) -> None:
    with demo.serve() as server:
        connection = Connection(
            name="bench",
            domain=demo.SHOP_DOMAIN,
            api_url=server.url,
            access_token=SecretStr(server.access_token),
        )
        with admin.AdminClient(connection) as client:
            admin.fetch(client, folder, as_of=demo.AS_OF, way="bulk")


Line = tuple[list[bytes], list[bytes]]
"""What stays of a line, and what varies between."""


def _families(file: Path) -> tuple[list[list[Line]], list[list[Line]]]:
    """Give the lines of each order, its own first: of shipped ones, and of those that wait."""
    order_of: dict[str, str] = {}
    families: dict[str, list[Line]] = defaultdict(list)
    shipped: dict[str, bool] = {}
    with gzip.open(file) as lines:
        for line in lines:
            node = json.loads(line)
            parent = node.get("__parentId")
            order = order_of.get(parent, node["id"])
            order_of[node["id"]] = order
            if parent is None:
                shipped[order] = node["displayFulfillmentStatus"] == "FULFILLED"
            families[order].append((_VARIES.split(line), _VARIES.findall(line)))
    sorts: tuple[list[list[Line]], list[list[Line]]] = ([], [])
    for order, family in families.items():
        sorts[0 if shipped[order] else 1].append(family)
    return sorts


def _again(family: list[Line], number: int, chance: random.Random) -> Iterator[bytes]:
    """Give an order's lines once more, with ids and a name that no other has."""
    offset = (number + 1) * 10**8 + chance.randrange(10**7)
    seconds = b"%02d" % chance.randrange(60)
    for stays, varies in family:
        other = [seconds if len(one) == _SECONDS else b"%d" % (int(one) + offset) for one in varies]
        yield b"".join(chain.from_iterable(zip_longest(stays, other, fillvalue=b"")))
