"""Shared by the tests of training: examples, phases, retrievers and files of the tiny collection."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.bm25.term_weights import term_weights
from dsi.docids.embeddings import lsa_vectors
from dsi.docids.identifiers import extra_tokens
from dsi.docids.schemes import naive, semantic
from dsi.docids.tokenizer import load_tokenizer, piece_counts
from dsi.model.checkpoint import Checkpoint
from dsi.model.lsa import initialise_from_lsa
from dsi.model.t5 import build_model, build_sequence_model
from dsi.pseudo_queries.sampler import KINDS, PseudoQuerySampler
from dsi.training.objectives.docid import DocidObjective
from dsi.training.objectives.docid_sequence import SequenceObjective
from dsi.training.objectives.examples import Batch, Drawing, Examples, Query
from dsi.training.objectives.teacher import Teacher
from dsi.training.phase import Optimisation, Phase
from dsi.training.retriever import Growth, Retriever
from dsi.training.start import Start
from tests.conftest import DOCIDS, DOCUMENTS, MAX_TOKENS, SHAPE, TEXTS

LENGTHS = {"chunk": [5, 12], "terms": [4, 12]}
EVEN = dict.fromkeys(KINDS, 1.0)
VECTORS = [{word: text.split().count(word) for word in set(text.split())} for text in TEXTS]
COLLECTION_WORDS = sorted({word for text in TEXTS for word in text.split()})
PHASE = Phase(
    name="E1",
    first_epoch=1,
    epochs=1,
    learning_rate=0.01,
    warmup=0.1,
    schedule="cosine",
    optimisation=Optimisation("adamw", (0.9, 0.999), 1e-8, weight_decay=0.1, gradient_clip=1.0),
    accumulate=1,
    checkpointing=False,
    patience=None,
    precision="fp32",
    seed=1,
)
TRAINING = {
    "epochs": 2,
    "batch_size": 16,
    "accumulate": 1,
    "optimiser": "adamw",
    "betas": [0.9, 0.999],
    "eps": 1e-8,
    "learning_rate": 0.01,
    "schedule": "cosine",
    "warmup": 0.1,
    "weight_decay": 0.1,
    "gradient_clip": 1.0,
    "patience": None,
    "precision": "fp32",
    "checkpointing": False,
    "max_tokens": MAX_TOKENS,
}
RECOVERY = {"epochs": 1, "learning_rate": 0.001, "warmup": 0.1, "rewind": False}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def scorer() -> Bm25Scorer:
    weights = term_weights(VECTORS, 0.9, 0.4)
    return Bm25Scorer(weights, {word: [word] for word in COLLECTION_WORDS}, len(TEXTS))


def examples(
    folder: Path,
    queries: Sequence[Query] = (Query("shortest path", (3, 6)),),
    teacher_weight: float = 0.5,
    distinct: int | None = None,
) -> Examples:
    """Two pseudo-queries a document, and a fifth of training queries, eight a batch."""
    return Examples(
        PseudoQuerySampler(TEXTS, scorer().idf, EVEN, LENGTHS),
        Teacher(scorer(), len(TEXTS), teacher_weight, temperature=1.0),
        load_tokenizer(folder, MAX_TOKENS),
        queries,
        Drawing(len(TEXTS), 2, distinct, training_share=0.2, batch_size=8, seed=1),
    )


def docid_objective(folder: Path) -> DocidObjective:
    return DocidObjective(examples(folder), [Query("random matrix", (2,))])


def retriever(
    folder: Path, phase: Phase = PHASE, growth: Growth | None = None, *, dropout: float = 0.1, **start: Any
) -> Retriever:
    """An untrained retriever; start: masks and moments."""
    pieces = load_tokenizer(folder).get_vocab_size()
    model = build_model({**SHAPE, "d_model": 8, "dropout": dropout}, pieces, len(TEXTS), seed=1)
    return Retriever(Start(model, **start), phase, docid_objective(folder), growth)


def killed_in(retriever: Retriever, epoch: int) -> Retriever:
    """The retriever, killed at the fourth batch of an epoch, counted from 1."""
    original = retriever.on_train_batch_start

    def stop(batch: Batch, batch_idx: int) -> None:
        if retriever.current_epoch == epoch - 1 and batch_idx == 3:
            raise KeyboardInterrupt
        original(batch, batch_idx)

    retriever.on_train_batch_start = stop  # type: ignore[method-assign]
    return retriever


def docids_of(scheme: str, folder: Path) -> pd.DataFrame:
    """Identifiers of several tokens: docid, tokens."""
    tokenizer = load_tokenizer(folder)
    if scheme == "naive":
        return naive(DOCUMENTS, tokenizer)
    vectors = lsa_vectors(TEXTS, seed=1)
    return semantic(DOCUMENTS, vectors, tokenizer.get_vocab_size(), branching=3, leaf_size=4, seed=1)


def sequence_start(scheme: str, folder: Path) -> Checkpoint:
    """An untrained retriever with docids of several tokens."""
    frame = docids_of(scheme, folder)
    tokenizer = load_tokenizer(folder, MAX_TOKENS)
    pieces = tokenizer.get_vocab_size()
    identifiers = [list(map(int, tokens)) for tokens in frame["tokens"]]
    model = build_sequence_model(SHAPE, pieces + extra_tokens(frame, pieces), identifiers, seed=1)
    initialise_from_lsa(model, piece_counts(load_tokenizer(folder), TEXTS), 0.1, identifiers)
    return Checkpoint(model, tokenizer, DOCIDS, identifiers)


def sequence_objective(
    checkpoint: Checkpoint, folder: Path, teacher_weight: float = 0.5
) -> SequenceObjective:
    assert checkpoint.identifiers is not None
    drawn = examples(folder, [Query("graph path", (3, 6))], teacher_weight)
    validation = [Query("matrix trace", (1, 4)), Query("normal seed", (2,))]
    return SequenceObjective(drawn, validation, DOCIDS, checkpoint.identifiers, prefixes_at_a_time=7)


def settings_json(scheme: str, **changes: Any) -> str:
    """Settings of the task docid."""
    settings = {
        "model": {**SHAPE, "embeddings": "lsa"},
        "training": TRAINING,
        "pseudo_queries": {
            "per_document": 2,
            "distinct": None,
            "weights": EVEN,
            "lengths": LENGTHS,
            "noise": 0,
            "training_queries": 0.1,
        },
        "distillation": {"weight": 0.5, "temperature": 1.0},
        "recovery": RECOVERY,
        "scheme": scheme,
        "relevance": 1,
        "depth": 1000,
        "prefixes_at_a_time": None if scheme == "atomic" else 7,
        "bm25": {"k1": 0.9, "b": 0.4},
        "untie": False,
    }
    return json.dumps({**settings, **changes})


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """The tiny collection as files, with one judged query of each split."""
    folder = tmp_path / "collection"
    folder.mkdir()
    DOCUMENTS.to_parquet(folder / "documents.parquet")
    texts, splits = ["graph path", "matrix trace", "normal seed"], ["train", "validation", "test"]
    queries = pd.DataFrame({"qid": ["q0", "q1", "q2"], "text": texts, "split": splits})
    queries.to_parquet(folder / "queries.parquet")
    qrels = pd.DataFrame({"qid": ["q0", "q1", "q2"], "docid": ["doc3", "doc1", "doc2"], "grade": 1})
    qrels.to_parquet(folder / "qrels.parquet")
    term_weights(VECTORS, 0.9, 0.4).to_parquet(folder / "bm25-weights.parquet")
    words = pd.DataFrame({"word": COLLECTION_WORDS, "terms": [[word] for word in COLLECTION_WORDS]})
    words.to_parquet(folder / "bm25-words.parquet")
    return folder
