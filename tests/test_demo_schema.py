"""The demo shop's schema is Shopify's own, and its costs are those that were recorded."""

import importlib.util
import json
import os
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    build_client_schema,
    build_schema,
    get_operation_ast,
    is_enum_type,
    is_input_object_type,
    is_scalar_type,
    is_union_type,
    parse,
    validate,
    validate_schema,
)

from fulfilltools.demo.cost import Plan
from fulfilltools.demo.schema import VERSIONS, scopes_of

CHECKOUT = Path(__file__).parents[1]
CARRIED = CHECKOUT / "fulfilltools" / "demo" / "schema"
SHARED = CHECKOUT.parent / "shared"
OFFICIAL = Path(os.environ.get("SHOPIFY_SCHEMAS", SHARED / "schema"))
RECORDED = SHARED / "recorded"


@cache
def cutter():
    spec = importlib.util.spec_from_file_location(
        "cut_schema", CHECKOUT / "scripts" / "cut_schema.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def official_file(version):
    path = OFFICIAL / f"admin_{version}.json.gz"
    if not path.exists():
        pytest.skip(f"Shopify's schema is not at {path}; SHOPIFY_SCHEMAS names its folder")
    return path


@cache
def official(version):
    content = cutter().official(official_file(version))
    return content, build_client_schema(content["data"], assume_valid=True)


@cache
def carried(version):
    return build_schema((CARRIED / f"{version}.graphql").read_text("utf-8"))


@pytest.mark.parametrize("version", VERSIONS)
def test_cutting_again_gives_the_same_bytes(version):
    again = cutter().cut(official_file(version))
    assert again.encode() == (CARRIED / f"{version}.graphql").read_bytes()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_carried_schema_says_nothing_that_shopify_does_not_say(version):
    _, whole = official(version)
    part = carried(version)
    for name, kind in part.type_map.items():
        if not name.startswith("__"):
            assert said(kind) <= said(whole.type_map[name]), name


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_needs_the_scopes_that_shopify_lists(version):
    content, _ = official(version)
    listed = {
        (each["typeName"], each.get("fieldName")): each["offlineScopes"]
        for each in content["offline_scopes"]["items"]
    }
    schema = carried(version)
    for name, kind in schema.type_map.items():
        if name.startswith("__") or is_input_object_type(kind):
            continue
        assert scopes_of(schema, kind) == listed.get((name, None), []), name
        for field_name, field in getattr(kind, "fields", {}).items():
            assert scopes_of(schema, field) == listed.get((name, field_name), []), field_name


def said(kind):
    """All that a schema says of a type, as facts to be compared."""
    if is_scalar_type(kind):
        return {"scalar"}
    if is_enum_type(kind):
        return {(name, value.deprecation_reason is None) for name, value in kind.values.items()}
    if is_union_type(kind):
        return {member.name for member in kind.types}
    facts = {face.name for face in getattr(kind, "interfaces", ())}
    for name, field in kind.fields.items():
        facts.add((name, str(field.type), field.deprecation_reason is None))
        facts |= {
            (name, argument, str(each.type), repr(each.default_value))
            for argument, each in getattr(field, "args", {}).items()
        }
    return facts


@pytest.mark.parametrize("version", VERSIONS)
def test_the_carried_schema_is_valid_and_small(version):
    assert validate_schema(carried(version)) == []
    assert (CARRIED / f"{version}.graphql").stat().st_size < 60_000


def recorded_queries():
    """Each recorded query once per set of variables, with its cost and its answer."""
    found = {}

    def look(at):
        if isinstance(at, dict):
            answer = at.get("response", at)
            answer = answer.get("body", answer) if isinstance(answer, dict) else {}
            cost = answer.get("extensions", {}).get("cost", {})
            if isinstance(at.get("query"), str) and cost.get("actualQueryCost"):
                variables = at.get("variables") or {}
                key = (at["query"], json.dumps(variables, sort_keys=True))
                found.setdefault(key, (cost, answer.get("data"), variables))
        for each in at.values() if isinstance(at, dict) else at if isinstance(at, list) else ():
            look(each)

    for path in sorted(RECORDED.glob("*/*.json")):
        look(json.loads(path.read_text("utf-8")))
    return [(query, *rest) for (query, _), rest in found.items()]


@pytest.fixture(scope="module")
def costs():
    """Ours and Shopify's cost of every recorded query that the carried schema allows."""
    if not RECORDED.exists():
        pytest.skip(f"there are no recorded answers at {RECORDED}")
    schema = carried("2026-04")
    pairs = []
    for query, cost, data, variables in recorded_queries():
        document = parse(query)
        if validate(schema, document):
            continue
        plan = Plan(schema, document, get_operation_ast(document))
        pairs.append((plan.requested(variables), plan.actual(data, variables), cost, query))
    return pairs


def test_every_recorded_query_is_asked_the_points_that_shopify_asked(costs):
    assert len(costs) > 60
    wrong = [
        (ours, cost, query) for ours, _, cost, query in costs if ours != cost["requestedQueryCost"]
    ]
    assert wrong == []


def test_three_of_four_recorded_answers_cost_the_points_that_they_cost_at_shopify(costs):
    right = sum(actual == cost["actualQueryCost"] for _, actual, cost, _ in costs)
    assert right / len(costs) > 0.75
