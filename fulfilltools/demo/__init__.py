"""A shop of our own, served over HTTP on loopback in the Admin API's own schema.

with serve() as shop:
    requests.post(f"{shop.url}/admin/api/2026-10/graphql.json", json={"query": ...},
                  headers={"X-Shopify-Access-Token": shop.access_token})
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fulfilltools.demo.cost import Bucket
from fulfilltools.demo.records import Records
from fulfilltools.demo.server import Credentials, DemoShop, running
from fulfilltools.demo.world import AS_OF, SCOPES, SHOP_DOMAIN, World, build_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from fulfilltools.demo.server import Intercept

__all__ = ["AS_OF", "SHOP_DOMAIN", "DemoShop", "serve"]


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
    now = clock or (lambda: world.as_of if world else AS_OF)
    given = (token, client_id, client_secret)
    shop = DemoShop(
        world.shop["myshopifyDomain"] if world else SHOP_DOMAIN,
        lambda: Records(world or build_world(), frozenset(scopes), now()),
        Bucket(bucket, restore_rate),
        Credentials(*(each or secrets.token_hex(20) for each in given)),
        now,
        intercept,
    )
    with running(shop, port):
        yield shop
