"""What the user has set: the environment first, then fulfilltools.toml.

A shop's address and secrets come from `SHOPIFY_*` variables or from a `[shops.NAME]` table;
thresholds from `[policy]`. Secrets are `SecretStr`, so that printing, logging or raising
one shows stars.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from fulfilltools.errors import SettingsError
from fulfilltools.texts import LANGUAGE, Language, checked_language

SETTINGS_FILE = "fulfilltools.toml"

ApiVersion = Literal["2026-10", "2026-07", "2026-04"]
"""Supported Admin API versions, newest first; https://shopify.dev/api/usage/versioning."""


class Policy(BaseModel):
    """The shop's own limits. Hours are business hours where the name says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sla_business_hours: float = Field(default=48, gt=0)
    """From actionable to shipped, where no location or service says otherwise."""
    sla_by_location: dict[str, float] = {}
    """The same by the name of a location or service."""
    sla_by_delivery_method: dict[str, float] = {}
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
    holidays: tuple[str, ...] = ()
    """Countries (ISO codes) whose public holidays are no business days."""
    causes_off: tuple[str, ...] = ()
    """Codes of causes that are not asked."""
    own_causes: tuple[Path, ...] = ()
    """Python files with causes of your own, asked before the ordinary queue; beside the file."""
    weekend: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("sat", "sun")
    """Days of the week that are no business days."""


class Connection(BaseModel):
    """How to reach one shop; `name` is also its folder under the runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    domain: str
    api_url: str | None = None
    api_version: ApiVersion = "2026-10"
    access_token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None

    @property
    def base_url(self) -> str:
        """Where the shop answers: its domain, or a proxy or simulated shop."""
        return (self.api_url or f"https://{self.domain}").rstrip("/")

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is asked in the version set."""
        return f"{self.base_url}/admin/api/{self.api_version}/graphql.json"

    @property
    def token_url(self) -> str:
        """Where the client credentials grant is asked."""
        return f"{self.base_url}/admin/oauth/access_token"


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


class Environment(BaseSettings):
    """The variables that are read; the environment wins over the file."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    shop: str | None = Field(default=None, validation_alias="SHOPIFY_SHOP")
    access_token: SecretStr | None = Field(default=None, validation_alias="SHOPIFY_ACCESS_TOKEN")
    client_id: str | None = Field(default=None, validation_alias="SHOPIFY_CLIENT_ID")
    client_secret: SecretStr | None = Field(default=None, validation_alias="SHOPIFY_CLIENT_SECRET")
    api_version: str | None = Field(default=None, validation_alias="SHOPIFY_API_VERSION")
    api_url: str | None = Field(default=None, validation_alias="SHOPIFY_API_URL")
    runs: Path | None = Field(default=None, validation_alias="FULFILLTOOLS_RUNS")


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

    def shop(self, name: str | None = None) -> Connection | None:
        """Find the shop of that name; without a name the chosen one, or None where none is set.

        The environment's shop is chosen, else the file's only one. Raises SettingsError when
        the name is not known or a choice is needed.
        """
        known = ", ".join(sorted(self.shops)) or "none"
        if name is None and self.chosen is None and self.shops:
            raise SettingsError(f"Several shops are set ({known}). Choose one with --shop NAME.")
        if name is None:
            return self.shops[self.chosen] if self.chosen else None
        if shop_name(name) in self.shops:
            return self.shops[shop_name(name)]
        raise SettingsError(
            f"No shop {name!r} is set; known: {known}. "
            f"Set SHOPIFY_SHOP, or add [shops.{shop_name(name)}] to {SETTINGS_FILE}."
        )


def load_settings(start: Path | None = None) -> Settings:
    """Read the environment and the nearest fulfilltools.toml upward of `start`.

    Raises SettingsError naming everything that is wrong at once.
    """
    start = start or Path.cwd()
    file = _nearest_file(start)
    content = _read(file) if file else {}
    variables = Environment()
    shops = _file_shops(content.get("shops", {}), file) | _environment_shop(variables)
    only = next(iter(shops)) if len(shops) == 1 else None
    return Settings(
        shops=shops,
        chosen=shop_name(variables.shop) if variables.shop else only,
        policy=_policy(content.get("policy", {}), file),
        runs=_runs(variables, content, file, start),
        delivery=_checked(Delivery, content.get("delivery", {}), f"[delivery] in {file}"),
        language=checked_language(content.get("language", LANGUAGE)),
    )


def changed_policy(policy: Policy, changes: dict[str, Any]) -> Policy:
    """Take a policy with some limits changed. Raises SettingsError for one that does not fit."""
    return _checked(Policy, policy.model_dump() | changes, "The changed policy")


def shop_name(shop: str) -> str:
    """Reduce what people paste (domain, URL, admin address) to a shop's short name."""
    address = shop.strip().removeprefix("https://").removeprefix("http://")
    address = address.removeprefix("admin.shopify.com/store/").split("/")[0]
    return address.removesuffix(".myshopify.com").lower()


def _policy(limits: dict[str, Any], file: Path | None) -> Policy:
    """Read the limits; files of one's own causes stand beside the settings file."""
    policy = _checked(Policy, limits, f"[policy] in {file}")
    beside = file.parent if file else Path()
    own = tuple(beside / one.expanduser() for one in policy.own_causes)
    return policy.model_copy(update={"own_causes": own})


def _nearest_file(start: Path) -> Path | None:
    candidates = (folder / SETTINGS_FILE for folder in (start, *start.parents))
    return next((file for file in candidates if file.is_file()), None)


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


def _file_shops(tables: dict[str, dict[str, Any]], file: Path | None) -> dict[str, Connection]:
    return {
        shop_name(name): _connection(
            {"domain": name} | table | {"name": shop_name(name)}, f"[shops.{name}] in {file}"
        )
        for name, table in tables.items()
    }


def _environment_shop(variables: Environment) -> dict[str, Connection]:
    if not variables.shop:
        return {}
    given = variables.model_dump(exclude={"shop", "runs"}, exclude_none=True)
    name = shop_name(variables.shop)
    return {name: _connection({"name": name, "domain": name} | given, "The environment")}


def _connection(fields: dict[str, Any], where: str) -> Connection:
    domain = f"{shop_name(str(fields['domain']))}.myshopify.com"
    return _checked(Connection, fields | {"domain": domain}, where)


Model = TypeVar("Model", bound=BaseModel)


def _checked(model: type[Model], fields: dict[str, Any], where: str) -> Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        # The input may hold a secret, so neither it nor the chained error is shown.
        found = error.errors(include_input=False, include_url=False)
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
        raise SettingsError(f"{where} is wrong: {wrong}. Mend it and run again.") from None
