"""Runs compared: nothing is lost between two runs, and unlike runs are not held alike."""

import pandas as pd
import pytest

from fulfilltools import history, report
from fulfilltools.errors import RunError
from fulfilltools.history import Snapshot

FETCH = {"shop": "nordlys", "api_version_answered": "2026-10", "scopes_granted": ["read_orders"]}


@pytest.fixture
def today(diagnosed):
    return Snapshot("today", diagnosed().findings, FETCH)


def test_a_first_run_says_that_there_is_nothing_to_compare(today):
    changes = history.compare(today, None)
    assert changes.note == history.FIRST_RUN
    assert not changes.comparable
    assert len(changes.new) == 0


def test_every_row_of_both_runs_is_in_exactly_one_group(today):
    before = today.findings.iloc[10:].copy()
    before.loc[before.index[:3], "cause"] = "manual_fresh"
    before.loc[before.index[3:5], "severity"] = "low"
    gone = before.iloc[-4:].assign(order_id=["a", "b", "c", "d"])
    changes = history.compare(today, Snapshot("before", pd.concat([before, gone]), FETCH))
    assert (len(changes.new), len(changes.changed), len(changes.cleared)) == (10, 5, 4)
    assert len(changes.new) + len(changes.changed) + changes.recurring == len(today.findings)
    assert set(changes.changed["cause_before"].iloc[:3]) == {"manual_fresh"}
    assert changes.comparable


def test_an_order_without_fulfillment_order_is_known_again(today):
    without = today.findings["fulfillment_order_id"].isna()
    assert without.any()
    changes = history.compare(today, Snapshot("before", today.findings.loc[without], FETCH))
    assert changes.recurring == without.sum()


@pytest.mark.parametrize(
    ("then", "what"),
    [
        ({"api_version_answered": "2026-07"}, "API version"),
        ({"scopes_granted": ["read_orders", "read_products"]}, "scopes"),
        ({"shop": "other"}, "shop"),
        ({"complete": False}, "did not receive every order"),
    ],
)
def test_runs_that_saw_the_shop_differently_are_not_compared_without_a_word(today, then, what):
    changes = history.compare(today, Snapshot("before", today.findings, FETCH | then))
    assert what in changes.note
    assert not changes.comparable


def test_a_written_run_compares_equal_with_itself(tmp_path, diagnosed):
    diagnosis = diagnosed()
    report.write_outputs(tmp_path, diagnosis, report.Facts("today", FETCH))
    before = history.load(tmp_path)
    changes = history.compare(Snapshot("now", diagnosis.findings, FETCH), before)
    assert before.run_id == "today"
    assert changes.recurring == len(diagnosis.findings)
    assert changes.comparable


def test_a_run_without_findings_can_be_loaded_and_compared(tmp_path, diagnosed, today):
    report.write_outputs(tmp_path, diagnosed([]), report.Facts("calm", FETCH))
    assert len(history.compare(today, history.load(tmp_path)).new) == len(today.findings)


def test_a_broken_run_is_named(tmp_path):
    (tmp_path / "findings.json").write_text("[{")
    with pytest.raises(RunError, match=tmp_path.name):
        history.load(tmp_path)
