"""The section of tables.md about agreement with BM25."""

import pandas as pd

from dsi.evaluation.measures import AGREEMENT_MEASURES
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
    tables = [measures_table(unpruned_systems(values), AGREEMENT_MEASURES, values)]
    for baseline, criterion in baseline_criteria(values):
        zeros = mean_zeros(sparsity, baseline, criterion)
        table = before_after_table(baseline, criterion, AGREEMENT_MEASURES, values, changes, zeros)
        tables.append(f"{baseline}, {criterion}:\n\n{table}")
    return f"""## Agreement with BM25

*How far does a model imitate BM25?*
Not how good it is: a ranking better than BM25's agrees with it less.
BM25-MAP: average precision with BM25's first {study.agreement_k} documents as the relevant ones.
BM25-R@1000: share of BM25's first 1000 documents that are among the model's first 1000.
Both from 0 to 1, higher is more alike; BM25's own row is the ceiling.

{(chr(10) * 2).join(tables)}
"""
