"""Docids of several tokens: what they are trained on, and that a saved retriever ranks as it was measured."""

import json
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.bm25.term_weights import term_weights
from dsi.docids.embeddings import lsa_vectors
from dsi.docids.schemes import extra_tokens, naive, semantic
from dsi.docids.tokenizer import load_tokenizer, piece_counts, save_tokenizer, train_tokenizer
from dsi.evaluation.runs import ranked
from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from dsi.model.lsa import initialise_from_lsa
from dsi.model.scoring import IGNORED, identifier_losses, pad_batch, pad_labels, score_pairs
from dsi.model.t5 import build_sequence_model
from dsi.pseudo_queries.sampler import KINDS, PseudoQuerySampler
from dsi.ranking.ranker import rank_with_losses
from dsi.ranking.scores import measures_of_ranking, measures_of_scores
from dsi.training.loop import Retriever, train
from dsi.training.objectives.docid import Query
from dsi.training.objectives.docid_sequence import SequenceObjective, draw_columns
from dsi.training.phase import Optimisation, Phase

LENGTHS = {"chunk": [5, 12], "terms": [4, 12]}
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
TOPICS = ["graph node edge path", "matrix inverse rank trace", "random normal seed draw"]
TEXTS = [
    " ".join(random.Random(number).choices(TOPICS[number % 3].split(), k=20))
    + f". Item {'abcdefgh'[number // 3]}"
    for number in range(24)
]
DOCIDS = [f"doc{number}" for number in range(24)]
DOCUMENTS = pd.DataFrame({"docid": DOCIDS, "text": TEXTS})
SHAPE = {
    "d_model": 12,
    "d_kv": 4,
    "d_ff": 16,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout": 0.0,
    "feed_forward": "gated-gelu",
    "embedding_std": 0.1,
}
SCHEMES = ("naive", "semantic")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(train_tokenizer([*TEXTS, *DOCIDS], 48), folder)
    return folder


def docids_of(scheme: str, folder: Path) -> pd.DataFrame:
    tokenizer = load_tokenizer(folder)
    if scheme == "naive":
        return naive(DOCUMENTS, tokenizer)
    vectors = lsa_vectors(TEXTS, seed=1)
    return semantic(DOCUMENTS, vectors, tokenizer.get_vocab_size(), branching=3, leaf_size=4, seed=1)


def start(scheme: str, folder: Path) -> Checkpoint:
    """An untrained retriever."""
    frame = docids_of(scheme, folder)
    tokenizer = load_tokenizer(folder, 12)
    pieces = tokenizer.get_vocab_size()
    identifiers = [list(map(int, tokens)) for tokens in frame["tokens"]]
    vocabulary = pieces + extra_tokens(frame, pieces)
    model = build_sequence_model(SHAPE, vocabulary, identifiers, seed=1)
    initialise_from_lsa(model, piece_counts(load_tokenizer(folder), TEXTS), 0.1, identifiers)
    return Checkpoint(model, tokenizer, DOCIDS, identifiers)


def objective(checkpoint: Checkpoint, teacher_weight: float = 0.5) -> SequenceObjective:
    vectors = [{word: text.split().count(word) for word in set(text.split())} for text in TEXTS]
    words = {word for text in TEXTS for word in text.split()}
    scorer = Bm25Scorer(term_weights(vectors, 0.9, 0.4), {word: [word] for word in words}, len(TEXTS))
    assert checkpoint.identifiers is not None
    return SequenceObjective(
        PseudoQuerySampler(TEXTS, scorer.idf, dict.fromkeys(KINDS, 1.0), LENGTHS),
        scorer,
        checkpoint.tokenizer,
        [Query("graph path", (3, 6))],
        [Query("matrix trace", (1, 4)), Query("normal seed", (2,))],
        docids=DOCIDS,
        identifiers=checkpoint.identifiers,
        expanded=7,
        per_document=2,
        distinct=None,
        training_share=0.2,
        teacher_weight=teacher_weight,
        temperature=1.0,
        batch_size=8,
        seed=1,
    )


def phase(epochs: int) -> Phase:
    optimisation = Optimisation("adamw", (0.9, 0.999), 1e-8, weight_decay=0.1, gradient_clip=1.0)
    rest = {"accumulate": 1, "checkpointing": False, "patience": None, "precision": "fp32", "seed": 1}
    return Phase("E1", 1, epochs, 0.01, 0.1, "cosine", optimisation, **rest)  # type: ignore[arg-type]


def retriever(scheme: str) -> dict[str, object]:
    return {"task": "docid", "scheme": scheme, "max_tokens": 12}


def test_a_draw_follows_the_distribution() -> None:
    targets = np.tile(np.array([[0.5, 0.0, 0.2, 0.3]], dtype=np.float32), (20_000, 1))
    shares = np.bincount(draw_columns(targets, random.Random(1)), minlength=4) / 20_000
    assert shares == pytest.approx([0.5, 0, 0.2, 0.3], abs=0.015)  # four standard errors
    assert shares[1] == 0


def test_without_a_teacher_every_document_is_its_own_target(tokenizer_folder: Path) -> None:
    checkpoint = start("semantic", tokenizer_folder)
    assert checkpoint.identifiers is not None
    trained = objective(checkpoint, teacher_weight=0.0)
    labels = [
        tuple(token for token in row if token != IGNORED)
        for batch in trained.batches(1)
        for row in batch.targets[:, 0].tolist()
    ]
    assert len(labels) == trained.examples == 24 * 2 + 12  # 12 of 60 are a fifth
    counts = [labels.count(tuple(identifier)) for identifier in checkpoint.identifiers]
    assert sum(counts) == 60
    # One of its relevant documents each time a training query is drawn, both in turn.
    assert counts[3] + counts[6] == 4 + 12
    assert min(counts[3], counts[6]) > 2
    assert {count for document, count in enumerate(counts) if document not in (3, 6)} == {2}


def test_epochs_differ_and_are_reproducible(tokenizer_folder: Path) -> None:
    checkpoint = start("naive", tokenizer_folder)
    drawn = [
        [batch.targets.tolist() for batch in objective(checkpoint).batches(epoch)] for epoch in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_loss_is_the_log_probability_of_the_tokens(tokenizer_folder: Path) -> None:
    model = start("semantic", tokenizer_folder).model.eval()
    input_ids, mask = pad_batch([[5, 6, 1], [7, 1]])
    identifiers = [[50, 49], [48]]
    tokens = torch.tensor([48, 49, 50])
    with torch.no_grad():
        losses = identifier_losses(model, input_ids, mask, pad_labels(identifiers)[:, None], tokens)
        for row, identifier in enumerate(identifiers):
            steps = model(
                input_ids=input_ids[row : row + 1, : int(mask[row].sum())],
                decoder_input_ids=torch.tensor([[0, *identifier[:-1]]]),
            ).logits[0]
            expected = sum(
                steps[place, tokens].log_softmax(0)[token - 48] for place, token in enumerate(identifier)
            )
            assert losses[row, 0].item() == pytest.approx(-float(expected), rel=1e-5)


def test_new_tokens_start_at_the_mean_of_their_documents(tokenizer_folder: Path) -> None:
    counts = piece_counts(load_tokenizer(tokenizer_folder), TEXTS)
    pieces = counts.shape[0]

    def rows(identifiers: list[list[int]] | None, new: int) -> torch.Tensor:
        model = build_sequence_model(SHAPE, pieces + new, [[1]], seed=1)
        torch.nn.init.zeros_(model.shared.weight)
        initialise_from_lsa(model, counts, 0.1, identifiers)
        return model.shared.weight.detach()[pieces:]

    documents = rows(None, 24)
    # Token 0 of the even documents, token 1 of the odd ones, and one token each of the two kinds of four.
    shared = rows([[pieces + number % 2, pieces + 2 + number // 2] for number in range(24)], 14)
    expected = torch.cat(
        [torch.stack([documents[::2].mean(0), documents[1::2].mean(0)]), documents.view(12, 2, -1).mean(1)]
    )
    assert torch.allclose(shared, expected * 0.1 / expected.std(correction=0), atol=1e-6)


def test_measures_of_a_ranking_are_those_of_the_scores() -> None:
    scores = np.random.default_rng(1).normal(size=(5, 30)).astype(np.float32)
    relevant = [(1,), (2, 29), (3, 4, 5), (0,), (7, 8)]
    order = np.argsort(-scores, axis=1)
    assert measures_of_ranking(order, relevant) == measures_of_scores(scores, relevant)
    # Found at rank 2, and one of two beyond the depth: (1/2)/2.
    assert measures_of_ranking(np.array([[4, 9]]), [(9, 5)])["MAP"] == 0.25


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_trained_retriever_is_saved_and_ranks_as_it_was_validated(
    tokenizer_folder: Path, tmp_path: Path, scheme: str
) -> None:
    checkpoint = start(scheme, tokenizer_folder)
    module = Retriever(checkpoint.model, phase(6), objective(checkpoint), masks={}, moments=None)
    history, _ = train(module, module._phase, tmp_path / "state")
    assert history["train_loss"].iloc[-1] < 0.8 * history["train_loss"].iloc[0]
    assert history.notna().all().all()

    save_checkpoint(
        checkpoint.model, tokenizer_folder, docids_of(scheme, tokenizer_folder), tmp_path, retriever(scheme)
    )
    loaded = load_checkpoint(tmp_path)
    assert loaded.identifiers == checkpoint.identifiers
    queries = pd.DataFrame({"qid": ["a", "b", "c"], "text": ["matrix trace", "normal seed", "edge"]})
    relevant = {"a": {"doc1", "doc4", "elsewhere"}, "b": {"doc2"}}
    run, losses = rank_with_losses(loaded, queries, relevant, 24, expanded=5)
    assert list(losses["qid"]) == ["a", "b", "c"]
    assert losses["loss"].iloc[:2].mean() == pytest.approx(history["validation_loss"].iloc[-1], rel=1e-5)
    assert math.isnan(losses["loss"].iloc[2])

    # Against every pair scored by itself.
    scores = np.stack([score_pairs(loaded, [text] * 24, range(24)) for text in queries["text"]])
    expected = ranked(
        pd.DataFrame(
            {
                "qid": np.repeat(queries["qid"], 24),
                "docid": DOCIDS * 3,
                "score": scores.ravel(),
            }
        )
    )
    assert run["score"].to_numpy() == pytest.approx(expected["score"].to_numpy(), abs=1e-4)
    assert run.groupby("qid")["docid"].nunique().eq(24).all()
    measured = measures_of_scores(scores[:2], [(1, 4), (2,)])["MAP"]
    assert measured == pytest.approx(history["validation_MAP"].iloc[-1])


def test_a_folder_that_is_no_docid_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no retriever\.json; expected a checkpoint folder such as"):
        load_checkpoint(tmp_path)
    (tmp_path / "retriever.json").write_text('{"task": "ranked-list"}')
    with pytest.raises(CheckpointError, match="found the task 'ranked-list'; expected docid"):
        load_checkpoint(tmp_path)


def test_training_and_ranking_commands_agree(tokenizer_folder: Path, tmp_path: Path) -> None:
    """E1 and E2 by the command, then the same checkpoint ranked by the other command."""
    collection, docids = write_collection(tmp_path, "semantic", tokenizer_folder)
    settings = settings_json("semantic")
    shared = ["--seed", "1", "--threads", "1", "--settings", settings, "--collection", str(collection)]
    shared += ["--docids", str(docids), "--tokenizer", str(tokenizer_folder), "--state", str(tmp_path / "s")]
    dense, again = tmp_path / "dense", tmp_path / "again"
    command("train.py", "--phase", "E1", *shared, *outputs(dense))
    command("train.py", "--phase", "E2", "--start", str(dense), *shared, *outputs(again))
    parts = ["--queries", str(collection / "queries.parquet"), "--qrels", str(collection / "qrels.parquet")]
    ranking = [*parts, "--relevance", "1", "--depth", "1000", "--expanded", "7", "--threads", "1"]
    command("rank.py", str(again), *ranking, *outputs(tmp_path / "third")[2:])
    assert (tmp_path / "third.trec.gz").read_bytes() == (tmp_path / "again.trec.gz").read_bytes()
    history = pd.concat([pd.read_parquet(folder / "history.parquet") for folder in (dense, again)])
    assert list(history["phase"]) == ["E1", "E1", "E2"]
    losses = pd.read_parquet(tmp_path / "third.outputs.parquet").set_index("qid")["loss"]
    assert losses["q1"] == pytest.approx(history["validation_loss"].iloc[-1], rel=1e-4)


def command(script: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPTS), script, *arguments], text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def outputs(folder: Path) -> list[str]:
    run, losses = folder.with_suffix(".trec.gz"), folder.with_suffix(".outputs.parquet")
    return ["--output", str(folder), "--run", str(run), "--outputs", str(losses)]


def write_collection(folder: Path, scheme: str, tokenizer_folder: Path) -> tuple[Path, Path]:
    DOCUMENTS.to_parquet(folder / "documents.parquet")
    texts, splits = ["graph path", "matrix trace", "normal seed"], ["train", "validation", "test"]
    queries = pd.DataFrame({"qid": ["q0", "q1", "q2"], "text": texts, "split": splits})
    queries.to_parquet(folder / "queries.parquet")
    qrels = pd.DataFrame({"qid": ["q0", "q1", "q2"], "docid": ["doc3", "doc1", "doc2"], "grade": 1})
    qrels.to_parquet(folder / "qrels.parquet")
    vectors = [{word: text.split().count(word) for word in set(text.split())} for text in TEXTS]
    term_weights(vectors, 0.9, 0.4).to_parquet(folder / "bm25-weights.parquet")
    words = sorted({word for text in TEXTS for word in text.split()})
    frame = pd.DataFrame({"word": words, "terms": [[word] for word in words]})
    frame.to_parquet(folder / "bm25-words.parquet")
    docids_of(scheme, tokenizer_folder).to_parquet(folder / "docids.parquet")
    return folder, folder / "docids.parquet"


def settings_json(scheme: str) -> str:
    training = {
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
        "max_tokens": 12,
    }
    return json.dumps(
        {
            "model": {**SHAPE, "embeddings": "lsa"},
            "training": training,
            "pseudo_queries": {
                "per_document": 2,
                "distinct": None,
                "weights": dict.fromkeys(KINDS, 1.0),
                "lengths": LENGTHS,
                "noise": 0,
                "training_queries": 0.1,
            },
            "distillation": {"weight": 0.5, "temperature": 1.0},
            "recovery": {"epochs": 1, "learning_rate": 0.001, "warmup": 0.1, "rewind": False},
            "scheme": scheme,
            "relevance": 1,
            "depth": 1000,
            "expanded": 7,
            "untie": False,
        }
    )
