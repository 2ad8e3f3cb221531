"""Every packaged query, in every version and with any scope missing, against the schemas."""

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from graphql import (
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    build_schema,
    get_named_type,
    parse,
    validate,
    visit,
)

from fulfilltools.admin.scopes import (
    FULFILLMENT_ORDER_SCOPES,
    UNSEEN_WITHOUT,
    build_query,
    granted_scopes,
    missing_scopes,
)
from fulfilltools.settings import ApiVersion

ROOT = Path(__file__).parents[1]
VERSIONS = get_args(ApiVersion)
QUERIES = sorted(
    file.stem
    for file in (ROOT / "fulfilltools/admin/queries").glob("*.graphql")
    if file.stem != "fields"
)
ALL = frozenset(UNSEEN_WITHOUT) | FULFILLMENT_ORDER_SCOPES
SCOPE_SETS = {
    "all": ALL,
    **{f"without {scope}": ALL - {scope} for scope in sorted(ALL)},
    "no fulfillment orders": ALL - FULFILLMENT_ORDER_SCOPES,
    "only read_orders": frozenset({"read_orders"}),
}
ASKED_ONLY_WITH = {"locations": "read_locations", "inventory": "read_inventory"}
FULFILLMENT_ORDERS_ONLY = {"fulfillment_order_more", "open_fulfillment_orders"}


@cache
def official(version: str) -> dict:
    folder = Path(os.environ.get("SHOPIFY_SCHEMAS", ROOT / "../shared/schema"))
    file = folder / f"admin_{version}.json.gz"
    if not file.is_file():
        pytest.skip("Shopify's schema files are not here; set SHOPIFY_SCHEMAS to their folder")
    with gzip.open(file) as stream:
        return json.load(stream)


@cache
def official_schema(version: str) -> GraphQLSchema:
    return build_client_schema(official(version)["data"], assume_valid=True)


@cache
def needs(version: str) -> dict[tuple[str, str | None], set[str]]:
    """The scopes of which one is needed, by type and (type, field)."""
    items = official(version)["offline_scopes"]["items"]
    return {
        (item["typeName"], item.get("fieldName")): set(item["offlineScopes"])
        for item in items
        if item["offlineScopes"]
    }


@cache
def demo_schema(version: str) -> GraphQLSchema:
    file = ROOT / f"fulfilltools/demo/schema/{version}.graphql"
    if not file.is_file():
        pytest.skip("the demo shop's schema is not cut yet")
    return build_schema(file.read_text(encoding="utf-8"), assume_valid=True)


def asked_fields(schema: GraphQLSchema, query: str) -> set[tuple[str, str, str]]:
    """Every field asked, as (its type, its name, the type it gives)."""
    found = set()
    info = TypeInfo(schema)

    class Fields(Visitor):
        def enter_field(self, node, *_):
            owner, given = info.get_parent_type(), info.get_type()
            found.add((owner.name, node.name.value, get_named_type(given).name))

    visit(parse(query), TypeInfoVisitor(info, Fields()))
    return found


def distinct_queries(name: str, version: str) -> set[str]:
    return {build_query(name, scopes, version) for scopes in SCOPE_SETS.values()}


def is_asked(name: str, scopes: frozenset[str]) -> bool:
    if name in FULFILLMENT_ORDERS_ONLY and not scopes & FULFILLMENT_ORDER_SCOPES:
        return False
    return {"read_orders", ASKED_ONLY_WITH.get(name, "read_orders")} <= scopes


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_valid_at_shopify_whatever_scopes_are_missing(name, version):
    for query in distinct_queries(name, version):
        assert validate(official_schema(version), parse(query)) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_valid_at_the_demo_shop(name, version):
    for query in distinct_queries(name, version):
        assert validate(demo_schema(version), parse(query)) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_nothing_its_scopes_do_not_allow(name, version):
    for label, scopes in SCOPE_SETS.items():
        if not is_asked(name, scopes):
            continue
        for owner, field, given in asked_fields(
            official_schema(version), build_query(name, scopes, version)
        ):
            for need in ((owner, field), (given, None)):
                wanted = needs(version).get(need, set())
                assert not wanted or wanted & scopes, f"{label}: {need} wants one of {wanted}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_no_deprecated_and_no_personal_field(name, version):
    schema = official_schema(version)
    personal = {
        "MailingAddress": "address1 address2 zip city name firstName lastName phone formatted",
        "Order": "email phone customer note statusPageUrl billingAddress clientIp",
        "LineItem": "customer",
        "Refund": "note",
        "ShippingLine": "phone",
    }
    for owner, field, _ in asked_fields(schema, build_query(name, ALL, version)):
        if not field.startswith("__"):
            assert schema.type_map[owner].fields[field].deprecation_reason is None, field
        assert field not in personal.get(owner, "").split()


def test_the_paged_orders_ask_the_fields_of_the_bulk_query():
    bulk = Path(os.environ.get("SHOPIFY_SCHEMAS", ROOT / "../shared/schema")) / "../queries"
    file = bulk / "bulk_orders.graphql"
    if not file.is_file():
        pytest.skip("the bulk query to compare with is not here")
    schema = official_schema("2026-10")
    paging = {"edges", "node", "nodes", "pageInfo", "hasNextPage", "endCursor"}
    wanted, asked = (
        {(owner, field) for owner, field, _ in asked_fields(schema, query) if field not in paging}
        for query in (file.read_text(encoding="utf-8"), build_query("orders", ALL, "2026-10"))
    )
    assert asked - {("OrderTransaction", "authorizationExpiresAt")} == wanted


def test_writing_a_thing_includes_reading_it():
    assert granted_scopes(["write_orders", "read_apps"]) == {"read_orders", "read_apps"}


def test_every_scope_that_is_missing_says_what_cannot_be_seen():
    missing = missing_scopes(ALL - {"read_all_orders", "read_third_party_fulfillment_orders"})
    assert set(missing) == {"read_all_orders", "read_third_party_fulfillment_orders"}
    assert "60 days" in missing["read_all_orders"]
    assert "third parties" in missing["read_third_party_fulfillment_orders"]


def test_a_field_of_a_later_version_is_not_asked_before():
    assert "attribution" not in build_query("orders", ALL, "2026-04")
    assert "attribution" in build_query("orders", ALL, "2026-07")
