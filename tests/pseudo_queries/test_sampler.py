"""The sampler: kinds by weight, each from its document and as long as configured; noise by frequency."""

import random
from collections import Counter

from dsi.base.words import all_words, joined_words
from dsi.pseudo_queries.sampler import KINDS, PseudoQuerySampler
from tests.conftest import TEXTS

LENGTHS = {"chunk": [5, 12], "terms": [4, 12]}
SHORT = ["shortest path in a graph", "rank of a matrix", "a graph and a matrix", "path", "the rank " * 9]
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


def test_documents_of_any_script_give_pseudo_queries_of_every_kind() -> None:
    texts = {
        "Теория графов изучает свойства графов. Граф есть множество вершин и рёбер.": (
            "Теория графов изучает"
        ),
        "图论研究图的性质。图由顶点和边组成。": "图论研究图的性质",
        "グラフ理論はグラフの性質を研究する。": "グラフ理論はグラフの性質を研究する",
        "نظرية المخططات تدرس الخواص؟ المخطط مجموعة من الرؤوس": "نظرية المخططات تدرس الخواص؟",
        "ग्राफ सिद्धांत गणित की शाखा है। यह शाखा है।": "ग्राफ सिद्धांत गणित की शाखा है।",
        "12 345 67 8 9": "12 345 67 8 9",
    }
    idf = {word: 1.0 for text in texts for word in all_words(text)}
    for kind in ("first_sentence", "sentence", "chunk", "terms"):
        sampler = PseudoQuerySampler(list(texts), idf, {kind: 1.0}, LENGTHS)
        for document, text in enumerate(texts):
            for seed in range(5):
                words = sampler.sample(document, random.Random(seed))
                assert words
                assert set(words) <= all_words(text)
    first = PseudoQuerySampler(list(texts), idf, {"first_sentence": 1.0}, LENGTHS)
    for document, sentence in enumerate(texts.values()):
        assert joined_words(first.sample(document, random.Random(0))).startswith(sentence)


def test_an_empty_document_gives_empty_pseudo_queries_of_every_kind() -> None:
    for kind in KINDS:
        sampler = PseudoQuerySampler(["", "a b c"], {"a": 1.0}, {kind: 1.0}, LENGTHS, noise=1.0)
        assert sampler.sample(0, random.Random(0)) == []


def test_generated_queries_mix_with_the_other_kinds_by_weight() -> None:
    queries = {0: ["What is  a graph?", "2008"], 2: ["matrix"]}
    weights = {"chunk": 1.0, "generated": 3.0}
    sampler = PseudoQuerySampler(SHORT, {}, weights, LENGTHS, queries)
    rng = random.Random(1)
    drawn = [" ".join(sampler.sample(0, rng)) for _ in range(4000)]
    # Whole and as they are: each of two generated queries 3/8 of the time, a chunk 1/4.
    assert abs(drawn.count("What is a graph?") / 4000 - 3 / 8) < 0.03
    assert abs(drawn.count("2008") / 4000 - 3 / 8) < 0.03
    assert all(text in SHORT[0] for text in drawn if text not in ("What is a graph?", "2008"))
    # A document without generated queries gives chunks of its own.
    assert {" ".join(sampler.sample(1, rng)) for _ in range(20)} <= {"rank of a matrix"}


def test_without_the_weight_generated_queries_change_nothing() -> None:
    weights = {"first_sentence": 0.1, "sentence": 0.2, "chunk": 0.4, "terms": 0.3}
    idf = {"path": 2.0, "graph": 1.0}
    plain = PseudoQuerySampler(SHORT, idf, weights, LENGTHS)
    given = PseudoQuerySampler(SHORT, idf, {**weights, "generated": 0.0}, LENGTHS, {0: ["never"]})
    ours, theirs = random.Random(3), random.Random(3)
    assert [plain.sample(0, ours) for _ in range(200)] == [given.sample(0, theirs) for _ in range(200)]


def test_noise_is_inserted_among_the_words_by_frequency() -> None:
    texts = ["a b c", "x x x y", "--"]
    sampler = PseudoQuerySampler(texts, {}, {"chunk": 1.0}, {"chunk": [3, 3], "terms": [1, 1]}, noise=1.0)
    rng = random.Random(5)
    drawn = [sampler.sample(0, rng) for _ in range(3000)]
    assert {len(words) for words in drawn} == {4, 5, 6}  # one to three words more
    strange = Counter(word for words in drawn for word in words if word in "xy")
    # Of 7 words of all texts 3 are x and 1 is y; on average 2 are added.
    assert abs(strange["x"] / len(drawn) - 2 * 3 / 7) < 0.05
    assert abs(strange["y"] / len(drawn) - 2 * 1 / 7) < 0.05
    assert any(words[0] in "xy" for words in drawn)
    assert any(words[-1] in "xy" for words in drawn)
    for words in drawn:  # the document's own stay, in their order
        rest = iter(words)
        assert all(word in rest for word in "abc")


def test_some_pseudo_queries_have_noise_and_those_without_words_none() -> None:
    lengths = {"chunk": [2, 2], "terms": [1, 1]}
    sampler = PseudoQuerySampler(["a b", "--"], {}, {"chunk": 1.0}, lengths, noise=0.25)
    rng = random.Random(7)
    noisy = sum(len(sampler.sample(0, rng)) > 2 for _ in range(4000)) / 4000
    assert abs(noisy - 0.25) < 0.03
    assert sampler.sample(1, rng) == []


def test_a_word_is_held_once_whichever_documents_have_it() -> None:
    texts = ["An aardvark sleeps here. An aardvark wakes up.", "The aardvark sleeps."]
    sampler = PseudoQuerySampler(texts, {"aardvark": 1.0}, {"terms": 1.0}, {"chunk": [9, 9], "terms": [1, 1]})
    words = [sampler.sample(document, random.Random(1)) for document in (0, 1)]
    assert words == [["aardvark"], ["aardvark"]]
    assert words[0][0] is words[1][0]
