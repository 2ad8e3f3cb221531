"""Generated texts are checked texts."""

import subprocess
import sys
from pathlib import Path

from fulfilltools import schema
from fulfilltools.causes import CAUSES

ROOT = Path(__file__).resolve().parent.parent


def test_the_generated_pages_are_fresh():
    """The causes, the columns, and what was found in the demo shop against what is true there."""
    check = [sys.executable, ROOT / "scripts" / "refresh_docs.py", "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_column_is_declared_whole_and_once():
    names = [column.name for column in schema.BACKLOG]
    assert len(names) == len(set(names))
    for column in schema.BACKLOG:
        assert column.kind in schema.DTYPES
        assert column.missing in ("none", "unknown", "never")
        assert column.meaning
        assert column.source


def test_every_column_is_read_by_a_cause_or_shown_to_a_reader():
    """A column that nothing reads is a column to delete."""
    read = {name for made in CAUSES for name in made.columns}
    told = " ".join(
        f"{made.evidence} {' '.join(one.get('evidence', '') for one in made.variants.values())}"
        for made in CAUSES
    )
    unread = [
        column.name
        for column in schema.BACKLOG
        if column.name not in read and f"{{{column.name}" not in told
    ]
    assert set(unread) <= FOR_READERS, sorted(set(unread) - FOR_READERS)


FOR_READERS = {
    "actionable_at",
    "admin_url",
    "app",
    "business_day_hours",
    "cancellation_requested_at",
    "currency",
    "from_export",
    "hold_notes",
    "hours_to_schedule",
    "idle_business_hours",
    "lines_left",
    "norm_sample",
    "order_id",
    "order_name",
    "processed_at",
    "request_business_hours",
    "routed_at",
    "rows_of_order",
    "shipping_method",
    "sla_hours",
    "sla_source",
    "slow_hours",
    "supported_actions",
    "tags",
    "vendors",
}
"""Columns for findings, pictures and analysts that no cause reads."""
