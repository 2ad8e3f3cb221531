"""What stands on the demo shop's door; whoever only reads it opens no shop."""

from __future__ import annotations

from datetime import UTC, datetime

SHOP_DOMAIN = "nordlys-demo.myshopify.com"

AS_OF = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
"""The Monday morning that it is there."""

SCOPES = (
    "read_all_orders",
    "read_apps",
    "read_inventory",
    "read_locations",
    "read_merchant_managed_fulfillment_orders",
    "read_orders",
    "read_payment_terms",
    "read_products",
    "read_returns",
    "read_third_party_fulfillment_orders",
)
"""What its access token may read, where nothing else is asked for."""
