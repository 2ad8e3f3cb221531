"""What several test files share."""

import json
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from fulfilltools import admin, runs, steps, tables
from fulfilltools.cause import Causes
from fulfilltools.causes import CAUSES
from fulfilltools.demo import AS_OF, serve
from fulfilltools.demo.world import build_world
from fulfilltools.settings import Connection, Policy


def pytest_configure(config):
    """Give each of several processes runs of its own; a run is written by one at a time."""
    if process := os.environ.get("PYTEST_XDIST_WORKER"):
        home = Path(os.environ.get("FULFILLTOOLS_RUNS") or config.rootpath / "build" / "test-runs")
        os.environ["FULFILLTOOLS_RUNS"] = str(home / process)


# Marks for `--dist loadgroup` go unheard with pytest 9.2 (pytest-xdist issue 1386).
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep together, in one process, the tests of a file and all that share something costly."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - one process needs none

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = Path(nodeid.split("::")[0])
            if file.suffix == ".ipynb":
                return "notebooks"  # each reads the run that the one before has written
            return "shop_run" if file.stem in SHARING_A_RUN else str(file)

    return ByFile(config, log)


SHARING_A_RUN = ("test_demo_truth", "test_digging", "test_story", "test_whole_report_browser")


@dataclass
class _Diagnosed:
    """What the report reads of a diagnosis, without running one."""

    findings: pd.DataFrame
    backlog: pd.DataFrame
    as_of: datetime = datetime(2026, 11, 23, 7, tzinfo=UTC)
    unknown: pd.Series = field(default_factory=lambda: pd.Series({"fraud_review": 9}))
    unexplained: int = 0
    language: str = "en"
    causes: Causes = field(default_factory=lambda: Causes(CAUSES))


_KINDS = [
    # cause, title, verdict, severity, owner, proof, evidence, action, how many
    (
        "service_rejected",
        "The fulfillment service declined the request.",
        *("blocked", "critical", "service", "state"),
        "Declined by Nordic 3PL: “Address not valid”",
        "Fix the stated reason, then request fulfillment again.",
        9,
    ),
    (
        "manual_late",
        "Paid, stocked and free to ship, but late.",
        *("do it now", "high", "operations", "state"),
        "Waiting at Göteborg since 12 Nov; promise was 48 business hours",
        "Fulfill the items, or mark them as fulfilled.",
        48,
    ),
    (
        "payment_pending",
        "The money has not arrived, so nothing may ship.",
        *("blocked", "medium", "finance", "state"),
        "PENDING at Klarna; 499.00 kr outstanding",
        "Wait for the provider, or cancel the order.",
        31,
    ),
    (
        "supplier_sync_lag",
        "The supplier’s app passed this order over.",
        *("suspect", "high", "supplier", "inferred"),
        '=HYPERLINK("http://evil.example") <script>alert(1)</script>',
        "Open the order in the supplier’s app.",
        12,
    ),
    (
        "remainder_non_shippable",
        "Only a tip or a warranty is left to fulfill.",
        *("do it now", "low", "operations", "state"),
        "Förlängd garanti; read_merchant_managed_fulfillment_orders_and_third_party_too",
        "Mark the line as fulfilled.",
        7,
    ),
    (
        "manual_fresh",
        "In the normal queue, within the promise.",
        *("waits by design", "info", "nobody", "state"),
        "Due in 9 business hours",
        "Nothing yet.",
        64,
    ),
    (
        "cancelled",
        "Cancelled orders keep showing as unfulfilled.",
        *("nothing to do", "info", "nobody", "state"),
        "Cancelled 14 Nov",
        "Archive the order.",
        29,
    ),
]
_PLACES = ["Lager Göteborg", "Butik Åre", "مستودع دبي", "東京倉庫", "Nordic 3PL", None]


@pytest.fixture(scope="session")
def diagnosed():
    """Build 200 diagnosed rows: Swedish, Arabic and Japanese texts, yen, formulas, gaps."""

    def build(kinds=_KINDS, most=100):
        rows = [row for kind in kinds for row in _rows(kind)[:most]]
        columns = None if rows else [*_rows(_KINDS[0])[0]]
        findings = pd.DataFrame(rows, columns=columns)
        backlog = pd.DataFrame(
            {
                "row_id": findings["row_id"],
                "hours_late": findings["age_hours"] - 60,
            }
        )
        return _Diagnosed(findings, backlog)

    return build


def _rows(kind):
    cause, title, verdict, severity, owner, proof, evidence, action, count = kind
    seed = sum(map(ord, cause))
    return [
        {
            "order": f"#{seed + n}",
            "order_id": f"gid://shopify/Order/{seed * 1000 + n}",
            "fulfillment_order_id": None
            if n == 3
            else f"gid://shopify/FulfillmentOrder/{seed * 1000 + n}",
            "cause": cause,
            "variant": "ירוק" if n == 1 else None,
            "also": ["payment_pending"] if n == 2 else [],
            "verdict": verdict,
            "severity": severity,
            "owner": owner,
            "proof": proof,
            "evidence": evidence,
            "action": action,
            "age_hours": None if n == 5 else float((seed * 7 + n * 37) % 320),
            "value": Decimal(500 + 37 * n) if n % 6 == 4 else Decimal("249.50") * (1 + n % 5),
            "currency": "JPY" if n % 6 == 4 else "SEK",
            "location": _PLACES[(seed + n * n) % len(_PLACES)],
            "admin_url": "javascript:alert(1)"
            if n == 6
            else f"https://admin.shopify.com/store/nordlys/orders/{seed * 1000 + n}",
            "title": title,
            "created_at": pd.Timestamp("2026-11-10T09:00:00Z") + pd.Timedelta(hours=n),
            "row_id": f"row/{seed * 1000 + n}",
            "unknown": ["fraud_review"] if n % 20 == 7 else [],
        }
        for n in range(count)
    ]


@pytest.fixture(scope="session")
def whole_world():
    """The demo shop's world, for all who only read it."""
    return build_world()


@pytest.fixture(scope="session")
def make_run(tmp_path_factory):
    """Fetch a world of the demo shop into a run of its own; called with the world."""

    def make(world, shop="demo", *, diagnosed=True):
        folder = runs.run_folder(tmp_path_factory.mktemp("shop"), shop, world.as_of)
        run = steps.Run(runs.begin_run(folder, shop, world.as_of).folder)
        with serve(world, bucket=1_000_000) as served:
            connection = Connection(
                name=shop,
                domain="nordlys-demo.myshopify.com",
                api_url=served.url,
                access_token=served.access_token,
            )
            with admin.AdminClient(connection) as client:
                admin.fetch(client, run.raw, as_of=world.as_of)
        steps.build_backlog(run)
        if diagnosed:
            steps.diagnose_run(run)
        run.seal()
        return run

    return make


@pytest.fixture(scope="session")
def shop_run(make_run, whole_world):
    """One run of the demo shop, for all who only read it."""
    return make_run(whole_world)


@pytest.fixture(scope="session")
def built_tables():
    """Build the tables of raw files into a new folder; rows as texts, sorted, by table."""

    def build(raw, folder, as_of=AS_OF):
        folder.mkdir()
        tables.build(raw, folder, as_of=as_of, policy=Policy())
        return {
            file.stem: sorted(map(_plain, pd.read_parquet(file).to_dict("records")))
            for file in folder.glob("*.parquet")
        }

    return build


def _plain(row):
    """A row as text; the members of a list come in no order."""
    return repr(
        {
            name: sorted(map(repr, value)) if hasattr(value, "__len__") else value
            for name, value in row.items()
        }
    )


@pytest.fixture(scope="session")
def listening():
    """Serve a webhook: gives what was posted, as (path, body), and its address."""

    @contextmanager
    def serve_webhook(status=200):
        posts = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.append((self.path, json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield posts, f"http://127.0.0.1:{server.server_port}/secret-path"
        finally:
            server.shutdown()
            server.server_close()

    return serve_webhook
