"""Whether documents have words: of one without any, pseudo-queries teach a retriever nothing.

A word has a letter or a digit of any script (dsi.base.words). Documents without any, as two of Cranfield's
are, stay: they have a docid, no term, and empty pseudo-queries.
"""

import logging
from collections.abc import Iterable, Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_WORD = r"[\pL\pN]"

logger = logging.getLogger(__name__)


class WordlessError(ValueError):
    """Most documents have no usable word; the message says how many, and names one."""


def with_words(
    documents: Iterable[pa.Table | pa.RecordBatch], origin: str
) -> Iterator[pa.Table | pa.RecordBatch]:
    """The same documents (docid, text), counted: those without a usable word are reported after the last.

    Args:
        origin: where they come from, for messages.

    Raises:
        WordlessError: more than half of them have none.
    """
    total, wordless, example = 0, 0, ""
    for part in documents:
        without = pc.invert(pc.match_substring_regex(part["text"], _WORD))
        count = pc.sum(without).as_py() or 0
        if count and not wordless:
            example = part["docid"].filter(without)[0].as_py()
        total, wordless = total + part.num_rows, wordless + count
        yield part
    if not wordless:
        return
    found = f"{origin}: {wordless:,} of {total:,} documents have no usable word, for example {example!r}"
    if wordless > total / 2:
        raise WordlessError(
            f"{found}; expected texts with letters or digits, of any script; is the text in another column?"
        )
    logger.warning("%s; they have no terms, and nothing but their docids can be learnt of them", found)


def check_words(documents: pd.DataFrame, origin: str) -> None:
    """The same of a frame: docid, text."""
    for _ in with_words([pa.Table.from_pandas(documents[["docid", "text"]], preserve_index=False)], origin):
        pass
