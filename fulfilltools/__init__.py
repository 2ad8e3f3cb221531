"""Which Shopify orders are not shipped, why, and who does what next.

import fulfilltools as ft

run = ft.fetch("demo")
diagnosis = ft.diagnose(run.backlog, as_of=run.as_of)
ft.write_report(run, diagnosis)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fulfilltools import plots
    from fulfilltools.diagnosis import Diagnosis, diagnose
    from fulfilltools.errors import FulfillError
    from fulfilltools.notebooks import run_notebooks
    from fulfilltools.runs import Run
    from fulfilltools.steps import (
        build_backlog,
        diagnose_run,
        fetch,
        open_diagnosis,
        open_run,
        write_report,
    )

__all__ = [
    "Diagnosis",
    "FulfillError",
    "Run",
    "build_backlog",
    "diagnose",
    "diagnose_run",
    "fetch",
    "open_diagnosis",
    "open_run",
    "plots",
    "run_notebooks",
    "write_report",
]

_HOME = {
    "Diagnosis": "diagnosis",
    "FulfillError": "errors",
    "Run": "runs",
    "build_backlog": "steps",
    "diagnose": "diagnosis",
    "diagnose_run": "steps",
    "fetch": "steps",
    "open_diagnosis": "steps",
    "open_run": "steps",
    "plots": "plots",
    "run_notebooks": "notebooks",
    "write_report": "steps",
}
"""Names come when first used, because pandas and DuckDB take a second to import."""


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"fulfilltools has no {name!r}; it has {', '.join(__all__)}.")
    module = import_module(f"fulfilltools.{_HOME[name]}")
    return module if name == _HOME[name] else getattr(module, name)


def __dir__() -> list[str]:
    return __all__
