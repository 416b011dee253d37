"""Baselines compared with one of them: what was changed, and differences by hand."""

import math
from typing import Any

import pandas as pd
import pytest

from dsi.evaluation.paired_values import PairingError
from dsi.report.sections.ablation import Change, ablation_section, changes, comparison, pseudo_queries_shown

SETTINGS: dict[str, Any] = {
    "training": {"epochs": 20},
    "pseudo_queries": {"per_document": 4, "distinct": None},
    "distillation": {"weight": 0.5},
}
VARIANT = {**SETTINGS, "distillation": {"weight": 0}}
# MAP by baseline, seed and query of the test split.
VALUES = {"dsi": [[0.5, 0.7], [0.3, 0.9]], "plain": [[0.4, 0.5], [0.3, 0.6]]}


def frame(values: dict[str, list[list[float]]]) -> pd.DataFrame:
    rows = [
        {"baseline": name, "arm": "dense", "split": split, "seed": seed, "qid": f"q{query}", "value": value}
        for name, by_seed in values.items()
        for seed, by_query in enumerate(by_seed, start=1)
        for query, value in enumerate(by_query)
        for split in ("validation", "test")
    ]
    return pd.DataFrame(rows)


def test_changes_are_named_by_their_key() -> None:
    assert list(changes(VARIANT, SETTINGS)) == [Change("distillation.weight", 0.5, 0)]
    assert list(changes(SETTINGS, SETTINGS)) == []
    assert list(changes({"a": {"b": 1}}, {"a": {"c": 2}})) == [Change("a.c", 2, None), Change("a.b", None, 1)]


@pytest.mark.parametrize(("distinct", "shown"), [(None, 80), (5, 5), (100, 80)])
def test_a_document_has_no_more_pseudo_queries_than_are_drawn(distinct: int | None, shown: int) -> None:
    settings = {**SETTINGS, "pseudo_queries": {"per_document": 4, "distinct": distinct}}
    assert pseudo_queries_shown(settings) == shown


def test_the_difference_is_paired_and_its_interval_holds_it() -> None:
    found = comparison({"MAP": frame(VALUES)}, {"plain": VARIANT, "dsi": SETTINGS}, "dsi", 0.95)
    assert list(found["baseline"]) == ["dsi", "plain"]
    reference, variant = found.to_dict("records")
    # Means over queries: dsi 0.6 and 0.6, plain 0.45 and 0.45.
    assert reference["test_mean"] == pytest.approx(0.6)
    assert reference["test_sd"] == pytest.approx(0)
    assert math.isnan(reference["difference"])
    assert variant["test_mean"] == pytest.approx(0.45)
    # (-0.1 - 0.2 + 0 - 0.3) / 4
    assert variant["difference"] == pytest.approx(-0.15)
    assert variant["lower"] < -0.15 < variant["upper"]
    assert variant["changed"] == "distillation.weight: 0.5 → 0"


def test_other_seeds_or_queries_are_refused() -> None:
    lacking = {**VALUES, "plain": [[0.4, 0.5]]}
    with pytest.raises(PairingError, match="do not have the same seeds: found 1 and 2"):
        comparison({"MAP": frame(lacking)}, {"dsi": SETTINGS, "plain": VARIANT}, "dsi", 0.95)


def test_one_seed_answers_for_its_checkpoints_only() -> None:
    one = {name: by_seed[:1] for name, by_seed in VALUES.items()}
    settings = {"dsi": SETTINGS, "plain": VARIANT}
    found = comparison({"MAP": frame(one), "R@10": frame(one)}, settings, "dsi", 0.95)
    text = ablation_section(found, "dsi", 0.95)
    assert "over 1 seed;" in text
    assert "these checkpoints on other queries" in text
    line = next(line for line in text.splitlines() if line.startswith("| plain"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:5] == ["plain", "distillation.weight: 0.5 → 0", "80", "0.4500", "0.4500"]
    assert cells[5].startswith("-0.1500 [")
    assert cells[6:] == ["0.4500"]


def test_one_test_query_has_a_difference_without_an_interval() -> None:
    one = {name: [by_query[:1] for by_query in by_seed] for name, by_seed in VALUES.items()}
    settings = {"dsi": SETTINGS, "plain": VARIANT}
    found = comparison({"MAP": frame(one), "R@10": frame(one)}, settings, "dsi", 0.95)
    line = next(
        line for line in ablation_section(found, "dsi", 0.95).splitlines() if line.startswith("| plain")
    )
    assert line.strip("|").split("|")[5].strip() == "-0.0500 [–]"  # (0.4 - 0.5 + 0.3 - 0.3) / 2
