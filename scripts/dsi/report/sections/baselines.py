"""The section of tables.md about what is not pruned."""

import pandas as pd

from dsi.evaluation.measures import LOSS, QRELS_MEASURES, RECALL_DEPTH
from dsi.report.markdown import brief_percent, paragraph, pipe_table
from dsi.report.sections.introduction import Study
from dsi.report.summary import Group, Spreads, baseline_names, measures_table, unpruned_systems
from dsi.systems import ARMS


def baselines_section(study: Study, values: Spreads, references: pd.DataFrame, confidence: float) -> str:
    """References and unpruned systems by every measure of quality, and how far dense lies from each.

    Args:
        values: what dsi.report.summary.spreads gives of means.
        references: as in dsi.evaluation.reference_differences.
        confidence: of its intervals.
    """
    table = measures_table(unpruned_systems(values), [*QRELS_MEASURES, LOSS], values)
    remarks = []
    bm25 = values.get((Group(None, "bm25"), "MAP"))
    for baseline in baseline_names(values):
        dense = values.get((Group(baseline, "dense"), "MAP"))
        if dense and bm25 and bm25.mean:
            share = 100 * dense.mean / bm25.mean
            remarks.append(f"- {baseline}: the MAP of dense E1 is {share:.1f} % of BM25's.")
    remarks.append(f"- {_random_recall(study.documents)}")
    return f"""## Baselines

*Does the retriever find documents before anything is pruned, and more than needs no network?*
Higher is better, except for the loss.

{table}

{chr(10).join(remarks)}
{_differences(references, confidence)}"""


def _differences(references: pd.DataFrame, confidence: float) -> str:
    """A table per baseline: dense minus each reference, by each measure, with its interval."""
    if references.empty:
        return ""
    about = (
        "for training in general: seeds and queries both samples"
        if references["seeds"].min() > 1
        else "over the queries alone: one seed says nothing about other trainings"
    )
    parts = [
        paragraph(
            "Dense E1 minus what needs no network, and minus the model before its first step. In brackets "
            f"the {brief_percent(confidence)} interval, {about}; where it holds 0, they are not told apart."
        )
    ]
    for baseline, rows in references.groupby("baseline"):
        measures = list(dict.fromkeys(rows["measure"]))
        cells = [
            [ARMS[str(reference)].name, *(_difference(group, measure) for measure in measures)]
            for reference, group in rows.groupby("reference", sort=False)
        ]
        parts.append(pipe_table([f"{baseline}, dense E1 minus", *measures], cells))
    return "\n" + "\n\n".join(parts) + "\n"


def _difference(rows: pd.DataFrame, measure: str) -> str:
    """`-0.0190 [-0.0590, +0.0210]`"""
    row = rows[rows["measure"] == measure].iloc[0]
    return f"{row['difference']:+.4f} [{row['lower']:+.4f}, {row['upper']:+.4f}]"


def _random_recall(documents: int) -> str:
    """What a random ranking is expected to reach: depth / documents."""
    if documents <= RECALL_DEPTH:
        return f"With {documents:,} documents R@1000 is 1 for every ranking of them all."
    return (
        f"Among {documents:,} documents a random ranking is expected to have R@1000 "
        f"{RECALL_DEPTH / documents:.4f} and R@100 {100 / documents:.4f}."
    )
