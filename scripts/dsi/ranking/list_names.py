"""What documents are called in generated lists: their docids, or numbers as MS MARCO's docids are.

A docid such as `networkx.algorithms.approximation.clique.max_clique` takes many tokens, a number a few.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from tokenizers import Tokenizer

from dsi.ranking.docid_names import DocidNames

_SEED = 42  # one order of the documents for all seeds of a study: it is part of the task
UNKNOWN = "?"  # before a name that no document has, which may be another document's docid


def numbered(docids: pd.DataFrame) -> pd.DataFrame:
    """The documents with a column `name`: 0 … N - 1 in a fixed random order, so that none says anything."""
    numbers = np.random.default_rng(_SEED).permutation(len(docids))
    return docids.assign(name=[str(number) for number in numbers])


class ListNames:
    """Writes docids as a list's names, and reads a list's tokens as docids.

    Args:
        docids: docid of every document, and name where that is another.
        tokenizer: of the lists, not truncating.

    Raises:
        DocidError: as `DocidNames`, of the names.
    """

    def __init__(self, docids: pd.DataFrame, tokenizer: Tokenizer) -> None:
        self.names: Sequence[str] = list(docids["name" if "name" in docids else "docid"])
        self._read = DocidNames(self.names, tokenizer)
        self._docid = dict(zip(self.names, docids["docid"], strict=True)) if "name" in docids else None
        self._name = dict(zip(docids["docid"], self.names, strict=True)) if "name" in docids else None

    def targets(self, topk: pd.DataFrame) -> pd.DataFrame:
        """Lists (qid, rank, docid) with names in place of docids."""
        return topk if self._name is None else topk.assign(docid=topk["docid"].map(self._name))

    def text(self, tokens: Sequence[int]) -> str:
        """The decoded text of a list, in which each document is called by its docid."""
        text = self._read.text(tokens)
        if self._docid is None:
            return text
        return " ".join(self._docid.get(word, UNKNOWN + word) for word in text.split())
