"""From raw answers to the backlog: each oddity of Shopify's as one small change of one order."""

import gzip
import json
import shutil
from copy import deepcopy
from datetime import UTC, datetime

import pandas as pd
import pytest

from fulfilltools import tables
from fulfilltools.errors import TableError
from fulfilltools.schema import BACKLOG
from fulfilltools.settings import Policy

AS_OF = datetime(2026, 11, 23, 8, tzinfo=UTC)  # a Monday
SCOPES = [
    "read_orders",
    "read_locations",
    "read_inventory",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
]


def money(amount: str) -> dict:
    return {"shopMoney": {"amount": amount, "currencyCode": "SEK"}}


def line(number: int, **changes) -> dict:
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "title": "Pall",
        "sku": f"SKU-{number}",
        "requiresShipping": True,
        "isGiftCard": False,
        "quantity": 2,
        "unfulfilledQuantity": 2,
        "customAttributes": [],
        "unfulfilledDiscountedTotalSet": money("200.00"),
        "variant": {"id": "gid://shopify/ProductVariant/1"},
        **changes,
    }


def card_line(number: int, **changes) -> dict:
    return {
        "id": f"gid://shopify/FulfillmentOrderLineItem/{number}",
        "totalQuantity": 2,
        "remainingQuantity": 2,
        "requiresShipping": True,
        "inventoryItemId": f"gid://shopify/InventoryItem/{number}",
        "lineItem": {"id": f"gid://shopify/LineItem/{number}"},
        "warnings": [],
        **changes,
    }


def card(number: int, *lines: dict, **changes) -> dict:
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "createdAt": "2026-11-20T09:00:00Z",
        "updatedAt": "2026-11-20T09:00:00Z",
        "fulfillAt": "2026-11-20T09:00:00Z",
        "deliveryMethod": {"methodType": "SHIPPING"},
        "assignedLocation": {
            "name": "Lager",
            "location": {
                "id": "gid://shopify/Location/1",
                "isActive": True,
                "isFulfillmentService": False,
                "fulfillsOnlineOrders": True,
            },
        },
        "supportedActions": [{"action": "CREATE_FULFILLMENT"}],
        "fulfillmentHolds": [],
        "lineItems": {"nodes": list(lines) or [card_line(number)]},
        "merchantRequests": {"nodes": []},
        **changes,
    }


def order(number: int, *cards: dict, **changes) -> dict:
    return {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "name": f"#{number}",
        "createdAt": "2026-11-20T09:00:00Z",
        "processedAt": "2026-11-20T09:00:00Z",
        "updatedAt": "2026-11-20T09:00:00Z",
        "closed": False,
        "test": False,
        "edited": False,
        "tags": [],
        "sourceName": "web",
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "fulfillable": True,
        "fullyPaid": True,
        "unpaid": False,
        "capturable": False,
        "currencyCode": "SEK",
        "currentTotalPriceSet": money("200.00"),
        "totalOutstandingSet": money("0.0"),
        "totalRefundedSet": money("0.0"),
        "transactions": [],
        "fulfillments": [],
        "disputes": [],
        "lineItems": {"nodes": [line(number)]},
        "fulfillmentOrders": {"nodes": list(cards) or [card(number)]},
        **changes,
    }


def level(location: int, on_hand: int, available: int, *, incoming: int = 0, active: bool = True):
    counts = {"on_hand": on_hand, "available": available, "committed": on_hand - available}
    counts["incoming"] = incoming
    return {
        "isActive": active,
        "location": {"id": f"gid://shopify/Location/{location}"},
        "quantities": [{"name": name, "quantity": count} for name, count in counts.items()],
    }


def item(number: int, *levels: dict, tracked: bool = True) -> dict:
    return {
        "id": f"gid://shopify/InventoryItem/{number}",
        "tracked": tracked,
        "duplicateSkuCount": 0,
        "inventoryLevels": {"nodes": list(levels)},
    }


LOCATIONS = [
    {
        "id": f"gid://shopify/Location/{n}",
        "name": name,
        "isActive": True,
        "isFulfillmentService": False,
    }
    for n, name in ((1, "Lager"), (2, "Butik"))
]


@pytest.fixture
def backlog_of(tmp_path):
    """Write raw files as the fetch does, and build the backlog from them."""

    def build(
        *orders, items=(), more=(), extras=(), scopes=SCOPES, zone="Europe/Stockholm", **policy
    ) -> pd.DataFrame:
        context = {
            "shop": {
                "myshopifyDomain": "nordlys.myshopify.com",
                "ianaTimezone": zone,
                "fulfillmentServices": [],
            },
            "currentAppInstallation": {"accessScopes": [{"handle": one} for one in scopes]},
        }
        answers = {
            "context": [context],
            "locations": [{"locations": {"nodes": LOCATIONS}}],
            "orders": [{"orders": {"nodes": list(orders)}}, *more],
            "inventory": [{"nodes": list(items)}],
            "order_extra": list(extras),
        }
        for name, bodies in answers.items():
            with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
                file.writelines(json.dumps({"data": body}) + "\n" for body in bodies)
        built = tables.build(tmp_path, tmp_path, as_of=AS_OF, policy=Policy(**policy))
        return built.backlog.set_index("row_id", drop=False)

    return build


def test_the_backlog_has_the_declared_columns_and_dtypes(backlog_of):
    backlog = backlog_of(order(1))
    assert list(backlog) == [column.name for column in BACKLOG]
    assert [str(dtype) for dtype in backlog.dtypes] == [str(column.dtype) for column in BACKLOG]


def test_a_shop_without_orders_has_an_empty_backlog(backlog_of):
    assert len(backlog_of()) == 0


def test_each_open_fulfillment_order_has_a_row_of_its_own(backlog_of):
    backlog = backlog_of(order(1, card(1), card(2, status="ON_HOLD")))
    assert backlog["rows_of_order"].tolist() == [2, 2]
    assert backlog["status"].tolist() == ["OPEN", "ON_HOLD"]


def test_closed_fulfillment_orders_with_a_remainder_are_ignored(backlog_of):
    """After a move or a cancelled fulfillment the old one stays closed with units left."""
    backlog = backlog_of(order(1, card(1, status="CLOSED"), card(2)))
    assert backlog["fulfillment_order_id"].tolist() == ["gid://shopify/FulfillmentOrder/2"]


def test_an_unfulfilled_order_with_no_open_fulfillment_order_keeps_a_row(backlog_of):
    cancelled = order(1, card(1, status="CLOSED"), cancelledAt="2026-11-21T09:00:00Z")
    (row,) = backlog_of(cancelled).itertuples()
    assert row.row_id == "gid://shopify/Order/1"
    assert row.is_cancelled
    assert row.fulfillment_order_id is pd.NA
    assert row.status is pd.NA


def test_a_fulfilled_order_is_not_in_the_backlog(backlog_of):
    done = order(1, card(1, status="CLOSED"), displayFulfillmentStatus="FULFILLED")
    assert len(backlog_of(done)) == 0


def test_the_newest_copy_counts_when_an_order_came_twice(backlog_of):
    hold = {"id": "gid://shopify/FulfillmentHold/1", "reason": "OTHER"}
    old = order(1, card(1, status="ON_HOLD", fulfillmentHolds=[hold]))
    new = order(1, card(1), updatedAt="2026-11-21T09:00:00Z")
    (row,) = backlog_of(new, old).itertuples()
    assert row.status == "OPEN"
    assert row.hold_reasons is pd.NA


def test_lines_that_came_in_a_continuation_belong_to_their_order(backlog_of):
    more = [
        {"order": {"id": "gid://shopify/Order/1", "lineItems": {"nodes": [line(7)]}}},
        {
            "fulfillmentOrder": {
                "id": "gid://shopify/FulfillmentOrder/1",
                "lineItems": {"nodes": [card_line(7)]},
            }
        },
    ]
    (row,) = backlog_of(order(1), more=more).itertuples()
    assert (row.lines_left, row.units_left, row.value) == (2, 4, 400)


def test_every_hold_is_kept(backlog_of):
    holds = [
        {
            "id": "gid://shopify/FulfillmentHold/1",
            "reason": "OTHER",
            "heldByApp": {"title": "Flow"},
        },
        {"id": "gid://shopify/FulfillmentHold/2", "reason": "AWAITING_PAYMENT"},
    ]
    (row,) = backlog_of(order(1, card(1, status="ON_HOLD", fulfillmentHolds=holds))).itertuples()
    assert row.hold_reasons == "AWAITING_PAYMENT, OTHER"
    assert row.held_by_app == "Flow"


def test_what_waits_is_worth_its_share_of_the_line(backlog_of):
    half = card(1, card_line(1, remainingQuantity=1))
    (row,) = backlog_of(order(1, half)).itertuples()
    assert row.value == 100


def test_the_clock_starts_at_the_payment_and_not_when_a_move_made_a_new_card(backlog_of):
    paid = {"kind": "SALE", "status": "SUCCESS", "processedAt": "2026-11-21T09:00:00Z"}
    moved = card(1, createdAt="2026-11-22T09:00:00Z")
    (row,) = backlog_of(order(1, moved, transactions=[paid])).itertuples()
    assert row.actionable_at == pd.Timestamp("2026-11-21T09:00Z")


def test_the_weekend_has_no_business_hours(backlog_of):
    """Friday 10:00 to Monday 09:00 in Stockholm: 14 hours of Friday and 9 of Monday."""
    (row,) = backlog_of(order(1)).itertuples()
    assert row.age_hours == pytest.approx(71)
    assert row.business_age_hours == pytest.approx(23)
    assert row.hours_late == pytest.approx(23 - 48)


def test_public_holidays_have_no_business_hours_where_they_are_set(backlog_of):
    """Epiphany, 6 January, is a holiday in Sweden; in 2026 a Tuesday."""
    january = "2026-01-05T09:00:00Z"
    old = order(1, card(1, fulfillAt=january), processedAt=january)
    (without,) = backlog_of(old).itertuples()
    (with_holidays,) = backlog_of(old, holidays=("SE",)).itertuples()
    assert without.business_age_hours - with_holidays.business_age_hours >= 24


def test_business_days_are_those_of_the_shops_time_zone(backlog_of):
    """Sunday 20:00 UTC is already Monday in Auckland."""
    sunday = "2026-11-22T20:00:00Z"
    late = order(1, card(1, fulfillAt=sunday), processedAt=sunday)
    (auckland,) = backlog_of(late, zone="Pacific/Auckland").itertuples()
    (stockholm,) = backlog_of(late).itertuples()
    assert auckland.business_age_hours == pytest.approx(12)
    assert stockholm.business_age_hours == pytest.approx(9)


def test_what_comes_after_the_cut_off_counts_from_the_next_day(backlog_of):
    """Friday 16:00 in Stockholm is after 15: it counts as Saturday's, so from Monday on."""
    afternoon = "2026-11-20T15:00:00Z"
    late = order(1, card(1, fulfillAt=afternoon), processedAt=afternoon)
    (without,) = backlog_of(late).itertuples()
    (row,) = backlog_of(late, cutoff_at=15).itertuples()
    assert without.business_age_hours == pytest.approx(17)
    assert row.business_age_hours == pytest.approx(9)


def test_opening_hours_may_be_set(backlog_of):
    """Open 8 to 17: Friday 10:00 to 17:00, Monday 8:00 to 9:00."""
    (row,) = backlog_of(order(1), opens_at=8, closes_at=17).itertuples()
    assert row.business_age_hours == pytest.approx(8)
    assert row.business_day_hours == 9


def test_an_order_without_dates_has_no_age_rather_than_none(backlog_of):
    undated = order(1, card(1, fulfillAt=None), processedAt=None, createdAt=None)
    (row,) = backlog_of(undated).itertuples()
    assert row.business_age_hours is pd.NA
    assert row.hours_late is pd.NA


def test_without_locations_stock_is_unknown_rather_than_short(backlog_of):
    card_nowhere = card(1, assignedLocation={"name": "Lager"})
    levels = [level(1, on_hand=9, available=7)]
    (row,) = backlog_of(order(1, card_nowhere), items=[item(1, *levels)]).itertuples()
    assert row.units_short is pd.NA
    assert row.stocked_elsewhere is pd.NA


def test_what_another_location_has_is_promised_once(backlog_of):
    """Two orders lack two units each, two are in the store: the first who ordered gets them."""
    shared = {"inventoryItemId": "gid://shopify/InventoryItem/9"}
    first = order(1, card(1, card_line(1, **shared)), processedAt="2026-11-19T09:00:00Z")
    second = order(2, card(2, card_line(2, **shared)))
    levels = [level(1, on_hand=0, available=-4), level(2, on_hand=2, available=2)]
    backlog = backlog_of(second, first, items=[item(9, *levels)]).set_index("order_name")
    assert backlog["stocked_elsewhere"].to_dict() == {"#1": True, "#2": False}


def test_a_business_without_terms_has_to_pay_first(backlog_of):
    company = {"purchasingEntity": {"__typename": "PurchasingCompany"}}
    (unseen,) = backlog_of(order(1, **company)).itertuples()
    assert unseen.on_payment_terms is pd.NA
    extra = [{"nodes": [{"id": "gid://shopify/Order/1", "paymentTerms": None}]}]
    seeing = [*SCOPES, "read_payment_terms"]
    (seen,) = backlog_of(order(1, **company), extras=extra, scopes=seeing).itertuples()
    assert not seen.on_payment_terms


def test_a_product_that_cannot_be_seen_is_not_gone(backlog_of):
    (row,) = backlog_of(order(1, lineItems={"nodes": [line(1, variant=None)]})).itertuples()
    assert row.lines_without_variant is pd.NA


def test_days_that_are_no_appointments_are_not_waited_for(backlog_of):
    batch = order(1, tags=["batch-2026-08-01", "warranty-until-2029-08-01"])
    born = order(2, lineItems={"nodes": [line(2, customAttributes=[{"key": "Date of birth"}])]})
    assert not backlog_of(batch, born)["names_a_day"].any()


def test_each_place_has_its_own_cancelled_shipment(backlog_of):
    def cancelled(number, place, at):
        return {
            "id": f"gid://shopify/Fulfillment/{number}",
            "name": f"#1-F{number}",
            "status": "CANCELLED",
            "createdAt": at,
            "location": {"id": f"gid://shopify/Location/{place}"},
        }

    store = {"name": "Butik", "location": {"id": "gid://shopify/Location/2", "isActive": True}}
    parcels = [cancelled(1, 1, "2026-11-20T10:00:00Z"), cancelled(2, 2, "2026-11-20T11:00:00Z")]
    split = order(1, card(1), card(2, assignedLocation=store), fulfillments=parcels)
    assert backlog_of(split)["undone_fulfillment"].tolist() == ["#1-F1", "#1-F2"]


def test_the_last_transaction_is_told_as_one(backlog_of):
    tried = [
        {
            "kind": "SALE",
            "status": "FAILURE",
            "errorCode": "CARD_DECLINED",
            "processedAt": "2026-11-20T09:01:00Z",
        },
        {"kind": "VOID", "status": "SUCCESS", "processedAt": "2026-11-20T09:03:00Z"},
    ]
    (row,) = backlog_of(order(1, transactions=tried)).itertuples()
    assert (row.last_transaction, row.last_error) == ("VOID", pd.NA)


def test_norms_start_their_clock_as_the_open_ones_do(backlog_of):
    """Placed in September, paid in October, shipped an hour later: an hour, not a month."""
    paid, left = "2026-10-13T09:00:00Z", "2026-10-13T10:00:00Z"
    parcel = {
        "status": "SUCCESS",
        "createdAt": left,
        "location": {"id": "gid://shopify/Location/1"},
    }
    done = [
        order(
            n,
            card(n, card_line(n, remainingQuantity=0), status="CLOSED", fulfillAt=None),
            processedAt="2026-09-01T09:00:00Z",
            displayFulfillmentStatus="FULFILLED",
            transactions=[{"kind": "SALE", "status": "SUCCESS", "processedAt": paid}],
            fulfillments=[parcel | {"id": f"gid://shopify/Fulfillment/{n}"}],
        )
        for n in range(100, 120)
    ]
    (row,) = backlog_of(order(1), *done).itertuples()
    assert row.slow_hours == pytest.approx(1)
    assert (row.sla_hours, row.sla_source) == (24, "history")


def test_an_sla_may_be_set_for_a_location(backlog_of):
    (row,) = backlog_of(order(1), sla_by_location={"Lager": 4}).itertuples()
    assert (row.sla_hours, row.sla_source) == (4, "settings")
    assert row.hours_late == pytest.approx(19)


def test_stock_goes_to_the_first_who_ordered(backlog_of):
    """Three units on hand: the first order takes two, the second lacks one."""
    shared = {"inventoryItemId": "gid://shopify/InventoryItem/9"}
    first = order(1, card(1, card_line(1, **shared)), processedAt="2026-11-19T09:00:00Z")
    second = order(2, card(2, card_line(2, **shared)))
    backlog = backlog_of(second, first, items=[item(9, level(1, on_hand=3, available=-1))])
    assert backlog.set_index("order_name")["units_short"].to_dict() == {"#1": 0, "#2": 1}


def test_another_location_that_could_cover_it_is_seen(backlog_of):
    levels = [level(1, on_hand=0, available=-2), level(2, on_hand=9, available=9)]
    (row,) = backlog_of(order(1), items=[item(1, *levels)]).itertuples()
    assert (row.units_short, row.stocked_elsewhere) == (2, True)


def test_an_item_that_is_not_tracked_is_never_short(backlog_of):
    (row,) = backlog_of(order(1), items=[item(1, tracked=False)]).itertuples()
    assert row.units_short == 0


def test_stock_that_cannot_be_read_is_unknown(backlog_of):
    (row,) = backlog_of(order(1)).itertuples()
    assert row.units_short is pd.NA


def test_scopes_that_are_missing_are_known_to_be_missing(backlog_of):
    (row,) = backlog_of(order(1), scopes=["read_orders"]).itertuples()
    assert not row.sees_service_fulfillment_orders
    assert row.location_exists is pd.NA


def test_money_of_any_precision_is_read(backlog_of):
    cheap = order(1, totalOutstandingSet=money("0.5"), currentTotalPriceSet=money("-20"))
    (row,) = backlog_of(cheap).itertuples()
    assert (row.outstanding, row.total) == (0.5, -20)


def test_texts_of_any_script_come_through_unharmed(backlog_of):
    title = "Ståhl\u2028 שולחן \U0001f6cb =1+1 \\/ \u0085"
    odd = order(1, name="#1-Å", lineItems={"nodes": [line(1, title=title)]})
    (row,) = backlog_of(odd).itertuples()
    assert (row.order_name, row.items) == ("#1-Å", title)


def test_a_day_in_a_tag_or_an_attribute_is_seen(backlog_of):
    tagged = order(1, tags=["pickup-2026-12-12"])
    asked = order(2, lineItems={"nodes": [line(2, customAttributes=[{"key": "Pickup date"}])]})
    plain = order(3, lineItems={"nodes": [line(3, customAttributes=[{"key": "Engraving"}])]})
    backlog = backlog_of(tagged, asked, plain).set_index("order_name")
    assert backlog["names_a_day"].to_dict() == {"#1": True, "#2": True, "#3": False}
    assert backlog.loc["#1", "named_day"] == pd.Timestamp("2026-12-11T23:00Z")


def test_a_raw_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(TableError, match=r"context\.jsonl\.gz is missing"):
        tables.build(tmp_path, tmp_path, as_of=AS_OF, policy=Policy())


def test_a_raw_file_that_was_cut_is_refused(backlog_of, tmp_path):
    backlog_of(order(1))
    raw = tmp_path / "orders.jsonl.gz"
    raw.write_bytes(raw.read_bytes()[:-40])
    with pytest.raises(TableError, match="not what Shopify sends"):
        tables.build(tmp_path, tmp_path, as_of=AS_OF, policy=Policy())


def test_a_raw_file_that_is_no_json_is_refused(backlog_of, tmp_path):
    backlog_of(order(1))
    with gzip.open(tmp_path / "orders.jsonl.gz", "wt") as file:
        file.write("<html>Sorry</html>\n")
    with pytest.raises(TableError, match="not what Shopify sends"):
        tables.build(tmp_path, tmp_path, as_of=AS_OF, policy=Policy())


@pytest.mark.parametrize("sign", ["*", "[a]", "{a,b}"])
def test_signs_in_a_folders_name_are_no_pattern(backlog_of, tmp_path, sign):
    rows = len(backlog_of(order(1)))
    raw, sibling = tmp_path / f"a{sign}", tmp_path / "ab"
    for folder, numbers in ((raw, [1]), (sibling, [2, 3])):
        folder.mkdir()
        for file in tmp_path.glob("*.jsonl.gz"):
            shutil.copy(file, folder)
        with gzip.open(folder / "orders.jsonl.gz", "wt") as pages:
            nodes = [order(number) for number in numbers]
            pages.write(json.dumps({"data": {"orders": {"nodes": nodes}}}) + "\n")
    assert len(tables.build(raw, tmp_path, as_of=AS_OF, policy=Policy()).backlog) == rows


def test_raw_answers_are_read_only(backlog_of, tmp_path):
    backlog_of(deepcopy(order(1)))
    before = (tmp_path / "orders.jsonl.gz").read_bytes()
    tables.build(tmp_path, tmp_path, as_of=AS_OF, policy=Policy())
    assert (tmp_path / "orders.jsonl.gz").read_bytes() == before
