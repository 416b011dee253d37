"""Which checkpoint is chosen: the smallest that is as good as dense on validation, whatever the test says."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from dsi.report.export.choice import BY_HAND, choices, choose, named
from dsi.report.export.source import ExportError, Source
from dsi.report.results import MetricReport, Sparsity
from dsi.systems import System

# Validation MAP of seeds 1 and 2; the mean of dense is 0.50, so that 0.49 is within 2 %.
DENSE = (0.48, 0.52)
RECOVERED = {
    ("magnitude", 0.2): (0.40, 0.40),
    ("magnitude", 0.5): (0.50, 0.48),
    ("magnitude", 0.7): (0.48, 0.49),
    ("wanda", 0.5): (0.47, 0.53),
}


def source(recovered: Mapping[tuple[str, float], tuple[float, ...]], test: float = 0.3) -> Source:
    """Of 1000 weights a rate of 0.5 leaves 500."""
    values = {System("dsi", seed, "dense", None, None): DENSE[seed - 1] for seed in (1, 2)}
    values |= {
        System("dsi", seed, "recovered", criterion, rate): of_seeds[seed - 1]
        for (criterion, rate), of_seeds in recovered.items()
        for seed in (2, 1)
    }
    reports = {
        system: MetricReport(system, {"validation": {"MAP": value}, "test": {"MAP": test}}, {}, {}, None)
        for system, value in values.items()
    }
    zeros = {
        system: Sparsity(system.rate, system.rate, system.rate, 1000 * (1 - system.rate))
        for system in reports
        if system.rate is not None
    }
    return Source(Path("results"), "c", "files", 5, {}, 0.02, 0.95, ["dsi"], reports, zeros)


def test_the_fewest_weights_within_the_margin_of_dense() -> None:
    """Not 0.7, whose 0.485 is below 0.49; at 0.5 wanda's 0.50 beats 0.49; of its seeds 2 is better."""
    choice = choose(source(RECOVERED), "dsi")
    assert choice.system == System("dsi", 2, "recovered", "wanda", 0.5)
    assert choice.dense == System("dsi", 2, "dense", None, None)
    assert "Of 4 pruned and recovered models" in choice.reason
    assert (
        "(0.5000, a mean over the seeds) is at most 2 % below that of the dense model (0.5000)"
        in choice.reason
    )
    assert "of the 2 seeds, seed 2, whose MAP there is highest (0.5300)" in choice.reason


def test_a_value_just_at_the_margin_is_within_it() -> None:
    choice = choose(source({("magnitude", 0.9): (0.49, 0.49)}), "dsi")
    assert (choice.system.rate, choice.system.seed) == (0.9, 1)


def test_test_queries_have_no_part_in_it() -> None:
    assert choose(source(RECOVERED, test=0.0), "dsi") == choose(source(RECOVERED, test=1.0), "dsi")


def test_a_study_without_such_a_rate_is_told_its_best() -> None:
    few = {key: RECOVERED[key] for key in (("magnitude", 0.2), ("magnitude", 0.7))}
    with pytest.raises(ExportError) as error:
        choose(source(few), "dsi")
    assert (
        "at least 0.4900, 2 % below the dense one's 0.5000; the best is magnitude at 0.7 with 0.4850"
        in str(error.value)
    )
    assert "--system recovered/dsi/seed1/magnitude-0.7" in str(error.value)


def test_without_validation_queries_nothing_is_chosen() -> None:
    empty = source(RECOVERED)
    reports = {system: report._replace(measures={}) for system, report in empty.reports.items()}
    with pytest.raises(
        ExportError, match="found no MAP on validation queries, by which a checkpoint is chosen"
    ):
        choose(empty._replace(reports=reports), "dsi")


def test_a_user_may_name_one() -> None:
    choice = named(source(RECOVERED), "recovered/dsi/seed1/magnitude-0.2")
    assert choice.system.rate == 0.2
    assert choice.reason == BY_HAND
    assert named(source(RECOVERED), "baselines/dsi/seed1/dense").dense is None


@pytest.mark.parametrize("slug", ["dsi", "bm25", "recovered/dsi/seed3/magnitude-0.2"])
def test_a_name_that_is_none_is_refused(slug: str) -> None:
    with pytest.raises(ExportError, match=r"^--system: .*expected .*dsi/seed1"):
        named(source(RECOVERED), slug)


def test_every_pruned_baseline_has_its_own_folder() -> None:
    study = source(RECOVERED)
    assert choices(study, None, Path("out")) == [choose(study, "dsi")]
    with pytest.raises(ExportError, match="--output: found several baselines to export, dsi, wide"):
        choices(study._replace(pruned=["dsi", "wide"]), None, Path("out"))
    with pytest.raises(ExportError, match=r"found no docid baseline that was pruned.*--system"):
        choices(study._replace(pruned=[]), None, None)
