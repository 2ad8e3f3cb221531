"""An SLA that is set for a name the shop does not have is told, with the nearest name."""

from types import SimpleNamespace

import pandas as pd
import pytest

from fulfilltools import slas, steps
from fulfilltools.settings import Policy
from fulfilltools.wording import retold

NOT_USED = "that SLA is not used."


def run_of(places, routed=("3PL",)):
    """Tell a run by the places it has, and by those that fulfillment orders were routed to."""
    tables = {
        "locations": pd.DataFrame({"location": list(places)}, dtype="string"),
        "fulfillment_orders": pd.DataFrame(
            {"location": [*routed, None], "delivery_method": "SHIPPING"}, dtype="string"
        ),
    }
    return SimpleNamespace(table=tables.get, fetched={"notes": ["A note."]}, manifest={})


def test_names_that_are_there_are_not_told():
    policy = Policy(
        sla_by_location={"Malmö lager": 24, "3PL": 8, "PICK_UP": 4},
        sla_by_delivery_method={"SHIPPING": 8, "LOCAL": 2, "3PL": 4},
    )
    assert slas.unmatched(run_of(["Malmö lager"]), policy) == []


def test_a_name_that_no_place_has_is_told_with_the_nearest():
    policy = Policy(sla_by_location={"Warehouse": 24, "malmo lager": 24})
    assert slas.unmatched(run_of(["Malmö lager", "Butik"]), policy) == [
        (
            "sla_by_location names Warehouse, but no location or service of this shop is called "
            f"so; {NOT_USED}"
        ),
        (
            "sla_by_location names malmo lager, but no location or service of this shop is called "
            f"so; {NOT_USED} Did you mean Malmö lager?"
        ),
    ]


def test_a_delivery_method_that_shopify_does_not_have_is_told():
    policy = Policy(sla_by_delivery_method={"pick_up": 4, "Boat": 1})
    assert slas.unmatched(run_of([]), policy) == [
        f"sla_by_delivery_method names Boat, but Shopify has no such delivery method; {NOT_USED}",
        (
            "sla_by_delivery_method names pick_up, but Shopify has no such delivery method; "
            f"{NOT_USED} Did you mean PICK_UP?"
        ),
    ]


def test_a_run_that_shows_no_places_tells_nothing_of_their_names():
    policy = Policy(sla_by_location={"Main warehouse": 24})
    assert slas.unmatched(run_of([], routed=[]), policy) == []


@pytest.mark.parametrize("name", ["Main warehouse", "malmo lager"])
def test_the_reports_limits_tell_it_in_the_readers_language(name):
    fetch = steps._read_from(run_of(["Malmö lager"]), Policy(sla_by_location={name: 24}))
    first, note = fetch["notes"]
    assert first == "A note."
    assert note.startswith(f"sla_by_location names {name}, ")
    told = retold(note, "sv")
    assert told.startswith(f"sla_by_location nämner {name}, men ingen plats")
    assert ("Menade du Malmö lager?" in told) == (name == "malmo lager")
