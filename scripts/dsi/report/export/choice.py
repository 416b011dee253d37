"""Which checkpoint of a study is handed on: chosen on the validation queries, never on the test queries."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from dsi.report.export.source import ExportError, Source
from dsi.report.markdown import brief_percent
from dsi.report.results import MetricReport
from dsi.systems import System, SystemNameError, spell_rate

MEASURE, SPLIT = "MAP", "validation"
BY_HAND = "Named by hand; it was not chosen by the validation queries."


class Choice(NamedTuple):
    """A checkpoint and how it came to be chosen, in words.

    dense: the unpruned model of its seed after E1; None where it is the checkpoint itself.
    """

    system: System
    dense: System | None
    reason: str


class Candidate(NamedTuple):
    """The recovered models of one criterion and rate.

    weights: that are not zero; value: MAP on validation; both means over seeds. reports: one a seed.
    """

    criterion: str
    rate: float
    weights: float
    value: float
    reports: Sequence[MetricReport]


def choices(source: Source, system: str | None, output: Path | None) -> list[Choice]:
    """One checkpoint of each pruned docid baseline, or the one that a user names.

    Args:
        system: its name; None for none. output: the one folder to write; None for one a baseline.

    Raises:
        ExportError: there is nothing to choose, or the folder cannot take all.
    """
    if system is not None:
        return [named(source, system)]
    if not source.pruned:
        raise ExportError(
            f"{source.results}: found no docid baseline that was pruned; expected one, or a checkpoint by "
            "name, for example --system baselines/dsi/seed1/dense"
        )
    if output is not None and len(source.pruned) > 1:
        raise ExportError(
            f"--output: found several baselines to export, {', '.join(source.pruned)}; expected one, or its "
            "checkpoint by name, for example --system recovered/dsi/seed1/magnitude-0.5"
        )
    return [choose(source, baseline) for baseline in source.pruned]


def choose(source: Source, baseline: str) -> Choice:
    """The recovered checkpoint of a baseline with the fewest weights that is as good as dense on validation.

    As good: its MAP, a mean over the seeds, is at most the margin below that of the dense models. Of equally
    many weights the better one is taken, and of its seeds the one with the highest MAP on validation.

    Raises:
        ExportError: no rate is as good, or there are no validation queries.
    """
    dense = fmean(_values(source, [System(baseline, None, "dense", None, None)]))
    least = dense * (1 - source.margin)
    every = _candidates(source, baseline)
    good = [candidate for candidate in every if candidate.value >= least]
    if not good:
        nearest = max(every, key=lambda candidate: candidate.value)
        raise ExportError(
            f"{baseline}: found no pruned and recovered model whose validation MAP is at least {least:.4f}, "
            f"{brief_percent(source.margin)} below the dense one's {dense:.4f}; the best is "
            f"{nearest.criterion} at {spell_rate(nearest.rate)} with {nearest.value:.4f}; expected one, or "
            f"a checkpoint by name, for example --system {nearest.reports[0].system.slug}"
        )
    best = min(good, key=lambda candidate: (candidate.weights, -candidate.value))
    report = max(best.reports, key=_value)
    seeds = len(best.reports)
    of_seed = (
        f"; of the {seeds} seeds, seed {report.system.seed}, whose MAP there is highest" if seeds > 1 else ""
    )
    reason = (
        f"Of {len(every)} pruned and recovered models the one with the fewest weights whose MAP on the "
        f"validation queries ({best.value:.4f}{', a mean over the seeds' if seeds > 1 else ''}) is at most "
        f"{brief_percent(source.margin)} below that of the dense model ({dense:.4f}){of_seed} "
        f"({_value(report):.4f}). Test queries had no part in the choice."
    )
    return Choice(report.system, _dense_of(report.system), reason)


def named(source: Source, slug: str) -> Choice:
    """The checkpoint that a user names.

    Raises:
        ExportError: there is none of that name.
    """
    try:
        system = System.parse(slug)
    except SystemNameError as error:
        raise ExportError(f"--system: {error}") from error
    if system not in source.reports or system.baseline is None:
        some = next(report.slug for report in source.reports if report.baseline is not None)
        raise ExportError(
            f"--system: found {slug!r}, which is no evaluated checkpoint of {source.results}; expected one, "
            f"for example {some}"
        )
    return Choice(system, _dense_of(system), BY_HAND)


def _candidates(source: Source, baseline: str) -> list[Candidate]:
    groups: dict[tuple[str, float], list[MetricReport]] = {}
    for system, report in source.reports.items():
        if system.baseline == baseline and system.arm == "recovered":
            assert system.criterion is not None and system.rate is not None
            groups.setdefault((system.criterion, system.rate), []).append(report)
    found = []
    for (criterion, rate), reports in sorted(groups.items()):
        weights = fmean(source.zeros[report.system].nonzero for report in reports)
        ordered = sorted(reports, key=lambda report: report.system.seed or 0)
        found.append(Candidate(criterion, rate, weights, fmean(map(_value, ordered)), ordered))
    return found


def _dense_of(system: System) -> System | None:
    dense = System(system.baseline, system.seed, "dense", None, None)
    return None if dense == system else dense


def _values(source: Source, groups: Sequence[System]) -> list[float]:
    """Of every seed of some systems that are given without one."""
    return [
        _value(report) for system, report in source.reports.items() if system._replace(seed=None) in groups
    ]


def _value(report: MetricReport) -> float:
    value = report.measures.get(SPLIT, {}).get(MEASURE)
    if value is None:
        raise ExportError(
            f"{report.system.slug}: found no {MEASURE} on {SPLIT} queries, by which a checkpoint is chosen; "
            f"expected a collection with such queries, or a checkpoint by name: --system {report.system.slug}"
        )
    return value
