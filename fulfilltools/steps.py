"""What the notebooks do, a call each: fetch, open, diagnose, report.

With the shop "demo", the demo shop is served while its orders are fetched, unless the
environment names one that is being served already.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from fulfilltools import runs, slas
from fulfilltools.errors import RunError, SettingsError
from fulfilltools.moments import LAST, parse_moment, parse_since
from fulfilltools.settings import Connection, load_settings, shop_name
from fulfilltools.texts import checked_language, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from fulfilltools.admin.check import Checked
    from fulfilltools.admin.orders import Way
    from fulfilltools.cause import Cause
    from fulfilltools.diagnosis import Diagnosis
    from fulfilltools.settings import Policy, Settings
    from fulfilltools.story import Story

DEMO = "demo"
GLANCED = marked(
    "What is usual was learned from the orders shipped last; {0} shipped before are only counted."
)
AnyRun = TypeVar("AnyRun", bound=runs.Run)
Files = str | Path | Sequence[str | Path] | None
"""A file, several, or none, as a notebook's parameter may say it."""


@dataclass(frozen=True, repr=False)
class Run(runs.Run):
    """A run's folder with what can be asked of it: its diagnosis, its orders, its tables."""

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What was found; diagnosed now, and kept, where the run has no diagnosis yet."""
        return open_diagnosis(self)

    def order(self, name: str | int | None = None) -> Story:
        """Tell the whole story of an order by its name; without one, of the worst that is open."""
        return self.diagnosis.order(name)

    def sql(self, question: str, *parameters: object) -> pd.DataFrame:
        """Ask this run's tables in SQL: `run.sql("select cause, count(*) from findings ...")`."""
        from fulfilltools import query  # noqa: PLC0415 - DuckDB only when needed

        if re.search(r"\b(findings|answers)\b", question):
            _ = self.diagnosis  # makes them where nobody has asked yet
        return query.ask(self.folder.parent.parent, self.place, question, *parameters)

    @property
    def place(self) -> str:
        """The run's folder below the runs: its shop and its moment."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        from fulfilltools import display  # noqa: PLC0415 - pandas only when needed

        fetched, manifest = self.fetched, self.manifest
        notes = "".join(f"<p>{display.escaped(note)}</p>" for note in fetched.get("notes", ()))
        numbers = {"shop": self.shop, "as_of": manifest["as_of"]}
        numbers |= {name: fetched.get(name) for name in ("orders_received", "complete")}
        shown = display.framed([f"<p><b>{display.escaped(self)}</b></p>{notes}"])
        return display.bundle("run", str(self), shown, numbers)


def fetch(  # noqa: PLR0913, PLR0917 - each is a parameter of the first notebook
    shop: str | None = None,
    since: str | None = None,
    as_of: str | None = None,
    run_folder: str | None = None,
    language: str | None = None,
    way: Way = "auto",
    export: Files = None,
    supplier: Files = None,
    date_order: str | None = None,
) -> Run:
    """Fetch a shop's orders into a run: raw answers, tidy tables and the backlog.

    Without `shop` the one that is set, else the demo shop. `since` and `as_of` are ISO dates
    or moments in UTC; without them, 60 days before `as_of`, and now. `since="last"` reads only
    what changed since the shop's last run, where that is enough. `way` is "bulk" or "paged";
    "auto" takes bulk operations for large shops. With `run_folder` the run is written right
    there, as `fulfilltools run` asks; else it replaces the shop's run of that moment, and its
    report, where it had one, is written again. `language` ("en", "sv") is what the run is told
    in, else the one that is set.

    With `export`, the CSV files of the admin's order export are read instead of a shop, and the
    run is named after them. `supplier` are shipment lists of suppliers or 3PLs. `date_order`
    (dmy, mdy, ymd) settles dates in either that do not say it themselves.
    Raises SettingsError, ShopifyError, TableError or RunError.
    """
    settings = load_settings()
    asked = Asked(since, way, _paths(export), _paths(supplier), date_order)
    if (asked.export or asked.supplier) and not run_folder:  # `fulfilltools run` has looked at them
        from fulfilltools import exports  # noqa: PLC0415 - DuckDB only when needed

        exports.check_files(asked.export, asked.supplier)
    with reach(shop, settings, asked.export) as connection:
        moment = moment_to_report(as_of, connection)
        if run_folder:
            run = _given_run(Path(run_folder), connection.name, moment)
            tell_in(run, language, settings)
            _fetch_into(run, connection, asked, settings.runs)
            return run
        secrets = secrets_of(connection)
        folder = runs.run_folder(settings.runs, connection.name, moment)
        with runs.new_run(settings.runs, connection.name, moment, secrets=secrets) as new:
            tell_in(new, language, settings)
            _fetch_into(new, connection, asked, settings.runs)
            if (folder / "report.html").is_file():  # whoever reads it must find it again
                write_report(new, diagnose_run(new))
    return Run(folder)


def open_run(run: str | Path | None = None) -> Run:
    """Open a run by its folder, or a shop's newest by the shop's name.

    Without either, the newest of the shop that is set. The demo shop is fetched first when it
    has no run. Raises RunError where there is none.
    """
    if run is not None and (isinstance(run, Path) or os.sep in run):
        return Run(Path(run))
    settings = load_settings()
    name = shop_name(run) if run else chosen_shop(settings)
    try:
        return Run(runs.newest_run(settings.runs, name).folder)
    except RunError:
        if name != DEMO:
            raise
        return fetch(DEMO)


def build_backlog(run: runs.Run) -> pd.DataFrame:
    """Build the tidy tables and the backlog from the raw files, by today's policy.

    `fetch` does so too; call it again after a change of `[policy]` in fulfilltools.toml.
    """
    from fulfilltools import tables  # noqa: PLC0415 - DuckDB and pandas only when needed

    policy = load_settings().policy
    made = tables.build(run.raw, run.folder, as_of=run.as_of, policy=policy)
    run.record(supplier=made.supplier, glanced=made.glanced)
    return made.backlog


def diagnose_run(run: runs.Run) -> Diagnosis:
    """Ask every cause about the run's backlog, and keep the answers in the run."""
    made = _diagnosed(run, run.language)
    made.save(run.folder)
    vars(run)["diagnosis"] = made  # what `run.diagnosis` may have read before is outdated
    return made


def story_in(run: runs.Run, order: str | int, language: str) -> Story:
    """Tell an order's story in a language. Raises RunError for an order that is not in the run."""
    here = open_diagnosis(run) if language == run.language else _diagnosed(run, language)
    return here.order(order)


def _diagnosed(run: runs.Run, language: str) -> Diagnosis:
    from fulfilltools import cluster, diagnosis  # noqa: PLC0415 - pandas only when needed

    ask: Callable[..., Diagnosis] = diagnosis.diagnose
    if address := cluster.address_set():
        from fulfilltools import parts  # noqa: PLC0415 - only with a cluster

        ask = partial(parts.diagnose, address=address)
    return ask(
        run.backlog,
        as_of=run.as_of,
        causes=_asked(),
        zone=_zone(run),
        language=language,
        folder=run.folder,
    )


def open_diagnosis(run: runs.Run) -> Diagnosis:
    """Read the diagnosis that the run keeps; make it where there is none yet."""
    from fulfilltools import diagnosis  # noqa: PLC0415 - as above

    if not (run.folder / "findings.parquet").exists():
        return diagnose_run(run)
    return diagnosis.load(run.folder, run.as_of, run.language, causes=_asked(), zone=_zone(run))


def _asked() -> tuple[Cause, ...]:
    """List the causes to ask: ours and one's own, without those switched off."""
    from fulfilltools import causes  # noqa: PLC0415 - as above

    policy = load_settings().policy
    return causes.chosen(policy.causes_off, policy.own_causes)


def _zone(run: runs.Run) -> str:
    return run.fetched.get("time_zone") or "UTC"


def check(shop: str | None = None) -> Checked:
    """Try a shop's connection part by part: what works, what is missing, how to mend it."""
    from fulfilltools.admin import check as parts  # noqa: PLC0415 - ShopifyAPI only when asked

    with reach(shop, load_settings()) as connection:
        return parts.check(connection)


def write_report(run: AnyRun, diagnosis: Diagnosis) -> AnyRun:
    """Write the report's files into a run, compared with the shop's runs before.

    A part that cannot be made is left out and named in the report and in the summary's `failed`.
    """
    from fulfilltools import history, report  # noqa: PLC0415 - they draw, which takes a second

    policy = load_settings().policy
    past = history.Past(run.folder.parent, run.manifest["run_id"])
    facts = report.Facts(
        run_id=run.manifest["run_id"],
        fetch=_read_from(run, policy),
        versions=runs.package_versions(),
        policy=policy.model_dump(),
        past=past,
        run=run,
    )
    report.write_outputs(run.folder, diagnosis, facts, next(past.snapshots(), None))
    run.seal()
    return run


def _read_from(run: runs.Run, policy: Policy) -> dict[str, Any]:
    """Add to what was fetched what was only counted, which SLAs no place has, how lists fitted."""
    supplier, glanced = (run.manifest.get(name) for name in ("supplier", "glanced"))
    notes = [*run.fetched["notes"], *slas.unmatched(run, policy)]
    if glanced:
        notes.append(GLANCED.format(f"{glanced:,}"))
    if supplier is None:
        return run.fetched | {"notes": notes}
    from fulfilltools import exports  # noqa: PLC0415 - DuckDB only when needed

    notes.append(exports.how_lists_fitted(**supplier))
    return run.fetched | {"supplier": supplier, "notes": notes}


@contextmanager
def reach(
    shop: str | None, settings: Settings, export: Sequence[Path] = ()
) -> Iterator[Connection]:
    """Give the connection of the shop meant; serve the demo shop meanwhile if it is that.

    An export needs none; its connection only carries the name.
    """
    if export:
        from fulfilltools import exports  # noqa: PLC0415 - DuckDB only when needed

        yield Connection(name=exports.export_name(export), domain="")
        return
    name = shop_name(shop) if shop else chosen_shop(settings)
    if name != DEMO or name in settings.shops:
        connection = settings.shop(name)
        if connection is None:
            raise SettingsError("No shop is set. Set SHOPIFY_SHOP, or take the demo shop.")
        yield connection
        return
    from fulfilltools import demo  # noqa: PLC0415 - only the demo shop needs its server

    served = settings.shops.get(shop_name(demo.SHOP_DOMAIN))
    if served and served.api_url:
        yield served.model_copy(update={"name": DEMO})
        return
    with demo.serve() as server:
        yield Connection(
            name=DEMO,
            domain=demo.SHOP_DOMAIN,
            api_url=server.url,
            access_token=SecretStr(server.access_token),
        )


def chosen_shop(settings: Settings) -> str:
    """Name the shop that is set, or the demo shop where none is."""
    connection = settings.shop()
    return connection.name if connection else DEMO


def moment_to_report(as_of: str | None, connection: Connection) -> datetime:
    """Take the moment given, in whole seconds; else now, or the demo shop's Monday."""
    if as_of:
        return parse_moment(as_of, "as_of")
    if connection.name == DEMO:
        from fulfilltools import demo  # noqa: PLC0415 - see reach()

        return demo.AS_OF
    return datetime.now(UTC).replace(microsecond=0)


def tell_in(run: runs.Run, language: str | None, settings: Settings) -> None:
    """Note the language of a run: the one given, else noted already, else set."""
    given = checked_language(language) if language else run.manifest.get("language")
    run.record(language=given or settings.language)


def secrets_of(connection: Connection) -> list[str]:
    """List what must appear nowhere."""
    known = (connection.access_token, connection.client_secret)
    return [secret.get_secret_value() for secret in known if secret]


def _last_raw(home: Path, shop: str) -> Path | None:
    try:
        return runs.newest_run(home, shop).raw
    except RunError:
        return None


def _given_run(folder: Path, shop: str, as_of: datetime) -> Run:
    if (folder / runs.MANIFEST).is_file():
        return Run(folder)
    return Run(runs.begin_run(folder, shop, as_of).folder)


@dataclass(frozen=True)
class Asked:
    """What a run is to be made of, as `fetch` was asked."""

    since: str | None
    way: Way
    export: list[Path]
    supplier: list[Path]
    date_order: str | None


def _paths(given: Files) -> list[Path]:
    if given is None:
        return []
    several = [given] if isinstance(given, str | Path) else given
    return [Path(one).expanduser() for one in several]


def _fetch_into(run: runs.Run, connection: Connection, asked: Asked, home: Path) -> None:
    run.raw.mkdir(exist_ok=True)
    if asked.export or asked.supplier:
        _read_files(run, connection.name, asked)
    if not asked.export:
        _fetch_orders(run, connection, asked, home)
    build_backlog(run)


def _read_files(run: runs.Run, shop: str, asked: Asked) -> None:
    from fulfilltools import exports  # noqa: PLC0415 - DuckDB only when needed

    if asked.supplier:
        exports.read_shipments(asked.supplier, run.raw, date_order=asked.date_order)
    if asked.export:
        exports.read_export(
            asked.export, run.raw, as_of=run.as_of, shop=shop, date_order=asked.date_order
        )


def _fetch_orders(run: runs.Run, connection: Connection, asked: Asked, home: Path) -> None:
    from fulfilltools import admin  # noqa: PLC0415 - ShopifyAPI only when a shop is asked
    from fulfilltools.admin.progress import shown_progress  # noqa: PLC0415 - as above

    since = asked.since
    with admin.AdminClient(connection) as client, shown_progress() as progress:
        admin.fetch(
            client,
            run.raw,
            since=parse_since(since),
            as_of=run.as_of,
            way=asked.way,
            base=_last_raw(home, connection.name) if since == LAST else None,
            journal=home / connection.name / ".fetch",
            progress=progress,
        )
