"""What is missing from results is named."""

import pytest

from dsi.report.completeness import check_complete
from dsi.report.frames import metrics_frame
from dsi.report.results import MetricReport, ReportError
from dsi.systems import SMALL_ARMS
from tests.report.conftest import all_reports, all_sparsity, report


def without(slug: str) -> list[MetricReport]:
    reports = all_reports()
    kept = [item for item in reports if item.system.slug != slug]
    assert len(kept) == len(reports) - 1
    return kept


@pytest.mark.parametrize(
    "slug",
    [
        "recovered/dsi/seed2/magnitude-0.5",
        "pruned/dsi/seed1/magnitude-0.25",
        "baselines/dsi/seed2/restart",
        "bm25",
        "random",
    ],
)
def test_a_missing_system_is_named(slug: str) -> None:
    with pytest.raises(ReportError, match=f"the metrics of {slug} are missing"):
        check_complete(metrics_frame(without(slug)), all_sparsity())


def test_a_missing_control_is_named() -> None:
    reports = [item for item in all_reports() if item.system.arm != "restart"]
    with pytest.raises(ReportError, match=r"baselines/dsi/seed1/restart are missing: .*recovered"):
        check_complete(metrics_frame(reports), all_sparsity())


def test_a_missing_value_is_named() -> None:
    reports = all_reports()
    place = next(place for place, item in enumerate(reports) if item.system.arm == "restart")  # seed 2
    measures = reports[place].measures
    lacking = {**measures, "test": {**measures["test"], "nDCG@10": None}}
    reports[place] = reports[place]._replace(measures=lacking)
    with pytest.raises(ReportError, match=r"nDCG@10 of baselines/dsi/seed2/restart \(test queries"):
        check_complete(metrics_frame(reports), all_sparsity())


def test_a_missing_sparsity_is_named() -> None:
    sparsity = all_sparsity().query("not (seed == 2 and rate == 0.5)")
    with pytest.raises(ReportError, match=r"sparsity.json of pruned/dsi/seed2/magnitude-0.5 is"):
        check_complete(metrics_frame(all_reports()), sparsity)


def test_whole_results_are_accepted() -> None:
    check_complete(metrics_frame(all_reports()), all_sparsity())


def small_and_initial() -> list[MetricReport]:
    """The untrained model and the small ones, of both seeds, beside the toy study."""
    return [
        *(report("initial", 0.2, seed) for seed in (1, 2)),
        *(report(arm, 0.4, seed, rate=0.5) for arm in SMALL_ARMS for seed in (1, 2)),
    ]


def test_controls_without_zeros_need_no_sparsity_and_no_control() -> None:
    check_complete(metrics_frame([*all_reports(), *small_and_initial()]), all_sparsity())


def test_a_small_model_that_one_seed_lacks_is_named() -> None:
    reports = [*all_reports(), *small_and_initial()[:-1]]
    with pytest.raises(ReportError, match=r"of small-taught/dsi/seed2/magnitude-0[.]5 are"):
        check_complete(metrics_frame(reports), all_sparsity())
