"""Identifiers: what tells documents apart and what does not, how many tokens and documents there are."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dsi.docids.identifiers import (
    DocidError,
    atomic_count,
    check_identifiers,
    extra_tokens,
    identifier_frame,
)
from tests.docids.conftest import documents


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"a": [1, 2], "b": [1, 2]}, r"docid 'a', \[1, 2\], equals that of 'b'"),
        ({"a": [1, 2], "b": [1, 1], "c": [1]}, r"docid 'c', \[1\], is a prefix of that of 'b', \[1, 1\]"),
        ({"a": [1], "b": []}, "docid 'b' has no tokens"),
    ],
)
def test_what_breaks_the_rules_is_named(rows: dict[str, list[int]], message: str) -> None:
    frame = pd.DataFrame({"docid": list(rows), "tokens": list(rows.values())})
    with pytest.raises(DocidError, match=message):
        check_identifiers(frame)


def test_a_docid_twice_is_named() -> None:
    frame = pd.DataFrame({"docid": ["a", "b", "a"], "tokens": [[1], [2], [3]]})
    with pytest.raises(DocidError, match="docid 'a' occurs twice"):
        check_identifiers(frame)


def test_only_tokens_behind_the_pieces_are_new() -> None:
    frame = identifier_frame(documents("a", "b"), [np.array([3, 12], np.int32), np.array([9], np.int32)])
    assert [extra_tokens(frame, pieces) for pieces in (10, 13, 20)] == [3, 0, 0]
    assert extra_tokens(frame[:0], 10) == 0


def test_atomic_checkpoints_tell_their_number_of_documents(tmp_path: Path) -> None:
    documents("a", "b", "c").to_parquet(tmp_path / "docids.parquet")
    retriever = tmp_path / "retriever.json"
    retriever.write_text(json.dumps({"task": "docid", "scheme": "atomic"}))
    assert atomic_count(tmp_path) == 3
    for found, expected in (
        ({"task": "docid", "scheme": "naive"}, "found naive docids"),
        ({"task": "ranked-list"}, "found ranked-list docids"),
    ):
        retriever.write_text(json.dumps(found))
        with pytest.raises(DocidError, match=expected):
            atomic_count(tmp_path)
