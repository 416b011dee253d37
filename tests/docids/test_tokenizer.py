"""The text tokenizer: reproducible, in T5's conventions, and no larger than the collection allows."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from transformers import AutoTokenizer

from dsi.docids import tokenizer as tokenizer_module
from dsi.docids.tokenizer import (
    FILES,
    VocabularyError,
    copy_tokenizer,
    encoded_ids,
    load_tokenizer,
    piece_counts,
    save_tokenizer,
    tokenizer_of_collection,
    train_tokenizer,
)
from tests.conftest import DOCUMENTS, PIECES, TEXTS

Command = Callable[..., CompletedProcess[str]]
QUERIES = pd.DataFrame(
    {"qid": ["q1", "q2"], "text": ["zebra quagga", "xylophone"], "split": ["train", "test"]}
)


def test_the_tokenizer_is_reproducible_and_ends_every_text(tokenizer_folder: Path) -> None:
    assert train_tokenizer(TEXTS, 34).to_str() == train_tokenizer(TEXTS, 34).to_str()
    tokenizer = load_tokenizer(tokenizer_folder, 5)
    assert tokenizer.encode("shortest path of the graph matrix random").ids[-1] == 1
    assert len(tokenizer.encode("shortest path of the graph matrix random").ids) == 5
    assert len(load_tokenizer(tokenizer_folder).encode("graph " * 300).ids) > 300


def test_a_vocabulary_is_an_upper_bound_and_the_log_says_what_the_collection_gives(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO"):
        most = train_tokenizer(TEXTS, 5000)
    pieces = most.get_vocab_size()
    assert 34 < pieces < PIECES
    assert f"of 5000 pieces asked for, this collection gives all it has: {pieces}" in caplog.text
    assert most.to_str() == train_tokenizer(TEXTS, pieces).to_str()
    assert most.decode(most.encode(TEXTS[0]).ids) == TEXTS[0].lower()


@pytest.mark.parametrize("text", ["a", "x", "a b c", "é", "12"])
def test_the_smallest_texts_give_a_tokenizer(text: str) -> None:
    assert train_tokenizer([text], 2048).decode(train_tokenizer([text], 2048).encode(text).ids) == text


def test_fewer_pieces_than_characters_are_refused_with_both_numbers() -> None:
    texts = ["".join(chr(0x4E00 + number) for number in range(100))] * 5
    with pytest.raises(
        VocabularyError, match=r"vocabulary: found 64, expected at least (\d+), a piece"
    ) as caught:
        train_tokenizer(texts, 64)
    least = int(str(caught.value).split("at least ")[1].split(",")[0])
    assert 100 < least < 110
    assert train_tokenizer(texts, least).get_vocab_size() == least


@pytest.mark.parametrize("texts", [[], [""], ["  ", "\u3000"]])
def test_texts_without_words_are_refused(texts: list[str]) -> None:
    with pytest.raises(VocabularyError, match="found no text"):
        train_tokenizer(texts, 64)


def test_required_characters_are_those_that_normalisation_leaves() -> None:
    """A half is written with a fraction slash, an acute accent alone with a space before it."""
    documents = pd.DataFrame({"docid": ["n½", "n´s"], "text": ["some words to learn"] * 2})
    tokenizer = tokenizer_of_collection(documents, QUERIES, 64, cased=True, with_docids=True)
    assert {"1", "\u2044", "2", "\u0301"} <= set("".join(tokenizer.get_vocab()))
    assert tokenizer.decode(tokenizer.encode("n½").ids) == "n1\u20442"


def test_words_are_lower_cased_unless_asked_not_to_be() -> None:
    texts = ["Graph graph GRAPH x[i] x"] * 20
    lower, cased = (train_tokenizer(texts, size, cased=cased) for size, cased in ((14, False), (18, True)))
    assert lower.encode("Graph").ids == lower.encode("graph").ids
    assert cased.encode("Graph").ids != cased.encode("graph").ids
    assert cased.decode(cased.encode("Graph x[i]").ids) == "Graph x[i]"


def test_pieces_of_docids_are_learnt_only_if_asked_for() -> None:
    documents = pd.DataFrame({"docid": ["§1", "§2"], "text": ["some words to learn"] * 2})
    with_, without = (
        tokenizer_of_collection(documents, QUERIES, pieces, cased=True, with_docids=docids)
        for pieces, docids in ((28, True), (24, False))
    )
    assert "§" in with_.get_vocab()
    assert with_.decode(with_.encode("§2").ids) == "§2"
    assert "§" not in without.get_vocab()


def test_files_are_those_that_transformers_reads(tokenizer_folder: Path, tmp_path: Path) -> None:
    copy_tokenizer(tokenizer_folder, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    theirs, ours = AutoTokenizer.from_pretrained(tmp_path), load_tokenizer(tmp_path)
    assert theirs(TEXTS[0])["input_ids"] == ours.encode(TEXTS[0]).ids
    assert (theirs.pad_token_id, theirs.eos_token_id, theirs.unk_token_id) == (0, 1, 2)


def test_pieces_are_counted_in_whole_texts(tokenizer_folder: Path) -> None:
    tokenizer = load_tokenizer(tokenizer_folder, 3)
    counts = piece_counts(tokenizer, TEXTS)
    assert counts.shape == (PIECES, len(TEXTS))
    encoded = load_tokenizer(tokenizer_folder).encode(TEXTS[2], add_special_tokens=False).ids
    assert counts[:, 2].toarray().ravel().tolist() == [encoded.count(piece) for piece in range(PIECES)]


@pytest.mark.parametrize("together", [1, 5, 4096])
def test_texts_are_encoded_in_blocks(
    tokenizer_folder: Path, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer_module, "TEXTS_AT_A_TIME", together)
    tokenizer, texts = load_tokenizer(tokenizer_folder, 4), [*TEXTS, "", "graph"]
    encoded = encoded_ids(tokenizer, iter(texts))
    expected = [tokenizer.encode(text).ids for text in texts]
    assert [encoded.of(text).tolist() for text in range(len(texts))] == expected
    assert encoded.lengths() == list(map(len, expected))
    assert encoded_ids(tokenizer, []).lengths() == []


def test_the_command_learns_from_documents_and_training_queries(command: Command, tmp_path: Path) -> None:
    DOCUMENTS.to_parquet(tmp_path / "documents.parquet")
    QUERIES.to_parquet(tmp_path / "queries.parquet")
    paths = ("--documents", tmp_path / "documents.parquet", "--queries", tmp_path / "queries.parquet")
    done = command("train_tokenizer", *paths, "--vocabulary", 38, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    save_tokenizer(train_tokenizer([*TEXTS, "zebra quagga"], 38), tmp_path / "expected")
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "expected" / name).read_bytes()
    done = command("train_tokenizer", *paths, "--vocabulary", 5000, "--output", tmp_path / "most")
    assert done.returncode == 0, done.stderr
    assert "of 5000 pieces asked for, this collection gives all it has: 45" in done.stderr
    done = command("train_tokenizer", *paths, "--vocabulary", 20, "--output", tmp_path / "none")
    assert done.returncode == 1
    assert "error: tokenizer.vocabulary: found 20, expected at least" in done.stderr
