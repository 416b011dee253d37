"""The teacher: targets of texts, by hand."""

from collections.abc import Iterable

import numpy as np
import pytest

from dsi.training.objectives.teacher import Example, Teacher, relevance_targets
from tests.conftest import TEXTS
from tests.training.conftest import scorer


def teacher(weight: float) -> Teacher:
    return Teacher(scorer(), len(TEXTS), weight, temperature=1.0)


def exponentials(values: Iterable[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.exp(np.asarray(list(values)))


def test_half_of_the_target_is_bm25s() -> None:
    texts = [Example(["shortest", "path"], (3,)), Example(["unheard-of"], (4,))]
    targets = teacher(0.5).targets(texts)
    raised = exponentials(scorer().scores([texts[0].words])[0])
    expected = 0.5 * raised / raised.sum()
    expected[3] += 0.5
    assert targets[0] == pytest.approx(expected, abs=1e-6)
    # A text that BM25 cannot place has only its own document.
    assert targets[1, 4] == 1


def test_a_text_that_nobody_judged_has_bm25s_target_alone() -> None:
    [row] = teacher(0.5).targets([Example(["shortest", "path"], ())])
    raised = exponentials(scorer().scores([["shortest", "path"]])[0])
    assert row == pytest.approx(raised / raised.sum(), abs=1e-6)


def test_bm25_teaches_what_it_finds_if_it_has_a_share() -> None:
    assert teacher(0.5).teaches(["shortest", "path"])
    assert not teacher(0.5).teaches(["unheard-of"])
    assert not teacher(0.0).teaches(["shortest", "path"])


def test_relevant_documents_share_the_target() -> None:
    assert relevance_targets([(1, 3), ()], 4).tolist() == [[0, 0.5, 0, 0.5], [0, 0, 0, 0]]
