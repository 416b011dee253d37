"""BM25's weights by hand, with the lengths that Lucene stores."""

import math

import pytest

from dsi.bm25.parameters import DEFAULTS, Bm25Parameters
from dsi.bm25.term_weights import inverse_document_frequency, stored_length, term_weights


def test_the_defaults_are_those_of_pyserinis_baselines() -> None:
    assert DEFAULTS == Bm25Parameters() == Bm25Parameters(k1=0.9, b=0.4)


@pytest.mark.parametrize(("length", "stored"), [(0, 0), (23, 23), (39, 39), (40, 40), (41, 40), (105, 104)])
def test_lengths_are_rounded_as_lucene_stores_them(length: int, stored: int) -> None:
    assert stored_length(length) == stored


def test_weights_by_hand() -> None:
    weights = term_weights([{"graph": 2, "node": 1}, {"node": 1}], k1=0.9, b=0.4)
    row = weights[(weights["term"] == "graph") & (weights["document"] == 0)].iloc[0]
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))  # ln 2
    norm = 0.9 * (0.6 + 0.4 * 3 / 2)  # length 3, average 2
    assert row["idf"] == pytest.approx(idf) == pytest.approx(math.log(2))
    assert row["weight"] == pytest.approx(idf * 2 / (2 + norm))
    assert inverse_document_frequency(2, 2) == pytest.approx(math.log(1.2))


def test_documents_without_terms_count_neither_in_n_nor_in_the_average_length() -> None:
    vectors = [{"graph": 2, "node": 1}, {}, {"node": 1}, {}]
    weights = term_weights(vectors, k1=0.9, b=0.4)
    alone = term_weights([vector for vector in vectors if vector], k1=0.9, b=0.4)
    assert weights["weight"].tolist() == alone["weight"].tolist()
    assert weights["idf"].tolist() == alone["idf"].tolist()
    assert weights["document"].tolist() == [0, 0, 2]
    assert term_weights([{}, {}], k1=0.9, b=0.4).empty


def test_without_length_normalisation_only_frequencies_count() -> None:
    weights = term_weights([{"a": 1}, {"a": 1, "b": 30}], k1=2.0, b=0.0)
    same = weights.loc[weights["term"] == "a", "weight"]
    assert same.tolist() == pytest.approx([math.log(1.2) / 3] * 2)
