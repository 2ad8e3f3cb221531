"""The demo shop knows why each of its orders is stuck; the diagnosis has to find out."""

import csv
import shutil
from collections import Counter

import pytest

from fulfilltools import demo, tables
from fulfilltools.causes import BY_CODE
from fulfilltools.diagnosis import diagnose
from fulfilltools.exports import read_shipments
from fulfilltools.settings import Policy

BESIDE = {"auto_fulfill_gap"}
"""Findings about the shop's settings: true beside a root, hardly ever a root."""


@pytest.fixture(scope="module")
def world(whole_world):
    return whole_world


@pytest.fixture(scope="module", params=["without a supplier's list", "with one"])
def listed(request):
    return request.param == "with one"


@pytest.fixture(scope="module")
def findings(world, listed, shop_run, tmp_path_factory):
    if not listed:
        return shop_run.diagnosis.findings.set_index("row_id")
    folder = tmp_path_factory.mktemp("truth")
    raw = shutil.copytree(shop_run.raw, folder / "raw")
    read_shipments([suppliers_list(world, folder / "supplier.csv")], raw)
    built = tables.build(raw, folder, as_of=demo.AS_OF, policy=Policy())
    found = diagnose(built.backlog, as_of=demo.AS_OF, zone="Europe/Stockholm").findings
    return found.set_index("row_id")


def suppliers_list(world, file):
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(world.supplier_rows[0]))
        writer.writeheader()
        writer.writerows(world.supplier_rows)
    return file


@pytest.fixture(scope="module")
def truth(world, listed):
    """Give what each story was, by its row, as far as it can be known without the list."""
    return {
        row: one if listed or not one.without_list else one._replace(code=one.without_list)
        for row, one in world.truth.items()
    }


def test_no_row_is_lost_and_none_is_made_up(world, findings):
    assert findings.index.is_unique
    assert set(findings.index) == set(world.truth)


def test_every_story_is_told_by_its_cause(truth, findings):
    wrong = {
        f"{findings.loc[row, 'order']} ({true.story})": (true.code, findings.loc[row, "cause"])
        for row, true in truth.items()
        if true.code not in BESIDE and findings.loc[row, "cause"] != true.code
    }
    assert not wrong


def test_every_variant_is_the_storys(truth, findings):
    wrong = {
        f"{findings.loc[row, 'order']} ({true.story})": (true.variant, findings.loc[row, "variant"])
        for row, true in truth.items()
        if true.variant
        and findings.loc[row, "cause"] == true.code
        and findings.loc[row, "variant"] != true.variant
    }
    assert not wrong


def test_findings_about_settings_stand_beside_the_root(truth, findings):
    beside = [row for row, true in truth.items() if true.code in BESIDE]
    assert beside
    for row in beside:
        assert truth[row].code in findings.loc[row, "also"]


def test_no_look_alike_is_taken_for_what_it_looks_like(world, findings):
    taken = {
        (findings.loc[row, "order"], code)
        for row, codes in world.look_alikes.items()
        for code in codes
        if row in findings.index and findings.loc[row, "cause"] == code
    }
    assert len(world.look_alikes) > 100
    assert not taken


def test_every_cause_occurs_and_every_family_has_three_look_alikes(world):
    told = {true.code for true in world.truth.values()}
    assert set(BY_CODE) == told
    alike = Counter(
        BY_CODE[code].ask.__module__ for codes in world.look_alikes.values() for code in codes
    )
    assert set(alike) == {made.ask.__module__ for made in BY_CODE.values()}
    assert min(alike.values()) >= 3
