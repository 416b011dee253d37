"""Searching with a checkpoint of either task, one query at a time, and with BM25 beside it.

A docid model gives documents by falling log P(docid | query). A ranked-list model writes a list, which has no
scores and may name documents that do not exist.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch

from dsi.base.artefacts import read_frame
from dsi.base.process import compute_device
from dsi.bm25.lucene import bm25_searcher
from dsi.bm25.parameters import Bm25Parameters
from dsi.docids.tokenizer import load_tokenizer
from dsi.evaluation.runs import ranked
from dsi.model.checkpoint import DOCID_TASK, load_checkpoint, load_t5, read_description
from dsi.model.scoring import pad_batch
from dsi.ranking.list_constraint import ListConstraint
from dsi.ranking.list_names import ListNames
from dsi.ranking.lists import PROMPT, generate_tokens
from dsi.ranking.ranker import Ranker

BM25_DEPTH = 1000  # searched whatever is shown: documents of equal score at the end are told apart
COMPARED = 100  # of two systems, ranks in the other list are looked up among so many


class Hit(NamedTuple):
    """One document of a result. score: None where the system gives none; exists: False for invented ids."""

    rank: int
    score: float | None
    docid: str
    exists: bool = True


# Query and number of documents → the best of them, best first.
Search = Callable[[str, int], list[Hit]]


class Answer(NamedTuple):
    """The lists of one query by system, of which the first k hits are the result."""

    query: str
    k: int
    lists: Mapping[str, list[Hit]]


def answer(systems: Mapping[str, Search], query: str, k: int) -> Answer:
    """Search with each system: k documents, or as many as several systems are compared by."""
    depth = max(k, COMPARED) if len(systems) > 1 else k
    return Answer(query, k, {name: search(query, depth) for name, search in systems.items()})


def checkpoint_search(folder: Path, prefixes_at_a_time: int) -> tuple[Search, list[str]]:
    """Search with a checkpoint, and the docids that it was made for.

    Args:
        prefixes_at_a_time: of naive or semantic docids, that go through the decoder together.

    Raises:
        dsi.model.checkpoint.CheckpointError: the folder holds no checkpoint.
    """
    if read_description(folder).task == DOCID_TASK:
        return _docid_search(folder, prefixes_at_a_time)
    return _list_search(folder)


def bm25_search(index: Path, parameters: Bm25Parameters) -> Search:
    """Search with BM25 over a Lucene index; starts Java."""
    searcher = bm25_searcher(index, parameters.k1, parameters.b)

    def search(query: str, k: int) -> list[Hit]:
        found = [("", hit.docid, hit.score) for hit in searcher.search(query, max(k, BM25_DEPTH))]
        return _hits(ranked(pd.DataFrame(found, columns=["qid", "docid", "score"])).head(k))

    return search


def _docid_search(folder: Path, prefixes_at_a_time: int) -> tuple[Search, list[str]]:
    checkpoint = load_checkpoint(folder)
    ranker = Ranker(checkpoint, None if checkpoint.identifiers is None else prefixes_at_a_time)
    return lambda query, k: _hits(ranker.rank([""], [query], k)), checkpoint.docids


def _list_search(folder: Path) -> tuple[Search, list[str]]:
    description = read_description(folder)
    model = load_t5(folder).eval().to(compute_device())
    documents = read_frame(folder / "docids.parquet")
    docids = list(documents["docid"])
    known = set(docids)
    inputs, targets = load_tokenizer(folder, description.max_tokens), load_tokenizer(folder)
    names = ListNames(documents, targets)
    allowed = None
    if description.constrained:
        assert description.k is not None
        allowed = ListConstraint(names.names, targets, description.k)
    generation = model.generation_config
    assert generation is not None
    limit = generation.max_new_tokens

    @torch.inference_mode()
    def search(query: str, k: int) -> list[Hit]:
        ids, mask = (tensor.to(model.device) for tensor in pad_batch([inputs.encode(PROMPT + query).ids]))
        (tokens,) = generate_tokens(model, ids, mask, limit, allowed)
        words = list(dict.fromkeys(names.text(tokens).split()))[:k]
        return [Hit(rank, None, word, word in known) for rank, word in enumerate(words, start=1)]

    return search, docids


def _hits(run: pd.DataFrame) -> list[Hit]:
    columns = (run[name].tolist() for name in ("rank", "score", "docid"))
    return [Hit(rank, score, docid) for rank, score, docid in zip(*columns, strict=True)]
