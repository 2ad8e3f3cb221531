"""A shop of our own, served over HTTP on loopback in the Admin API's own schema.

with serve() as shop:
    requests.post(f"{shop.url}/admin/api/2026-10/graphql.json", json={"query": ...},
                  headers={"X-Shopify-Access-Token": shop.access_token})
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fulfilltools.demo.sign import AS_OF, SCOPES, SHOP_DOMAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from fulfilltools.demo.records import Records
    from fulfilltools.demo.server import DemoShop, Intercept
    from fulfilltools.demo.world import World

__all__ = ["AS_OF", "SCOPES", "SHOP_DOMAIN", "serve"]


@contextmanager
def serve(  # noqa: PLR0913 - each is an option of its own
    world: World | None = None,
    *,
    port: int = 0,
    scopes: Iterable[str] = SCOPES,
    token: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    bucket: int = 20_000,
    restore_rate: int = 1_000,
    clock: Callable[[], datetime] | None = None,
    intercept: Intercept | None = None,
) -> Iterator[DemoShop]:
    """Serve a world on 127.0.0.1 until the block ends.

    Token, client id and secret are random where none is given. `bucket` and `restore_rate`
    are the points of a Plus shop (https://shopify.dev/docs/api/usage/limits); `clock` is the
    shop's now, the world's `as_of` where none is given; `intercept` sees every request first
    and may answer it, or raise ConnectionError to hang up.
    """
    # Imported by whoever opens the shop, not by those who only read its sign.
    from fulfilltools.demo.cost import Bucket  # noqa: PLC0415
    from fulfilltools.demo.server import Credentials, DemoShop, running  # noqa: PLC0415

    now = clock or (lambda: world.as_of if world else AS_OF)
    given = (token, client_id, client_secret)
    shop = DemoShop(
        world.shop["myshopifyDomain"] if world else SHOP_DOMAIN,
        lambda: _records(world, frozenset(scopes), now()),
        Bucket(bucket, restore_rate),
        Credentials(*(each or secrets.token_hex(20) for each in given)),
        now,
        intercept,
    )
    with running(shop, port):
        yield shop


def _records(world: World | None, scopes: frozenset[str], now: datetime) -> Records:
    from fulfilltools.demo.records import Records  # noqa: PLC0415 - as above
    from fulfilltools.demo.world import build_world  # noqa: PLC0415 - as above

    return Records(world or build_world(), scopes, now)
