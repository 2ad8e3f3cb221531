"""What a story rests on: places and their states, stock, answers of causes, ways out, peers.

Each is a small frame of an order's open rows of the backlog, and of the run's tidy tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fulfilltools import history
from fulfilltools.cause import IN_ORDER
from fulfilltools.texts import marked
from fulfilltools.timeline import each, rows
from fulfilltools.wording import UNKNOWN_PLACE, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pandas import DataFrame

    from fulfilltools.cause import Cause
    from fulfilltools.diagnosis import Diagnosis

MOST_PEERS = 5
MOST_RUNS = 60
"""How many earlier runs are read for how others got out."""

WAITING = ("place", "state", "units", "worth", "cause", "evidence")
LINES = ("place", "item", "sku", "left", "here", "elsewhere")
ANSWERS = ("place", "cause", "answer", "because")
WAYS_OUT = ("place", "who", "action", "button", "mutations")
PEERS = ("what", "number", "detail")
SAYS = {True: "yes", False: "no", None: "unknown"}


def _place(row: Any, voice: Voice) -> str:  # noqa: ANN401 - a named tuple of the backlog
    """Name where a row waits; an export shows no locations, so there it is unknown."""
    if not pd.isna(row.location):
        return str(row.location)
    return voice.say(UNKNOWN_PLACE if row.from_export else marked("no place yet"))


def waiting(open_rows: DataFrame, findings: DataFrame, voice: Voice) -> DataFrame:
    """Tell what waits where, in which state, and what is found of it."""
    by_row: dict[Any, dict[Any, Any]] = findings.set_index("row_id").to_dict("index")
    return pd.DataFrame(
        [
            {
                "place": _place(row, voice),
                "state": _state(row, by_row[row.row_id]["verdict"], voice),
                "units": 0 if pd.isna(row.units_left) else int(row.units_left),
                "worth": "" if pd.isna(row.value) else voice.money(row.value, row.currency),
                "cause": voice.words(by_row[row.row_id]["cause"]),
                "evidence": by_row[row.row_id]["evidence"],
            }
            for row in each(open_rows)
        ],
        columns=list(WAITING),
    )


def _state(row: Any, verdict: str, voice: Voice) -> str:  # noqa: ANN401 - as above
    known = [one for one in (row.status, row.request_status) if not pd.isna(one)]
    runs_late = verdict not in IN_ORDER and not pd.isna(row.hours_late)
    late = f"; {_late(row.hours_late, voice)}" if runs_late else ""
    unsaid = marked("state not known") if row.from_export else marked("no fulfillment order")
    return f"{voice.words(', '.join(known)) or voice.say(unsaid)}{late}"


def _late(hours: float, voice: Voice) -> str:
    past = marked("{n} business hours past its SLA")
    within = marked("{n} business hours within its SLA")
    return voice.say(past if hours > 0 else within, n=voice.number(abs(hours)))


def stocked_lines(folder: Path | None, open_rows: DataFrame, voice: Voice) -> DataFrame:
    """Tell the lines with units left, their stock at their place and elsewhere."""
    ids = open_rows["fulfillment_order_id"].dropna().tolist()
    if not ids or folder is None:
        return pd.DataFrame(columns=list(LINES))
    lines = rows(folder, "fulfillment_order_lines", fulfillment_order_id=ids)
    lines = lines[lines["remaining_quantity"] > 0].sort_values("fulfillment_order_line_id")
    titles = rows(folder, "order_lines", order_id=open_rows["order_id"].iloc[0])
    names = titles.drop_duplicates("line_id").set_index("line_id")["title"]
    cards = rows(folder, "fulfillment_orders", fulfillment_order_id=ids)
    place = cards.set_index("fulfillment_order_id")[["location_id", "location"]]
    items = lines["inventory_item_id"].dropna().tolist()
    levels = rows(folder, "inventory_levels", inventory_item_id=items) if items else None
    where = rows(folder, "locations").set_index("location_id")["location"].to_dict()
    told = []
    for line in each(lines):
        at = place.loc[line.fulfillment_order_id]
        here, elsewhere = _stock(levels, line.inventory_item_id, at["location_id"], where, voice)
        item = names.get(line.line_id, line.sku)
        told.append([at["location"], item, line.sku, line.remaining_quantity, here, elsewhere])
    return pd.DataFrame(told, columns=list(LINES))


def _stock(
    levels: DataFrame | None, item: object, location: object, names: Mapping[Any, str], voice: Voice
) -> tuple[str, str]:
    """Say an item's stock at its place, and at others that have some."""
    if levels is None or pd.isna(item):  # type: ignore[call-overload]
        return voice.say("not known"), voice.say("not known")
    mine = levels[levels["inventory_item_id"] == item]
    here = mine[(mine["location_id"] == location).fillna(value=False)]
    others = mine[(mine["location_id"] != location) & (mine["available"] > 0)]
    said = sorted(f"{names.get(one.location_id, '?')} {one.available}" for one in each(others))
    there = ", ".join(said) or voice.say("none")
    if here.empty:
        return voice.say("not stocked"), there
    level = here.iloc[0]
    counts = {name: level[name] for name in ("on_hand", "committed", "available", "incoming")}
    told = [f"{count} {voice.words(name)}" for name, count in counts.items() if not pd.isna(count)]
    return ", ".join(told), there


def answers(diagnosis: Diagnosis, open_rows: DataFrame, findings: DataFrame) -> DataFrame:
    """Tell what each cause answered, in the order of asking, with the values it read."""
    roots = findings.set_index("row_id")["cause"]
    causes, voice = diagnosis.causes, Voice(diagnosis.language)
    told = []
    for index, row in zip(open_rows.index, open_rows.itertuples(), strict=True):
        for code, given in diagnosis.answers.loc[index].items():
            is_root = roots.get(row.row_id) == code
            answer = "root" if is_root else SAYS[None if pd.isna(given) else bool(given)]
            read = causes[str(code)].columns if str(code) in causes else ()
            because = "; ".join(f"{name} = {_value(getattr(row, name), voice)}" for name in read)
            told.append([_place(row, voice), str(code), answer, because])
    return pd.DataFrame(told, columns=list(ANSWERS))


def _value(value: object, voice: Voice) -> str:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return voice.say("unknown")
    if isinstance(value, (bool, np.bool_)):
        return voice.say(marked("yes") if value else marked("no"))
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}Z"
    return (
        voice.number(value) if isinstance(value, (int, float)) else str(value) or voice.say("none")
    )


def ways_out(
    open_rows: DataFrame, findings: DataFrame, causes: Mapping[str, Cause], voice: Voice
) -> DataFrame:
    """Tell what it would take to ship: action, what Shopify offers, mutations."""
    offered = open_rows.set_index("row_id")["supported_actions"]
    places = {row.row_id: _place(row, voice) for row in each(open_rows)}
    told = []
    for finding in each(findings):
        made = causes.get(finding.cause)
        label = "" if pd.isna(finding.variant) else finding.variant
        variant = made.as_variant(label) if made else None
        wants = variant.needs_action if variant else None
        actions = offered.get(finding.row_id)
        told.append(
            {
                "place": places[finding.row_id],
                "who": finding.owner,
                "action": finding.action,
                "button": _button(wants, actions, voice),
                "mutations": f"({', '.join(variant.fixes)})" if variant and variant.fixes else "",
            }
        )
    return pd.DataFrame(told, columns=list(WAYS_OUT))


def _button(wants: str | None, offered: object, voice: Voice) -> str:
    """Say what Shopify lets us do now, and whether the wanted button is among it."""
    if offered is None or pd.isna(offered):  # type: ignore[call-overload]
        return voice.say("Shopify does not say what it offers.")
    said = voice.words(offered) or voice.say("nothing")
    if wants is None or wants in str(offered).split(", "):
        return voice.say("Shopify offers: {said}.", said=said)
    return voice.say(
        "It needs “{wanted}”; Shopify offers: {said}.", wanted=voice.words(wants), said=said
    )


def peers(diagnosis: Diagnosis, open_rows: DataFrame, findings: DataFrame) -> DataFrame:
    """Count who is stuck the same way, and tell how the same place ships when nothing is wrong."""
    told: list[dict[str, Any]] = []
    voice = Voice(diagnosis.language)
    for cause in findings["cause"].drop_duplicates():
        alike = diagnosis.findings[diagnosis.findings["cause"] == cause]
        others = alike[~alike["order_id"].isin(open_rows["order_id"])]
        oldest = others.sort_values(["age_hours", "row_id"], ascending=[False, True])
        names = ", ".join(oldest["order"].drop_duplicates().head(MOST_PEERS))
        what = voice.say("others: {cause}", cause=voice.words(cause))
        told.append({"what": what, "number": len(others), "detail": names})
    norms = open_rows.drop_duplicates(["location", "delivery_method"])
    for row in each(norms[norms["norm_sample"].notna()]):
        usual = voice.say(
            "half within {half}, nine of ten within {nine} business hours",
            half=voice.number(row.usual_hours),
            nine=voice.number(row.slow_hours),
        )
        how = voice.words(row.delivery_method)
        what = voice.say("shipped from {place} by {how}", place=row.location, how=how)
        told.append({"what": what, "number": row.norm_sample, "detail": usual})
    told.extend(_got_out(diagnosis.folder, findings["cause"], voice))
    return pd.DataFrame(told, columns=list(PEERS))


def _got_out(folder: Path | None, causes: pd.Series[Any], voice: Voice) -> Iterator[dict[str, Any]]:
    """Tell how fast the same causes were cleared in the shop's earlier runs."""
    if not folder or not 1 < len(list(folder.parent.glob("[0-9]*Z/findings.json"))) <= MOST_RUNS:
        return
    cleared = history.time_to_clear(folder.parent.parent, folder.parent.name)
    for code, row in cleared[cleared.index.isin(causes) & (cleared["cleared"] > 0)].iterrows():
        took = voice.say("half within {time}", time=voice.duration(row["median_hours"]))
        what = voice.say("cleared: {cause}", cause=voice.words(code))
        yield {"what": what, "number": row["cleared"], "detail": took}
