"""Reads only what changed since an earlier run, on top of what that run holds.

The earlier run's files of orders are laid beside the new ones, in `before/<moment>/`, so
that a run's raw folder stays enough by itself: readers take the newest copy of each order.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fulfilltools.admin.scopes import build_query
from fulfilltools.admin.windows import Window, moment

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from fulfilltools.admin.fetch_report import FetchReport
    from fulfilltools.admin.received import Received, Seen

BEFORE = "before"
LONGEST_CHAIN = timedelta(days=7)
"""Then all is read again, because some changes do not touch an order's `updatedAt`."""

OVERLAP = timedelta(minutes=10)
"""Shopify's search may lag behind a little, so the edge is read twice."""

_FINGERPRINTED = ("orders", "order_more", "fulfillment_order_more")


def fingerprint(granted: Collection[str], version: str, answered: str) -> str:
    """Return what changes whenever version, scopes or queries do."""
    queries = [build_query(name, granted, version) for name in _FINGERPRINTED]
    asked = "\n".join([version, answered, *sorted(granted), *queries])
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def read_base(raw: Path) -> dict[str, Any]:
    """Read what an earlier run says of its fetch; empty where that cannot be read."""
    try:
        content = json.loads((raw / "fetch.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def why_not(base: dict[str, Any], report: FetchReport) -> str | None:
    """Say why a fetch cannot build on an earlier one; None when it can."""
    if not base.get("complete") or not base.get("read_until"):
        return "the last run's orders did not all come"
    if base.get("fingerprint") != report.fingerprint:
        return "version, scopes or queries have changed"
    if base["since"] > report.since:
        return f"the last run has orders since {base['since'][:10]} only"
    read_at = datetime.fromisoformat(report.started_at)
    if read_at - datetime.fromisoformat(base["all_read_at"]) > LONGEST_CHAIN:
        return f"all was read {LONGEST_CHAIN.days} days ago for the last time"
    return None


def changed_window(base: dict[str, Any]) -> Window:
    """Every order that changed since the earlier fetch, with an overlap at the edge."""
    until = datetime.fromisoformat(base["read_until"])
    return Window("changed", start=until - OVERLAP, field="updated_at")


def read_until(started_at: str, received: Received) -> str:
    """Return the moment up to which every change is known.

    That is the newest change seen, but none after the fetch began: an order that was read
    early may have changed while later ones were read.
    """
    return min(started_at, received.newest_change() or started_at)


def carry(base: Path, run: str, raw: Path) -> None:
    """Lay the earlier run's files of orders beside ours; a link where the disk has links."""
    target = raw / BEFORE
    for file in (*base.glob("orders*.jsonl.gz"), *base.glob(f"{BEFORE}/*/*.jsonl.gz")):
        own = file.parent == base
        copy = target / (run.replace(":", "-") if own else file.parent.name) / file.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, copy)
        except OSError:
            shutil.copy2(file, copy)


def drop_carried(raw: Path) -> None:
    """Take the earlier run's files away again, because all is read anew."""
    shutil.rmtree(raw / BEFORE, ignore_errors=True)


def is_within(seen: Seen, since: str, granted: Collection[str]) -> bool:
    """Tell whether a whole fetch would have brought this order."""
    return seen.created_at >= since or ("read_all_orders" in granted and seen.status != "FULFILLED")


def left_open(before: dict[str, Seen], now: dict[str, Seen]) -> list[str]:
    """Name the orders that were not fulfilled before and are so now."""
    return sorted(
        now[identity].name
        for identity, seen in before.items()
        if seen.status != "FULFILLED" and now[identity].status == "FULFILLED"
    )


def now_at_shopify(skew_seconds: float) -> str:
    """Say what Shopify's clock shows, as far as its last answer told."""
    return moment(datetime.now(UTC) - timedelta(seconds=skew_seconds))
