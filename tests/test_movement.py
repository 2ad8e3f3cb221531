"""The pictures of what comes, goes and waits: small shops whose numbers are known by hand."""

import json
from datetime import timedelta

import pandas as pd
import pytest
from matplotlib.figure import Figure

from fulfilltools import plots, runs
from fulfilltools.plots import movement
from fulfilltools.plots.waiting import waiting_table

AS_OF = pd.Timestamp("2026-11-23T07:00:00Z")
RUN_PICTURES = (*plots.RUN_PICTURES, plots.waiting)


def order(number, came, left=None, **facts):
    """Tell an order by the days before the run on which it came and left."""
    at = {name: AS_OF - timedelta(days=days) for name, days in facts.items() if name != "is_test"}
    return {
        "order_id": number,
        "processed_at": AS_OF - timedelta(days=came),
        "shipped_at": None if left is None else AS_OF - timedelta(days=left),
        "fulfillment_status": "UNFULFILLED" if left is None else "FULFILLED",
        "cancelled_at": at.get("cancelled"),
        "closed_at": at.get("closed"),
        "is_test": facts.get("is_test", False),
    }


ORDERS = [
    *(order(f"old{n}", came=20 + n / 10, left=18) for n in range(6)),
    *(order(f"week{n}", came=10 + n / 10, left=5) for n in range(4)),
    *(order(f"new{n}", came=3 + n / 10) for n in range(8)),
    order("cancelled", came=12, cancelled=4),
    order("test", came=2, is_test=True),
]
OPEN = [
    # fulfillment order, status, request status, at a service, business age, slow hours, place
    ("a", "OPEN", "UNSUBMITTED", False, 90, 40, "Lager"),
    ("b", "OPEN", "UNSUBMITTED", False, 10, 40, "Lager"),
    ("c", "ON_HOLD", "UNSUBMITTED", False, 50, 40, "Lager"),
    ("d", "IN_PROGRESS", "UNSUBMITTED", False, 1, 40, "Lager"),
    ("e", "SCHEDULED", "UNSUBMITTED", False, 1, 40, "Lager"),
    ("f", "OPEN", "SUBMITTED", True, 99, 60, "3PL $5 & <b>"),
    ("g", "IN_PROGRESS", "ACCEPTED", True, 9, 60, "3PL $5 & <b>"),
    ("h", "OPEN", "REJECTED", True, 9, 60, "3PL $5 & <b>"),
    ("i", "IN_PROGRESS", "CANCELLATION_REQUESTED", True, 9, 60, "3PL $5 & <b>"),
    ("j", "OPEN", "UNSUBMITTED", True, 9, 60, "3PL $5 & <b>"),
    (None, None, None, None, None, None, None),
]
BACKLOG_COLUMNS = [
    *("fulfillment_order_id", "status", "request_status", "at_service"),
    *("business_age_hours", "slow_hours", "location"),
]


@pytest.fixture
def shop_run(tmp_path):
    """Write a run that has just the tables the pictures read."""

    def write(orders=ORDERS, rows=OPEN, *, from_export=False):
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        run = runs.begin_run(folder, "nordlys", AS_OF.to_pydatetime())
        run.raw.mkdir()
        facts = {"time_zone": "Europe/Stockholm", "since": str(AS_OF - timedelta(days=29))}
        (run.raw / "fetch.json").write_text(json.dumps(facts))
        names = list(order("", 0))
        table = pd.DataFrame(orders, columns=names)
        for name in ("processed_at", "shipped_at", "cancelled_at", "closed_at"):
            table[name] = pd.to_datetime(table[name], utc=True)
        shipped = table.loc[table["shipped_at"].notna(), ["order_id", "shipped_at"]]
        parcels = shipped.rename(columns={"shipped_at": "created_at"}).assign(status="SUCCESS")
        backlog = pd.DataFrame(rows, columns=BACKLOG_COLUMNS).convert_dtypes()
        backlog["age_hours"] = backlog["business_age_hours"]
        backlog["sla_hours"] = 48.0
        backlog["from_export"] = from_export
        backlog["location_exists"] = (
            backlog["at_service"].notna().mask(backlog["at_service"].isna())
        )
        norms = {"location": ["Lager", "3PL $5 & <b>"], "shipped": [30, 40]}
        norms |= {"usual_hours": [12.0, 30.0], "slow_hours": [40.0, 60.0]}
        norms |= {"location_id": ["1", "2"], "delivery_method": "SHIPPING"}
        norm = pd.DataFrame(norms) if orders else pd.DataFrame(norms).iloc[:0]
        tables = {"orders": table, "fulfillments": parcels, "backlog": backlog}
        for name, content in (tables | {"location_norms": norm}).items():
            content.to_parquet(folder / f"{name}.parquet")
        return runs.Run(folder)

    return write


def test_the_trend_counts_weeks_that_end_at_the_runs_moment(shop_run):
    table = movement.trend_table(shop_run())
    assert list(table.index) == ["2 Nov", "9 Nov", "16 Nov", "23 Nov"]
    assert table["came"].tolist() == [0, 6, 5, 8]
    assert table["left"].tolist() == [0, 6, 0, 5]
    assert table["open at the end"].tolist() == [0, 0, 5, 8]
    title = plots.draw(plots.trend, shop_run()).title
    assert title == "8 orders came and 5 left in the last 7 days: 3 more are open"


@pytest.mark.parametrize(
    ("orders", "title"),
    [
        (
            [order("old", came=20), order("new", came=2)],
            "1 order came and none left in the last 7 days: 1 more is open",
        ),
        (
            [order("old", came=20, left=1), order("older", came=21, left=2)],
            "0 orders came and 2 left in the last 7 days: 2 fewer are open",
        ),
        (
            [order("old", came=20, left=1), order("new", came=2)],
            "1 order came and 1 left in the last 7 days: as many are open",
        ),
    ],
)
def test_the_trends_title_counts_in_words_that_fit(shop_run, orders, title):
    assert plots.draw(plots.trend, shop_run(orders)).title == title


def test_the_trend_says_which_open_orders_it_leaves_out(shop_run):
    picture = plots.draw(plots.trend, shop_run())
    note = "Open: without cancelled, archived and test orders"
    assert note in picture.svg
    assert picture.alt.endswith(note)


def test_too_few_orders_have_no_rhythm(shop_run):
    few = [order(f"few{n}", came=2 + n) for n in range(6)]
    title = plots.draw(plots.rhythm, shop_run(few)).title
    assert title == "6 orders came: too few to tell when most do"
    many = [order(f"many{n}", came=7 + n / 100, left=1 if n < 9 else None) for n in range(60)]
    title = plots.draw(plots.rhythm, shop_run(many)).title
    assert title.startswith("Most orders come on Monday at ")
    assert title.endswith("too few have left to tell when most do")


def test_the_rhythms_legend_counts_orders_and_claims_no_rate(shop_run):
    legend = plots.rhythm(shop_run()).get_legend()
    assert legend.get_title().get_text() == "Orders by weekday and hour, all weeks together"
    assert not [text for text in legend.get_texts() if "an hour" in text.get_text()]


def test_the_rhythm_is_told_in_the_shops_time_zone(shop_run):
    run = shop_run([order("night", came=0.3, left=0.1)])  # 23:48 UTC is 00:48 in Stockholm
    table = movement.rhythm_table(run)
    assert table.loc["Mon, came", "0"] == 1
    assert table.loc["Mon, left", "5"] == 1
    assert table.to_numpy().sum() == 2


def test_time_to_ship_holds_what_is_open_against_its_places_norm(shop_run):
    table = movement.time_to_ship_table(shop_run())
    assert table["open longer"].to_dict() == {"3PL $5 & <b>": 1, "Lager": 2}
    title = plots.draw(plots.time_to_ship, shop_run()).title
    assert title == "3 of 10 open wait longer than nine of ten at their place do; most: Lager"


def test_the_flows_title_names_the_state_without_a_second_colon(shop_run):
    title = plots.draw(plots.waiting, shop_run()).title
    assert title.startswith("Most wait here: own location, in the queue (2 of 11 open)")


def test_every_open_row_waits_in_exactly_one_state(shop_run):
    table = waiting_table(shop_run())
    assert table["open"].sum() == len(OPEN)
    assert table["open"].to_dict() == {
        "Own location: scheduled for later": 1,
        "Own location: on hold": 1,
        "Own location: in the queue": 2,
        "Own location: begun": 1,
        "Service: declined": 1,
        "Service: asked to cancel": 1,
        "Service: accepted": 1,
        "Service: asked, no answer": 1,
        "Service: not asked yet": 1,
        "Not routed: no fulfillment order": 1,
    }


@pytest.mark.parametrize("rows", [OPEN, [OPEN[0], OPEN[1], OPEN[-1]], [OPEN[0]] * 98 + OPEN[-2:]])
def test_no_name_in_the_flow_lies_over_it(shop_run, rows):
    axes = plots.waiting(shop_run(rows=rows))
    figure = axes.get_figure()
    figure.canvas.draw()
    names = {text.get_text(): text.get_window_extent() for text in axes.texts}
    flow = [patch.get_transform().transform_path(patch.get_path()) for patch in axes.patches]
    assert not [name for name, box in names.items() for it in flow if it.intersects_bbox(box)]
    # The frame of a letter is taller than what is drawn of it.
    for name, box in names.items():
        others = [other for told, other in names.items() if told != name]
        assert not box.padded(-2).count_overlaps([other.padded(-2) for other in others]), name


def test_where_and_how_nobody_has_seen_is_called_unknown(shop_run):
    unseen = [("a", None, None, None, 90, None, None), (None, None, None, None, 9, None, None)]
    table = waiting_table(shop_run(rows=unseen, from_export=True))
    assert table["open"].to_dict() == {"Unknown place: state not known": 2}
    title = plots.draw(plots.waiting, shop_run(rows=unseen, from_export=True)).title
    assert title == "An order export does not show where and in which state orders wait."
    # A token that may not see locations sees the state of what waits there.
    unseen = [
        ("a", "ON_HOLD", "UNSUBMITTED", None, 90, None, "Lager"),
        ("b", "OPEN", "SUBMITTED", None, 90, None, "3PL"),
    ]
    table = waiting_table(shop_run(rows=unseen))
    told = {"Unknown place: on hold": 1, "Unknown place: asked, no answer": 1}
    assert table["open"].to_dict() == told


@pytest.mark.parametrize("plot", RUN_PICTURES)
def test_a_picture_uses_the_axes_it_is_given(plot, shop_run):
    axes = Figure().subplots()
    assert plot(shop_run(), ax=axes) is axes


@pytest.mark.parametrize("plot", RUN_PICTURES)
def test_an_empty_shop_is_told_in_words(plot, shop_run):
    picture = plots.draw(plot, shop_run([], []))
    assert picture.title.endswith(".")
    assert not picture.table.to_numpy().sum()


@pytest.mark.parametrize("plot", RUN_PICTURES)
def test_the_same_run_gives_the_same_bytes_and_only_the_themes_colors(plot, shop_run):
    run = shop_run()
    picture = plots.draw(plot, run)
    assert picture.svg == plots.draw(plot, run).svg
    inline = plots.inline_svg(picture)
    left = {part[:6] for part in inline.split("#")[1:] if part[:6].isalnum()}
    assert not {color for color in left if color in {value[1:] for value in plots.DARK}}
    assert "<b>" not in inline
    assert len(inline) < 60_000
