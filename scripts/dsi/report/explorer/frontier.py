"""Quality against rate and zeros: the points of the explorer's figure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation.estimates import VALUES, mean_interval
from dsi.report.explorer.rankings import MEASURES, SPLIT
from dsi.report.results import MetricReport, ReportError
from dsi.systems import System


class Point(NamedTuple):
    """The mean over seeds of one measure of a system, with its interval.

    system: without its seed. zeros: share of the whole model's weights that is zero, None where it is not
    known or nothing is pruned. lower, upper: None of one seed.
    """

    system: System
    measure: str
    zeros: float | None
    mean: float
    lower: float | None
    upper: float | None
    seeds: int


def frontier_points(
    reports: Sequence[MetricReport], sparsity: pd.DataFrame, confidence: float
) -> list[Point]:
    """A point for each system and measure, in the order of the reports.

    Args:
        sparsity: the frame of `dsi.report.frames.sparsity_frame`.
        confidence: of the Student t interval of the mean over seeds.

    Raises:
        ReportError: a report has no such measure of the test queries.
    """
    keys = ["baseline", "criterion", "rate"]
    zeros = sparsity.groupby(keys)["model"].mean().to_dict()
    together: dict[System, list[MetricReport]] = {}
    for report in reports:
        together.setdefault(report.system._replace(seed=None), []).append(report)
    return [
        _point(
            system, measure, of_seeds, zeros.get((system.baseline, system.criterion, system.rate)), confidence
        )
        for system, of_seeds in together.items()
        for measure in MEASURES
    ]


def _point(
    system: System, measure: str, reports: Sequence[MetricReport], zeros: float | None, confidence: float
) -> Point:
    values = [_mean_of(report, measure) for report in reports]
    lower, upper = mean_interval(values, confidence, VALUES)
    known = not math.isnan(lower)
    return Point(
        system=system,
        measure=measure,
        zeros=zeros,
        mean=float(np.mean(values)),
        lower=lower if known else None,
        upper=upper if known else None,
        seeds=len(values),
    )


def _mean_of(report: MetricReport, measure: str) -> float:
    value = report.measures[SPLIT].get(measure)
    if value is None:
        raise ReportError(f"{report.system.slug}: no {measure} of the {SPLIT} queries; evaluate it again")
    return value
