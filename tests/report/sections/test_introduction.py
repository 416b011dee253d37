"""What is said about a study before its tables."""

from typing import Any

import pytest

from dsi.report.results import ReportError
from dsi.report.sections.introduction import Configured, describe_study
from tests.report.conftest import FACTS, all_reports

COUNTS = {"evaluated": 20, "without_relevant": 0, "missing_from_run": 0}
CONFIGURED = Configured(**FACTS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"queries": {"test": {**COUNTS, "evaluated": 19}, "validation": COUNTS}}, "queries"),
        ({"parameters": {"relevance": 1, "agreement_k": 5}}, "parameters"),
    ],
)
def test_systems_evaluated_differently_do_not_share_a_table(change: dict[str, Any], what: str) -> None:
    reports = [item._replace(**change) if item.system.arm == "bm25" else item for item in all_reports()]
    with pytest.raises(ReportError, match=f"bm25 was evaluated with other {what} than baselines/"):
        describe_study(CONFIGURED, 50, reports)


def test_a_query_that_the_run_lacks_does_not_part_systems() -> None:
    reports = all_reports()
    queries = {split: {**counts, "missing_from_run": 3} for split, counts in reports[0].queries.items()}
    study = describe_study(CONFIGURED, 50, [*reports[1:], reports[0]._replace(queries=queries)])
    assert (study.evaluated, study.seeds) == ({"test": 20, "validation": 10}, [1, 2])
