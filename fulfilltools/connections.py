"""Which shops are set and what opens them: environment, `.env`, files, tables, keyring.

Of several places the first one counts: environment, `.env`, `[shops.NAME]` in
fulfilltools.toml, the system's keyring. A token belongs to the one shop beside which it
stands. Secrets are `SecretStr`, so that printing, logging or raising one shows stars.
"""

from __future__ import annotations

import os
import re
import stat
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from fulfilltools.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

DOTENV = ".env"
SECRETS = ("access_token", "client_id", "client_secret")
"""What may also stand in a file of its own: `access_token_file`, SHOPIFY_ACCESS_TOKEN_FILE."""

ApiVersion = Literal["2026-10", "2026-07", "2026-04"]
"""Supported Admin API versions, newest first; https://shopify.dev/api/usage/versioning."""


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

    def with_keyring(self) -> Connection:
        """Fill in a secret that is not set from the system's keyring, where there is one.

        It is kept there by `keyring set fulfilltools:NAME access_token` (or client_secret).
        """
        wanted = "client_secret" if self.client_id else "access_token"
        if self.access_token or self.client_secret or find_spec("keyring") is None:
            return self
        import keyring  # noqa: PLC0415 - an extra that most do without
        from keyring.errors import KeyringError  # noqa: PLC0415 - as above

        try:
            secret = keyring.get_password(f"fulfilltools:{self.name}", wanted)
        except KeyringError:  # locked, or a machine without any
            secret = None
        return self.model_copy(update={wanted: SecretStr(secret)}) if secret else self


class Environment(BaseSettings):
    """The variables that are read; the environment wins over `.env`."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    shop: str | None = Field(default=None, validation_alias="SHOPIFY_SHOP")
    access_token: SecretStr | None = Field(default=None, validation_alias="SHOPIFY_ACCESS_TOKEN")
    access_token_file: Path | None = Field(
        default=None, validation_alias="SHOPIFY_ACCESS_TOKEN_FILE"
    )
    client_id: str | None = Field(default=None, validation_alias="SHOPIFY_CLIENT_ID")
    client_id_file: Path | None = Field(default=None, validation_alias="SHOPIFY_CLIENT_ID_FILE")
    client_secret: SecretStr | None = Field(default=None, validation_alias="SHOPIFY_CLIENT_SECRET")
    client_secret_file: Path | None = Field(
        default=None, validation_alias="SHOPIFY_CLIENT_SECRET_FILE"
    )
    api_version: str | None = Field(default=None, validation_alias="SHOPIFY_API_VERSION")
    api_url: str | None = Field(default=None, validation_alias="SHOPIFY_API_URL")
    runs: Path | None = Field(default=None, validation_alias="FULFILLTOOLS_RUNS")


def nearest(name: str, start: Path) -> Path | None:
    """Find a file in a folder or the nearest one above it."""
    candidates = (folder / name for folder in (start, *start.parents))
    return next((file for file in candidates if file.is_file()), None)


def read_environment(start: Path) -> Environment:
    """Read the environment, and beneath it the `.env` nearest upward of `start`."""
    file = nearest(DOTENV, start)
    return Environment(_env_file=file)  # type: ignore[call-arg] # pydantic-settings adds it


def read_shops(
    variables: Environment, tables: dict[str, dict[str, Any]], file: Path | None
) -> dict[str, Connection]:
    """Read every shop that is set, by its name; variables are for SHOPIFY_SHOP alone.

    Raises SettingsError for a table or a variable that is wrong.
    """
    shops: dict[str, dict[str, Any]] = {}
    for title, table in tables.items():
        name, where = shop_name(title), f"[shops.{title}] in {file}"
        if name in shops:
            raise SettingsError(f"{file} has two tables for the shop {name}. Remove one.")
        beside = file.parent if file else Path()
        shops[name] = {"where": where, "domain": name} | _opened(table, beside, where)
    if variables.shop:
        name, where = shop_name(variables.shop), "The environment"
        given = variables.model_dump(exclude={"shop", "runs"}, exclude_none=True)
        below = shops.get(name, {"domain": name})
        own = _opened(given, Path(), where)
        if own.keys() & {"access_token", "client_id", "client_secret"}:
            below = {key: value for key, value in below.items() if key not in SECRETS}
        shops[name] = below | own | {"where": where}
    return {name: _connection(name, fields) for name, fields in shops.items()}


def readable_by_others(file: Path | None) -> str | None:
    """Warn of a file with secrets that other users of this machine can read."""
    if file is None or os.name != "posix" or not _holds_secret(file):
        return None
    if not file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    return f"{file} holds a secret and can be read by others. Run: chmod 600 {file}"


def shop_name(shop: str) -> str:
    """Reduce what people paste (domain, URL, admin address) to a shop's short name."""
    address = shop.strip().removeprefix("https://").removeprefix("http://")
    address = address.removeprefix("admin.shopify.com/store/").split("/")[0]
    return address.removesuffix(".myshopify.com").lower()


Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], fields: dict[str, Any], where: str) -> Model:
    """Make a model of what was read. Raises SettingsError that names all that is wrong."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        # The input may hold a secret, so neither it nor the chained error is shown.
        found = error.errors(include_input=False, include_url=False)
        wrong = "; ".join(_told(one, model) for one in found)
        raise SettingsError(f"{where} is wrong: {wrong}. Mend it and run again.") from None


def _told(fault: ErrorDetails, model: type[BaseModel]) -> str:
    """Say in our words what is wrong; for a name that is no setting, the nearest that is one."""
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(name, model.model_fields, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"there is no setting {name}{hint}"
    told = fault["msg"].removeprefix("Value error, ")
    return f"{name}: {told}" if name else told


def _holds_secret(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    return re.search(r"(?i)(access_token|client_secret)\s*=\s*\S", text) is not None


def _connection(name: str, fields: dict[str, Any]) -> Connection:
    where = fields.pop("where")
    domain = f"{shop_name(str(fields['domain']))}.myshopify.com"
    return checked(Connection, fields | {"name": name, "domain": domain}, where)


def _opened(fields: dict[str, Any], beside: Path, where: str) -> dict[str, Any]:
    """Put the content of `*_file`s in their place."""
    opened = {name: value for name, value in fields.items() if not name.endswith("_file")}
    for secret in SECRETS:
        if (path := fields.get(f"{secret}_file")) is None:
            continue
        if secret in fields:
            raise SettingsError(f"{where} gives both {secret} and {secret}_file. Give one of them.")
        opened[secret] = _content(beside / Path(path).expanduser(), f"{secret}_file", where)
    return opened


def _content(file: Path, name: str, where: str) -> str:
    try:
        content = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"{file} cannot be read: {reason}. {where} names it as {name}."
        ) from error
    if not content:
        raise SettingsError(f"{file} is empty. {where} names it as {name}.")
    return content
