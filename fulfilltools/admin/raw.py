"""The raw folder: each answer as it came, one per line, compressed, on disk when closed."""

from __future__ import annotations

import gzip
import os
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

SUBJECTS = ("context", "locations", "orders", "inventory", "order_extra")
"""One file `SUBJECT.jsonl.gz` each, there even when nothing was asked."""


class RawFolder:
    """Writes answers to gzip files; the same answers give the same bytes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files = ExitStack()
        self._streams = {name: self._open(folder / f"{name}.jsonl.gz") for name in SUBJECTS}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._files.close()

    def write(self, subject: str, body: bytes) -> None:
        """Add one answer; line breaks between its tokens become spaces."""
        # In JSON a raw line break can only stand between tokens.
        line = body.replace(b"\r", b" ").replace(b"\n", b" ").rstrip() + b"\n"
        self._streams[subject].write(line)

    def _open(self, path: Path) -> gzip.GzipFile:
        file = self._files.enter_context(path.open("wb"))
        self._files.callback(_settle, file)
        # No name and no time inside, so that equal answers give equal files.
        return self._files.enter_context(
            gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
        )


def _settle(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
