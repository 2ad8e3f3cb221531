"""Root, also, unknown, unexplained: what the diagnosis promises."""

import pandas as pd
import pytest

from fulfilltools.cause import Owner, Severity, Verdict, cause
from fulfilltools.causes import BY_CODE, CAUSES
from fulfilltools.causes.holds import HELD
from fulfilltools.diagnosis import answered, diagnose, load
from fulfilltools.errors import CauseError, RunError
from fulfilltools.findings import CONTRACT
from fulfilltools.schema import backlog_of

AS_OF = pd.Timestamp("2026-11-20T12:00Z").to_pydatetime()


def diagnosed(*rows, **options):
    return diagnose(backlog_of(rows), as_of=AS_OF, **options)


def test_the_first_cause_is_the_root_and_the_others_are_kept():
    late_and_risky = {"risk_recommendation": "CANCEL", "hours_late": 24, "units_short": 1}
    (finding,) = diagnosed(late_and_risky).findings.itertuples()
    assert finding.cause == "fraud_review"
    assert finding.also == ["stock_backorder", "manual_late"]


def test_causes_asked_at_once_answer_as_those_asked_one_by_one():
    examples = backlog_of([example for made in CAUSES for example in made.hits])
    at_once = answered(examples, CAUSES)
    assert list(at_once) == [made.code for made in CAUSES]
    for made in CAUSES:
        alone = made.answer(examples)
        assert at_once[made.code].hits.equals(alone.hits), made.code
        assert at_once[made.code].labels == alone.labels, made.code


def test_the_orders_root_is_the_one_of_its_rows_that_is_asked_first():
    late = {"order_id": "a", "hours_late": 9}
    held = {"order_id": "a", **HELD, "hold_reasons": "OTHER"}
    alone = {"order_id": "b", "hours_late": 9}
    found = diagnosed(late, held, alone).findings.set_index("row_id")
    assert found["cause"][["row 0", "row 1"]].tolist() == ["manual_late", "hold_other"]
    assert found["order_cause"].to_dict() == {
        "row 0": "hold_other",
        "row 1": "hold_other",
        "row 2": "manual_late",
    }


def test_what_is_behind_a_hold_is_linked():
    held = HELD | {"hold_reasons": "AWAITING_PAYMENT", "fully_paid": False}
    unpaid = held | {"financial_status": "PENDING"}
    lapsed = held | {"financial_status": "EXPIRED"}
    found = diagnosed(unpaid, lapsed).findings.set_index("row_id")["because"]
    assert found.to_dict() == {"row 0": "payment_pending", "row 1": "payment_expired_or_voided"}


def test_every_row_has_one_finding_also_when_nothing_explains_it():
    odd = {"status": "OPEN", "can_fulfill": False}
    diagnosis = diagnosed(odd, {}, {"is_test": True})
    assert len(diagnosis.findings) == 3
    assert diagnosis.unexplained == 1
    assert set(diagnosis.findings["cause"]) == {"unexplained", "manual_fresh", "test_order"}


def test_what_might_have_been_the_root_is_counted_as_unknown():
    no_risk_readable = {"risk_recommendation": None, "has_high_risk": None, "is_risk_pending": None}
    diagnosis = diagnosed(no_risk_readable, {})
    assert diagnosis.unknown.to_dict() == {"fraud_review": 1}
    assert diagnosis.findings["cause"].tolist() == ["manual_fresh", "manual_fresh"]


def test_the_worst_and_most_valuable_and_oldest_come_first():
    rows = [
        {"order_name": "fresh"},
        {"order_name": "cheap", "hours_late": 9, "value": 10},
        {"order_name": "dear", "hours_late": 9, "value": 900},
        {"order_name": "refunded", "financial_status": "REFUNDED"},
    ]
    assert diagnosed(*rows).findings["order"].tolist() == ["refunded", "dear", "cheap", "fresh"]


def test_severity_rises_when_it_waits_far_too_long_and_falls_when_it_costs_nothing():
    late = {"hours_late": 9, "business_age_hours": 57}
    far_too_late = {"hours_late": 60, "business_age_hours": 108}
    free = late | {"total": 0}
    found = diagnosed(late, far_too_late, free).findings.set_index("row_id")["severity"]
    assert found[["row 0", "row 1", "row 2"]].tolist() == ["high", "critical", "medium"]


def test_what_waits_by_design_never_gets_more_severe():
    held = HELD | {"hold_reasons": "UNKNOWN_DELIVERY_DATE", "business_age_hours": 900}
    assert diagnosed(held).findings["severity"].tolist() == ["low"]


def test_a_variant_may_change_who_moves_and_what_to_do():
    ready = {"delivery_method": "PICK_UP", "ready_for_pickup_at": "2026-11-20T10:00Z"}
    (finding,) = diagnosed(ready).findings.itertuples()
    assert (finding.variant, finding.owner) == ("waiting_customer", "customer")
    assert "20 Nov 2026 10:00" in finding.evidence


def test_moments_are_told_in_the_shops_time_zone():
    cancelled = {"is_cancelled": True, "cancelled_at": "2026-11-20T10:00Z"}
    (evidence,) = diagnosed(cancelled, zone="Asia/Tokyo").findings["evidence"]
    assert "20 Nov 2026 19:00" in evidence


def test_money_is_told_with_the_decimals_of_its_currency():
    owed = {"financial_status": "PENDING", "unpaid": True, "outstanding": 1200}
    findings = diagnosed(owed | {"currency": "JPY"}, owed | {"currency": "SEK"}).findings
    assert findings.set_index("row_id").loc["row 0", "evidence"].endswith("¥1,200 outstanding")
    assert "1,200.00" in findings.set_index("row_id").loc["row 1", "evidence"]


def test_an_empty_backlog_has_an_empty_diagnosis_with_the_same_columns():
    empty, full = diagnosed(), diagnosed({})
    assert len(empty.findings) == 0
    assert list(empty.findings) == list(full.findings)
    assert set(CONTRACT) <= set(empty.findings)
    assert empty.unknown.empty


def test_the_backlog_is_left_as_it_was():
    backlog = backlog_of([{}, {"hours_late": 9}])
    before = backlog.copy(deep=True)
    diagnose(backlog, as_of=AS_OF)
    pd.testing.assert_frame_equal(backlog, before)


def test_a_cause_that_fails_is_named():
    @cause(
        verdict=Verdict.SUSPECT,
        severity=Severity.LOW,
        owner=Owner.NOBODY,
        evidence="It is",
        action="Look.",
        hits=[{}],
    )
    def divides_by_nothing(total):
        """It divides by nothing"""
        return total.no_such_method()

    with pytest.raises(CauseError, match="divides_by_nothing failed"):
        diagnosed({}, causes=[divides_by_nothing])


def test_causes_may_be_left_out():
    without = [made for made in CAUSES if made.code != "manual_late"]
    late = {"hours_late": 9}
    assert diagnosed(late, causes=without).findings["cause"].tolist() == ["unexplained"]
    only = diagnosed(late, causes=[BY_CODE["manual_late"]])
    assert only.findings["cause"].tolist() == ["manual_late"]


def test_a_saved_diagnosis_reads_back_the_same(tmp_path):
    diagnosis = diagnosed({"hours_late": 9}, {"risk_recommendation": "CANCEL", "hours_late": 3}, {})
    diagnosis.backlog.to_parquet(tmp_path / "backlog.parquet", index=False)
    diagnosis.save(tmp_path)
    again = load(tmp_path, AS_OF)
    assert again.unknown.to_dict() == diagnosis.unknown.to_dict()
    assert [list(also) for also in again.findings["also"]] == list(diagnosis.findings["also"])
    same = [name for name in diagnosis.findings if name not in ("also", "unknown")]
    pd.testing.assert_frame_equal(again.findings[same], diagnosis.findings[same], check_dtype=False)


def test_a_folder_without_a_diagnosis_says_what_to_do(tmp_path):
    with pytest.raises(RunError, match="Run 2_diagnose_causes"):
        load(tmp_path, AS_OF)


def test_an_order_is_found_by_its_name_with_or_without_the_sign():
    diagnosis = diagnosed({"order_name": "#1042"}, {"order_name": "#1043"})
    assert diagnosis.order("1042").findings.equals(diagnosis.order("#1042").findings)
