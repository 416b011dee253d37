"""The published study's tables, its values beside the measured ones, as Markdown.

Source: the study's Tables 1-3, docs/method/reproduction.md.
"""

from collections.abc import Sequence

import pandas as pd

from dsi.evaluation.published_measures import STUDY_MEASURES
from dsi.report.markdown import ABSENT, percent, pipe_table, plus_minus
from dsi.report.reproduction.frame import spread_of, systems_of
from dsi.report.reproduction.published import REPEATED, PublishedRow
from dsi.systems import ARMS, DENSE_ARMS, spell_rate


def published_section(rows: Sequence[PublishedRow], frame: pd.DataFrame) -> str:
    """The Markdown section with every published table."""
    parts = [_introduction(frame)]
    for table in sorted({row.table for row in rows}):
        chosen = [row for row in rows if row.table == table]
        parts.append(_table_section(table, chosen, frame))
    return "\n".join(parts)


def published_table(rows: Sequence[PublishedRow], frame: pd.DataFrame) -> str:
    """The study's columns, its values and the measured ones side by side; its best row in bold."""
    rates = any(row.rate is not None for row in rows)
    header = ["model", *(["rate"] if rates else []), "K", "batch", "epochs", "learning rate", "patience"]
    header += [f"{name}: {whose}" for name in ("loss", "MAP", "Recall@1000") for whose in ("study", "here")]
    lines = []
    for row in rows:
        there = systems_of(frame, row)
        cells = [row.name, *([spell_rate(row.rate)] if row.rate is not None else [ABSENT] if rates else [])]
        cells += [str(row.k), str(row.batch), row.epochs, f"{row.learning_rate:g}", _patience(row)]
        for name, (measure, decimals) in REPEATED.items():
            value = row.values[name]
            cells += [
                ABSENT if value is None else f"{value:.{decimals}f}",
                plus_minus(spread_of(there, measure), decimals),
            ]
        lines.append([f"**{cell}**" for cell in cells] if row.best else cells)
    return pipe_table(header, lines)


def defined_table(rows: Sequence[PublishedRow], frame: pd.DataFrame) -> str:
    """The measures by their definitions, with the ceiling; below pruned rows, their unpruned controls."""
    header = ["model", "K", "MAP", "Recall@1000", "its ceiling", "lists with a target", "repeated ids"]
    systems = [(row.label, systems_of(frame, row)) for row in rows]
    systems += [
        (f"{rows_of.name}, K {rows_of.k}, {ARMS[arm].name}", _control(frame, rows_of, arm))
        for rows_of in _pruned_baselines(rows)
        for arm in DENSE_ARMS
    ]
    lines = [[label, *_defined_cells(there)] for label, there in systems if len(there)]
    return pipe_table(header, lines)


def _patience(row: PublishedRow) -> str:
    return "∞" if row.patience is None else str(row.patience)


def _pruned_baselines(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    """The first row of every baseline that has pruned ones."""
    first: dict[str, PublishedRow] = {}
    for row in rows:
        if row.rate is not None:
            first.setdefault(row.baseline, row)
    return list(first.values())


def _control(frame: pd.DataFrame, row: PublishedRow, arm: str) -> pd.DataFrame:
    return systems_of(frame, row._replace(arm=arm, criterion=None, rate=None))


def _defined_cells(there: pd.DataFrame) -> list[str]:
    spreads = {name: spread_of(there, name) for name in STUDY_MEASURES}
    repeated, queries, hit = (spreads[name] for name in ("repeated", "queries", "queries-hit"))
    assert repeated and queries and hit
    decimals = 1 if len(there) > 1 else 0
    return [
        str(there["k"].iloc[0]),
        plus_minus(spreads["MAP-defined"], 5),
        plus_minus(spreads["R@1000-defined"], 5),
        plus_minus(spreads["R@1000-ceiling"]._replace(sd=float("nan")), 5),  # type: ignore[union-attr]
        f"{plus_minus(hit, decimals)} of {queries.mean:,.0f}",
        percent(repeated.mean),
    ]


def _introduction(frame: pd.DataFrame) -> str:
    seeds = sorted(set(frame["seed"]))
    spread = (
        f"Values measured here are means over {len(seeds)} seeds ± their standard deviation."
        if len(seeds) > 1
        else "One run per row, as in the study: there is no interval, and a small difference may be chance."
    )
    return f"""## The study's tables

*Does the study come out again when it is run again?*
"study": as published; "here": measured on this collection, by the same formulas. {ABSENT} in a column of the
study: its authors could not run the row; {ABSENT} in a column of ours: not run here. Bold: the study's best
row. Test queries throughout; `reproduction.csv` holds the validation queries too, and every digit.
{spread}

- **MAP and Recall@1000 as published** compare what is generated with BM25's own list, not with human
  judgements. MAP counts an id that is a substring of the target text, and is averaged over the hits alone.
- **By definition**: a hit is a target, a repeated id counts once, MAP is divided by the K targets; its
  ceiling is 1. Recall@1000 divides by BM25's 1,000, so that a list of K ids cannot pass K/1000.
- **Loss**: nats per position, padding counted as in the study.
"""


def _table_section(table: int, rows: Sequence[PublishedRow], frame: pd.DataFrame) -> str:
    names = " and ".join(dict.fromkeys(row.name for row in rows))
    kind = "pruned" if any(row.rate is not None for row in rows) else "dense"
    defined = defined_table(rows, frame) if any(len(systems_of(frame, row)) for row in rows) else "Not run."
    return f"""### Table {table}: {kind} {names}

{published_table(rows, frame)}

By definition, measured here:

{defined}
"""
