"""Docid schemes: every document told apart, whatever tokenizer and vectors."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsi.docids.identifiers import DocidError, check_identifiers, extra_tokens
from dsi.docids.schemes import SCHEMES, SemanticSettings, assign_docids, atomic, naive, semantic
from dsi.docids.tokenizer import EOS_ID
from tests.docids.conftest import DIGITS_AND_LETTERS, documents, tokenizer_of


def lists(frame: pd.DataFrame) -> list[list[int]]:
    return [tokens.tolist() for tokens in frame["tokens"]]


class TestAtomic:
    def test_tokens_lie_behind_the_vocabulary_in_document_order(self) -> None:
        frame = atomic(documents("b", "a"), vocabulary=50)
        assert list(frame["docid"]) == ["b", "a"]
        assert lists(frame) == [[50], [51]]
        assert extra_tokens(frame, 50) == 2


class TestNaive:
    def test_the_pieces_and_an_end(self) -> None:
        frame = naive(documents("a1", "a12"), tokenizer_of(DIGITS_AND_LETTERS))
        assert lists(frame) == [[13, 4, 1], [13, 4, 5, 1]]
        assert extra_tokens(frame, 16) == 0

    def test_docids_that_the_tokenizer_confuses_are_numbered_in_docid_order(self) -> None:
        # "A" comes before "a", which would be "a0" if there were none, and so becomes "a1".
        frame = naive(documents("a", "A", "a0", "é", "è"), tokenizer_of(DIGITS_AND_LETTERS))
        check_identifiers(frame)
        assert lists(frame) == [[13, 4, 1], [13, 1], [13, 3, 1], [2, 3, 1], [2, 1]]

    def test_the_order_of_the_documents_does_not_matter(self) -> None:
        tokenizer = tokenizer_of(DIGITS_AND_LETTERS)
        names = ["a", "A", "a0", "A0", "a00", "é", "è", "ê"]
        one = naive(documents(*names), tokenizer).set_index("docid")["tokens"]
        other = naive(documents(*names[::-1]), tokenizer).set_index("docid")["tokens"]
        assert all(one[name].tolist() == other[name].tolist() for name in names)

    def test_a_vocabulary_without_digits_still_tells_them_apart(self) -> None:
        frame = naive(documents(*(str(number) for number in range(40))), tokenizer_of("ab"))
        check_identifiers(frame)

    def test_an_end_inside_a_docid_ends_nothing(self) -> None:
        frame = naive(documents("a", "a</s>b", ""), tokenizer_of("ab"))
        check_identifiers(frame)
        assert all(tokens.count(EOS_ID) == 1 and tokens[-1] == EOS_ID for tokens in lists(frame))

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.text("aAbB01é ", max_size=4), min_size=1, max_size=60, unique=True))
    def test_any_docids_are_told_apart(self, names: list[str]) -> None:
        frame = naive(documents(*names), tokenizer_of("ab01"))
        check_identifiers(frame)
        assert list(frame["docid"]) == names


class TestSemantic:
    def test_clusters_that_are_plain_to_see(self) -> None:
        # Three pairs far apart, of which each is a leaf: a cluster's token (3 of them) and a position's (2).
        vectors = np.array([[0, 0], [9, 9], [0, 9], [0, 0.1], [9, 9.1], [0.1, 9]], dtype=np.float32)
        frame = semantic(documents(*"abcdef"), vectors, 10, branching=3, leaf_size=2, seed=1)
        tokens = lists(frame)
        assert all(tokens[first][0] == tokens[first + 3][0] for first in range(3))
        assert sorted({row[0] for row in tokens}) == [10, 11, 12]
        assert [row[1] for row in tokens] == [13, 13, 13, 14, 14, 14]
        assert extra_tokens(frame, 10) == 5

    def test_shuffled_documents_share_the_same_tree(self) -> None:
        """Identifiers are the same as a set; who has which follows from the seed, and near vectors part."""
        vectors = np.array([[0, 0], [9, 9], [0, 9], [0, 0.1], [9, 9.1], [0.1, 9]], dtype=np.float32)
        settings_ = {"vocabulary": 10, "branching": 3, "leaf_size": 2, "seed": 1}
        ordered = lists(semantic(documents(*"abcdef"), vectors, **settings_))
        shuffled, again, other = (
            lists(semantic(documents(*"abcdef"), vectors, **settings_, shuffle=seed)) for seed in (0, 0, 1)
        )
        assert sorted(shuffled) == sorted(ordered) == sorted(other)
        places = np.random.default_rng(0).permutation(6)
        assert shuffled == again == [ordered[place] for place in places]
        assert shuffled != ordered != other != shuffled

    def test_by_prefix_each_cluster_and_each_document_has_a_token(self) -> None:
        vectors = np.array([[0, 0], [9, 9], [0, 9], [0, 0.1], [9, 9.1], [0.1, 9]], dtype=np.float32)
        settings_ = {"branching": 3, "leaf_size": 2, "seed": 1}
        by_level = lists(semantic(documents(*"abcdef"), vectors, 10, **settings_))
        frame = semantic(documents(*"abcdef"), vectors, 10, **settings_, tokens="prefix")
        # Clusters keep their tokens; positions are numbered cluster by cluster.
        assert [row[0] for row in lists(frame)] == [row[0] for row in by_level]
        assert sorted(row[1] for row in lists(frame)) == list(range(13, 19))
        by_cluster = sorted(lists(frame))
        assert [row[1] for row in by_cluster] == list(range(13, 19))
        assert extra_tokens(frame, 10) == 3 + 6
        with pytest.raises(DocidError, match="found tokens 'leaf'; expected level or prefix"):
            semantic(documents("a"), vectors[:1], seed=1, tokens="leaf")

    def test_by_prefix_tokens_are_the_nodes_of_the_same_tree(self) -> None:
        vectors = np.random.default_rng(1).normal(size=(90, 4)).astype(np.float32)
        names = documents(*(f"d{number}" for number in range(90)))
        settings_ = {"branching": 3, "leaf_size": 4, "seed": 1}
        shared, own = (lists(semantic(names, vectors, **settings_, tokens=t)) for t in ("level", "prefix"))
        nodes = {tuple(row[:end]) for row in shared for end in range(1, len(row) + 1)}
        assert {token for row in own for token in row} == set(range(len(nodes)))
        for one, other in zip(shared, own, strict=True):
            assert len(one) == len(other)
        by_token = {
            token: tuple(shared[row][: place + 1])
            for row in range(90)
            for place, token in enumerate(own[row])
        }
        assert len(set(by_token.values())) == len(nodes)

    def test_few_documents_have_a_position_only(self) -> None:
        frame = semantic(documents("a", "b"), np.eye(2, dtype=np.float32), 7, leaf_size=2, seed=1)
        assert lists(frame) == [[7], [8]]

    def test_identical_vectors_are_neither_merged_nor_lost(self) -> None:
        names = documents(*(f"d{number}" for number in range(1000)))
        frame = semantic(names, np.ones((1000, 4), np.float32), branching=3, leaf_size=5, seed=1)
        check_identifiers(frame)
        assert list(frame["docid"]) == list(names["docid"])
        # 3^5 = 243 clusters of 5 hold all: equal parts at every level.
        assert {len(row) for row in lists(frame)} == {6}

    def test_outliers_do_not_make_identifiers_long(self) -> None:
        """Vectors that grow by half are peeled off one at a time by k-means."""
        vectors = (1.5 ** np.arange(100))[:, None].astype(np.float32)
        frame = semantic(
            documents(*(f"d{number}" for number in range(100))), vectors, branching=2, leaf_size=1, seed=1
        )
        check_identifiers(frame)
        assert max(map(len, lists(frame))) <= 8 + 7 + 1

    @settings(deadline=None, derandomize=True, max_examples=30)
    @given(
        rows=st.integers(1, 60),
        distinct=st.integers(1, 60),
        branching=st.integers(2, 5),
        leaf_size=st.integers(1, 9),
        seed=st.integers(0, 9),
    )
    def test_any_vectors_give_a_leaf_a_document(
        self, rows: int, distinct: int, branching: int, leaf_size: int, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(distinct, 3)).astype(np.float32)[rng.integers(distinct, size=rows)]
        names = documents(*(f"d{number}" for number in range(rows)))
        settings_ = {"branching": branching, "leaf_size": leaf_size, "seed": seed}
        frame = semantic(names, vectors, 20, **settings_)
        check_identifiers(frame)
        used = {token for row in lists(frame) for token in row}
        assert used == set(range(20, 20 + extra_tokens(frame, 20)))
        last = {row[-1] for row in lists(frame)}
        assert not last & {token for row in lists(frame) for token in row[:-1]}
        again = semantic(names, vectors, 20, **settings_)
        assert lists(again) == lists(frame)

    def test_vectors_that_are_no_numbers_are_refused(self) -> None:
        vectors = np.array([[0.0], [np.nan]], dtype=np.float32)
        with pytest.raises(DocidError, match="the vector of docid 'b' holds NaN"):
            semantic(documents("a", "b"), vectors, seed=1)
        with pytest.raises(DocidError, match="found 1 vectors; expected one for each of 2"):
            semantic(documents("a", "b"), vectors[:1], seed=1)
        with pytest.raises(DocidError, match="found branching 1"):
            semantic(documents("a"), vectors[:1], branching=1, seed=1)


class TestTable:
    def test_new_tokens_of_every_scheme_lie_behind_the_pieces(self) -> None:
        names, tokenizer = documents("c", "a", "b"), tokenizer_of("abc")
        for name, scheme in SCHEMES.items():
            assigned = assign_docids(names, tokenizer, name, scheme.settings())
            assert list(assigned.frame["docid"]) == ["c", "a", "b"]
            new = {token for row in lists(assigned.frame) for token in row if token >= 6}
            assert new == set(range(6, 6 + assigned.new_tokens))
            assert assigned.longest == max(map(len, lists(assigned.frame)))

    def test_a_scheme_that_confuses_documents_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        alike = SCHEMES["atomic"]._replace(assign=lambda frame, *_: frame.assign(tokens=[[1]] * len(frame)))
        monkeypatch.setitem(SCHEMES, "alike", alike)
        with pytest.raises(DocidError, match=r"docid 'a', \[1\], equals that of 'b'"):
            assign_docids(documents("a", "b"), None, "alike", alike.settings())

    def test_settings_of_semantic_docids_reach_the_clusters(self) -> None:
        names = documents(*(f"d{number}" for number in range(9)))
        whole, split = (
            assign_docids(names, None, "semantic", SemanticSettings(3, leaf_size, "lsa", 1))
            for leaf_size in (9, 3)
        )
        assert (whole.longest, whole.new_tokens) == (1, 9)
        assert split.longest >= 2
        shuffled = assign_docids(names, None, "semantic", SemanticSettings(3, 3, "lsa", 1, shuffle=5))
        assert sorted(lists(shuffled.frame)) == sorted(lists(split.frame))
        assert lists(shuffled.frame) != lists(split.frame)
