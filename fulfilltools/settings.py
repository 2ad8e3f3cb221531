"""What the user has set: the environment first, then fulfilltools.toml.

A shop's address and secrets come from `SHOPIFY_*` variables or from a `[shops.NAME]` table
(connections.py); thresholds from `[policy]`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, field_validator, model_validator

from fulfilltools.connections import (
    DOTENV,
    ApiVersion,
    Connection,
    Environment,
    checked,
    nearest,
    read_environment,
    read_shops,
    readable_by_others,
    shop_name,
)
from fulfilltools.errors import SettingsError
from fulfilltools.texts import LANGUAGE, Language, checked_language

__all__ = [
    "SETTINGS_FILE",
    "ApiVersion",
    "Connection",
    "Delivery",
    "Owner",
    "Policy",
    "Settings",
    "changed_policy",
    "load_settings",
    "shop_name",
]

SETTINGS_FILE = "fulfilltools.toml"


DAYS_A_WEEK = 7


class Policy(BaseModel):
    """The shop's own limits. Hours are business hours where the name says so."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    sla_business_hours: float = Field(default=48, gt=0)
    """From actionable to shipped, where no location or service says otherwise."""
    sla_by_location: dict[str, PositiveFloat] = {}
    """The same by the name of a location or service."""
    sla_by_delivery_method: dict[str, PositiveFloat] = {}
    """The same by Shopify's DeliveryMethodType: SHIPPING, PICK_UP, LOCAL, ..."""
    opens_at: float = Field(default=0, ge=0, lt=24)
    """The hour of the day, in the shop's time zone, at which a business day begins."""
    closes_at: float = Field(default=24, gt=0, le=24)
    """The hour of the day at which it ends."""
    cutoff_at: float | None = Field(default=None, ge=0, le=24)
    """What comes after this hour of the day counts as if it had come the next day."""
    sla_floor_hours: float = Field(default=24, gt=0)
    """An SLA learned from the shop's own p90 is never shorter, in business hours."""
    service_answer_hours: float = Field(default=24, gt=0)
    """How long a service may take to accept or decline a request."""
    request_grace_hours: float = Field(default=1, gt=0)
    """How long a fulfillment order may stand at a service before it is requested."""
    digital_grace_hours: float = Field(default=1, gt=0)
    """How long a digital item or a gift card may wait to be issued."""
    routing_grace_minutes: float = Field(default=15, gt=0)
    """How long Shopify may take to make an order's fulfillment orders."""
    schedule_grace_hours: float = Field(default=1, gt=0)
    """How long after its date a scheduled fulfillment order may stay closed."""
    upsell_hours: float = Field(default=1, gt=0)
    """How long the post-purchase upsell window normally holds an order."""
    authorization_days: float = Field(default=7, gt=0)
    """How long an authorization lives; Shopify Payments gives seven days."""
    authorization_warning_days: float = Field(default=2, ge=0)
    """How long before its end an authorization is called expiring."""
    risk_pending_hours: float = Field(default=24, gt=0)
    """How long a risk assessment may stay pending."""
    history_orders: int = Field(default=25_000, gt=0)
    """How many shipped orders teach what is usual, newest first; older ones only count."""
    holidays: tuple[str, ...] = ()
    """Countries (ISO codes) whose public holidays are no business days."""
    causes_off: tuple[str, ...] = ()
    """Codes of causes that are not asked."""
    own_causes: tuple[Path, ...] = ()
    """Python files with causes of your own, asked before the ordinary queue; beside the file."""
    weekend: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("sat", "sun")
    """Days of the week that are no business days."""

    @field_validator("holidays")
    @classmethod
    def _countries_exist(cls, countries: tuple[str, ...]) -> tuple[str, ...]:
        from holidays import list_supported_countries  # noqa: PLC0415 - only where they are set

        if countries and (odd := sorted(set(countries) - set(list_supported_countries()))):
            raise ValueError(f"no public holidays are known for {', '.join(odd)}")
        return countries

    @model_validator(mode="after")
    def _days_have_hours(self) -> Self:
        if self.opens_at >= self.closes_at:
            raise ValueError("opens_at must come before closes_at")
        if len(set(self.weekend)) == DAYS_A_WEEK:
            raise ValueError("weekend leaves no business day")
        return self


Owner = Literal["operations", "finance", "support", "service", "supplier", "customer"]


class Delivery(BaseModel):
    """Where a finished run is sent, and when; secrets are only in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: Literal["always", "new", "severity"] = "always"
    """Always; when something is new or changed; or when something is as bad as `severity`."""
    severity: Literal["low", "medium", "high", "critical"] = "high"
    email_from: str | None = None
    """The sender's address; without one, the user's name in FULFILLTOOLS_SMTP_URL."""
    email_to: tuple[str, ...] = ()
    """Who gets the whole report."""
    email_by_owner: dict[Owner, tuple[str, ...]] = {}
    """Who gets the rows of one owner alone."""
    failure_to: tuple[str, ...] = ()
    """Who hears of a failed run; without any, `email_to`."""
    attach: tuple[Literal["worklist.xlsx", "report.xlsx", "report.html", "report.pdf"], ...] = (
        "worklist.xlsx",
    )
    """What mails carry. The worklist has no free texts; the report's files do."""
    report_url: str | None = None
    """Where the folder of runs can be reached, for links; without it there are none."""


class Settings(BaseModel):
    """All that is set, resolved: shops by name, policy, where runs go."""

    model_config = ConfigDict(frozen=True)

    shops: dict[str, Connection]
    chosen: str | None
    policy: Policy
    runs: Path
    delivery: Delivery = Delivery()
    language: Language = LANGUAGE
    """What reports are told in."""
    warnings: tuple[str, ...] = ()
    """What is set unsafely, though it works."""

    def shop(self, name: str | None = None) -> Connection | None:
        """Find the shop of that name; without a name the chosen one, or None where none is set.

        The environment's shop is chosen, else the file's only one. Raises SettingsError when
        the name is not known or a choice is needed.
        """
        known = ", ".join(sorted(self.shops)) or "none"
        if name is None and self.chosen is None and self.shops:
            raise SettingsError(f"Several shops are set ({known}). Choose one with --shop NAME.")
        if name is None:
            return self.shops[self.chosen].with_keyring() if self.chosen else None
        if shop_name(name) in self.shops:
            return self.shops[shop_name(name)].with_keyring()
        raise SettingsError(
            f"No shop {name!r} is set; known: {known}. "
            f"Set SHOPIFY_SHOP, or add [shops.{shop_name(name)}] to {SETTINGS_FILE}."
        )


def load_settings(start: Path | None = None) -> Settings:
    """Read the environment and the nearest fulfilltools.toml upward of `start`.

    Raises SettingsError naming everything that is wrong at once.
    """
    start = start or Path.cwd()
    file = nearest(SETTINGS_FILE, start)
    content = _read(file) if file else {}
    variables = read_environment(start)
    shops = read_shops(variables, content.get("shops", {}), file)
    unsafe = (readable_by_others(each) for each in (file, nearest(DOTENV, start)))
    only = next(iter(shops)) if len(shops) == 1 else None
    return Settings(
        shops=shops,
        chosen=shop_name(variables.shop) if variables.shop else only,
        policy=_policy(content.get("policy", {}), file),
        runs=_runs(variables, content, file, start),
        delivery=checked(Delivery, content.get("delivery", {}), f"[delivery] in {file}"),
        language=checked_language(content.get("language", LANGUAGE)),
        warnings=tuple(filter(None, unsafe)),
    )


def changed_policy(policy: Policy, changes: dict[str, Any]) -> Policy:
    """Take a policy with some limits changed. Raises SettingsError for one that does not fit."""
    return checked(Policy, policy.model_dump() | changes, "The changed policy")


def _policy(limits: dict[str, Any], file: Path | None) -> Policy:
    """Read the limits; files of one's own causes stand beside the settings file."""
    policy = checked(Policy, limits, f"[policy] in {file}")
    beside = file.parent if file else Path()
    own = tuple(beside / one.expanduser() for one in policy.own_causes)
    return policy.model_copy(update={"own_causes": own})


def _read(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}. Mend that line.") from error
    if unknown := sorted(set(content) - {"delivery", "language", "policy", "shops", "runs"}):
        raise SettingsError(
            f"{file} has unknown parts: {', '.join(unknown)}. "
            "It takes delivery, language, policy, shops and runs."
        )
    return content


def _runs(variables: Environment, content: dict[str, Any], file: Path | None, start: Path) -> Path:
    """FULFILLTOOLS_RUNS, else beside the settings file, else in the working directory."""
    if variables.runs:
        return variables.runs.expanduser().resolve()
    beside = file.parent if file else start
    return (beside / Path(content.get("runs", "runs")).expanduser()).resolve()
