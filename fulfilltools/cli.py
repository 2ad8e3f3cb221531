"""The command. Exit status: 0 done, 1 failed, 2 wrong usage or settings, 3 `--fail-on` reached.

Whatever fails is one line on stderr; FULFILLTOOLS_DEBUG=1 shows Python's traceback instead.
"""

from __future__ import annotations

import difflib
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from typer.exceptions import TyperException

from fulfilltools.errors import FulfillError, RunError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fulfilltools.runs import Run
    from fulfilltools.settings import Settings

ScheduleKind = Literal["cron", "systemd", "github", "airflow", "jupyter-scheduler"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Way = Literal["auto", "bulk", "paged"]
DateOrder = Literal["dmy", "mdy", "ymd"]
FAIL_ON_REACHED = 3
STOPPED_BY_TERM = 128 + signal.SIGTERM
OBJECTS_BETWEEN_LOOKS = 50_000
"""After how many new objects Python looks for cycles. Most of a command's stay as long as it does
(modules, the demo shop's world), so to look after every 700 takes a tenth of a run."""

_SECRETS: set[str] = set()
"""Of the shops asked so far; what fails may say none of them."""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Which Shopify orders are not shipped, why, and who does what next.",
)

ShopOption = Annotated[str | None, typer.Option(help="The shop's name, as it is set.")]
LanguageOption = Annotated[
    Literal["en", "sv"] | None, typer.Option(help="English or Swedish; else as it is set.")
]
DemoOption = Annotated[bool, typer.Option("--demo", help="Take the demo shop.")]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit."""
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    signal.signal(signal.SIGTERM, _stop)  # so that what is open is closed
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start jobs without it
    try:
        arguments = sys.argv[1:] if arguments is None else arguments
        status = app(arguments or ["--help"], prog_name="fulfilltools", standalone_mode=False)
    except Exception as error:
        if os.environ.get("FULFILLTOOLS_DEBUG"):
            raise
        print(f"fulfilltools: {_one_line(error)}", file=sys.stderr)  # noqa: T201
        sys.exit(_exit_status(error))
    gc.freeze()  # else Python looks for cycles among all that was imported before it ends
    sys.exit(status)


@app.command()
def run(
    shop: ShopOption = None,
    demo: DemoOption = False,
    all_shops: Annotated[bool, typer.Option("--all-shops", help="A run for each shop.")] = False,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            envvar="FULFILLTOOLS_CLUSTER",
            help="Share the work on a Dask cluster, such as tcp://host:8786 (docs/cluster.md).",
        ),
    ] = None,
    since: Annotated[str | None, typer.Option(help="Orders since a date, or last run.")] = None,
    fetch: Annotated[Way, typer.Option(help="How orders are fetched.")] = "auto",
    as_of: Annotated[str | None, typer.Option(help="The moment to report (now).")] = None,
    export: Annotated[
        list[Path] | None, typer.Option(help="The admin's order export (CSV), not a shop.")
    ] = None,
    supplier: Annotated[
        list[Path] | None, typer.Option(help="A supplier's or 3PL's shipment list (CSV).")
    ] = None,
    date_order: Annotated[
        DateOrder | None, typer.Option(help="Of dates in those files that do not say it.")
    ] = None,
    language: LanguageOption = None,
    out: Annotated[Path | None, typer.Option(help="Copy the six files here, too.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Keep only the newest N runs.")] = None,
    fail_on: Annotated[Severity | None, typer.Option(help="Exit with 3 when so bad.")] = None,
    notebooks: Annotated[Path | None, typer.Option(help="Run your own copies.")] = None,
    deadline: Annotated[float, typer.Option(min=0.01, help="Minutes for it all.")] = 120,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also print report.pdf.")] = False,
    deliver: Annotated[bool, typer.Option("--deliver", help="Send it by [delivery].")] = False,
) -> None:
    """Fetch the orders, diagnose each open one, and write the report."""
    options = locals()
    from fulfilltools import job, moments, runs, steps
    from fulfilltools.each_shop import check_cluster, run_each
    from fulfilltools.notebooks import runner
    from fulfilltools.settings import load_settings

    settings = load_settings()
    if all_shops:
        raise typer.Exit(run_each(settings.shops, run, options, _one_line))
    _warn(settings)
    moments.parse_since(since)
    if cluster:
        check_cluster(cluster, settings.runs)
    meant = _meant(shop, demo=demo, export=export, since=since)
    if not export:
        if supplier and _is_no_shop(settings, meant):
            raise SettingsError(
                "A supplier's list needs orders to be held against. Add --export FILE.csv, or set "
                "a shop (--demo takes the demo shop)."
            )
        _warn_of_demo(settings, meant, "is")
    files = job.file_parameters(export, supplier, date_order)
    with (
        runner(60 * deadline) as ready,  # starts while the demo shop is opened
        steps.reach(meant, settings, export or ()) as connection,
    ):
        ready.prepare(job.environment(connection, settings.runs, cluster))
        # Imported while papermill's process imports what it needs.
        from fulfilltools import handover
        from fulfilltools.admin.session import ShopSession
        from fulfilltools.redaction import secret_addresses
        from fulfilltools.terminal import show_run

        if out:
            handover.make_folder(out)
        if not export:
            ShopSession(connection)  # refuses what cannot be right before any work is done
        moment = steps.moment_to_report(as_of, connection)
        secrets = [*steps.secrets_of(connection), *secret_addresses()]
        _SECRETS.update(secrets)
        home, to = settings.runs, settings.delivery if deliver else None
        with handover.told(
            home, connection.name, moment, to, language or settings.language
        ) as facts:
            with runs.new_run(home, connection.name, moment, secrets=secrets, keep=keep) as writing:
                steps.tell_in(writing, language, settings)
                seconds = ready.run(
                    job.notebook_steps(writing, since, fetch, notebooks, files),
                    on_done=lambda name, took: _say(f"{name}: {took:.1f} s"),
                )
                writing.record(seconds=seconds)
            done = runs.Run(runs.run_folder(home, connection.name, moment))
            problems = handover.hand_over(done, facts, pdf=pdf, to=to)
        if out:
            handover.copy(done, out)
        show_run(done)
    if problems:
        raise RunError(" ".join(problems))
    if fail_on and handover.is_reached(done, fail_on):
        raise typer.Exit(FAIL_ON_REACHED)


@app.command()
def check(
    shop: ShopOption = None, demo: DemoOption = False, language: LanguageOption = None
) -> None:
    """Tell what works and what is missing: address, token, scopes, limits, disk."""
    from fulfilltools import steps
    from fulfilltools.admin.check import check, check_runs
    from fulfilltools.settings import load_settings
    from fulfilltools.terminal import show_check

    settings = load_settings()
    meant = _meant(shop, demo=demo)
    _warn_of_demo(settings, meant, "checks")
    with steps.reach(meant, settings) as connection:
        works = show_check(
            [check_runs(settings.runs), *check(connection)], language or settings.language
        )
    raise typer.Exit(0 if works else 1)


@app.command()
def explain(
    cause_or_order: Annotated[str, typer.Argument(help="Such as payment_pending, or 1042.")],
    shop: ShopOption = None,
    demo: DemoOption = False,
    language: LanguageOption = None,
) -> None:
    """Explain a cause, or tell the whole story of an order of the newest run.

    Without a shop, given or set, that is the run made last of whatever shop or export.
    """
    from fulfilltools import steps, terminal
    from fulfilltools.causes import BY_CODE
    from fulfilltools.settings import load_settings

    settings = load_settings()
    if cause_or_order in BY_CODE:
        terminal.show_cause(BY_CODE[cause_or_order], language or settings.language)
        return
    if near := difflib.get_close_matches(cause_or_order, BY_CODE, n=1):
        raise SettingsError(f"No cause is called {cause_or_order}. Did you mean {near[0]}?")
    run = _newest_run(settings, _meant(shop, demo=demo))
    told_in = language or run.language
    try:
        story = steps.story_in(run, cause_or_order, told_in)
    except RunError as error:
        raise SettingsError(
            f"{cause_or_order!r} is neither a cause nor an order of the run "
            f"{run.folder.parent.name}/{run.folder.name}. "
            f"{run.folder / 'findings.csv'} lists those that are open."
        ) from error
    terminal.show_which(run, told_in)
    terminal.show_findings(story.open_findings, told_in)
    terminal.show_story(story)


@app.command()
def deliver(
    shop: ShopOption = None,
    demo: DemoOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, send nothing.")] = False,
) -> None:
    """Send the newest report, as [delivery] says, unless it was sent."""
    from fulfilltools import delivery, handover, steps
    from fulfilltools.settings import load_settings

    settings = load_settings()
    name = _meant(shop, demo=demo) or steps.chosen_shop(settings)
    newest = handover.newest_report(settings.runs, name)
    if dry_run:
        for message in delivery.messages(newest, settings.delivery):
            typer.echo(f"{message}\n")
        return
    for sent in delivery.deliver(newest, settings.delivery) or ["nothing (it was sent before)"]:
        typer.echo(f"Sent: {sent}")


@app.command()
def schedule(
    kind: Annotated[ScheduleKind, typer.Argument(help="What runs it.")] = "cron",
    shop: ShopOption = None,
    demo: DemoOption = False,
    at: Annotated[str, typer.Option(help="The time of the day.")] = "06:47",
    deliver: Annotated[bool, typer.Option("--deliver", help="Also send it.")] = False,
    write: Annotated[Path | None, typer.Option(help="Write files into this folder.")] = None,
) -> None:
    """Print what runs the report every day on this machine."""
    from fulfilltools import schedule as schedules
    from fulfilltools import steps
    from fulfilltools.handover import make_folder
    from fulfilltools.notebooks import shipped_notebooks
    from fulfilltools.settings import load_settings

    settings = load_settings()
    meant = _meant(shop, demo=demo)
    _warn_of_demo(settings, meant, "schedules")
    name = meant or steps.chosen_shop(settings)
    hour, minute = schedules.time_of_day(at)
    where = (Path.cwd(), settings.runs, shipped_notebooks())
    plan = schedules.Plan(name, *where, hour=hour, minute=minute, is_sent=deliver)
    for file, text in schedules.schedule(kind, plan).items():
        if write is None:
            typer.echo(text)
            continue
        make_folder(write)
        (write / file).write_text(text, encoding="utf-8")
        _say(f"Written: {write / file}")


@app.command("demo")
def serve_demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8099,
) -> None:
    """Serve the demo shop until stopped, and print the settings that reach it."""
    from fulfilltools import demo as shop

    try:
        with shop.serve(port=port) as server:
            typer.echo(f"export SHOPIFY_API_URL={server.url}")
            typer.echo(f"export SHOPIFY_SHOP={shop.SHOP_DOMAIN}")
            typer.echo(f"export SHOPIFY_ACCESS_TOKEN={server.access_token}")
            _say(f"The demo shop's orders are of {shop.AS_OF:%d %B %Y}. Ctrl-C stops it.")
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
    except OSError as error:
        raise SettingsError(
            f"Port {port} cannot be served: {error.strerror}. Choose another with --port."
        ) from error


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    notebooks: Annotated[Path | None, typer.Option(help="Open your own copies.")] = None,
) -> None:
    """Open JupyterLab on the notebooks; further options go to it."""
    from fulfilltools import job
    from fulfilltools.settings import load_settings

    # Kernels work in the notebooks' folder, and would look for runs there.
    os.environ["FULFILLTOOLS_RUNS"] = str(load_settings().runs)
    folder = (notebooks or job.own_notebooks(_say)).resolve()
    arguments = ["-m", "jupyterlab", "--KernelManager.transport_encryption=auto"]
    arguments += [f"--ServerApp.root_dir={folder}"]
    if (folder / "welcome.ipynb").is_file():
        arguments += ["--LabApp.default_url=/lab/tree/welcome.ipynb"]
    arguments += context.args
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - it becomes JupyterLab


def _meant(
    shop: str | None, *, demo: bool, export: list[Path] | None = None, since: str | None = None
) -> str | None:
    if shop and demo:
        raise SettingsError("--shop and --demo are two shops. Give one of them.")
    if export and (shop or demo or since):
        raise SettingsError(
            "--export stands for a shop. Give no --shop, --demo or --since with it."
        )
    return "demo" if demo else shop


def _newest_run(settings: Settings, meant: str | None) -> Run:
    """Open the newest run of the shop meant or set; where none is, the run made last of any."""
    from fulfilltools import handover, runs, steps
    from fulfilltools.settings import shop_name

    if _is_no_shop(settings, meant):
        _say("No shop is set, so this is the run made last. Take another shop's with --shop NAME.")
        return handover.last_made(settings.runs)
    name = shop_name(meant) if meant else steps.chosen_shop(settings)
    return runs.newest_run(settings.runs, name)


def _is_no_shop(settings: Settings, meant: str | None) -> bool:
    """Tell whether no shop is given or set."""
    return not meant and settings.shop() is None


def _warn_of_demo(settings: Settings, meant: str | None, does: str) -> None:
    if _is_no_shop(settings, meant):
        _say(f"No shop is set, so this {does} the demo shop. The README says how to connect yours.")


def _exit_status(error: Exception) -> int:
    if isinstance(error, FulfillError):
        return error.exit_status
    return error.exit_code if isinstance(error, TyperException) else 1


def _one_line(error: Exception) -> str:
    from fulfilltools.redaction import without_secrets

    text = str(error)
    if isinstance(error, TyperException):
        text = error.format_message().replace("Value error, ", "")  # pydantic's before ours
    if not isinstance(error, FulfillError | TyperException):
        text = (
            f"{type(error).__name__}: {text}. This is our mistake; FULFILLTOOLS_DEBUG=1 shows it."
        )
    text += "".join(_note(note) for note in getattr(error, "__notes__", []))
    return without_secrets(" ".join(text.split()).encode(), _SECRETS)[0].decode()


def _note(note: str) -> str:
    return f" (kept: {note})" if Path(note).is_absolute() else f" ({note})"


def _warn(settings: Settings) -> None:
    for warning in settings.warnings:
        _say(warning)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _stop(*_: object) -> NoReturn:
    sys.exit(STOPPED_BY_TERM)
