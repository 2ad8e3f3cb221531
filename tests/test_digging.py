"""What analysts ask of a run: SQL, settings by history, other limits, causes of their own."""

import shutil
import textwrap

import pandas as pd
import pytest

import fulfilltools as ft
from fulfilltools import display
from fulfilltools.cause import cause, one_of
from fulfilltools.causes import chosen
from fulfilltools.errors import CauseError, RunError, SettingsError
from fulfilltools.settings import load_settings


@cause(
    verdict="do it now",
    severity="medium",
    owner="operations",
    evidence="To {country}",
    action="Print the papers.",
    hits=[{"country": "NO"}],
    misses=[{"country": "SE"}],
)
def papers_missing(country, request_open):
    """It leaves the union, and nobody has made its papers"""
    return one_of(country, "NO") & request_open


def test_every_public_name_is_there_and_nothing_else():
    assert sorted(ft.__all__) == ft.__all__ == dir(ft)
    for name in ft.__all__:
        assert getattr(ft, name) is not None


def test_a_run_answers_sql_and_all_runs_do(shop_run, tmp_path, monkeypatch):
    counted = shop_run.sql("select count(*) as n from findings")["n"].iloc[0]
    assert counted == len(shop_run.diagnosis.findings)
    for name in ("2026-11-22T07-00-00Z", "2026-11-23T07-00-00Z"):
        (tmp_path / "acme" / name).mkdir(parents=True)
        shutil.copy(shop_run.folder / "findings.parquet", tmp_path / "acme" / name)
    (tmp_path / "acme" / "latest").symlink_to(name)
    monkeypatch.setenv("FULFILLTOOLS_RUNS", str(tmp_path))
    days = ft.sql(
        "select shop, run, count(*) as n from findings where cause <> ? group by all", "x"
    )
    assert sorted(days["run"]) == ["2026-11-22T07-00-00Z", "2026-11-23T07-00-00Z"]
    assert set(days["n"]) == {counted}


def test_a_table_that_is_not_there_is_an_error_that_names_those_that_are(shop_run):
    with pytest.raises(RunError, match=r"nowhere.*The tables in .* are: .*backlog"):
        shop_run.sql("select * from nowhere")


def test_the_demo_shop_s_settings_are_found_in_its_history(shop_run):
    audit = ft.audit_settings(shop_run)
    found = audit.found.set_index(["setting", "where"])["found"]
    assert found["automatic fulfillment", "gift cards"].startswith("On: 20 of 20")
    assert found["automatic fulfillment", "digital goods"].startswith("Off: 0 of")
    assert found["automatic requests", "Baltic Fulfilment"].startswith("On")
    assert found["automatic requests", "Hantverkshuset"].startswith("Too few to tell")
    assert found["capture", "Klarna"].startswith("By hand")
    assert found["capture", "shopify_payments"].startswith("At checkout")
    assert found["mark as fulfilled at the counter", "Butiken Södermalm"].startswith("On")
    few = audit.found["sample"] < 20
    advice = audit.found.loc[few & audit.found["found"].str.startswith("Too few"), "would_change"]
    assert set(advice) == {"Look again with more history."}
    assert len(audit.about("capture")) == (audit.found["setting"] == "capture").sum()


def test_another_limit_is_tried_without_touching_the_run(shop_run):
    before = (shop_run.folder / "backlog.parquet").read_bytes()
    everywhere = dict.fromkeys(shop_run.backlog["location"].dropna(), 24)
    strict = ft.what_if(shop_run, sla_by_location=everywhere, sla_business_hours=24)
    assert (strict.backlog["sla_hours"] == 24).all()
    late = (strict.backlog["hours_late"] > 0).sum()
    assert late > (shop_run.backlog["hours_late"] > 0).sum()
    assert (shop_run.folder / "backlog.parquet").read_bytes() == before
    with pytest.raises(SettingsError, match="sla_hours"):
        ft.what_if(shop_run, sla_hours=24)


def test_a_cause_of_one_s_own_is_tried_saved_and_asked_by_the_next_run(
    shop_run, tmp_path, monkeypatch
):
    trial = ft.try_cause(papers_missing, shop_run.diagnosis)
    assert trial.holds
    assert 0 < trial.takes <= len(trial.rows)
    (tmp_path / "fulfilltools.toml").write_text('[policy]\nown_causes = ["own.py"]\n')
    file = ft.save_cause(papers_missing, tmp_path / "own.py")
    again = ft.save_cause(papers_missing, file).read_text()
    assert again.count("def papers_missing") == 1
    monkeypatch.chdir("/")  # the file stands beside the settings, wherever one works
    policy = load_settings(tmp_path).policy
    asked = chosen(own=policy.own_causes)
    diagnosis = ft.diagnose(shop_run.backlog, as_of=shop_run.as_of, causes=asked)
    assert len(diagnosis["papers_missing"]) == trial.takes
    assert diagnosis.causes.papers_missing.owner == "operations"


def test_saving_leaves_the_rest_of_the_file_and_refuses_a_cause_whose_examples_fail(tmp_path):
    file = tmp_path / "own.py"
    other = """
        from fulfilltools.cause import cause, one_of

        HOME = ("SE",)

        @cause(verdict="suspect", severity="low", owner="support", evidence="", action="Look.",
               hits=[{"country": "SE"}])
        def at_home(country):
            '''It stays at home'''
            return one_of(country, *HOME)
    """
    file.write_text(textwrap.dedent(other))
    text = ft.save_cause(papers_missing, file).read_text()
    assert "HOME =" in text
    assert [made.code for made in chosen(own=[file]) if made.code in ("at_home", "papers_missing")]

    @cause(
        verdict="suspect", severity="low", owner="support", evidence="", action="Look.",
        hits=[{"country": "DK"}],
    )  # fmt: skip
    def wrong(country):
        """Its example does not hold"""
        return one_of(country, "NO")

    with pytest.raises(CauseError, match="answers its example wrongly: country = DK"):
        ft.save_cause(wrong, file)


def test_a_word_that_is_no_severity_is_refused_with_those_that_are():
    with pytest.raises(CauseError, match=r"severity 'urgent'\. Take one of: info, low"):
        cause(
            verdict="suspect", severity="urgent", owner="support", evidence="", action="Look.",
            hits=[{}],
        )(papers_missing.ask)  # fmt: skip


def test_objects_show_a_table_a_text_and_numbers(shop_run):
    diagnosis = shop_run.diagnosis
    shown = {
        "run": shop_run,
        "diagnosis": diagnosis,
        "cause": diagnosis.causes["manual_late"],
        "causes": diagnosis.causes,
        "order": diagnosis.order(),
        "trial": ft.try_cause(papers_missing, diagnosis),
        "audit": ft.audit_settings(shop_run),
        "check": ft.check("demo"),
    }
    for kind, one in shown.items():
        bundle = one._repr_mimebundle_()
        assert list(bundle) == [
            "text/plain",
            "text/html",
            f"application/vnd.fulfilltools.{kind}+json",
        ]
        assert bundle["text/plain"] == str(one) == repr(one)
        assert "<script" not in bundle["text/html"]
        assert "<style" not in bundle["text/html"]


def test_orders_and_causes_are_offered_by_the_tab_key(shop_run):
    diagnosis = shop_run.diagnosis
    assert {"#1407", "manual_late"} <= set(diagnosis._ipython_key_completions_())
    assert "manual_late" in dir(diagnosis.causes)
    with pytest.raises(AttributeError, match="Did you mean manual_late"):
        _ = diagnosis.causes.manual_lat


def test_a_table_is_static_unless_jupyterlab_shows_it(monkeypatch):
    rows = pd.DataFrame({"item": ["<script>alert(1)</script>"] * 12, "n": range(12)})
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    page = ft.table(rows)._repr_html_()
    assert "<script" not in page
    assert "and 2 more rows" in page
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    monkeypatch.setattr(display, "_has_bundle", True)
    page = ft.table(rows, "backlog")._repr_html_()
    assert 'id="backlog"' in page
    assert "<script>alert" not in page
    assert "unpkg.com" not in page
