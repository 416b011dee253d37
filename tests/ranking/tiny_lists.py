"""The ranked-list task in small: seven docids, three queries, a cased tokenizer and a random T5."""

import random
from pathlib import Path

import pandas as pd
from tokenizers import Tokenizer
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.tokenizer import save_tokenizer, train_tokenizer
from dsi.model.t5 import build_t5
from dsi.ranking.list_constraint import ListConstraint
from dsi.ranking.list_names import ListNames
from dsi.ranking.lists import PROMPT, Example, Generation, list_lengths, make_examples
from tests.conftest import SHAPE

# 7 starts 71 and 712; Ab and ab differ only in case.
DOCIDS = ["7", "71", "712", "4077", "x-12", "Ab", "ab"]
WORDS = ["graph", "node", "edge", "matrix", "array", "vector"]
QUERIES = pd.DataFrame(
    {
        "qid": ["q1", "q2", "q3"],
        "text": ["graph node", "edge", "matrix"],
        "split": ["test", "validation", "test"],
    }
)


def write_tokenizer(folder: Path) -> None:
    """A tokenizer that knows the words, the docids and all digits."""
    texts = [" ".join(random.Random(n).choices(WORDS, k=30)) for n in range(20)] + DOCIDS
    texts += [PROMPT, "x-12 Ab ab"] * 20 + [*(str(n) for n in range(1000))]
    save_tokenizer(train_tokenizer(texts, 44, cased=True), folder)


def topk() -> pd.DataFrame:
    """Two queries; BM25 finds nothing for q3."""
    lists = {"q1": ["712", "7", "ab"], "q2": ["4077", "x-12"]}
    rows = [(qid, rank, docid) for qid, ids in lists.items() for rank, docid in enumerate(ids, start=1)]
    return pd.DataFrame(rows, columns=["qid", "rank", "docid"])


def examples(tokenizer: Tokenizer, k: int = 2) -> list[Example]:
    return make_examples(QUERIES, topk(), k, tokenizer, tokenizer)


def model(tokenizer: Tokenizer, seed: int = 1) -> T5ForConditionalGeneration:
    """Embeddings are large, so that what is generated varies."""
    shape = {**SHAPE, "d_model": 8, "d_kv": 4, "d_ff": 16, "feed_forward": "relu", "embedding_std": 0.5}
    return build_t5(shape, tokenizer.get_vocab_size(), seed).eval()


def generation(tokenizer: Tokenizer, allowed: ListConstraint | None = None) -> Generation:
    names = ListNames(pd.DataFrame({"docid": DOCIDS}), tokenizer)
    return Generation(tokenizer, list_lengths(topk(), 2, tokenizer), allowed, names)
