"""Who asks which shop: address, API version and token, one `shopify.Session` per shop.

ShopifyAPI knows how an address and a version become a site and which header carries the
token. Its global activation is never used, because the wrong shop can stay active.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shopify.api_version import InvalidVersionError, VersionNotFoundError
from shopify.session import Session

from fulfilltools.errors import AccessError, SettingsError
from fulfilltools.settings import shop_name

if TYPE_CHECKING:
    from fulfilltools.settings import Connection

_SHOP_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_RENEW_EARLY_SECONDS = 300.0
_USUAL_LIFE_SECONDS = 3600.0


class ShopSession:
    """One shop's address and token; checks both before anything is sent.

    Raises SettingsError for a shop name, version, address or token that cannot be right.
    """

    def __init__(self, connection: Connection) -> None:
        self.shop = _shop_domain(connection.domain)
        self.base_url = _base_url(connection.api_url, self.shop)
        """Where the shop answers, without a slash at the end."""
        self._session = _shopify_session(self.shop, connection.api_version)
        self._renew_at = float("inf")
        self._grant = _grant(connection)
        if self._grant is None:
            self._session.token = _token(connection)

    @property
    def version(self) -> str:
        """The API version that is asked."""
        return str(self._session.version.name)

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is asked."""
        return f"{self._session.version.api_path(self.base_url)}/graphql.json"

    @property
    def token_url(self) -> str:
        """Where a token is asked by the client credentials grant."""
        return f"{self.base_url}/admin/oauth/access_token"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that identify us to the shop."""
        return {"X-Shopify-Access-Token": str(self._session.token)}

    @property
    def grant(self) -> dict[str, str] | None:
        """The client credentials form to send, or None with a static token.

        https://shopify.dev/docs/apps/build/authentication-authorization/client-credentials-grant
        """
        return self._grant

    @property
    def needs_token(self) -> bool:
        """Whether a token must be asked before the next request."""
        return not self._session.token or time.monotonic() >= self._renew_at

    def drop_token(self) -> bool:
        """Forget a refused token; tell whether another one can be asked."""
        if self._grant is not None:
            self._session.token = None
        return self._grant is not None

    def keep_token(self, answer: dict[str, Any]) -> None:
        """Take the token of a client credentials answer, in memory only.

        Raises AccessError when the answer holds none.
        """
        token = answer.get("access_token")
        if not isinstance(token, str) or not _PRINTABLE.fullmatch(token):
            raise AccessError(
                f"{self.shop} answered the client credentials without a token. "
                "Check that the app is installed in this shop."
            )
        life = float(answer.get("expires_in") or _USUAL_LIFE_SECONDS)
        self._session.token = token
        self._renew_at = time.monotonic() + life - min(_RENEW_EARLY_SECONDS, life / 10)


def _shop_domain(shop: str) -> str:
    """Reduce an address as people paste it to `name.myshopify.com`."""
    name = shop_name(shop)
    if not _SHOP_NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} is not the name of a shop. "
            "Set SHOPIFY_SHOP to the part before .myshopify.com, not to the shop's own domain."
        )
    return f"{name}.myshopify.com"


def _base_url(api_url: str | None, shop: str) -> str:
    if api_url is None:
        return f"https://{shop}"
    try:
        parts = urlsplit(api_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in api_url or not _PRINTABLE.fullmatch(api_url):
        raise SettingsError(
            "SHOPIFY_API_URL is not an address such as http://127.0.0.1:8099. "
            "Write scheme, host and port, without user or password."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _shopify_session(shop: str, version: str) -> Session:
    try:
        return Session(shop, version)
    except (InvalidVersionError, VersionNotFoundError) as error:
        raise SettingsError(
            f"{version!r} is not an API version. Set SHOPIFY_API_VERSION to one like 2026-10."
        ) from error


def _token(connection: Connection) -> str:
    if connection.access_token is None:
        raise SettingsError(
            "There is neither an access token nor client credentials. Set SHOPIFY_ACCESS_TOKEN, "
            "or SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET."
        )
    return _secret("SHOPIFY_ACCESS_TOKEN", connection.access_token.get_secret_value())


def _grant(connection: Connection) -> dict[str, str] | None:
    """Prefer a static token; the grant needs both its halves."""
    if connection.access_token is not None or not connection.client_id:
        return None
    if connection.client_secret is None:
        raise SettingsError("SHOPIFY_CLIENT_SECRET is not set. It belongs to SHOPIFY_CLIENT_ID.")
    return {
        "grant_type": "client_credentials",
        "client_id": _secret("SHOPIFY_CLIENT_ID", connection.client_id),
        "client_secret": _secret(
            "SHOPIFY_CLIENT_SECRET", connection.client_secret.get_secret_value()
        ),
    }


def _secret(name: str, value: str) -> str:
    if not _PRINTABLE.fullmatch(value):
        raise SettingsError(
            f"{name} is empty or holds a space, a line break or another sign no token has. "
            "Copy it again."
        )
    return value
