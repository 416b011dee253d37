"""The frames that tables.md is made of, besides the verdicts."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.evaluation.group_losses import group_losses
from dsi.evaluation.paired_values import per_query_values
from dsi.evaluation.reference_differences import reference_differences
from dsi.report.flips import FOUND, flips_frame
from dsi.report.over_seeds import differences, summarise
from dsi.report.results import read_per_query

MEASURES = ("MAP", "nDCG@10")  # of references and of groups of queries


class Frames(NamedTuple):
    """What the page is made of: frames of dsi.report.over_seeds, dsi.report.frames, and of values per query.

    references, groups: dsi.evaluation.reference_differences and group_losses; flips: dsi.report.flips.
    """

    summary: pd.DataFrame
    difference: pd.DataFrame
    sparsity: pd.DataFrame
    references: pd.DataFrame
    groups: pd.DataFrame
    flips: pd.DataFrame


def page_frames(
    files: Sequence[Path], metrics: pd.DataFrame, sparsity: pd.DataFrame, confidence: float
) -> Frames:
    """All of them.

    Args:
        files: metric JSONs, one a system, with the values per query beside them.
        metrics, sparsity: as in dsi.report.frames.
        confidence: of the intervals.

    Raises:
        PairingError: the results do not fit together.
    """
    values = {
        measure: per_query_values(read_per_query(files, measure), measure) for measure in (*MEASURES, FOUND)
    }
    of_measures = {measure: values[measure] for measure in MEASURES}
    return Frames(
        summary=summarise(metrics),
        difference=differences(metrics),
        sparsity=sparsity,
        references=reference_differences(of_measures, confidence),
        groups=group_losses(of_measures, confidence),
        flips=flips_frame(values),
    )
