"""Names at the right margin stand apart where their lines lie close."""

import matplotlib.pyplot as plt
import pytest

from dsi.report.figures.rate_lines import LABEL_HEIGHT, draw_line, name_lines


def test_names_stand_apart_and_inside() -> None:
    _, axis = plt.subplots()
    axis.set_ylim(0, 1)
    name_lines(axis, [(1.0, "top", "k"), (0.99, "near", "k"), (0.2, "low", "k")])
    heights = {text.get_text(): text.xyann[1] for text in axis.texts}
    assert heights == pytest.approx({"top": 1.0, "near": 1 - LABEL_HEIGHT, "low": 0.2})
    plt.close()


def test_one_value_has_a_line_and_no_band() -> None:
    _, axis = plt.subplots()
    draw_line(axis, [0.5], "k", "-", 0.95)
    assert (len(axis.lines), len(axis.patches)) == (1, 0)
    draw_line(axis, [0.4, 0.6], "k", "-", 0.95)
    assert (len(axis.lines), len(axis.patches)) == (2, 1)
    assert list(axis.lines[1].get_ydata()) == [0.5, 0.5]
    plt.close()
