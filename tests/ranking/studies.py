"""A study's results with an untrained checkpoint of each kind, to be searched by hand."""

from pathlib import Path
from typing import Any

import pandas as pd

from dsi.docids.identifiers import ATOMIC, extra_tokens
from dsi.docids.schemes import atomic, naive
from dsi.docids.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from dsi.model.checkpoint import save_checkpoint
from dsi.model.t5 import build_model, build_sequence_model, build_t5
from tests.conftest import SHAPE

DOCIDS = ["net.path", "net.edge", "lin.inv", "lin.rank", "rng.draw"]
TEXTS = [
    "The shortest path between two nodes of a graph.",
    "An edge joins\n  two nodes of a graph.",
    "The inverse of a square matrix.",
    "The rank of a matrix by its singular values.",
    "Draw random numbers from a normal distribution.",
]
DOCUMENTS = pd.DataFrame({"docid": DOCIDS, "text": TEXTS})
WIDE = {**SHAPE, "embedding_std": 0.5}  # so that untrained models prefer some documents clearly


def make_study(folder: Path) -> Path:
    """Checkpoints atomic, naive, greedy and constrained, and the collection's documents; no index."""
    collection = folder / "collection"
    collection.mkdir(parents=True)
    DOCUMENTS.to_parquet(collection / "documents.parquet")
    save_tokenizer(train_tokenizer([*TEXTS, *DOCIDS] * 3, 57), folder / "tokenizer")
    tokenizer = load_tokenizer(folder / "tokenizer")
    pieces = tokenizer.get_vocab_size()
    frames = {ATOMIC: atomic(DOCUMENTS, pieces), "naive": naive(DOCUMENTS, tokenizer)}
    vocabulary = pieces + extra_tokens(frames["naive"], pieces)
    models = {
        ATOMIC: build_model(WIDE, pieces, len(DOCIDS), seed=1),
        "naive": build_sequence_model(WIDE, vocabulary, list(frames["naive"]["tokens"]), seed=1),
    }
    for scheme, model in models.items():
        retriever = {"task": "docid", "scheme": scheme, "max_tokens": 12}
        _save(folder, scheme, model, frames[scheme], retriever)
    for name, constrained in (("greedy", False), ("constrained", True)):
        model = build_t5(WIDE, pieces, seed=1)
        assert model.generation_config is not None
        model.generation_config.max_new_tokens = 40
        retriever = {"task": "ranked-list", "max_tokens": 32, "k": 3, "constrained": constrained}
        _save(folder, name, model, DOCUMENTS[["docid"]], retriever)
    return folder


def dense(study: Path, name: str) -> Path:
    return study / "baselines" / name / "seed1" / "dense"


def _save(folder: Path, name: str, model: Any, docids: pd.DataFrame, retriever: dict[str, Any]) -> None:
    checkpoint = dense(folder, name)
    checkpoint.mkdir(parents=True)
    save_checkpoint(model, folder / "tokenizer", docids, checkpoint, retriever)
