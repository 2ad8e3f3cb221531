"""What a kernel of the scheduled run does before its notebook comes, and at its own end.

An IPython extension, which the runner asks for.
"""

from __future__ import annotations

import atexit
import gc
import io
import logging
import os
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MODULES = "FULFILLTOOLS_WARM"
"""The variable that names the modules to import, with spaces between."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Import modules; they bind no name in the notebook.

    Modules stay, so it is no use to look for cycles among them, now or later: that would take
    a fifth of a run's time.
    """
    gc.disable()
    for name in os.environ.get(MODULES, "").split():
        import_module(name)
    gc.freeze()
    gc.enable()
    atexit.register(_leave, shell)


def _leave(shell: InteractiveShell) -> None:
    """End without giving back what was imported object by object, which takes 0.3 seconds.

    What the notebook left open is written and closed, and what IPython would do is done.
    """
    for thing in gc.get_objects():  # in a cycle, a buffer may be closed before its text is in it
        if isinstance(thing, io.TextIOWrapper | io.BufferedWriter):
            with suppress(OSError, ValueError):  # a full disk, a file that is closed already
                thing.flush()
    shell.user_ns.clear()
    gc.collect()
    shell.atexit_operations()
    logging.shutdown()
    os._exit(0)
