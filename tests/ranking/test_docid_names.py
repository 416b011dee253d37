"""Docids in generated lists: found again by their tokens, however normalisation spells them."""

import pytest
from tokenizers import Tokenizer

from dsi.docids.identifiers import DocidError
from dsi.docids.tokenizer import train_tokenizer
from dsi.model.scoring import pad_batch
from dsi.ranking.docid_names import DocidNames
from dsi.ranking.list_constraint import ListConstraint
from dsi.ranking.lists import generate_tokens
from tests.ranking.tiny_lists import DOCIDS, model

# A letter and its accent, a square, a fraction, a sign, full width, a space in disguise, a ligature, a
# character without a piece, and two as they are.
STRANGE = ["Cafe\u0301_1", "x²", "a½", "№7", "Ｆｕｌｌ", "n´s", "ﬁsh", "wîld{", "plain", "x-12"]
UNKNOWN = "{"


def tokenizer_of(docids: list[str]) -> Tokenizer:
    texts = [docid.replace(UNKNOWN, "") for docid in docids] * 5
    return train_tokenizer([*texts, " ".join(texts)], 200, cased=True)


def test_lists_of_any_docids_are_read_as_they_were_written() -> None:
    tokenizer = tokenizer_of(STRANGE)
    names = DocidNames(STRANGE, tokenizer)
    for docids in (STRANGE, STRANGE[::-1], ["n´s"] * 2, ["plain", "n´s", "x-12"]):
        assert names.text(tokenizer.encode(" ".join(docids), add_special_tokens=False).ids).split() == docids


def test_a_docid_is_found_by_its_text_where_other_pieces_spell_it() -> None:
    tokenizer = tokenizer_of([*STRANGE, "x", "2", "▁"])
    names = DocidNames(STRANGE, tokenizer)
    pieces = [tokenizer.token_to_id(piece) for piece in ("▁", "x", "2")]
    assert tokenizer.encode("x2", add_special_tokens=False).ids != pieces
    assert names.text([*pieces, *tokenizer.encode("other", add_special_tokens=False).ids]).split()[0] == "x²"


def test_a_constrained_list_of_strange_docids_holds_documents_alone() -> None:
    tokenizer = tokenizer_of(STRANGE)
    names = DocidNames(STRANGE, tokenizer)
    allowed = ListConstraint(STRANGE, tokenizer, len(STRANGE))
    for seed in range(3):
        (row,) = generate_tokens(model(tokenizer, seed), *pad_batch([[5, 1]]), 200, allowed)
        assert sorted(names.text(row).split()) == sorted(STRANGE)


def test_where_every_docid_comes_back_the_text_is_the_decoded_one(list_tokenizer: Tokenizer) -> None:
    names = DocidNames(DOCIDS, list_tokenizer)
    rows = [
        list_tokenizer.encode(text, add_special_tokens=False).ids for text in ("712 7 graphs", "", "4077 77")
    ]
    assert [names.text([*row, 2, *row]) for row in rows] == [
        list_tokenizer.decode([*row, 2, *row]) for row in rows
    ]


@pytest.mark.parametrize("pair", [("x²", "x2"), ("Cafe\u0301", "Café"), ("ﬁ", "fi"), ("²", "２")])
def test_docids_that_the_tokenizer_cannot_tell_apart_are_refused(pair: tuple[str, str]) -> None:
    tokenizer = tokenizer_of([*STRANGE, *pair])
    for docids in ([*pair, "plain"], ["plain", *pair[::-1]]):
        with pytest.raises(DocidError, match="found the same tokens for both") as caught:
            DocidNames(docids, tokenizer)
        assert all(repr(docid) in str(caught.value) for docid in pair)


@pytest.mark.parametrize("docid", ["a</s>", "<pad>"])
def test_a_docid_with_the_end_of_a_list_is_refused(docid: str) -> None:
    with pytest.raises(DocidError, match="which no list can hold"):
        DocidNames([docid], tokenizer_of(STRANGE))
