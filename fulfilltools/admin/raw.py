"""The raw folder: each answer as it came, one per line, compressed, on disk when closed."""

from __future__ import annotations

import gzip
import json
import os
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

SUBJECTS = ("context", "locations", "orders", "inventory", "order_extra", "timelines")
"""One file `SUBJECT.jsonl.gz` each, there even when nothing was asked."""


class RawFolder:
    """Writes answers to gzip files; the same answers give the same bytes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._open = ExitStack()
        self._streams = {
            name: self._open.enter_context(_gzip(folder / f"{name}.jsonl.gz")) for name in SUBJECTS
        }
        self._operations: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def write(self, subject: str, body: bytes) -> None:
        """Add one answer; line breaks between its tokens become spaces."""
        # In JSON a raw line break can only stand between tokens.
        line = body.replace(b"\r", b" ").replace(b"\n", b" ").rstrip() + b"\n"
        self._streams[subject].write(line)

    def keep_bulk(
        self, name: str, number: int, lines: Iterator[bytes], record: dict[str, Any]
    ) -> Iterator[bytes]:
        """Write the lines of a bulk result as they pass, then the operation's own record."""
        file = f"{name}.bulk.{number}.jsonl.gz" if number > 1 else f"{name}.bulk.jsonl.gz"
        with _gzip(self.folder / file) as stream:
            for line in lines:
                stream.write(line)
                yield line
        self._operations.append(record | {"file": file})
        text = json.dumps(self._operations, indent=1, ensure_ascii=False)
        (self.folder / "bulk_operations.json").write_text(f"{text}\n", encoding="utf-8")


@contextmanager
def _gzip(path: Path) -> Iterator[gzip.GzipFile]:
    with path.open("wb") as file:
        # No name and no time inside, so that equal answers give equal files.
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as stream:
            yield stream
        _settle(file)


def _settle(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
