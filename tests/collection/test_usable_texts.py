"""Documents without words: reported where they are few, refused where they are most."""

import pandas as pd
import pytest

from dsi.base.words import query_words
from dsi.collection.usable_texts import WordlessError, check_words

WORDLESS = ["", " \n", "— … --", "🙂"]
WORDS = ["graph", "граф", "图", "12", "٣", "½", "à la"]


def test_a_text_is_without_words_where_pseudo_queries_are_empty() -> None:
    assert not any(query_words(text) for text in WORDLESS)
    assert all(query_words(text) for text in WORDS)


def test_few_are_reported_and_most_refused(caplog: pytest.LogCaptureFixture) -> None:
    texts = [*WORDLESS, *WORDS]
    frame = pd.DataFrame({"docid": [f"d{number}" for number in range(len(texts))], "text": texts})
    check_words(frame[4:], "corpus.jsonl")
    assert not caplog.text
    check_words(frame[:8], "corpus.jsonl")  # half
    assert "corpus.jsonl: 4 of 8 documents have no usable word, for example 'd0'" in caplog.text
    with pytest.raises(
        WordlessError, match=r"corpus\.jsonl: 4 of 7 documents have no usable word, for example 'd0'"
    ):
        check_words(frame[:7], "corpus.jsonl")
