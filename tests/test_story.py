"""An order's story is whole, in order, from the tables, and shows nothing that may harm."""

import pandas as pd
import pytest

from fulfilltools import plots
from fulfilltools.errors import RunError
from fulfilltools.wording import words


def test_a_story_goes_from_placed_over_what_happened_to_now(shop_run):
    story = shop_run.order("1407")
    what = story.timeline["what"].tolist()
    assert story.timeline["at"].is_monotonic_increasing
    expected = ["placed", "paid", "requested", "accepted", "shipped", "now"]
    assert [one for one in what if one in expected] == expected
    by = story.timeline.set_index("what")["by"]
    assert by["accepted"] == by["shipped"] == "Baltic Fulfilment"
    assert story.timeline["hours_since"].sum() == pytest.approx(
        (story.timeline["at"].iloc[-1] - story.timeline["at"].iloc[0]).total_seconds() / 3600
    )
    assert story.longest_wait == "7 days from delivered to now"


def test_every_open_order_has_a_story_and_a_picture(shop_run):
    names = shop_run.diagnosis.findings["order"].drop_duplicates()
    for name in names.iloc[::12]:
        story = shop_run.order(name)
        assert words(story.findings["cause"].iloc[0]) in str(story)
        assert (story.answers["answer"] == "root").sum() <= len(story.waiting)
        assert len(story.ways_out) == len(story.waiting) == len(story.findings)
        assert story.to_dict()["timeline"][0][1] == "placed"
        assert plots.timeline(story).get_title(loc="left")


def test_an_answer_names_the_values_that_the_cause_read(shop_run):
    name = shop_run.diagnosis["payment_pending"]["order"].iloc[0]
    answers = shop_run.order(name).answers.set_index("cause")
    assert answers.loc["payment_pending", "answer"] == "root"
    assert "financial_status = PENDING" in answers.loc["payment_pending", "because"]
    asked = shop_run.diagnosis.answers.columns
    assert set(asked) == set(answers.index)


def test_what_shopify_does_not_offer_is_said_beside_what_it_does(shop_run):
    ways = shop_run.order(shop_run.diagnosis["hold_payment"]["order"].iloc[0]).ways_out.iloc[0]
    assert "release hold" in ways["button"]
    assert "fulfillmentOrderReleaseHold" in ways["mutations"]


def test_stock_is_told_here_and_elsewhere(shop_run):
    short = shop_run.diagnosis["stock_elsewhere"]["order"].iloc[0]
    lines = shop_run.order(short).lines
    assert lines["here"].str.contains("not stocked|^0 on hand").any()
    assert lines["elsewhere"].str.contains(r"\d").all()


def test_an_order_that_has_left_has_a_story_too(shop_run):
    open_ones = set(shop_run.backlog["order_id"])
    orders = shop_run.table("orders")
    gone = orders.loc[~orders["order_id"].isin(open_ones), "order_name"].iloc[0]
    story = shop_run.order(gone)
    assert "has nothing open" in str(story)
    assert story.waiting.empty
    assert "now" in set(story.timeline["what"])


def test_an_order_that_is_not_there_is_an_error_with_the_nearest_names(shop_run):
    with pytest.raises(RunError, match=r"no order '14070'\. Did you mean .*1407"):
        shop_run.order("14070")


def test_what_a_holder_wrote_stays_out_of_the_story(shop_run):
    holds = shop_run.table("holds").dropna(subset="notes")
    cards = shop_run.backlog.set_index("fulfillment_order_id")["order_name"]
    for hold in holds.itertuples():
        bundle = shop_run.order(cards[hold.fulfillment_order_id])._repr_mimebundle_()
        assert hold.notes not in bundle["text/html"]


def test_nothing_of_it_needs_trust_or_a_network(shop_run):
    bundle = shop_run.order("1338")._repr_mimebundle_()
    page = bundle["text/html"]
    assert not [one for one in ("<script", "<style", "<svg", "onclick", "src=") if one in page]
    assert "=Likhet" in page  # a title that a spreadsheet would take for a formula is only text
    numbers = bundle["application/vnd.fulfilltools.order+json"]
    assert numbers["root"] == ["hold_stale"]


def test_the_waits_add_up_in_the_picture_s_table(shop_run):
    picture = plots.draw(plots.timeline, shop_run.order("1407"))
    assert isinstance(picture.table, pd.DataFrame)
    told = shop_run.order("1407").timeline["hours_since"].sum()
    assert picture.table.iloc[:, 0].sum() == pytest.approx(told, abs=0.1)
