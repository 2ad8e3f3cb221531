"""What a kernel of the scheduled run does before its notebook comes.

An IPython extension, which the runner asks for.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MODULES = "FULFILLTOOLS_WARM"
"""The variable that names the modules to import, with spaces between."""


def load_ipython_extension(_shell: InteractiveShell) -> None:
    """Import modules; they bind no name in the notebook.

    Modules stay, so it is no use to look for cycles among them, now, later or at the end: that
    would take a fifth of a run's time.
    """
    gc.disable()
    for name in os.environ.get(MODULES, "").split():
        import_module(name)
    gc.freeze()
    gc.enable()
