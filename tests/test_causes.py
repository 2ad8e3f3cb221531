"""All causes, by the examples they carry and by the form they must have."""

import re

import pandas as pd
import pytest

from fulfilltools.cause import Cause, Owner, Severity, Verdict, cause, labelled, one_of
from fulfilltools.causes import BY_CODE, CAUSES
from fulfilltools.diagnosis import diagnose
from fulfilltools.errors import CauseError
from fulfilltools.schema import COLUMNS, backlog_of
from fulfilltools.wording import sentence

AS_OF = pd.Timestamp("2026-11-20T12:00Z")

every_cause = pytest.mark.parametrize("made", CAUSES, ids=lambda made: made.code)


@every_cause
def test_every_hit_is_found_and_every_look_alike_is_not(made):
    answers = made.answer(backlog_of([*made.hits, *made.misses])).hits.fillna(value=False)
    assert answers.tolist() == [True] * len(made.hits) + [False] * len(made.misses)


@every_cause
def test_evidence_of_a_hit_says_nothing_about_what_is_not_known(made):
    backlog = backlog_of(made.hits)
    labels = made.answer(backlog).labels
    for label, row in zip(labels, backlog.to_dict("records"), strict=True):
        text = sentence(made.as_variant(label).evidence, row)
        assert "<NA>" not in text
        assert "nan" not in text.lower().split()
        assert "{" not in text


@every_cause
def test_lost_data_never_reads_healthy(made):
    """Each column that the cause reads, lost in turn, gives true or unknown, never False."""
    lost = [
        (name, hit | {name: None})
        for hit in made.hits
        for name in made.columns
        if COLUMNS[name].missing == "unknown"
    ]
    answers = made.answer(backlog_of([row for _, row in lost])).hits
    healthy = [
        name
        for (name, _), answer in zip(lost, answers, strict=True)
        if answer is not pd.NA and not answer
    ]
    assert not healthy, f"{made.code} calls a row healthy without {healthy}"


@every_cause
def test_a_cause_has_the_form_of_a_cause(made):
    assert re.fullmatch(r"[a-z]+[a-z0-9]*(_[a-z0-9]+)*", made.code)
    assert made.title[0].isupper()
    assert not made.title.endswith(".")
    assert len(made.title) <= 88
    assert made.action.endswith(".")
    assert set(made.columns) <= set(COLUMNS)
    assert set(made.confused_with) <= set(BY_CODE)
    assert made.verdict in Verdict
    assert made.owner in Owner
    assert made.severity in Severity


def test_every_labelled_variant_is_one_that_the_cause_can_give():
    for made in CAUSES:
        answer = made.answer(backlog_of(made.hits))
        given = set() if answer.variant is None else set(answer.variant.dropna())
        assert set(made.variants) <= given, made.code


def test_codes_are_unique_and_unexplained_is_asked_last():
    codes = [made.code for made in CAUSES]
    assert len(codes) == len(set(codes))
    assert codes[-1] == "unexplained"


def test_a_healthy_row_is_only_in_the_ordinary_queue():
    (root,) = diagnose(backlog_of([{}]), as_of=AS_OF).findings["cause"]
    assert root == "manual_fresh"


def test_a_cause_that_reads_no_column_is_refused_with_the_name_that_was_meant():
    with pytest.raises(CauseError, match=r"finacial_status \(did you mean financial_status\?\)"):

        @declared
        def spelled_wrong(finacial_status):
            """It is spelled wrong"""
            return finacial_status


def test_an_answer_that_is_not_one_boolean_per_row_is_refused():
    @declared
    def answers_text(financial_status):
        """It answers text"""
        return financial_status

    with pytest.raises(CauseError, match="answers_text answers string"):
        answers_text.answer(backlog_of([{}]))


def test_a_missing_column_is_named():
    with pytest.raises(CauseError, match="cancelled reads is_cancelled"):
        BY_CODE["cancelled"].answer(backlog_of([{}]).drop(columns="is_cancelled"))


def test_texts_that_are_missing_are_unknown_not_different():
    values = pd.Series(["A", "B", pd.NA], dtype="string")
    assert one_of(values, "A").tolist() == [True, False, pd.NA]


def test_the_first_true_label_names_the_variant():
    hits = pd.Series([True, True, True, False], dtype="boolean")
    first = pd.Series([True, False, pd.NA, True], dtype="boolean")
    assert labelled(hits, one=first, two=True).variant.tolist() == ["one", "two", "two", "one"]


def declared(ask) -> Cause:
    return cause(
        verdict=Verdict.SUSPECT,
        severity=Severity.LOW,
        owner=Owner.NOBODY,
        evidence="It is",
        action="Look.",
        hits=[{}],
    )(ask)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (
            {"sla_hours": 56.9, "sla_source": "history"},
            "past the SLA (56.9 business hours, by history)",
        ),
        (
            {"sla_hours": 1.0, "sla_source": "settings"},
            "past the SLA (1 business hour, by settings)",
        ),
        ({"sla_hours": None, "sla_source": None}, "past the SLA"),
    ],
)
def test_what_is_late_says_which_sla_it_is_held_against(known, told):
    row = {"location": "Malmö lager", "business_age_hours": 321.0, "hours_late": 264.1}
    row |= {"business_day_hours": 24} | known
    said = sentence(BY_CODE["manual_late"].evidence, row)
    assert said == f"Free to ship at Malmö lager; waiting 13 business days, 11 business days {told}"
