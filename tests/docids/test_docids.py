"""Docid schemes: every document told apart, whatever tokenizer and vectors; refusals name documents."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from dsi.docids.embeddings import DocidError, given_vectors, lsa_vectors, sentence_vectors
from dsi.docids.schemes import atomic, check_docids, extra_tokens, naive, semantic
from dsi.docids.tokenizer import EOS_ID, save_tokenizer

ASSIGN = Path(__file__).resolve().parents[2] / "scripts" / "assign_docids.py"


def documents(*docids: str) -> pd.DataFrame:
    return pd.DataFrame({"docid": list(docids), "text": [f"text of {docid}" for docid in docids]})


def tokenizer_of(characters: str) -> Tokenizer:
    """Lower-cases; pieces are single characters, from id 3 on; others are unknown, 2."""
    pieces = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", -9.0),
        *((character, -1.0) for character in characters),
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
    return tokenizer


def lists(frame: pd.DataFrame) -> list[list[int]]:
    return [tokens.tolist() for tokens in frame["tokens"]]


DIGITS_AND_LETTERS = "0123456789abc"  # 0 is piece 3, 1 is 4, …; a is 13, b is 14


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
        check_docids(frame)
        assert lists(frame) == [[13, 4, 1], [13, 1], [13, 3, 1], [2, 3, 1], [2, 1]]

    def test_the_order_of_the_documents_does_not_matter(self) -> None:
        tokenizer = tokenizer_of(DIGITS_AND_LETTERS)
        names = ["a", "A", "a0", "A0", "a00", "é", "è", "ê"]
        one = naive(documents(*names), tokenizer).set_index("docid")["tokens"]
        other = naive(documents(*names[::-1]), tokenizer).set_index("docid")["tokens"]
        assert all(one[name].tolist() == other[name].tolist() for name in names)

    def test_a_vocabulary_without_digits_still_tells_them_apart(self) -> None:
        frame = naive(documents(*(str(number) for number in range(40))), tokenizer_of("ab"))
        check_docids(frame)

    def test_an_end_inside_a_docid_ends_nothing(self) -> None:
        frame = naive(documents("a", "a</s>b", ""), tokenizer_of("ab"))
        check_docids(frame)
        assert all(tokens.count(EOS_ID) == 1 and tokens[-1] == EOS_ID for tokens in lists(frame))

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.text("aAbB01é ", max_size=4), min_size=1, max_size=60, unique=True))
    def test_any_docids_are_told_apart(self, names: list[str]) -> None:
        frame = naive(documents(*names), tokenizer_of("ab01"))
        check_docids(frame)
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

    def test_few_documents_have_a_position_only(self) -> None:
        frame = semantic(documents("a", "b"), np.eye(2, dtype=np.float32), 7, leaf_size=2, seed=1)
        assert lists(frame) == [[7], [8]]

    def test_identical_vectors_are_neither_merged_nor_lost(self) -> None:
        names = documents(*(f"d{number}" for number in range(1000)))
        frame = semantic(names, np.ones((1000, 4), np.float32), branching=3, leaf_size=5, seed=1)
        check_docids(frame)
        assert list(frame["docid"]) == list(names["docid"])
        # 3^5 = 243 clusters of 5 hold all: equal parts at every level.
        assert {len(row) for row in lists(frame)} == {6}

    def test_outliers_do_not_make_identifiers_long(self) -> None:
        """Vectors that grow by half are peeled off one at a time by k-means."""
        vectors = (1.5 ** np.arange(100))[:, None].astype(np.float32)
        frame = semantic(
            documents(*(f"d{number}" for number in range(100))), vectors, branching=2, leaf_size=1, seed=1
        )
        check_docids(frame)
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
        check_docids(frame)
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


class TestVectors:
    def test_documents_of_the_same_words_are_near(self) -> None:
        texts = ["graph node edge", "matrix inverse", "edge of a graph", "inverse of a matrix", "…"]
        vectors = lsa_vectors(texts, seed=1)
        likeness = vectors @ vectors.T
        assert likeness[0, 2] > 0.5 > 0.1 > abs(likeness[0, 1])
        assert likeness[1, 3] > 0.5 > 0.1 > abs(likeness[2, 1])
        assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 1, 0], atol=1e-5)

    @pytest.mark.parametrize("texts", [["", "…"], ["one"], ["one", "one"], ["a b c"] * 3])
    def test_collections_too_small_for_a_decomposition(self, texts: list[str]) -> None:
        assert lsa_vectors(texts, seed=1).shape[0] == len(texts)

    def test_given_vectors_are_found_by_docid(self) -> None:
        frame = pd.DataFrame({"docid": ["b", "x", "a"], "vector": [[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]})
        assert given_vectors(frame, ["a", "b"], "e.parquet").tolist() == [[3, 4], [1, 2]]
        with pytest.raises(DocidError, match=r"e\.parquet: no vector of 1 of 2 documents, for example 'c'"):
            given_vectors(frame, ["a", "c"], "e.parquet")
        ragged = pd.DataFrame({"docid": ["a", "b"], "vector": [[1.0, 2.0], [1.0]]})
        with pytest.raises(DocidError, match="the vector of 'b' has 1 numbers; expected 2, as that of 'a'"):
            given_vectors(ragged, ["a", "b"], "e.parquet")
        with pytest.raises(DocidError, match=r"e\.parquet: found columns \['docid'\]"):
            given_vectors(frame[["docid"]], ["a"], "e.parquet")

    def test_a_missing_package_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "sentence_transformers", None)
        with pytest.raises(DocidError, match="needs the package sentence-transformers"):
            sentence_vectors(["a"], "all-MiniLM-L6-v2")


class TestCheck:
    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ({"a": [1, 2], "b": [1, 2]}, r"docid 'a', \[1, 2\], equals that of 'b'"),
            ({"a": [1, 2], "b": [1, 1], "c": [1]}, r"docid 'c', \[1\], is a prefix of that of 'b', \[1, 1\]"),
            ({"a": [1], "b": []}, "docid 'b' has no tokens"),
        ],
    )
    def test_what_breaks_the_rules_is_named(self, rows: dict[str, list[int]], message: str) -> None:
        frame = pd.DataFrame({"docid": list(rows), "tokens": list(rows.values())})
        with pytest.raises(DocidError, match=message):
            check_docids(frame)

    def test_a_docid_twice_is_named(self) -> None:
        frame = pd.DataFrame({"docid": ["a", "b", "a"], "tokens": [[1], [2], [3]]})
        with pytest.raises(DocidError, match="docid 'a' occurs twice"):
            check_docids(frame)


class TestCommand:
    @staticmethod
    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        documents("D1", "d1", "d2").to_parquet(folder / "documents.parquet")
        save_tokenizer(tokenizer_of("0123456789d"), folder)
        paths = ["--documents", str(folder / "documents.parquet"), "--output", str(folder / "out.parquet")]
        return subprocess.run(
            [sys.executable, str(ASSIGN), *paths, *arguments], text=True, capture_output=True, check=False
        )

    @pytest.mark.parametrize(
        ("arguments", "tokens"),
        [
            (["--scheme", "atomic"], [[0], [1], [2]]),
            (["--scheme", "naive", "--tokenizer"], [[13, 4, 1], [13, 4, 3, 1], [13, 5, 1]]),
            (["--scheme", "semantic", "--leaf-size", "3", "--tokenizer"], [[14], [15], [16]]),
        ],
        ids=["atomic", "naive", "semantic"],
    )
    def test_every_scheme_writes_lists_of_int32(
        self, tmp_path: Path, arguments: list[str], tokens: list[list[int]]
    ) -> None:
        folder = [str(tmp_path)] if arguments[-1] == "--tokenizer" else []
        done = self.run(tmp_path, *arguments, *folder)
        assert done.returncode == 0, done.stderr
        assert lists(pd.read_parquet(tmp_path / "out.parquet")) == tokens
        assert str(pq.read_schema(tmp_path / "out.parquet").field("tokens").type) == "list<element: int32>"

    def test_naive_without_a_tokenizer_says_what_it_needs(self, tmp_path: Path) -> None:
        done = self.run(tmp_path, "--scheme", "naive")
        assert done.returncode == 1
        assert "error: --tokenizer: found none with --scheme naive; expected the folder" in done.stderr
        assert "Traceback" not in done.stderr
