"""Shipment lists of suppliers and 3PLs: shipped there, unfulfilled here."""

import csv
import io

import pandas as pd
import pytest

from fulfilltools import steps, tables
from fulfilltools.demo import AS_OF
from fulfilltools.demo.export import EMAIL, PERSON, export_rows, write_export
from fulfilltools.demo.world import build_world
from fulfilltools.diagnosis import diagnose
from fulfilltools.errors import SettingsError, TableError
from fulfilltools.exports import how_lists_fitted, read_export, read_shipments
from fulfilltools.settings import Policy

ENGLISH = ["Order", "SKU", "Quantity", "Tracking number", "Carrier", "Shipped at"]


@pytest.fixture
def raw(tmp_path):
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw"


@pytest.fixture
def shop(tmp_path, raw):
    """Make an export of the orders given, and read the lists given beside it.

    `headings` are those of all lists, or of each.
    """

    def made(orders, *lists, headings=ENGLISH):
        rows = [row for order in orders for row in order]
        write_export(rows, tmp_path / "orders.csv")
        read_export([tmp_path / "orders.csv"], raw, as_of=AS_OF)
        if lists:
            files = [tmp_path / f"list_{n}.csv" for n in range(len(lists))]
            each = headings if isinstance(headings[0], list) else [headings] * len(lists)
            for file, listed, named in zip(files, lists, each, strict=True):
                file.write_text(written(listed, named), encoding="utf-8")
            read_shipments(files, raw)
        return tables.build(raw, tmp_path, as_of=AS_OF, policy=Policy())

    return made


def written(rows, headings=ENGLISH, delimiter=","):
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerows([headings, *rows])
    return target.getvalue()


def order(name, *lines, **columns):
    """Write an order of 1 November: lines are (sku, quantity, status)."""
    rows = [
        {
            "Name": name,
            "Created at": "2026-11-01 09:00:00 +0100",
            "Lineitem quantity": str(quantity),
            "Lineitem name": f"Thing {sku}",
            "Lineitem price": "100.00",
            "Lineitem sku": sku,
            "Lineitem requires shipping": "true",
            "Lineitem fulfillment status": status,
            "Vendor": "Kaigan",
        }
        for sku, quantity, status in lines
    ]
    done = {status for _, _, status in lines}
    badge = {frozenset({"fulfilled"}): "fulfilled", frozenset({"pending"}): "unfulfilled"}
    usual = {
        "Financial Status": "paid",
        "Fulfillment Status": badge.get(frozenset(done), "partial"),
        "Currency": "SEK",
        "Total": "100.00",
        "Id": "6" + "".join(filter(str.isdigit, name)).rjust(6, "0"),
        "Source": "web",
    }
    rows[0] |= usual | {heading.replace("_", " "): text for heading, text in columns.items()}
    return rows


def shipped(made):
    return made.backlog.set_index("order_name")["supplier_shipped_units"].to_dict()


def unmatched(tmp_path):
    listed = pd.read_csv(tmp_path / "supplier_unmatched.csv", dtype=str, keep_default_na=False)
    return [tuple(row) for row in listed[["side", "order_name", "reason"]].to_numpy()]


WAITS = order("#1042", ("A", 2, "pending"))


def test_without_a_list_it_is_unknown_what_suppliers_shipped(shop):
    made = shop([WAITS])
    assert made.supplier is None
    assert made.backlog["supplier_shipped_units"].isna().all()


def test_what_a_list_has_as_shipped_is_found_with_its_tracking(shop):
    made = shop([WAITS], [["#1042", "A", 2, "LV1EE", "Omniva", "2026-11-13"]])
    (row,) = made.backlog.to_dict("records")
    assert row["supplier_shipped_units"] == 2
    assert row["supplier_tracking"] == "LV1EE"
    assert row["supplier_carrier"] == "Omniva"
    assert row["supplier_days_since"] == 10
    (found,) = diagnose(made.backlog, as_of=AS_OF).findings.to_dict("records")
    assert found["cause"] == "shipped_not_synced"
    assert found["severity"] == "critical"
    assert "LV1EE" in found["evidence"]
    assert "10 days ago" in found["evidence"]


SPELLINGS = [
    ["ORDER_NUMBER", "item sku", "qty", "Tracking", "Courier", "ship-date"],
    ["Beställning", "Artikelnr.", "Antal", "Kolli-ID", "Transportör", "Skickad"],
    ["Ordernr", "Artikelnummer", "Antal", "Spårningsnummer", "Fraktbolag", "Avsänd"],
    ["Bestellnummer", "Artikel", "Menge", "Sendungsnummer", "Spediteur", "Versanddatum"],
    ["N° de commande", "Référence article", "Quantité", "Suivi", "Transporteur", "Expédié le"],
    ["Pedido", "Código", "Cantidad", "Seguimiento", "Transportista", "Fecha de envío"],
    ["Tilausnumero", "Tuotekoodi", "Määrä", "Seurantakoodi", "Kuljetusyhtiö", "Lähetyspäivä"],
    ["注文番号", "品番", "数量", "追跡番号", "配送業者", "発送日"],
]


def test_headings_of_any_language_and_spelling_are_understood(shop):
    names = [f"#{number}" for number, _ in enumerate(SPELLINGS, 1042)]
    lists = [[[name, "A", 2, f"LV{name}", "X", "2026-11-13"]] for name in names]
    made = shop([order(name, ("A", 2, "pending")) for name in names], *lists, headings=SPELLINGS)
    columns = ["supplier_shipped_units", "supplier_tracking"]
    columns += ["supplier_carrier", "supplier_days_since"]
    told = made.backlog.set_index("order_name")[columns].T.to_dict("list")
    assert told == {name: [2, f"LV{name}", "X", 10] for name in names}


def test_orders_are_known_by_whatever_a_supplier_calls_them(shop):
    forms = ["{}", "#{}", "NORD-{}", " {} ", "{}.0", "#{}-F1", "SE{}", "600{}"]
    numbers = range(1042, 1042 + len(forms))
    orders = [order(f"#{number}", ("A", 2, "pending")) for number in numbers]
    listed = [form.format(number) for form, number in zip(forms, numbers, strict=True)]
    made = shop(
        [*orders, order("#2000", ("A", 1, "pending"))],
        [[name, "a ", 1, "X", "", ""] for name in listed],
    )
    assert shipped(made) == {f"#{number}": 1 for number in numbers} | {"#2000": 0}


def test_a_number_that_fits_several_orders_fits_none(shop, tmp_path):
    orders = [
        order("SE-1042", ("A", 1, "pending"), Id="61"),
        order("NO-1042", ("A", 1, "pending"), Id="62"),
    ]
    made = shop(orders, [["1042", "A", 1, "X", "", ""], ["NO-1042", "A", 1, "Y", "", ""]])
    assert shipped(made) == {"SE-1042": 0, "NO-1042": 1}
    assert ("list", "1042", "its number fits several orders") in unmatched(tmp_path)


def test_units_that_are_fulfilled_here_are_taken_off_first(shop):
    orders = [
        order("#1", ("A", 1, "fulfilled"), ("B", 2, "pending")),
        order("#2", ("A", 1, "fulfilled"), ("A", 2, "pending")),
        order("#3", ("A", 4, "pending")),
    ]
    listed = [["#1", "A", 1], ["#1", "B", 1], ["#2", "A", 1], ["#3", "A", 1], ["#3", "A", 2]]
    made = shop(orders, [[*row, f"T{n}", "", ""] for n, row in enumerate(listed)])
    assert shipped(made) == {"#1": 1, "#2": 0, "#3": 3}


def test_a_list_without_skus_speaks_of_whole_orders(shop):
    orders = [WAITS, order("#7", ("A", 1, "pending"), ("B", 3, "pending"))]
    made = shop(orders, [["#7", "X1"]], headings=["Order", "Tracking"])
    assert shipped(made) == {"#1042": 0, "#7": 4}


def test_a_list_that_numbers_goods_in_its_own_way_speaks_of_whole_orders(shop):
    made = shop([WAITS], [["#1042", "CN-99871", 2, "X1", "", ""]])
    assert shipped(made) == {"#1042": 2}


def test_what_a_list_leaves_without_tracking_and_date_is_not_shipped(shop):
    made = shop([WAITS], [["#1042", "A", 1, "X1", "", ""], ["#1042", "A", 1, "", "", ""]])
    assert shipped(made) == {"#1042": 1}
    made = shop([WAITS], [["#1042", "A", 0, "X1", "", ""]])
    assert shipped(made) == {"#1042": 0}


def test_several_lists_add_up_each_with_its_own_dates(shop):
    orders = [WAITS, order("#7", ("B", 1, "pending"))]
    made = shop(
        orders,
        [["#1042", "A", 2, "X1", "", "13/11/2026"]],
        [["#7", "B", 1, "X2", "", "11/14/2026"]],
    )
    days = made.backlog.set_index("order_name")["supplier_days_since"]
    assert days.to_dict() == {"#1042": 10, "#7": 9}


@pytest.mark.parametrize(
    ("columns", "cause"),
    [
        ({"Cancelled_at": "2026-11-02 09:00:00 +0100"}, "cancelled"),
        ({"Financial_Status": "refunded", "Refunded_Amount": "100.00"}, "refunded_but_open"),
    ],
)
def test_an_order_that_is_off_and_was_shipped_is_critical_and_says_so(shop, columns, cause):
    made = shop([order("#7", ("A", 1, "pending"), **columns)], [["#7", "A", 1, "X1", "DHL", ""]])
    (found,) = diagnose(made.backlog, as_of=AS_OF).findings.to_dict("records")
    assert (found["cause"], found["variant"]) == (cause, "shipped")
    assert (found["severity"], found["verdict"]) == ("critical", "danger")
    assert "supplier shipped 1 unit" in found["evidence"]


def test_what_does_not_match_is_listed_on_both_sides(shop, tmp_path):
    orders = [
        WAITS,
        order("#2", ("A", 1, "pending")),
        order("#3", ("A", 1, "fulfilled")),
    ]
    listed = [
        ["#88", "A", 1, "X1", "", ""],
        ["#3", "A", 1, "X2", "", ""],
        ["#3", "=cmd", 1, "X3", "", ""],
        ["#2", "A", 5, "X4", "", ""],
    ]
    made = shop(orders, listed)
    assert unmatched(tmp_path) == [
        ("list", "#2", "more units than were ordered"),
        ("list", "#3", "the order has no such SKU"),
        ("list", "#88", "no such order"),
        ("shop", "#1042", "waits at Kaigan and is not in the list"),
    ]
    assert "'=cmd" in (tmp_path / "supplier_unmatched.csv").read_text(encoding="utf-8")
    assert made.supplier == {
        "rows": 4,
        "rows_unmatched": 3,
        "orders_not_listed": 1,
        "shipped_not_here": 1,
    }
    assert shipped(made) == {"#1042": 0, "#2": 1}


def test_how_a_list_fitted_is_one_readable_sentence_a_fact():
    told = how_lists_fitted(1200, 2, orders_not_listed=0, shipped_not_here=3)
    assert told == (
        "Shipment lists have 1,200 rows: 2 fit no order, and 3 waiting fulfillment orders were "
        "shipped there. Of the orders that wait at those suppliers, 0 are in no list. "
        "What does not fit stands in supplier_unmatched.csv."
    )


def test_a_list_without_orders_is_refused_naming_its_headings(raw, tmp_path):
    (tmp_path / "list.csv").write_text("SKU;Antal;Kolli-ID\nA;1;X\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"no column Order.*SKU, Antal, Kolli-ID"):
        read_shipments([tmp_path / "list.csv"], raw)


def test_dates_that_may_be_read_two_ways_are_asked_about(raw, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("Order,Shipped at\n#1,03/11/2026\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="--date-order"):
        read_shipments([file], raw)
    read_shipments([file], raw, date_order="dmy")
    (moment,) = pd.read_parquet(raw / "shipments.parquet")["shipped_at"]
    assert moment.month == 11


def test_people_in_a_list_are_read_past(raw, tmp_path):
    headings = ["Kund", "E-post", "Adress", "Order", "Kolli-ID"]
    row = [PERSON["Name"], EMAIL, PERSON["Street"], "#1", "X1"]
    (tmp_path / "list.csv").write_text(written([row], headings, ";"), encoding="cp1252")
    read_shipments([tmp_path / "list.csv"], raw)
    kept = pd.read_parquet(raw / "shipments.parquet").to_csv()
    assert "X1" in kept
    assert not [text for text in (EMAIL, *PERSON.values()) if text in kept]


def test_the_demo_shop_s_list_finds_what_its_stories_were(raw, tmp_path):
    world = build_world()
    write_export(export_rows(world), tmp_path / "orders.csv")
    read_export([tmp_path / "orders.csv"], raw, as_of=AS_OF)
    rows = [list(row.values()) for row in world.supplier_rows]
    (tmp_path / "list.csv").write_text(written(rows), encoding="utf-8")
    read_shipments([tmp_path / "list.csv"], raw)
    made = tables.build(raw, tmp_path, as_of=AS_OF, policy=Policy())
    names = {o["id"]: o["name"] for o in world.orders}
    names |= {card["id"]: o["name"] for o in world.orders for card in o["fulfillmentOrders"]}
    told = {names[key] for key, truth in world.truth.items() if truth.code == "shipped_not_synced"}
    found = diagnose(made.backlog, as_of=AS_OF).findings
    assert set(found.loc[found["cause"] == "shipped_not_synced", "order"]) == told
    assert (found["variant"] == "shipped").sum() == 1
    assert ("list", "#88", "no such order") in unmatched(tmp_path)


def test_a_list_beside_the_api_finds_what_its_stories_were(tmp_path, monkeypatch):
    world = build_world()
    rows = [[*row.values()] for row in world.supplier_rows]
    (tmp_path / "list.csv").write_text(written(rows), encoding="utf-8")
    monkeypatch.setenv("FULFILLTOOLS_RUNS", str(tmp_path / "runs"))
    run = steps.fetch("demo", supplier=tmp_path / "list.csv")
    found = steps.diagnose_run(run).findings.set_index("row_id")
    told = {key: truth for key, truth in world.truth.items() if truth.without_list}
    assert found["cause"].loc[list(told)].tolist() == [one.code for one in told.values()]
    assert run.manifest["supplier"]["shipped_not_here"] == 3
    assert run.manifest["supplier"]["rows_unmatched"] == 1
    listed = pd.read_csv(run.folder / "supplier_unmatched.csv")
    assert "DropLane" in " ".join(listed["reason"])
