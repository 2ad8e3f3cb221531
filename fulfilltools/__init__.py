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
    from fulfilltools.audit import audit_settings
    from fulfilltools.diagnosis import Diagnosis, diagnose
    from fulfilltools.display import table
    from fulfilltools.errors import FulfillError
    from fulfilltools.notebooks import run_notebooks
    from fulfilltools.query import sql
    from fulfilltools.steps import (
        Run,
        build_backlog,
        check,
        diagnose_run,
        fetch,
        open_diagnosis,
        open_run,
        write_report,
    )
    from fulfilltools.story import Story
    from fulfilltools.trial import save_cause, try_cause, what_if

__all__ = [
    "Diagnosis",
    "FulfillError",
    "Run",
    "Story",
    "audit_settings",
    "build_backlog",
    "check",
    "diagnose",
    "diagnose_run",
    "fetch",
    "open_diagnosis",
    "open_run",
    "plots",
    "run_notebooks",
    "save_cause",
    "sql",
    "table",
    "try_cause",
    "what_if",
    "write_report",
]

_HOME = {
    "Diagnosis": "diagnosis",
    "FulfillError": "errors",
    "Run": "steps",
    "Story": "story",
    "audit_settings": "audit",
    "build_backlog": "steps",
    "check": "steps",
    "diagnose": "diagnosis",
    "diagnose_run": "steps",
    "fetch": "steps",
    "open_diagnosis": "steps",
    "open_run": "steps",
    "plots": "plots",
    "run_notebooks": "notebooks",
    "save_cause": "trial",
    "sql": "query",
    "table": "display",
    "try_cause": "trial",
    "what_if": "trial",
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
