"""The whole of tables.md, section by section."""

from collections.abc import Sequence

import pandas as pd

from dsi.report.sections.agreement import agreement_section
from dsi.report.sections.baselines import baselines_section
from dsi.report.sections.introduction import Study, introduction_section
from dsi.report.sections.pruned import pruned_section
from dsi.report.summary import baseline_criteria, mean_zeros, spreads


def markdown_report(
    study: Study,
    summary: pd.DataFrame,
    difference: pd.DataFrame,
    sparsity: pd.DataFrame,
    sections: Sequence[str] = (),
) -> str:
    """The whole of tables.md: what was measured, then each table under the question it answers.

    Args:
        sections: Markdown that follows the baselines' table.
    """
    values = spreads(summary[summary["split"] == "test"])
    changes = spreads(difference[difference["split"] == "test"])
    parts = [introduction_section(study), baselines_section(study, values), *sections]
    for baseline, criterion in baseline_criteria(values):
        zeros = mean_zeros(sparsity, baseline, criterion)
        parts.append(pruned_section(baseline, criterion, values, changes, zeros))
    parts.append(agreement_section(study, values, changes, sparsity))
    return "\n".join(parts)
