"""Rows of the published tables, and what is wrong with one."""

from typing import Any

import pytest

from dsi.report.reproduction.published import published_rows
from dsi.report.results import ReportError
from tests.report.reproduction.conftest import entry, pruned_entry


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arm": "dens"}, "found arm 'dens', expected one of"),
        ({"LR": 1}, "'LR' is not known"),
    ],
)
def test_a_wrong_row_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReportError, match=f"published row 2: {message}"):
        published_rows([entry(), entry("other", **changes)])


def test_a_missing_key_and_a_row_twice_are_errors() -> None:
    short = entry("other")
    del short["patience"]
    with pytest.raises(ReportError, match="published row 1: 'patience' is missing; for example"):
        published_rows([short])
    with pytest.raises(ReportError, match="published row 2: a row before it"):
        published_rows([entry(), entry()])


def test_a_row_is_told_from_others_by_its_epochs_or_rate() -> None:
    assert published_rows([entry()])[0].label == "t5-small, K 5, 25 epochs"
    assert published_rows([pruned_entry(0.20)])[0].label == "t5-small, K 5, rate 0.2"
