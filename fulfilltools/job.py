"""The main job: which notebooks run, with which parameters, in which environment."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fulfilltools.notebooks import Step, shipped_notebooks
from fulfilltools.processes import our_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fulfilltools.runs import Run
    from fulfilltools.settings import Connection

NOTEBOOKS = ("1_fetch_orders", "2_diagnose_causes", "3_report")


def notebook_steps(
    writing: Run, since: str | None, way: str, folder: Path | None, files: Mapping[str, Any]
) -> list[Step]:
    """List the notebooks of `folder`, or those shipped, that write the run; the first is asked."""
    (writing.folder / "notebooks").mkdir()
    where = {"shop": writing.shop, "run_folder": str(writing.folder)}
    asked = {"since": since, "as_of": writing.manifest["as_of"], **files}
    asked |= {"way": way} if way != "auto" else {}
    return [
        Step(
            notebook=(folder or shipped_notebooks()) / f"{name}.ipynb",
            output=writing.folder / "notebooks" / f"{name}.ipynb",
            parameters=where | asked if name == NOTEBOOKS[0] else where,
        )
        for name in NOTEBOOKS
    ]


def file_parameters(
    export: Sequence[Path] | None, supplier: Sequence[Path] | None, date_order: str | None
) -> dict[str, Any]:
    """Name the files for the first notebook, which works in another directory.

    Raises SettingsError for one that is not what it is given for, before anything is begun.
    """
    if export or supplier:
        from fulfilltools import exports  # noqa: PLC0415 - DuckDB only when needed

        exports.check_files(export or (), supplier or ())
    given = {"export": export, "supplier": supplier}
    named = {name: [str(one.resolve()) for one in files] for name, files in given.items() if files}
    return named | ({"date_order": date_order} if date_order else {})


def environment(connection: Connection, home: Path, cluster: str | None) -> dict[str, str]:
    """Name what notebooks need: runs, our terminal, a cluster, and the demo shop that we serve."""
    known = our_terminal() | {"FULFILLTOOLS_RUNS": str(home)}
    if cluster:
        known["FULFILLTOOLS_CLUSTER"] = cluster
    if connection.name != "demo" or not (connection.api_url and connection.access_token):
        return known
    return known | {
        "SHOPIFY_SHOP": connection.domain,
        "SHOPIFY_API_URL": connection.api_url,
        "SHOPIFY_ACCESS_TOKEN": connection.access_token.get_secret_value(),
    }


def own_notebooks(say: Callable[[str], None]) -> Path:
    """Find the checkout's notebooks; an installed package copies its own, to be edited.

    That is said. Raises RunError where they cannot be written.
    """
    from fulfilltools.handover import written  # noqa: PLC0415 - the main job needs it later

    shipped = shipped_notebooks()
    if shipped.name == "notebooks":
        return shipped
    own = Path.cwd() / "notebooks"
    if not own.exists():
        with written(own):
            shutil.copytree(shipped, own)
        say(f"The notebooks were copied to {own}.")
    return own
