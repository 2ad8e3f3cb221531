"""What a fetch by bulk operations has under way, so that a killed one can be taken up again.

<folder>/journal.json      the operations by their query, and what they were asked for
<folder>/<number>.jsonl    a result as far as it has come
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

try:
    import fcntl
except ImportError:  # Windows: there, two fetches of one shop at once are the user's care.
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STALE_AFTER_SECONDS = 6 * 3600.0
"""An interrupted fetch older than this is started anew: its orders would be of yesterday."""


class Journal:
    """The operations of one fetch; on disk before anything is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._content: dict[str, Any] = {}

    @property
    def since(self) -> str:
        """Since when the interrupted fetch wanted orders; empty where there was none."""
        return str(self._content.get("since", ""))

    @property
    def asked_at(self) -> float:
        """When the interrupted fetch began, as time.time() says it."""
        return float(self._content.get("asked_at", 0))

    def take_up(self, fingerprint: str) -> bool:
        """Read what an interrupted fetch left; tell whether it can be taken up."""
        try:
            self._content = json.loads((self._folder / "journal.json").read_text("utf-8"))
            usable = (
                self._content["fingerprint"] == fingerprint
                and time.time() - self.asked_at < STALE_AFTER_SECONDS
            )
        except (OSError, ValueError, KeyError):
            usable = False
        if not usable:
            self.forget()
        return usable

    def begin(self, fingerprint: str, since: str) -> None:
        """Start a new journal, or go on with the one taken up."""
        if not self._content:
            asked = {"fingerprint": fingerprint, "since": since, "asked_at": time.time()}
            self._content = asked | {"operations": {}}
            self._write()

    def operation(self, query: str) -> str | None:
        """Return the id of the operation that was started for a query."""
        known: dict[str, str] = self._content["operations"]
        return known.get(query)

    def note(self, query: str, operation: str | None) -> None:
        """Remember, or with None forget, the operation of a query."""
        known = self._content["operations"]
        if operation is None:
            if old := known.pop(query, None):
                self.part(old).unlink(missing_ok=True)
        else:
            known[query] = operation
        self._write()

    def part(self, operation: str) -> Path:
        """Where the result of an operation is written, as far as it has come."""
        return self._folder / f"{operation.rpartition('/')[2]}.jsonl"

    def forget(self) -> None:
        """Remove everything: the fetch is whole, or too old to go on with."""
        self._content = {}
        for file in self._folder.glob("*.json*"):
            file.unlink(missing_ok=True)

    def _write(self) -> None:
        aside = self._folder / "journal.json.new"
        with aside.open("w", encoding="utf-8") as file:
            json.dump(self._content, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._folder / "journal.json")


@contextmanager
def open_journal(folder: Path | None, beside: Path) -> Iterator[Journal]:
    """Hold the journal in `folder`; a passing one `beside` where another fetch holds it."""
    with ExitStack() as held:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context((folder / ".lock").open("a"))
        if folder is None or not _lock(lock):
            folder = beside / ".parts"
            folder.mkdir(parents=True, exist_ok=True)
            held.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Journal(folder)


def _lock(file: IO[str]) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
