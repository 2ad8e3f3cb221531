"""SLAs that are set for names the shop does not have: else they are passed over in silence."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from fulfilltools.texts import marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fulfilltools.runs import Run
    from fulfilltools.settings import Policy

DELIVERY_METHODS = {"LOCAL", "NONE", "PICKUP_POINT", "PICK_UP", "RETAIL", "SHIPPING"}
"""Shopify's DeliveryMethodType; one of these may be set before any order goes that way:
https://shopify.dev/docs/api/admin-graphql/latest/enums/DeliveryMethodType."""

NO_PLACE = marked(
    "sla_by_location names {0}, but no location or service of this shop is called so; "
    "that SLA is not used."
)
NEAR_PLACE = marked(
    "sla_by_location names {0}, but no location or service of this shop is called so; "
    "that SLA is not used. Did you mean {1}?"
)
NO_METHOD = marked(
    "sla_by_delivery_method names {0}, but Shopify has no such delivery method; "
    "that SLA is not used."
)
NEAR_METHOD = marked(
    "sla_by_delivery_method names {0}, but Shopify has no such delivery method; "
    "that SLA is not used. Did you mean {1}?"
)


def unmatched(run: Run, policy: Policy) -> list[str]:
    """Say, a note each, which SLAs of the policy are for a place or a way that the run has not.

    A run that shows no places at all, such as one of an export, tells nothing of their names.
    """
    if not policy.sla_by_location and not policy.sla_by_delivery_method:
        return []
    routed = run.table("fulfillment_orders")
    places = {*run.table("locations")["location"].dropna(), *routed["location"].dropna()}
    methods = DELIVERY_METHODS | {*routed["delivery_method"].dropna()}
    # Either name is found, whichever table it stands in (sql/7_backlog.sql).
    notes = list(_notes(policy.sla_by_delivery_method, methods, places, NO_METHOD, NEAR_METHOD))
    if places:
        notes += _notes(policy.sla_by_location, places, methods, NO_PLACE, NEAR_PLACE)
    return notes


def _notes(
    slas: Mapping[str, float],
    known: Iterable[str],
    as_good: Iterable[str],
    unknown: str,
    mistyped: str,
) -> Iterator[str]:
    names = sorted(known)
    by_lower = {name.lower(): name for name in names}
    for name in sorted(set(slas) - {*names, *as_good}):
        near = get_close_matches(name.lower(), by_lower, n=1)
        yield mistyped.format(name, by_lower[near[0]]) if near else unknown.format(name)
