"""Train a docid retriever: from scratch (E1), or onwards from a checkpoint (E2).

    python scripts/train.py --phase E1 --seed 1 --threads 1 --settings @settings.json \\
        --collection results/collection --docids results/collection/docids-atomic.parquet \\
        --tokenizer results/baselines/dsi/tokenizer --output results/baselines/dsi/seed1/dense \\
        --run results/runs/baselines/dsi/seed1/dense.trec.gz \\
        --loss results/runs/baselines/dsi/seed1/dense.loss.parquet

    python scripts/train.py --phase E2 --start results/pruned/dsi/seed1/magnitude-0.2 \\
        --masks results/pruned/dsi/seed1/magnitude-0.2/masks.safetensors …

--settings is JSON with the sections model, training, pseudo_queries and distillation of a baseline,
recovery for E2, and the keys relevance and depth. A killed run goes on from its last whole epoch when
it is started again with the same inputs and --code. The checkpoint is ranked here too: another process
would pay for the imports again.
"""

import argparse
import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from dsi.bm25 import Bm25Scorer
from dsi.collection import TRAIN, VALIDATION, relevant_documents
from dsi.command import UserError, json_object, run
from dsi.files import file_digest, replacing_files
from dsi.model import (
    Checkpoint,
    CheckpointError,
    ModelSettingsError,
    build_model,
    initialise_from_lsa,
    load_checkpoint,
    save_checkpoint,
)
from dsi.pseudo_queries import PseudoQuerySampler
from dsi.ranking import rank_and_write
from dsi.tokenizer import load_tokenizer, piece_counts
from dsi.training import (
    EpochBatches,
    Phase,
    Query,
    Retriever,
    ValidationQueries,
    optimiser_moments,
    resolve_precision,
    train,
)

COLLECTION_FILES = ("documents", "queries", "qrels", "bm25-weights", "bm25-words")

logger = logging.getLogger(__name__)


def main() -> None:
    arguments = parse_arguments()
    settings = arguments.settings
    torch.set_num_threads(arguments.threads)
    torch.use_deterministic_algorithms(True)
    documents = pd.read_parquet(arguments.collection / "documents.parquet")
    queries = pd.read_parquet(arguments.collection / "queries.parquet")
    qrels = pd.read_parquet(arguments.collection / "qrels.parquet")
    relevant = relevant_documents(qrels, settings["relevance"])
    phase = describe_phase(arguments.phase, settings, arguments.seed)
    try:
        checkpoint = starting_point(arguments, documents)
    except (CheckpointError, ModelSettingsError) as error:
        raise UserError(str(error)) from error

    module = Retriever(
        checkpoint.model,
        phase,
        training_batches(arguments, checkpoint, documents, queries, relevant),
        validation_queries(checkpoint, queries, relevant),
        documents=len(documents),
        masks=load_file(arguments.masks) if arguments.masks else {},
        moments=load_file(arguments.moments) if arguments.moments else None,
    )
    state = arguments.state / state_key(arguments)
    history, optimiser = train(module, phase, state)

    with replacing_files(arguments.output) as folder:
        save_checkpoint(checkpoint.model, arguments.tokenizer, checkpoint.docids, folder)
        history.to_parquet(folder / "history.parquet", index=False)
        if arguments.phase == "E1":
            moments = optimiser_moments(optimiser, checkpoint.model)
            save_file(moments, folder / "optimizer.safetensors")
    rank_and_write(
        load_checkpoint(arguments.output, settings["training"]["max_tokens"]),
        queries,
        qrels,
        relevance=settings["relevance"],
        depth=settings["depth"],
        run_path=arguments.run,
        loss_path=arguments.loss,
    )
    shutil.rmtree(state)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--phase", choices=["E1", "E2"], required=True)
    parser.add_argument("--settings", type=json_object, required=True, help="JSON, or @FILE")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    parser.add_argument("--docids", type=Path, required=True, help="parquet: docid, tokens")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    parser.add_argument("--start", type=Path, help="E2: folder of the checkpoint to go on from")
    parser.add_argument("--masks", type=Path, help="E2: masks to hold (safetensors)")
    parser.add_argument("--moments", type=Path, help="E2: optimiser state to keep (safetensors)")
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    parser.add_argument("--loss", type=Path, required=True, help="parquet to write: qid, loss")
    parser.add_argument(
        "--state", type=Path, default=Path(".training"), help="folder for resumable training states"
    )
    parser.add_argument("--code", default="", help="digest of the code, part of the state's name")
    arguments = parser.parse_args()
    if (arguments.phase == "E2") != (arguments.start is not None):
        parser.error("--start goes with --phase E2, and E2 needs it")
    return arguments


def describe_phase(name: str, settings: dict[str, Any], seed: int) -> Phase:
    """E1 follows the training section; E2 its own epochs, learning rate and warm-up."""
    training = settings["training"]
    schedule = training if name == "E1" else settings["recovery"]
    return Phase(
        name="E1" if name == "E1" else "E2",
        first_epoch=1 if name == "E1" else training["epochs"] + 1,
        epochs=schedule["epochs"],
        learning_rate=schedule["learning_rate"],
        warmup=schedule["warmup"],
        weight_decay=training["weight_decay"],
        gradient_clip=training["gradient_clip"],
        patience=training["patience"],
        precision=resolve_precision(training["precision"]),
        seed=seed,
    )


def starting_point(arguments: argparse.Namespace, documents: pd.DataFrame) -> Checkpoint:
    """The model before the first step: a new one, or the checkpoint to go on from."""
    max_tokens = arguments.settings["training"]["max_tokens"]
    if arguments.start is not None:
        return load_checkpoint(arguments.start, max_tokens)
    model_settings = arguments.settings["model"]
    docids = list(pd.read_parquet(arguments.docids)["docid"])
    tokenizer = load_tokenizer(arguments.tokenizer, max_tokens)
    model = build_model(model_settings, tokenizer.get_vocab_size(), len(docids), arguments.seed)
    if model_settings["embeddings"] == "lsa":
        untruncated = load_tokenizer(arguments.tokenizer, max_tokens)
        counts = piece_counts(untruncated, list(documents["text"]))
        initialise_from_lsa(model, counts, model_settings["embedding_std"])
    return Checkpoint(model, tokenizer, docids)


def training_batches(
    arguments: argparse.Namespace,
    checkpoint: Checkpoint,
    documents: pd.DataFrame,
    queries: pd.DataFrame,
    relevant: dict[str, set[str]],
) -> EpochBatches:
    settings = arguments.settings
    words = pd.read_parquet(arguments.collection / "bm25-words.parquet")
    scorer = Bm25Scorer(
        pd.read_parquet(arguments.collection / "bm25-weights.parquet"),
        dict(zip(words["word"], words["terms"], strict=True)),
        len(documents),
    )
    pseudo = settings["pseudo_queries"]
    return EpochBatches(
        PseudoQuerySampler(list(documents["text"]), scorer.idf, pseudo["weights"]),
        scorer,
        checkpoint.tokenizer,
        judged_queries(queries, TRAIN, relevant, checkpoint.docids),
        documents=len(documents),
        per_document=pseudo["per_document"],
        training_share=pseudo["training_queries"],
        teacher_weight=settings["distillation"]["weight"],
        temperature=settings["distillation"]["temperature"],
        batch_size=settings["training"]["batch_size"],
        seed=arguments.seed,
    )


def validation_queries(
    checkpoint: Checkpoint, queries: pd.DataFrame, relevant: dict[str, set[str]]
) -> ValidationQueries | None:
    judged = judged_queries(queries, VALIDATION, relevant, checkpoint.docids)
    if not judged:
        logger.info("no judged validation query: the history has no validation columns")
        return None
    return ValidationQueries(judged, checkpoint.tokenizer, len(checkpoint.docids))


def judged_queries(
    queries: pd.DataFrame, split: str, relevant: dict[str, set[str]], docids: list[str]
) -> list[Query]:
    """The queries of a split that have a relevant document in the collection."""
    column = {docid: number for number, docid in enumerate(docids)}
    chosen = queries[queries["split"] == split]
    judged = []
    for qid, text in zip(chosen["qid"], chosen["text"], strict=True):
        columns = sorted(column[docid] for docid in relevant.get(qid, set()) if docid in column)
        if columns:
            judged.append(Query(text, tuple(columns)))
    logger.info("%d of %d %s queries are judged", len(judged), len(chosen), split)
    return judged


def state_key(arguments: argparse.Namespace) -> str:
    """A name for the resumable state: another for any other setting, input or code."""
    inputs = [
        *(arguments.collection / f"{name}.parquet" for name in COLLECTION_FILES),
        arguments.docids,
        arguments.tokenizer / "tokenizer.json",
        *([arguments.start / "model.safetensors"] if arguments.start else []),
        *(path for path in (arguments.masks, arguments.moments) if path),
    ]
    identity = {
        "phase": arguments.phase,
        "settings": arguments.settings,
        "seed": arguments.seed,
        "threads": arguments.threads,
        "code": arguments.code,
        "inputs": [file_digest(path) for path in inputs],
        "output": str(arguments.output),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


if __name__ == "__main__":
    run(main)
