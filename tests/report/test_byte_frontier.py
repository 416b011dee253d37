"""Quality against bytes: which files are best, worked out by hand; the sentences and the figure of it."""

import re

import numpy as np
import pandas as pd
import pytest

from dsi.report.byte_frontier import (
    average_points,
    beaten_by,
    model_name,
    pareto_optimal,
    precision_points,
    steps_along,
)
from dsi.report.figures.frontier import bytes_figure
from dsi.report.sections.benefit import bytes_section

# MB and MAP in 16, 8 and 4 bits; the second seed has 0.02 more, of magnitude 0.04 more.
MODELS = {
    (None, None): ((1.8, 0.60), (1.0, 0.60), (0.5, 0.55)),
    ("magnitude", 0.5): ((1.4, 0.59), (0.8, 0.58), (0.45, 0.50)),
    ("wanda", 0.8): ((0.9, 0.40), (0.6, 0.40), (0.3, 0.30)),
}


def benefit(seeds: int = 2) -> pd.DataFrame:
    rows = []
    for (criterion, rate), files in MODELS.items():
        for seed in range(seeds):
            more = seed * (0.04 if criterion == "magnitude" else 0.02)
            row = {"baseline": "dsi", "criterion": criterion, "rate": rate, "seed": seed + 1}
            for name, (mb, value) in zip(("small", "int8", "int4"), files, strict=True):
                row |= {f"{name}_mb": mb, f"{name}_map": value + more}
            rows.append(row)
    return pd.DataFrame(rows)


def test_best_is_what_no_other_equals_in_both() -> None:
    costs = np.array([1.0, 2.0, 3.0, 4.0, 4.0, 1.0, 0.5])
    values = np.array([0.5, 0.5, 0.7, 0.8, 0.6, 0.5, 0.1])
    assert pareto_optimal(costs, values).tolist() == [True, False, True, True, False, True, True]


def test_points_have_a_row_for_each_precision() -> None:
    points = precision_points(benefit())
    assert len(points) == 3 * 3 * 2
    some = points[(points["criterion"] == "wanda") & (points["bits"] == 4)]
    assert some[["seed", "mb", "MAP"]].to_numpy().tolist() == [[1, 0.3, 0.3], [2, 0.3, 0.32]]
    unmeasured = benefit().assign(int8_map=np.nan)
    assert sorted(precision_points(unmeasured)["bits"].unique()) == [4, 16]


def test_the_frontier_by_hand() -> None:
    """Fewest bytes first: wanda 4 (0.31), magnitude 4 (0.52), dense 4 (0.56), magnitude 8, dense 8 (0.61)."""
    points = precision_points(benefit())
    averages = average_points(points, 0.95)
    best = steps_along(points, averages, 0.95)
    assert best["mb"].tolist() == [0.3, 0.45, 0.5, 0.8, 1.0]
    assert best["bits"].tolist() == [4, 4, 4, 8, 8]
    assert best["MAP"].tolist() == pytest.approx([0.31, 0.52, 0.56, 0.60, 0.61])
    # Within the seeds: magnitude 4 minus wanda 4 is 0.20 and 0.22; t(1, 0.975) = 12.706, s / √2 = 0.01.
    assert best["gain"].tolist()[1:] == pytest.approx([0.21, 0.04, 0.04, 0.01])
    assert np.isnan(best["gain"][0])
    assert (best["gain_lower"][1], best["gain_upper"][1]) == pytest.approx(
        (0.21 - 0.12706, 0.21 + 0.12706), abs=1e-5
    )
    # In float16 dense in 8 bits, 1.0 MB and 0.61, beats magnitude (1.4, 0.61); wanda (0.9, 0.41) is smaller.
    assert beaten_by(averages, 8)["criterion"].tolist() == ["magnitude"]
    assert beaten_by(averages, 4)["criterion"].tolist() == ["wanda"]
    assert beaten_by(averages[averages["bits"] == 16], 8).empty


def test_the_page_says_where_pruning_lies() -> None:
    text = bytes_section(benefit(), 0.95)
    assert "dense in 16 bits (1.80 MB, MAP 0.6100 [0.4829, 0.7371]); dense in 8 bits (1.00 MB" in text
    assert (
        "Pruning alone: of 2 pruned models in float16, the dense one in 8 bits is as small or smaller and"
        in text
    )
    assert "than 1, in 4 bits than 1. By these means none is left that neither beats" in text
    assert "of 9 files these are best" in text
    assert "3 of the 5 are pruned: 0 in 16 bits, 1 in 8 bits, 2 in 4 bits." in text
    assert re.search(r"\| wanda 0\.8 in 4 bits +\| +0\.30? \| +0\.3100 \[0\.1829, 0\.4371\] +\| +– \|", text)
    one = bytes_section(benefit(seeds=1), 0.95)
    assert "(0.90 MB, MAP 0.4000)" not in one
    assert "of one seed here" in one
    assert "[" not in one


def test_what_neither_beats_is_named() -> None:
    smaller = benefit().assign(int4_mb=0.95)
    text = bytes_section(smaller, 0.95)
    assert "One is left that neither beats: wanda 0.8 in 16 bits (0.90 MB, MAP 0.4100" in text


def test_without_test_queries_the_page_says_so() -> None:
    rows = benefit().assign(small_map=np.nan, int8_map=np.nan, int4_map=np.nan)
    assert bytes_section(rows, 0.95).endswith("No pruned model was ranked on test queries.")


def test_names() -> None:
    assert model_name(np.nan, np.nan, 8) == "dense in 8 bits"
    assert model_name("ffn", 0.5, 4) == "ffn 0.5 in 4 bits"


def test_the_figure_has_a_panel_for_each_criterion_and_three_kinds_of_marks() -> None:
    metrics = pd.DataFrame({"arm": ["bm25"], "MAP": [0.61]})
    figure = bytes_figure(metrics, benefit(), title="dsi", confidence=0.95)
    shown = [axis for axis in figure.axes if axis.axison]
    assert [axis.get_title() for axis in shown] == ["magnitude", "wanda"]
    lines = {line.get_label(): line for line in shown[0].get_lines()}
    curves = [lines[f"pruned, {bits} bits"] for bits in (16, 8, 4)]
    assert len({line.get_marker() for line in curves}) == len({line.get_linestyle() for line in curves}) == 3
    assert [list(lines[f"dense E1, {bits} bits"].get_xdata()) for bits in (16, 8, 4)] == [[1.8], [1.0], [0.5]]
    assert list(lines["best of all criteria"].get_xdata()) == [0.3, 0.45, 0.5, 0.8, 1.0]
    # All marks lie within the axes.
    left, right = shown[0].get_xlim()
    assert left < 0.3
    assert right > 1.8
