"""The live edge: Shopify's Admin API, asked politely and read whole."""

from fulfilltools.admin.client import AdminClient
from fulfilltools.admin.fetch import FetchReport, fetch

__all__ = ["AdminClient", "FetchReport", "fetch"]
