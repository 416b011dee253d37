"""The sampler: pseudo-queries come from their document, as long as configured, without code and numbers."""

import random

from dsi.pseudo_queries.sampler import KINDS, PseudoQuerySampler, query_words
from tests.conftest import TEXTS

LENGTHS = {"chunk": [5, 12], "terms": [4, 12]}
IDF = {word: 1.0 for text in TEXTS for word in text.split()}


def only(kind: str, lengths: dict[str, list[int]] = LENGTHS) -> PseudoQuerySampler:
    return PseudoQuerySampler(TEXTS, IDF, {**dict.fromkeys(KINDS, 0.0), kind: 1.0}, lengths)


def test_pseudo_queries_come_from_their_document() -> None:
    rng = random.Random(0)
    for kind in KINDS:
        for _ in range(20):
            words = only(kind).sample(7, rng)
            assert words
            assert set(words) <= set(TEXTS[7].split())
    assert only("first_sentence").sample(7, rng) == TEXTS[7].split(" Item ")[0].split()


def test_chunks_and_terms_have_the_configured_number_of_words() -> None:
    rng = random.Random(0)
    for kind, (fewest, most) in {"chunk": (2, 3), "terms": (1, 2)}.items():
        sampler = only(kind, {**LENGTHS, kind: [fewest, most]})
        assert {len(sampler.sample(7, rng)) for _ in range(50)} == {fewest, most}


def test_query_words_leave_out_code_and_numbers() -> None:
    assert query_words("see 12 `x` ---- a-word " + "z" * 40) == ["see", "`x`", "a-word"]
