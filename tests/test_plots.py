"""The pictures: their numbers, their words, their manners."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from fulfilltools import plots
from fulfilltools.diagnosis import diagnose
from fulfilltools.plots import backlog
from fulfilltools.plots.bars import MOST_BARS


def lightness(color):
    red, green, blue = to_rgb(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("plot", plots.PICTURES)
def test_a_picture_uses_the_axes_it_is_given(plot, diagnosed):
    axes = Figure().subplots()
    assert plot(diagnosed(), ax=axes) is axes


@pytest.mark.parametrize("plot", plots.PICTURES)
def test_a_picture_leaves_the_settings_of_others_alone(plot, diagnosed):
    before = dict(mpl.rcParams)
    plot(diagnosed())
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("plot", plots.PICTURES)
def test_the_same_numbers_give_the_same_bytes(plot, diagnosed):
    assert plots.draw(plot, diagnosed()).svg == plots.draw(plot, diagnosed()).svg


def test_a_diagnosis_keeps_its_pictures_and_another_one_gets_its_own(shop_run):
    diagnosis = diagnose(shop_run.backlog, as_of=shop_run.as_of)
    drawn = plots.draw(plots.causes, diagnosis)
    assert plots.draw(plots.causes, diagnosis) is drawn
    swedish = replace(diagnosis, language="sv")
    assert plots.draw(plots.causes, swedish).title != drawn.title
    assert plots.draw(plots.ageing, diagnosis).name == "ageing"


def test_what_is_drawn_of_a_run_is_read_anew(shop_run):
    first, again = (plots.draw(plots.trend, shop_run) for _ in range(2))
    assert first is not again
    assert first.svg == again.svg


@pytest.mark.parametrize("plot", plots.PICTURES)
def test_without_rows_a_picture_says_so_in_words(plot, diagnosed):
    picture = plots.draw(plot, diagnosed([]))
    assert plots.NOTHING == picture.title == picture.alt
    assert picture._repr_html_().count(plots.NOTHING) == 1
    assert "<text" not in picture.svg


@pytest.mark.parametrize("plot", plots.PICTURES)
def test_bars_start_at_zero(plot, diagnosed):
    assert plot(diagnosed()).get_xlim()[0] == 0


def test_the_cause_table_adds_up_to_all_rows(diagnosed):
    table, quiet = backlog.cause_table(diagnosed())
    assert table.to_numpy().sum() == len(diagnosed().findings)
    assert list(table.index[-2:]) == quiet == ["Waits by design", "Nothing to do"]


def test_many_causes_are_added_up_and_not_cut_off(diagnosed):
    diagnosis = diagnosed()
    diagnosis.findings["cause"] = [f"cause_{n % 30}" for n in range(len(diagnosis.findings))]
    table, quiet = backlog.cause_table(diagnosis)
    assert len(table) == MOST_BARS + 1 + len(quiet)
    assert table.to_numpy().sum() == len(diagnosis.findings)


def test_titles_say_the_finding(diagnosed):
    titles = [plots.draw(plot, diagnosed()).title for plot in plots.PICTURES]
    acting = len(plots.needing_action(diagnosed().findings))
    assert titles[0].endswith(f"48 of {acting} that need action")
    assert "SEK" in titles[1]


def counted(diagnosed, **causes):
    """Diagnose one row each of so many a cause that needs action, with its severity."""
    diagnosis = diagnosed()
    acting = plots.needing_action(diagnosis.findings)
    told = [(cause, *it[1:]) for cause, it in causes.items() for _ in range(it[0])]
    rows = acting.head(len(told)).assign(
        cause=[cause for cause, _ in told], severity=[severity for _, severity in told]
    )
    return replace(diagnosis, findings=rows.reset_index(drop=True))


def test_equally_frequent_causes_stand_worst_first_then_as_they_are_asked(diagnosed):
    diagnosis = counted(
        diagnosed,
        b2b_terms=(2, "medium"),
        digital_waiting=(2, "high"),
        fraud_review=(2, "high"),
        payment_pending=(1, "critical"),
    )
    names = [*backlog.cause_table(diagnosis)[0].index]
    assert names == ["Fraud review", "Digital waiting", "B2B terms", "Payment pending"]
    title = plots.draw(plots.causes, diagnosis).title
    assert title == "Fraud review is the most frequent of 4 causes: 2 of 7 that need action"


def test_where_every_cause_has_one_row_none_is_called_the_most_frequent(diagnosed):
    apart = counted(diagnosed, b2b_terms=(1, "medium"), digital_waiting=(1, "high"))
    title = plots.draw(plots.causes, apart).title
    assert title == "2 need action, each by a cause of its own; the worst: digital waiting"


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (1, "The only one that needs action has this cause: B2B terms"),
        (3, "All 3 that need action have the same cause: B2B terms"),
    ],
)
def test_a_single_cause_is_not_the_most_frequent_of_one(diagnosed, rows, title):
    diagnosis = counted(diagnosed, b2b_terms=(rows, "medium"))
    assert plots.draw(plots.causes, diagnosis).title == title


def test_a_cause_is_called_in_the_title_as_at_its_bar(diagnosed):
    picture = plots.draw(plots.value_at_risk, counted(diagnosed, b2b_terms=(3, "medium")))
    assert picture.title.endswith("because of: B2B terms")
    assert picture.table.index[0] == "B2B terms"


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (4, "4 of 4 that need action are at no known location"),
        (1, "The only one that needs action is at no known location"),
    ],
)
def test_an_unknown_place_does_not_read_as_a_negation(diagnosed, rows, title):
    diagnosis = counted(diagnosed, b2b_terms=(rows, "medium"))
    diagnosis.findings["location"] = None
    assert plots.draw(plots.locations, diagnosis).title == title


def test_the_legend_covers_every_color_that_is_drawn(diagnosed):
    diagnosis = diagnosed()
    quiet = ~diagnosis.findings.index.isin(plots.needing_action(diagnosis.findings).index)
    acting = [f"cause_{n % 30}" for n in range(len(diagnosis.findings))]
    diagnosis.findings["cause"] = diagnosis.findings["cause"].where(quiet, acting)
    axes = plots.causes(diagnosis)
    legend = axes.get_legend()
    shown = {handle.get_facecolor() for handle in legend.get_patches()}
    paler = {bar.get_y() for bar in axes.patches if bar.get_facecolor() not in shown}
    assert len(paler) == 2  # waits by design, nothing to do; the added up others need action
    assert legend.get_title().get_text() == "Paler bars need no action."
    assert plots.draw(plots.causes, diagnosis).alt.endswith("Paler bars need no action.")


def test_value_is_never_added_across_currencies(diagnosed):
    diagnosis = diagnosed()
    table = backlog.value_table(diagnosis)
    acting = plots.needing_action(diagnosis.findings)
    assert list(table.columns) == ["SEK", "JPY"]
    for currency in table:
        assert sum(table[currency]) == sum(acting.loc[acting["currency"] == currency, "value"])


def test_equal_bars_stand_in_the_order_of_their_names(diagnosed):
    diagnosis = diagnosed()
    diagnosis.findings["value"] = 0
    table = backlog.value_table(diagnosis)
    assert list(table.index) == sorted(table.index)


@pytest.mark.parametrize("colors", [plots.SEVERITY_COLORS, plots.AGE_COLORS])
def test_colors_differ_in_grey_in_both_themes(colors):
    light = [lightness(color) for name, color in colors.items() if name != "unknown"]
    dark = [lightness(plots.DARK[color]) for name, color in colors.items() if name != "unknown"]
    for tones in (light, dark):
        steps = [abs(one - other) for one, other in pairwise(tones)]
        assert min(steps) > 0.07
        assert tones in (sorted(tones), sorted(tones, reverse=True))


def test_names_are_drawn_as_they_are(diagnosed):
    diagnosis = diagnosed()
    diagnosis.findings["location"] = "Cash $5 & <b> 東京 $6"
    assert ">Cash $5 &amp; &lt;b&gt; 東京 $6</text>" in plots.draw(plots.locations, diagnosis).svg


def test_in_a_notebook_a_picture_has_a_text_alternative(diagnosed):
    html = plots.draw(plots.locations, diagnosed())._repr_html_()
    assert 'alt="' in html
    assert "Butik Åre: " in html


def test_importing_draws_on_neither_matplotlib_nor_pyplot():
    code = (
        "import sys, fulfilltools.plots.bars; assert 'matplotlib' not in sys.modules;"
        "fulfilltools.plots.bars.only_words(None, 'x');"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
