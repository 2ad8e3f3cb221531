"""What a kernel of the scheduled run does before its notebook comes, as an IPython extension."""

from __future__ import annotations

import gc
import os
from importlib import import_module

MODULES = "FULFILLTOOLS_WARM"
"""The variable that names the modules to import, with spaces between."""


def load_ipython_extension(_shell: object) -> None:
    """Import modules; they bind no name in the notebook.

    Modules stay, so it is no use to look for cycles among them meanwhile: that takes a fifth
    of the time.
    """
    gc.disable()
    for name in os.environ.get(MODULES, "").split():
        import_module(name)
    gc.enable()
