"""Brings a bulk operation's file home: resumes where it broke off, and is short of nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import requests

from fulfilltools.admin.faults import PassingError, http_session, passing
from fulfilltools.errors import IncompleteError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fulfilltools.admin.client import AdminClient

_CHUNK = 1 << 14
_RANGE = re.compile(r"bytes (\d+)-")
_EXPIRED = {401, 403, 404, 410}


class Download:
    """One result on its way into `part`, which keeps what came if we are killed.

    `address` gives the result's address, a fresh one each time: Shopify signs it for a
    while. It is asked without our token, and never shown.
    """

    def __init__(
        self,
        client: AdminClient,
        address: Callable[[], str],
        part: Path,
        told: Callable[[int], None],
    ) -> None:
        self._client, self._address, self._part, self._told = client, address, part, told
        self._url = ""

    def fetch(self, size: int | None) -> None:
        """Read until the file has `size` bytes, or to the end when the size is not known.

        Raises UnreachableError when no try brought anything, IncompleteError when the
        result always ends too early or too late.
        """
        patience, tries, fault = self._client.patience, 0, None
        while tries < patience.tries:
            before = self._here()
            if (fault := self._attempt(size)) is None:
                return
            tries = 0 if self._here() > before else tries + 1
            self._client.pause(min(patience.first_pause * 2**tries, patience.longest_pause))
        kind = IncompleteError if self._here() else UnreachableError
        raise kind(
            f"The result of a bulk operation of {self._client.session.shop} did not come whole; "
            f"last: {fault}. Run again: what came is kept."
        )

    def _attempt(self, size: int | None) -> PassingError | None:
        """Go on once; return what is still wrong."""
        try:
            if size is None or self._here() != size:
                self._go_on(self._here())
        except PassingError as error:
            return error
        came = self._here()
        if size is None or came == size:
            return None
        if came > size:
            self._part.unlink()
        return PassingError(f"{came:,} bytes instead of {size:,}")

    def _here(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _go_on(self, start: int) -> None:
        """Ask for the bytes from `start` on, and add them to the file as they come."""
        self._url = self._url or self._address()
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        patience = self._client.patience
        self._client.statistics.requests += 1
        try:
            with (
                http_session(self._url) as http,
                http.get(
                    self._url,
                    headers=headers,
                    stream=True,
                    timeout=(patience.connect, patience.read),
                ) as answer,
            ):
                self._take(answer, start)
        except requests.RequestException as error:
            raise passing(error) from None  # the error holds the signed address

    def _take(self, answer: requests.Response, start: int) -> None:
        if answer.status_code in _EXPIRED:
            self._url = ""
            raise PassingError(f"HTTP {answer.status_code}")
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            self._part.unlink(missing_ok=True)
        if answer.status_code not in {requests.codes.ok, requests.codes.partial_content}:
            raise PassingError(f"HTTP {answer.status_code}")
        given = _RANGE.match(answer.headers.get("Content-Range", ""))
        begins = int(given[1]) if given else 0
        if answer.status_code == requests.codes.partial_content and begins != start:
            self._part.unlink(missing_ok=True)
            raise PassingError("another part than the one asked for")
        with self._part.open("ab" if begins else "wb") as file:
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                file.flush()
                self._told(file.tell())
