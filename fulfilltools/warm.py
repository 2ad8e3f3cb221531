"""What a kernel of the scheduled run does before its notebook comes, and at its end.

An IPython extension, which the runner asks for.
"""

from __future__ import annotations

import atexit
import gc
import os
from importlib import import_module
from typing import TYPE_CHECKING

from ipykernel.kernelapp import IPKernelApp

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
    atexit.register(_end_control_thread)


def _end_control_thread() -> None:
    """End the thread that takes orders, while its last words still go somewhere.

    ipykernel 7 ends it when nobody takes them any more. In one end of four it then waits for
    that until it is killed, seconds later.
    """
    thread = IPKernelApp.instance().control_thread
    if thread and thread.is_alive():
        thread.stop()
        thread.join(timeout=1)
