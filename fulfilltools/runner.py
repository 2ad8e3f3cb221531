"""The process that runs papermill: told its job on stdin, it answers a line a notebook.

Its argument is a folder for what kernels need to be reached, which its parent removes.

Kernels get ready one after the other while notebooks are at work. A kernel takes half a second
to start, and what our notebooks import another one; on a second processor that costs no time,
and each notebook still gets a kernel that nobody has used.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, cast

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from traitlets.config import Config

from fulfilltools import warm
from fulfilltools.processes import lines_from_the_parent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future
    from types import ModuleType

IMPORTED = ["pandas", "fulfilltools.steps", "fulfilltools.admin", "fulfilltools.tables"]
"""What a kernel imports while it waits."""

IMPORTED_LATER = [
    "pandas",
    "pyarrow.dataset",
    "fulfilltools.steps",
    "fulfilltools.diagnosis",
    "fulfilltools.report",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "matplotlib.style",
]
"""The same for those that do not fetch."""


STARTED_WITHIN = 60
"""Seconds in which a kernel must be ready, as nbclient has it."""


def main() -> None:
    """Run the job that comes on stdin: a line of environment, a line of notebooks."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # kernels inherit 1, and what they print is no answer
    told = lines_from_the_parent(sys.argv[1])
    os.environ.update(json.loads(told.get()))
    with ExitStack() as kernels, ThreadPoolExecutor(1) as starter:

        def get_ready(kernel: AsyncKernelManager) -> AsyncKernelManager:
            asyncio.run(_until_ready(kernel))
            return kernel

        def follow() -> AsyncKernelManager:
            return get_ready(kernels.enter_context(_kernel(IMPORTED_LATER)))

        first = starter.submit(get_ready, kernels.enter_context(_kernel(IMPORTED)))
        _import_papermill()
        job = json.loads(told.get())
        ahead = [first, *(starter.submit(follow) for _ in job["steps"][1:])]  # one by one
        for step, kernel in zip(job["steps"], ahead, strict=True):
            answer = _answer(step, kernel, job["cell_deadline"])
            print(json.dumps(answer), file=answers, flush=True)
            if "error" in answer or "not_started" in answer:
                starter.shutdown(wait=False, cancel_futures=True)
                break
            run_sync(kernel.result().request_shutdown)()


def _answer(
    step: Mapping[str, Any], kernel: Future[AsyncKernelManager], cell_deadline: float
) -> dict[str, Any]:
    """Run a notebook: the seconds it took, and what went wrong."""
    began = time.monotonic()
    answer: dict[str, Any] = {}
    if reason := kernel.exception():
        answer["not_started"] = str(reason)
    else:
        try:
            _execute(step, kernel.result(), cell_deadline)
        except Exception as error:  # noqa: BLE001 - the parent says it in its own words
            answer["error"] = f"{type(error).__name__}: {error}"
    return answer | {"seconds": round(time.monotonic() - began, 3)}


class _Client(AsyncKernelClient):
    """A kernel's client that is ready once the kernel is.

    jupyter_client's own goes on listening until a kernel has said nothing for a while.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - theirs
        """Wait until the kernel has answered, and said so to all that listen."""
        deadline = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < deadline:
            asked = self.kernel_info()
            try:
                await self.get_shell_msg(timeout=1)  # once what it imports is there
                while not _says_idle(await self.get_iopub_msg(timeout=0.1), asked):
                    pass
            except Empty:  # still importing, or it did not know yet that we listen: ask again
                if not await self.is_alive():
                    raise RuntimeError("the kernel died before it was ready") from None
            else:
                return
        raise RuntimeError(f"the kernel was not ready within {timeout} seconds")


async def _until_ready(kernel: AsyncKernelManager) -> None:
    """Wait until the kernel could run a notebook."""
    client = kernel.client()
    client.start_channels()
    try:
        await client.wait_for_ready(STARTED_WITHIN)
    finally:
        client.stop_channels()


def _says_idle(message: Mapping[str, dict[str, str]], asked: str) -> bool:
    is_ours = message["parent_header"].get("msg_id") == asked
    return is_ours and message["content"].get("execution_state") == "idle"


@contextmanager
def _kernel(imported: list[str]) -> Iterator[AsyncKernelManager]:
    """Start a kernel, which gets ready meanwhile; wait for its end at last."""
    config = Config()
    # Without it, each kernel warns that it runs over TCP without encryption.
    config.KernelManager.transport_encryption = "auto"
    kernel = AsyncKernelManager(
        kernel_name="python3",
        config=config,
        client_factory=_Client,
        connection_file=str(Path(sys.argv[1], f"{uuid.uuid4()}.json")),
    )
    arguments = ["--HistoryManager.hist_file=:memory:"]  # as nbclient starts them
    arguments.append("--IPKernelApp.extensions=['fulfilltools.warm']")
    environment = os.environ | {warm.MODULES: " ".join(imported)}
    run_sync(kernel.start_kernel)(extra_arguments=arguments, env=environment)
    try:
        yield kernel
    finally:
        if run_sync(kernel.is_alive)():  # else to ask would be to wait for an answer
            run_sync(kernel.request_shutdown)()
        run_sync(kernel.finish_shutdown)(pollinterval=0.02)
        run_sync(kernel.cleanup_resources)()


def _import_papermill() -> None:
    # jsonschema does without these grammars, which take most of papermill's import time.
    sys.modules.setdefault("rfc3987_syntax", cast("ModuleType", None))
    import papermill.execute  # noqa: F401, PLC0415 - the kernel starts first


def _execute(step: Mapping[str, Any], kernel: AsyncKernelManager, cell_deadline: float) -> None:
    from papermill.execute import execute_notebook  # noqa: PLC0415 - as above

    execute_notebook(
        _without_templates(step["notebook"]),
        _without_templates(step["output"]),
        step["parameters"],
        kernel_name="python3",
        km=kernel,
        progress_bar=False,
        execution_timeout=cell_deadline,
    )


def _without_templates(path: str) -> str:
    """Escape braces: papermill fills {name} in paths; a folder may well be called so."""
    return path.replace("{", "{{").replace("}", "}}")


if __name__ == "__main__":
    main()
    os._exit(0)  # to give back what papermill imported, object by object, would take a while
