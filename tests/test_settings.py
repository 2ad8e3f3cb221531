"""Where shops and their secrets may be set, and that none of them is ever shown."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fulfilltools.admin import AdminClient, fetch
from fulfilltools.demo import AS_OF, serve
from fulfilltools.demo.world import build_world
from fulfilltools.each_shop import run_each
from fulfilltools.errors import SettingsError
from fulfilltools.settings import load_settings

ROOT = Path(__file__).parents[1]
TOKEN = "shpat_" + "0a" * 16
OTHER = "shpat_" + "0b" * 16


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Stand in an empty folder without any setting."""
    for name in [name for name in os.environ if re.match("SHOPIFY_|FULFILLTOOLS_", name)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(name: str, text: str, mode: int = 0o600) -> Path:
    file = Path(name)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def token_of(shop: str | None = None) -> str | None:
    connection = load_settings().shop(shop)
    token = connection.access_token if connection else None
    return token.get_secret_value() if token else None


def test_nothing_set_is_no_shop():
    assert load_settings().shop() is None


def test_the_environment_names_a_shop_and_its_token(monkeypatch):
    monkeypatch.setenv("SHOPIFY_SHOP", "https://admin.shopify.com/store/nordlys")
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN", TOKEN)
    assert load_settings().shop().domain == "nordlys.myshopify.com"
    assert token_of() == TOKEN


def test_a_token_may_stand_in_a_file_of_its_own(monkeypatch, folder):
    monkeypatch.setenv("SHOPIFY_SHOP", "nordlys")
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN_FILE", str(written("token", f"{TOKEN}\n")))
    assert token_of() == TOKEN
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN", OTHER)
    with pytest.raises(SettingsError, match="both access_token and access_token_file"):
        load_settings()


def test_client_credentials_may_stand_in_files(monkeypatch):
    monkeypatch.setenv("SHOPIFY_SHOP", "nordlys")
    monkeypatch.setenv("SHOPIFY_CLIENT_ID_FILE", str(written("id", "abc")))
    monkeypatch.setenv("SHOPIFY_CLIENT_SECRET_FILE", str(written("secret", "s3cret")))
    connection = load_settings().shop()
    assert connection.client_id == "abc"
    assert connection.client_secret.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("content", "word"), [(None, "No such file"), ("", "is empty"), ("  \n", "is empty")]
)
def test_a_file_that_gives_no_token_is_said_by_its_name(monkeypatch, content, word):
    if content is not None:
        written("token", content)
    monkeypatch.setenv("SHOPIFY_SHOP", "nordlys")
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN_FILE", "token")
    with pytest.raises(SettingsError, match=rf"token .*{word}.*access_token_file"):
        load_settings()


def test_a_dotenv_file_stands_beneath_the_environment(monkeypatch, folder):
    written(".env", f'SHOPIFY_SHOP=nordlys\nexport SHOPIFY_ACCESS_TOKEN="{TOKEN}"\nOTHER=1\n')
    assert token_of() == TOKEN
    (folder / "notebooks").mkdir()
    assert load_settings(folder / "notebooks").shop().name == "nordlys"
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN", OTHER)
    assert token_of() == OTHER


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("name", [".env", "fulfilltools.toml"])
def test_a_secret_that_others_can_read_is_warned_of(name):
    secret = f"SHOPIFY_ACCESS_TOKEN={TOKEN}\n" if name == ".env" else table("nordlys", TOKEN)
    written(name, secret, 0o644)
    [warning] = load_settings().warnings
    assert f"chmod 600 {Path(name).resolve()}" in warning
    assert TOKEN not in warning
    Path(name).chmod(0o600)
    assert load_settings().warnings == ()


def test_a_file_without_a_secret_may_be_read_by_others():
    written("fulfilltools.toml", '[shops.nordlys]\naccess_token_file = "token"\n', 0o644)
    written("token", TOKEN)
    assert load_settings().warnings == ()


def table(shop: str, token: str, **more: str) -> str:
    lines = [f"[shops.{shop}]", f'access_token = "{token}"']
    return "\n".join([*lines, *(f'{name} = "{value}"' for name, value in more.items())]) + "\n"


def test_each_table_is_a_shop_and_one_must_be_chosen():
    written("fulfilltools.toml", table("nordlys", TOKEN) + table("sydljus", OTHER))
    assert (token_of("nordlys"), token_of("sydljus")) == (TOKEN, OTHER)
    with pytest.raises(SettingsError, match="nordlys, sydljus"):
        load_settings().shop()
    with pytest.raises(SettingsError, match="No shop 'x' is set"):
        load_settings().shop("x")


def test_the_environments_token_is_for_its_shop_alone(monkeypatch):
    written("fulfilltools.toml", table("nordlys", TOKEN) + "[shops.sydljus]\n")
    monkeypatch.setenv("SHOPIFY_ACCESS_TOKEN", OTHER)
    assert (token_of("nordlys"), token_of("sydljus")) == (TOKEN, None)
    monkeypatch.setenv("SHOPIFY_SHOP", "sydljus")
    assert (token_of("nordlys"), token_of("sydljus"), token_of()) == (TOKEN, OTHER, OTHER)


def test_the_environment_may_choose_a_shop_of_the_file(monkeypatch):
    written("fulfilltools.toml", table("nordlys", TOKEN, api_version="2026-07"))
    monkeypatch.setenv("SHOPIFY_SHOP", "nordlys")
    assert token_of() == TOKEN
    assert load_settings().shop().api_version == "2026-07"
    monkeypatch.setenv("SHOPIFY_CLIENT_ID", "abc")
    monkeypatch.setenv("SHOPIFY_CLIENT_SECRET", "s3cret")
    assert token_of() is None  # two ways in are never mixed
    assert load_settings().shop().client_id == "abc"


def test_one_shop_in_two_tables_is_an_error():
    written("fulfilltools.toml", table("nordlys", TOKEN) + table('"Nordlys.myshopify.com"', OTHER))
    with pytest.raises(SettingsError, match="two tables for the shop nordlys"):
        load_settings()


def test_a_wrong_setting_is_said_without_its_secret(monkeypatch):
    written("fulfilltools.toml", table("nordlys", TOKEN, acces_tokn=OTHER, api_version="2020-01"))
    with pytest.raises(
        SettingsError, match=r"\[shops.nordlys\].*api_version.*acces_tokn"
    ) as caught:
        load_settings()
    assert TOKEN not in str(caught.value)
    assert OTHER not in str(caught.value)


def test_no_secret_is_shown(monkeypatch):
    written("fulfilltools.toml", table("nordlys", TOKEN, client_id="abc", client_secret=OTHER))
    settings = load_settings()
    shown = f"{settings!r} {settings} {settings.shop()!r} {settings.model_dump_json()}"
    assert TOKEN not in shown
    assert OTHER not in shown


KEYRING = """
import os
def get_password(service, user):
    if os.environ.get("LOCKED"):
        raise __import__("keyring.errors").errors.KeyringError("locked")
    return {("fulfilltools:nordlys", "access_token"): os.environ["KEPT"]}.get((service, user))
"""


@pytest.fixture
def keyring(monkeypatch, folder):
    """Put a keyring of our own before the system's."""
    library = folder / "library" / "keyring"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text(KEYRING)
    (library / "errors.py").write_text("class KeyringError(Exception): pass\n")
    monkeypatch.syspath_prepend(library.parent)
    monkeypatch.setenv("KEPT", TOKEN)
    yield
    for name in ("keyring", "keyring.errors"):
        sys.modules.pop(name, None)


def test_the_systems_keyring_is_asked_last(monkeypatch, keyring):
    written("fulfilltools.toml", "[shops.nordlys]\n")
    assert token_of() == TOKEN
    monkeypatch.setenv("LOCKED", "1")
    assert token_of() is None
    written("fulfilltools.toml", table("nordlys", OTHER))
    assert token_of() == OTHER


def test_the_other_shops_are_run_though_one_fails(folder):
    with serve() as shop:
        text = table("broken", TOKEN, api_url="http://127.0.0.1:9")
        written("fulfilltools.toml", text + table("nordlys", shop.access_token, api_url=shop.url))
        arguments = ["--all-shops", "--as-of", "2026-11-23T07:00:00Z", "--fetch", "bulk"]
        result = subprocess.run(
            [sys.executable, "-m", "fulfilltools", "run", *arguments, "--out", "out"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 1
    assert "fulfilltools: broken: broken.myshopify.com gave no usable answer" in result.stderr
    fetched = json.loads((folder / "out/nordlys/summary.json").read_text("utf-8"))["fetch"]
    assert fetched["fetched_by"] == "bulk operations"
    assert fetched["complete"]
    assert not list((folder / "out/broken").iterdir())


def test_all_shops_and_one_shop_are_not_asked_together():
    for options in ({"shop": "nordlys", "demo": False}, {"shop": None, "demo": True}):
        with pytest.raises(SettingsError, match="leave --shop and --demo out"):
            run_each(["nordlys"], pytest.fail, options, str)
    with pytest.raises(SettingsError, match="at least one"):
        run_each([], pytest.fail, {"shop": None, "demo": False}, str)


def test_two_shops_at_once_never_get_each_others_token(folder):
    world = build_world()
    with serve(world) as one, serve(world) as two:
        text = table("nordlys", one.access_token, api_url=one.url)
        text += table("sydljus", two.access_token, api_url=two.url)
        written("fulfilltools.toml", text)
        settings = load_settings()
        with (
            AdminClient(settings.shop("nordlys")) as first,
            AdminClient(settings.shop("sydljus")) as second,
        ):
            for client, way in ((first, "paged"), (second, "bulk"), (first, "bulk")):
                assert fetch(client, folder / way, as_of=AS_OF, way=way).complete
        for shop in (one, two):
            graphql = [each for each in shop.requests if each.method == "POST"]
            files = [each for each in shop.requests if each.method == "GET"]
            sent = {each.headers.get("x-shopify-access-token") for each in graphql}
            assert sent == {shop.access_token}
            assert files
            assert all("x-shopify-access-token" not in each.headers for each in files)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "sla_buisness_hours = 24",
            r"no setting sla_buisness_hours \(did you mean sla_business_hou",
        ),
        ("xyz = 24", r"is wrong: there is no setting xyz\. Mend it"),
        ('holidays = ["XX"]', "is wrong: holidays: no public holidays are known for XX"),
        ("opens_at = 20\ncloses_at = 8", "is wrong: opens_at must come before closes_at"),
    ],
)
def test_what_is_set_wrongly_is_told_in_our_words(line, told):
    written("fulfilltools.toml", f"[policy]\n{line}\n")
    with pytest.raises(SettingsError, match=told):
        load_settings()
