"""Baselines compared with one of them: what was changed, and what it changed.

The comparison is paired: the same seeds, the same queries. Intervals are for *training in general* (seeds and
queries both samples, dsi.evaluation.estimates) where there are several seeds, else for the one checkpoint. A positive
difference means that the variant is better than the reference. Does not know files or figures.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from dsi.evaluation.significance import Question, compare
from dsi.evaluation.verdicts import paired_values
from dsi.report.markdown import ABSENT, Spread, percent, pipe_table, plus_minus

MEASURES = ("MAP", "R@10")  # the first is the one that differences are shown of
SPLITS = ("validation", "test")
# Beyond this share of the reference's MAP a difference counts; only the p-value of equivalence depends on it.
MARGIN = 0.02

SECTION = """# What each choice is worth

Every variant of `{reference}` changes what stands under *changed* and nothing else. Values are those of dense
E1, mean ± standard deviation over {seeds}; *shown* counts the different pseudo-queries of a document in E1,
*CPU s* is the processor time of E1 and its ranking.

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
        values: by measure, the frame of `dsi.evaluation.verdicts.per_query_values` of dense systems.
        settings: of each baseline of task docid.
        reference: the name of the one that the others are compared with.
        confidence: of the intervals.

    Returns:
        baseline, changed, shown (different pseudo-queries a document in the whole of E1), measure, seeds, and
        for each split <split>_mean, <split>_sd; difference, lower, upper and p of the test queries, NaN for
        the reference.

    Raises:
        VerdictError: two baselines do not have the same seeds and queries.
    """
    names = [reference, *(name for name in settings if name != reference)]
    rows = []
    for name in names:
        text = "; ".join(
            f"{change.key}: {change.reference} → {change.variant}"
            for change in changes(settings[name], settings[reference])
        )
        for measure, frame in values.items():
            row = {
                "baseline": name,
                "changed": text,
                "shown": pseudo_queries_shown(settings[name]),
                "measure": measure,
                "seeds": frame.loc[frame["baseline"] == name, "seed"].nunique(),
            }
            for split in SPLITS:
                of_split = frame[(frame["split"] == split) & (frame["baseline"] == name)]
                by_seed = of_split.groupby("seed")["value"].mean()
                row |= {f"{split}_mean": by_seed.mean(), f"{split}_sd": by_seed.std(ddof=1)}
            rows.append(row | _difference(frame[frame["split"] == "test"], name, reference, confidence))
    return pd.DataFrame(rows)


def pseudo_queries_shown(settings: Mapping[str, Any]) -> int:
    """Different pseudo-queries of one document in the whole of E1, at most."""
    pseudo = settings["pseudo_queries"]
    drawn = int(pseudo["per_document"]) * int(settings["training"]["epochs"])
    return drawn if pseudo["distinct"] is None else min(drawn, int(pseudo["distinct"]))


def ablation_section(
    frame: pd.DataFrame, reference: str, confidence: float, seconds: Mapping[str, float]
) -> str:
    """Markdown: the table, and how to read it.

    Args:
        frame: as `comparison` gives it.
        seconds: CPU time of E1 by baseline, mean over seeds; of a checkpoint that came from elsewhere there
            is none.
    """
    level = percent(confidence).replace(".00", "")
    first = frame["measure"].iloc[0]
    rows = []
    for row in frame[frame["measure"] == first].to_dict("records"):
        second = frame[(frame["baseline"] == row["baseline"]) & (frame["measure"] != first)].iloc[0]
        rows.append(
            [
                row["baseline"],
                row["changed"] or "–",
                f"{row['shown']:,}",
                plus_minus(Spread(row["validation_mean"], row["validation_sd"])),
                plus_minus(Spread(row["test_mean"], row["test_sd"])),
                _difference_words(row),
                plus_minus(Spread(second["test_mean"], second["test_sd"])),
                f"{seconds[row['baseline']]:.0f}" if row["baseline"] in seconds else ABSENT,
            ]
        )
    header = [
        "",
        "changed",
        "shown",
        "validation MAP",
        "test MAP",
        f"difference [{level}]",
        "test R@10",
        "CPU s",
    ]
    return SECTION.format(
        reference=reference,
        seeds=f"{frame['seeds'].iloc[0]} seed{'s' if frame['seeds'].iloc[0] > 1 else ''}",
        level=level,
        question=(
            "training this way again, from other seeds and on other queries"
            if frame["seeds"].min() > 1
            else "these checkpoints on other queries, as there is one seed"
        ),
        table=pipe_table(header, rows),
    )


def _difference(rows: pd.DataFrame, name: str, reference: str, confidence: float) -> dict[str, float]:
    if name == reference:
        return dict.fromkeys(("difference", "lower", "upper", "p"), math.nan)
    ours, theirs = paired_values(rows, name, reference)
    margin = max(MARGIN * float(theirs.mean()), 1e-9)
    answers = compare(ours - theirs, margin, confidence)
    answer = answers[Question.TRAINING if len(ours) > 1 else Question.CHECKPOINTS]
    return {
        "difference": float(answer.mean),
        "lower": float(answer.lower),
        "upper": float(answer.upper),
        "p": float(answer.p),
    }


def _difference_words(row: Mapping[str, Any]) -> str:
    if math.isnan(row["difference"]):
        return "–"
    return f"{row['difference']:+.4f} [{row['lower']:+.4f}, {row['upper']:+.4f}]"
