"""The section of tables.md about what is not pruned."""

from dsi.evaluation.measures import LOSS, QRELS_MEASURES, RECALL_DEPTH
from dsi.report.sections.introduction import Study
from dsi.report.summary import Group, Spreads, baseline_names, measures_table, unpruned_systems


def baselines_section(study: Study, values: Spreads) -> str:
    """References and unpruned systems by every measure of quality.

    Args:
        values: what dsi.report.summary.spreads gives of means.
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

*Does the retriever find documents before anything is pruned?*
Higher is better, except for the loss.

{table}

{chr(10).join(remarks)}
"""


def _random_recall(documents: int) -> str:
    """What a random ranking is expected to reach: depth / documents."""
    if documents <= RECALL_DEPTH:
        return f"With {documents:,} documents R@1000 is 1 for every ranking of them all."
    return (
        f"Among {documents:,} documents a random ranking is expected to have R@1000 "
        f"{RECALL_DEPTH / documents:.4f} and R@100 {100 / documents:.4f}."
    )
