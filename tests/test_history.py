"""Runs compared: nothing is lost between two runs, and unlike runs are not held alike."""

import json
from datetime import timedelta

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


def at(days_ago):
    """Name the run of that many days before the newest."""
    return f"{pd.Timestamp('2026-11-23T07:00:00Z') - timedelta(days=days_ago):%Y-%m-%dT%H-%M-%SZ}"


@pytest.fixture
def keep(tmp_path, diagnosed):
    """Keep a run of some days ago with findings as given, and tell where all runs are."""

    def keep(days_ago, findings, **fetch):
        diagnosis = diagnosed()
        diagnosis.findings = findings.reset_index(drop=True)
        past = history.Past(tmp_path / "nordlys", at(days_ago))
        facts = report.Facts(at(days_ago), FETCH | fetch, past=past)
        folder = tmp_path / "nordlys" / at(days_ago)
        numbers = report.summary(diagnosis, facts, next(past.snapshots(), None))
        folder.mkdir(parents=True)
        (folder / "summary.json").write_text(json.dumps(numbers))
        rows = report.findings_list(diagnosis.findings)
        (folder / "findings.json").write_text(json.dumps(rows))
        return tmp_path

    return keep


@pytest.fixture
def four_runs(keep, today):
    """Keep four runs: one row clears after two days, one changes its cause, one comes late."""
    rows = today.findings.iloc[:5]
    changed = rows.assign(cause=["manual_fresh", *rows["cause"].iloc[1:]])
    keep(3, rows.iloc[:4])
    keep(2, rows.iloc[:4])
    keep(1, changed.iloc[[0, 1, 2, 4]])
    return keep(0, changed.iloc[[0, 1, 2, 4]])


def test_a_stay_ends_where_a_row_clears_or_changes(four_runs, today):
    stays = history.stays(four_runs, "nordlys")
    names = today.findings["order"]
    cleared = stays.loc[stays["order"] == names[3]].iloc[0]
    assert (cleared["ended"], cleared["hours"]) == ("cleared", 48)
    first = stays.loc[stays["order"] == names[0]]
    assert list(first["ended"]) == ["changed", "open"]
    assert list(first["cause"]) == [today.findings["cause"][0], "manual_fresh"]
    assert stays["ended"].value_counts().to_dict() == {"open": 4, "cleared": 1, "changed": 1}


def test_time_to_clear_is_told_by_cause(four_runs, today):
    table = history.time_to_clear(four_runs, "nordlys")
    row = table.loc[today.findings["cause"][3]]
    assert (row["cleared"], row["median_hours"], row["changed"]) == (1, 48, 1)
    assert table["still_open"].sum() == 4


def test_what_unlike_runs_do_not_show_is_not_called_cleared(keep, today):
    keep(1, today.findings.iloc[:9])
    folder = keep(0, today.findings.iloc[:4], scopes_granted=["read_orders", "read_products"])
    ends = history.stays(folder, "nordlys")["ended"].value_counts()
    assert ends.to_dict() == {"unknown": 5, "open": 4}


def test_first_seen_goes_back_as_far_as_the_cause_was_the_same(four_runs, today):
    past = history.Past(four_runs / "nordlys", at(0))
    rows = today.findings.iloc[:5]
    changed = rows.assign(cause=["manual_fresh", *rows["cause"].iloc[1:]]).iloc[[0, 1, 2, 4]]
    since = history.first_seen(Snapshot(at(0), changed, FETCH), past.snapshots())
    assert since.tolist() == [at(1), at(3), at(3), at(1)]


def test_first_seen_reads_no_further_than_it_needs(today):
    def earlier():
        yield Snapshot(at(1), today.findings.assign(cause="another"), FETCH)
        raise AssertionError("it read on")

    since = history.first_seen(today, earlier())
    assert set(since) == {"today"}


def test_the_table_of_runs_has_a_row_for_each_and_says_what_is_not_comparable(keep, today):
    keep(3, today.findings.iloc[:50])
    keep(2, today.findings.iloc[:60], api_version_answered="2026-07")
    folder = keep(1, today.findings.iloc[:70], api_version_answered="2026-07")
    broken = folder / "nordlys" / at(0)
    broken.mkdir()
    (broken / "summary.json").write_text("{")
    table = history.runs_table(folder, "nordlys")
    assert table["run_id"].tolist() == [at(3), at(2), at(1), at(0)]
    assert table["rows"].tolist()[:3] == [50, 60, 70]
    assert table["comparable"].tolist() == [False, False, True, False]
    assert "API version" in table["note"].iloc[1]
    assert table["note"].iloc[3] == history.UNREADABLE
    causes = table.filter(like="cause_").iloc[:3]
    assert causes.sum(axis="columns").tolist() == [50, 60, 70]
    assert table.index.tz is not None


def test_a_shop_without_runs_has_an_empty_table(tmp_path):
    assert history.runs_table(tmp_path, "nordlys").empty
    assert history.stays(tmp_path, "nordlys").empty
    assert history.time_to_clear(tmp_path, "nordlys").empty


def test_a_run_that_cannot_be_read_is_left_out_of_the_comparison(keep, today):
    folder = keep(2, today.findings.iloc[:50])
    broken = folder / "nordlys" / at(1)
    broken.mkdir()
    (broken / "summary.json").write_text(json.dumps({"schema": 1}))
    (snapshot,) = history.Past(folder / "nordlys", at(0)).snapshots()
    assert snapshot.run_id == at(2)
