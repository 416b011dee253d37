"""The section of tables.md about agreement with BM25."""

import pandas as pd

from dsi.evaluation.measures import AGREEMENT_MEASURES, MEASURES
from dsi.report.sections.introduction import Study
from dsi.report.summary import (
    Spreads,
    baseline_criteria,
    before_after_table,
    mean_zeros,
    measures_table,
    unpruned_systems,
)


def agreement_section(study: Study, values: Spreads, changes: Spreads, sparsity: pd.DataFrame) -> str:
    """Every system by the measures that compare a ranking with BM25's.

    Args:
        values, changes: what dsi.report.summary.spreads gives of means and of differences.
        sparsity: as in dsi.report.frames.
    """
    tables = [measures_table(unpruned_systems(values), AGREEMENT_MEASURES, values)]
    for baseline, criterion in baseline_criteria(values):
        rates = mean_zeros(sparsity, baseline, criterion)
        of_criterion = [
            before_after_table(baseline, criterion, measure, values, changes, rates)
            for measure in AGREEMENT_MEASURES
        ]
        tables.append("\n\n".join([f"{baseline}, {criterion}:", *of_criterion]))
    words = [
        f"{name}: {MEASURES[name].meaning.format(k=study.configured.agreement_k)}."
        for name in AGREEMENT_MEASURES
    ]
    return f"""## Agreement with BM25

*How far does a model imitate BM25?*
Not how good it is: a ranking better than BM25's agrees with it less.
{chr(10).join(words)}
Both from 0 to 1, higher is more alike; BM25's own row is the ceiling.

{(chr(10) * 2).join(tables)}
"""
