"""The live edge: Shopify's Admin API, asked politely and read whole."""

from fulfilltools.admin.client import AdminClient
from fulfilltools.admin.fetch import fetch
from fulfilltools.admin.fetch_report import FetchReport

__all__ = ["AdminClient", "FetchReport", "fetch"]
