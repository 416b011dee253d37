"""The text of raw documents: JSON in Anserini's two forms, markup, and what only looks like JSON."""

import pytest

from dsi.bm25.stored_text import raw_text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('{"id": "1", "contents": "a cat"}', "a cat"),
        ('{"id": "1", "title": "Cats", "text": "a cat"}', "Cats a cat"),
        ('{"id": "1", "title": "", "text": "a cat"}', "a cat"),
        ("<DOC><TITLE>Cats</TITLE>a cat</DOC>", "  Cats a cat "),
        ("[1, 2]", "[1, 2]"),
        ("{broken", "{broken"),
    ],
)
def test_texts_of_raw_documents(raw: str, text: str) -> None:
    assert raw_text(raw) == text
