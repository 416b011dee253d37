"""Baselines compared with one of them: what was changed, and what it changed.

The comparison is paired: the same seeds, the same queries. Intervals are for *training in general* (seeds and
queries both samples, dsi.evaluation.estimates) where there are several seeds, else for the one checkpoint. A
positive difference means that the variant is better than the reference.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from dsi.evaluation.estimates import DIFFERENCES
from dsi.evaluation.gates import LEAST_QUERIES
from dsi.evaluation.paired_values import paired_baselines
from dsi.evaluation.significance import Question, compare
from dsi.report.markdown import ABSENT, Spread, brief_percent, pipe_table, plus_minus

MEASURES = ("MAP", "R@10")  # the first is the one that differences are shown of
SPLITS = ("validation", "test")
SECTION = """# What each choice is worth

Every variant of `{reference}` changes what stands under *changed* and nothing else. Values are those of dense
E1, mean ± standard deviation over {seeds}; *shown* counts the different pseudo-queries of a document in E1.

The difference is the variant's test MAP minus the reference's, paired by seed and query, with its {level}
interval for {question}: one that holds 0 shows no difference.
Intervals are not corrected for the number of variants.

{table}
"""


class Change(NamedTuple):
    """A key of a baseline's settings that differs from the reference's."""

    key: str
    reference: Any
    variant: Any


class Compared(NamedTuple):
    """A baseline by one measure.

    changed: its settings that differ from the reference's, in words; shown: different pseudo-queries of a
    document in the whole of E1; means and standard deviations are over seeds; difference, its interval
    lower to upper, and p are of the test queries, NaN for the reference; of one query, only the
    difference is known.
    """

    baseline: str
    changed: str
    shown: int
    measure: str
    seeds: int
    validation_mean: float
    validation_sd: float
    test_mean: float
    test_sd: float
    difference: float
    lower: float
    upper: float
    p: float


def changes(variant: Mapping[str, Any], reference: Mapping[str, Any], path: str = "") -> Iterator[Change]:
    """The leaves in which two settings differ, by dotted key; None where one has no such key."""
    for key in dict.fromkeys([*reference, *variant]):
        ours, theirs = variant.get(key), reference.get(key)
        name = f"{path}{key}"
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            yield from changes(ours, theirs, f"{name}.")
        elif ours != theirs:
            yield Change(name, theirs, ours)


def comparison(
    values: Mapping[str, pd.DataFrame],
    settings: Mapping[str, Mapping[str, Any]],
    reference: str,
    confidence: float,
) -> pd.DataFrame:
    """One row for each baseline and measure, the reference first.

    Args:
        values: by measure, the frame of `dsi.evaluation.paired_values.per_query_values` of dense systems.
        settings: of each baseline of task docid.
        reference: the name of the one that the others are compared with.
        confidence: of the intervals.

    Returns:
        The fields of Compared.

    Raises:
        PairingError: two baselines do not have the same seeds and queries.
    """
    names = [reference, *(name for name in settings if name != reference)]
    rows = []
    for name in names:
        changed = "; ".join(
            f"{change.key}: {change.reference} → {change.variant}"
            for change in changes(settings[name], settings[reference])
        )
        shown = pseudo_queries_shown(settings[name])
        for measure, frame in values.items():
            ours, of_test = frame[frame["baseline"] == name], frame[frame["split"] == "test"]
            validation, test = (_over_seeds(ours[ours["split"] == split]) for split in SPLITS)
            difference = _difference(of_test, name, reference, confidence)
            seeds = ours["seed"].nunique()
            rows.append(Compared(name, changed, shown, measure, seeds, *validation, *test, *difference))
    return pd.DataFrame(rows)


def pseudo_queries_shown(settings: Mapping[str, Any]) -> int:
    """Different pseudo-queries of one document in the whole of E1, at most."""
    pseudo = settings["pseudo_queries"]
    drawn = int(pseudo["per_document"]) * int(settings["training"]["epochs"])
    return drawn if pseudo["distinct"] is None else min(drawn, int(pseudo["distinct"]))


def ablation_section(frame: pd.DataFrame, reference: str, confidence: float) -> str:
    """Markdown: the table, and how to read it.

    Args:
        frame: as `comparison` gives it.
    """
    level = brief_percent(confidence)
    found = [Compared(*values) for values in frame.itertuples(index=False, name=None)]
    main, other = ([row for row in found if row.measure == measure] for measure in MEASURES)
    header = ["", "changed", "shown", "validation MAP", "test MAP", f"difference [{level}]", "test R@10"]
    rows = [
        [
            row.baseline,
            row.changed or ABSENT,
            f"{row.shown:,}",
            plus_minus(Spread(row.validation_mean, row.validation_sd)),
            plus_minus(Spread(row.test_mean, row.test_sd)),
            _difference_cell(row),
            plus_minus(Spread(beside.test_mean, beside.test_sd)),
        ]
        for row, beside in zip(main, other, strict=True)
    ]
    seeds = main[0].seeds
    return SECTION.format(
        reference=reference,
        seeds=f"{seeds} seed{'s' if seeds > 1 else ''}",
        level=level,
        question=(
            "training this way again, from other seeds and on other queries"
            if min(row.seeds for row in main) > 1
            else "these checkpoints on other queries, as there is one seed"
        ),
        table=pipe_table(header, rows),
    )


def _difference_cell(row: Compared) -> str:
    if math.isnan(row.difference):
        return ABSENT
    interval = ABSENT if math.isnan(row.lower) else f"{row.lower:+.4f}, {row.upper:+.4f}"
    return f"{row.difference:+.4f} [{interval}]"


def _over_seeds(rows: pd.DataFrame) -> Spread:
    """Mean over queries, then over seeds."""
    by_seed = rows.groupby("seed")["value"].mean()
    return Spread(by_seed.mean(), by_seed.std(ddof=1))


def _difference(
    rows: pd.DataFrame, name: str, reference: str, confidence: float
) -> tuple[float, float, float, float]:
    """Difference from the reference, the ends of its interval, and p; NaN for the reference itself."""
    if name == reference:
        return math.nan, math.nan, math.nan, math.nan
    ours, theirs = paired_baselines(rows, name, reference)
    if ours.shape[1] < LEAST_QUERIES:
        return float((ours - theirs).mean()), math.nan, math.nan, math.nan
    answers = compare(ours - theirs, None, confidence, span=DIFFERENCES)
    answer = answers[Question.TRAINING if len(ours) > 1 else Question.CHECKPOINTS]
    return float(answer.mean), float(answer.lower), float(answer.upper), float(answer.p)
