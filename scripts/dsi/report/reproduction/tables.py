"""The study's tables, its published values beside the measured ones, as Markdown and as a tidy frame.

Pure functions on data frames. Does not know where files lie, what a baseline's settings are beyond the
published rows, or whether a claim holds (dsi.report.reproduction.claims). Source: the study's Tables 1-3, docs/study.md.

Frames
    study  one row per system of the ranked-list task and split: COLUMNS.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from dsi.evaluation.published_measures import STUDY_MEASURES
from dsi.report.frames import SPLITS, ReportError
from dsi.report.markdown import ABSENT, Spread, percent, pipe_table, plus_minus
from dsi.systems import ARMS, DENSE_ARMS, System

KEYS = ("baseline", "seed", "arm", "criterion", "rate", "split")
COLUMNS = (*KEYS, "k", "batch_size", *STUDY_MEASURES)
# By a published row's value: the measure that repeats it, and its decimals.
REPEATED = {"loss": ("loss-published", 3), "MAP": ("MAP-published", 5), "R@1000": ("R@1000-published", 5)}
EXAMPLE = (
    '{"table": 2, "name": "t5-small", "baseline": "t5-small-k5", "arm": "dense", "criterion": null, '
    '"rate": null, "K": 5, "batch": 8, "epochs": "25", "learning_rate": 0.001, "patience": null, '
    '"loss": 9.339, "MAP": 0.00119, "R@1000": 0.00002, "best": true}'
)


class PublishedRow(NamedTuple):
    """A row of the study's tables, and the systems that repeat it: baseline, arm, criterion and rate.

    name: the model; epochs: as text, `10 + 15` where pruning came between; patience: epochs, None for no
    early stopping; values: published loss, MAP and R@1000, None where the authors could not run the row;
    best: whether the study prints it in bold.
    """

    table: int
    name: str
    baseline: str
    arm: str
    criterion: str | None
    rate: float | None
    k: int
    batch: int
    epochs: str
    learning_rate: float
    patience: int | None
    values: Mapping[str, float | None]
    best: bool

    @property
    def label(self) -> str:
        """`t5-small, K 5, rate 0.2`: what tells the row from others of its table."""
        last = f"{self.epochs} epochs" if self.rate is None else f"rate {self.rate:g}"
        return f"{self.name}, K {self.k}, {last}"


def published_rows(entries: Iterable[Mapping[str, Any]]) -> list[PublishedRow]:
    """The rows of a JSON list, in its order.

    Raises:
        ReportError: a key is missing or unknown, an arm is unknown, or two rows are about one system.
    """
    rows: list[PublishedRow] = []
    for number, entry in enumerate(entries, start=1):
        row = _published_row(entry, number)
        if any(_system_of(row) == _system_of(other) for other in rows):
            raise ReportError(
                f"published row {number}: a row before it is about {row.label} ({row.arm}), too"
            )
        rows.append(row)
    return rows


def study_frame(reports: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The frame `study` of those metric JSONs that hold the study's measures.

    Raises:
        ReportError: none of them does, one lacks a measure, or a system comes twice.
    """
    rows = []
    for report in reports:
        study = report.get("study", {})
        system = System(**report["system"])
        for split in SPLITS:
            if split in study:
                absent = [name for name in STUDY_MEASURES if name not in study[split]]
                if absent:
                    raise ReportError(
                        f"the study's {split} measures of {system.slug} lack {absent[0]}; "
                        "evaluate it again with scripts evaluate --lists"
                    )
                about = {"split": split, "k": study["k"], "batch_size": study["batch_size"]}
                rows.append({**system._asdict(), **about, **study[split]})
    if not rows:
        raise ReportError(
            "no metric file holds the study's measures; expected one of a ranked-list model, which "
            "scripts evaluate --lists writes under the key 'study'"
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"seed": "int64", "rate": "float64"})
    twice = frame[frame.duplicated(list(KEYS))]
    if len(twice):
        raise ReportError(f"two metric files are about {twice['baseline'].iloc[0]} and one seed and arm")
    frame["arm"] = pd.Categorical(frame["arm"], list(ARMS))
    frame = frame.sort_values(list(KEYS), ignore_index=True, na_position="first")
    return frame.astype({"arm": "str"})


def systems_of(frame: pd.DataFrame, row: PublishedRow, split: str = "test") -> pd.DataFrame:
    """The rows of the frame `study` that repeat a published row: one a seed, or none if it was not run."""
    same = (frame["split"] == split) & (frame["baseline"] == row.baseline) & (frame["arm"] == row.arm)
    for column in ("criterion", "rate"):
        value = getattr(row, column)
        same &= frame[column].isna() if value is None else frame[column] == value
    return frame[same]


def spread_of(rows: pd.DataFrame, measure: str) -> Spread | None:
    """Mean and standard deviation over seeds of a measure; None without rows."""
    values = rows[measure]
    return Spread(float(values.mean()), float(values.std())) if len(values) else None


def lists_section(frame: pd.DataFrame) -> str:
    """Models that write lists of docids, measured as the study did, where no published row is repeated.

    Args:
        frame: what `study_frame` returns.
    """
    shown = {
        "MAP as published": ("MAP-published", 4),
        "MAP by definition": ("MAP-defined", 4),
        "Recall@1000 by definition": ("R@1000-defined", 5),
        "its ceiling": ("R@1000-ceiling", 5),
        "repeated ids": ("repeated", 4),
        "loss as published": ("loss-published", 4),
    }
    rows = []
    groups = frame[frame["split"] == "test"].groupby(
        ["baseline", "arm", "criterion", "rate", "k"], dropna=False, sort=False
    )
    for (baseline, arm, criterion, rate, k), systems in groups:
        name = f"{baseline}, {ARMS[str(arm)].name}" + (
            f", {criterion} {rate:g}" if isinstance(criterion, str) else ""
        )
        spreads = [plus_minus(spread_of(systems, measure), digits) for measure, digits in shown.values()]
        rows.append([name, f"{k}", *spreads])
    return f"""## Lists of docids, as the study measures them

*How well does a model write the list that BM25 would give?* Not how good its ranking is: that stands
under Baselines. Compared are the K docids generated with BM25's first K.

{pipe_table(["", "K", *shown], rows)}

- As published, an id counts as a hit if it is a substring of the target text, and precisions are averaged
  over the hits alone: a list that repeats one right id is worth more than it should be.
- By definition, a repeated id counts once and MAP is divided by K. A list of K ids cannot pass K / 1,000 of
  Recall@1000; "repeated ids" is the share of generated ids that stand in their list already.
"""


def study_tables(rows: Sequence[PublishedRow], frame: pd.DataFrame) -> str:
    """The Markdown section with every table of the study."""
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
        cells = [row.name, *([f"{row.rate:g}"] if row.rate is not None else [ABSENT] if rates else [])]
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


def _published_row(entry: Mapping[str, Any], number: int) -> PublishedRow:
    named = {"K": "k"}
    fields = [name for name in PublishedRow._fields if name not in ("values", "k")]
    expected = {*fields, *named, *REPEATED}
    wrong = sorted(expected.symmetric_difference(entry))
    if wrong:
        found = "is missing" if wrong[0] in expected else "is not known"
        raise ReportError(f"published row {number}: {wrong[0]!r} {found}; for example {EXAMPLE}")
    if entry["arm"] not in ARMS:
        raise ReportError(
            f"published row {number}: found arm {entry['arm']!r}, expected one of {', '.join(ARMS)}"
        )
    values = {name: entry[name] for name in REPEATED}
    chosen = {name: entry[name] for name in fields} | {"epochs": str(entry["epochs"])}
    return PublishedRow(k=entry["K"], values=values, **chosen)


def _system_of(row: PublishedRow) -> tuple[Any, ...]:
    return row.baseline, row.arm, row.criterion, row.rate


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
row. Test queries throughout; `study.csv` holds the validation queries too, and every digit.
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
