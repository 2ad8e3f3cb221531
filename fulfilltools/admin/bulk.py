"""Bulk operations: Shopify reads a whole window of orders and lays it down as one file.

Facts: https://shopify.dev/docs/api/usage/bulk-operations/queries. Up to five run at once for
an app and shop; each is looked after by its id, so that a killed fetch takes it up again.
"""

from __future__ import annotations

import io
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fulfilltools.admin.bulk_result import nodes_of
from fulfilltools.admin.download import Download
from fulfilltools.admin.faults import UnansweredError
from fulfilltools.errors import AccessError, IncompleteError, QueryError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fulfilltools.admin.journal import Journal
    from fulfilltools.admin.paging import Reader
    from fulfilltools.admin.progress import Progress

Node = dict[str, Any]

AT_ONCE = 5
RUNNING = {"CREATED", "RUNNING", "CANCELING"}
_FULL = {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}
_MOST_RESTARTS = 2
_MOST_FAILURES = 40
_LONGEST_QUEUE_SECONDS = 3600.0
_GONE: Node = {"status": "EXPIRED", "errorCode": None, "objectCount": "0"}


class BulkRefusedError(QueryError):
    """Bulk operations are refused to the token, or for the query; paging is the way."""


@dataclass
class Job:
    """One query to run as a bulk operation; `name` is the start of its raw file's name.

    `narrower` makes the jobs that stand in for one that failed; none, when it is too narrow.
    """

    name: str
    query: str
    narrower: Callable[[], list[Job]]
    take: Callable[[Iterator[Node]], None]
    """Reads the result's nodes; may have to do so again, after another download."""
    operation: str = ""
    restarts: int = 0


@dataclass
class Bulk:
    """Runs bulk operations until each has given its whole result."""

    reader: Reader
    journal: Journal
    progress: Progress
    _pause: float = 0.0
    _queued: float = 0.0
    _failures: int = 0
    _files: Counter[str] = field(default_factory=Counter)
    _known: set[str] = field(default_factory=set)
    """Operations that are not to be taken for ours, when we look for a lost one."""

    def run(self, jobs: list[Job]) -> None:
        """Run the jobs, five at a time; narrower ones stand in for one that failed.

        Raises BulkRefusedError where only paging can help, and QueryError, UnreachableError
        or IncompleteError when no try helped.
        """
        waiting, running = deque(jobs), list[Job]()
        self._take_over(waiting)
        while waiting or running:
            while waiting and len(running) < AT_ONCE and self._start(waiting[0]):
                running.append(waiting.popleft())
            ended = [job for job in running if self._has_ended(job, waiting)]
            running = [job for job in running if job not in ended]
            self._wait(moved=bool(ended), ours=bool(running))

    def _wait(self, *, moved: bool, ours: bool) -> None:
        """Look again soon after something moved, else ever more seldom."""
        patience = self.reader.client.patience
        self._pause = min(1.5 * self._pause, patience.longest_pause) or patience.first_pause
        if moved:
            self._pause = self._queued = 0.0
            return
        self._queued = 0.0 if ours else self._queued + self._pause
        if self._queued > _LONGEST_QUEUE_SECONDS:
            raise QueryError(
                f"Other bulk operations of this app have kept {self.reader.client.session.shop} "
                "busy for an hour. Run again later, or with --fetch paged."
            )
        self.reader.client.pause(self._pause)

    def _take_over(self, waiting: deque[Job]) -> None:
        """Go on with operations that ask just this and still run, whoever of us started them."""
        for operation in self._listed():
            if operation["status"] in RUNNING:
                for job in waiting:
                    if job.query.strip() == operation["query"].strip():
                        self.journal.note(job.query, operation["id"])
            self._known.add(operation["id"])

    def _listed(self) -> list[Node]:
        nodes: list[Node] = self.reader.ask("bulk_list", {}).data["bulkOperations"]["nodes"]
        return nodes

    def _start(self, job: Job) -> bool:
        """Start a job, or go on with its operation; False where the shop runs too many."""
        known = self.journal.operation(job.query)
        operation = known or self._create(job.query)
        if operation is None:
            return False
        job.operation = operation
        self._known.add(operation)
        if known is None:
            self.journal.note(job.query, operation)
        return True

    def _create(self, query: str) -> str | None:
        """Start an operation once, also where the answer to it is lost."""
        client = self.reader.client
        for _ in range(client.patience.tries):
            try:
                text = self.reader.query("bulk_start")
                answer = client.execute(text, {"query": query}, repeatable=False)
            except UnansweredError as error:
                lost = error
                client.pause(client.patience.first_pause)
                if found := self._lost(query):
                    return found
            except AccessError as error:
                raise BulkRefusedError(str(error)) from error
            else:
                return _started(answer.data["bulkOperationRunQuery"])
        raise UnreachableError(
            f"{client.session.shop} could not be told to start a bulk operation. {lost}"
        ) from lost

    def _lost(self, query: str) -> str | None:
        """Find the operation of which the answer that started it was lost."""
        ours = (
            operation["id"]
            for operation in self._listed()
            if operation["query"].strip() == query.strip() and operation["id"] not in self._known
        )
        return next(ours, None)

    def _poll(self, operation: str) -> Node:
        polled = self.reader.ask("bulk_poll", {"id": operation}).data["bulkOperation"]
        return polled or _GONE

    def _has_ended(self, job: Job, waiting: deque[Job]) -> bool:
        """Look after one operation; when it has ended, take its result or put in others."""
        record = self._poll(job.operation)
        self.progress("bulk operation", int(record["objectCount"] or 0), None, "objects")
        if record["status"] in RUNNING:
            return False
        without = record["status"] == "COMPLETED" and not record["url"]
        if record["status"] == "COMPLETED" and not (without and int(record["objectCount"])):
            self._deliver(job, record)
        else:
            self.journal.note(job.query, None)
            waiting.extend(self._instead(job, record))
        return True

    def _instead(self, job: Job, record: Node) -> list[Job]:
        """Return what to run in place of a job that gave no result."""
        if record["errorCode"] == "ACCESS_DENIED":
            raise BulkRefusedError("A field was denied to the bulk operation.")
        self._failures += 1
        failed = record["status"] == "FAILED" and self._failures < _MOST_FAILURES
        if failed and (narrower := job.narrower()):
            return narrower
        if job.restarts < _MOST_RESTARTS:
            job.restarts += 1
            return [job]
        code = f" ({record['errorCode']})" if record["errorCode"] else ""
        raise QueryError(
            f"A bulk operation of {self.reader.client.session.shop} ended as {record['status']}"
            f"{code} again and again. Run again later, or with --fetch paged."
        )

    def _deliver(self, job: Job, record: Node) -> None:
        """Download a result, check it, and hand its nodes over; twice, if it lacks anything."""
        self._files[job.name] += 1
        part, size = self.journal.part(job.operation), record["fileSize"]
        total = int(size) if size else None
        for is_last in (False, True):
            if record["url"]:
                download = Download(
                    self.reader.client,
                    self._addresses(job, record["url"]),
                    part,
                    lambda done: self.progress("download", done, total, "bytes"),
                )
                download.fetch(total)
            try:
                self._read(job, record, part)
            except IncompleteError:
                part.unlink(missing_ok=True)
                if is_last:
                    raise
            else:
                return

    def _addresses(self, job: Job, first: str) -> Callable[[], str]:
        """Give the address we know, then a fresh one each time."""
        known = [first]
        return lambda: known.pop() if known else str(self._poll(job.operation).get("url") or "")

    def _read(self, job: Job, record: Node, part: Path) -> None:
        lines = part.open("rb") if record["url"] else io.BytesIO()
        shown = {name: value for name, value in record.items() if not name.lower().endswith("url")}
        with lines:
            kept = self.reader.raw.keep_bulk(
                job.name, self._files[job.name], lines, shown | {"query": job.query}
            )
            job.take(nodes_of(kept, record))


def _started(payload: Node | None) -> str | None:
    """Read the id of an operation that was started; None where the shop runs too many."""
    if payload is None:
        raise BulkRefusedError("Shopify did not say why no bulk operation was started.")
    errors = payload["userErrors"]
    if any(error["code"] in _FULL for error in errors):
        return None
    if errors or not payload["bulkOperation"]:
        said = "; ".join(error["message"] for error in errors)
        raise BulkRefusedError(f"Shopify refused the bulk query: {said}")
    return str(payload["bulkOperation"]["id"])
