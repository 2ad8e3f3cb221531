"""`--all-shops`: a run for each shop in turn; one shop's failure does not stop the others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import typer

from fulfilltools.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

FAILED = 1


def run_each(
    shops: Collection[str],
    run: Callable[..., None],
    options: dict[str, Any],
    one_line: Callable[[Exception], str],
) -> int:
    """Run each shop with the same options; return 1 when one failed, else the worst status.

    `--out` gets a folder per shop. Raises SettingsError when no shop is set, or another one
    was asked for as well.
    """
    if options["shop"] or options["demo"] or not shops:
        raise SettingsError(
            "--all-shops takes every [shops.NAME] of fulfilltools.toml, at least one. "
            "Set them, and leave --shop and --demo out."
        )
    statuses = {_status_of(shop, run, options, one_line) for shop in shops}
    return FAILED if FAILED in statuses else max(statuses)


def _status_of(
    shop: str,
    run: Callable[..., None],
    options: dict[str, Any],
    one_line: Callable[[Exception], str],
) -> int:
    out = options["out"] / shop if options["out"] else None
    try:
        run(**options | {"shop": shop, "all_shops": False, "out": out})
    except typer.Exit as stop:
        return stop.exit_code
    except Exception as error:
        if os.environ.get("FULFILLTOOLS_DEBUG"):
            raise
        typer.echo(f"fulfilltools: {shop}: {one_line(error)}", err=True)
        return FAILED
    return 0
