"""Train a docid retriever: from scratch (E1), or onwards from a checkpoint (E2).

    python scripts train --phase E1 --seed 1 --threads 1 --settings @settings.json \\
        --collection results/collection --docids results/baselines/dsi/docids.parquet \\
        --tokenizer results/baselines/dsi/tokenizer --output results/baselines/dsi/seed1/dense \\
        --run results/runs/baselines/dsi/seed1/dense.trec.gz \\
        --outputs results/runs/baselines/dsi/seed1/dense.outputs.parquet

    python scripts train --phase E2 --start results/pruned/dsi/seed1/magnitude-0.2 \\
        --masks results/pruned/dsi/seed1/magnitude-0.2/masks.safetensors …

--settings is JSON with the sections model, training, pseudo_queries and distillation of a baseline,
recovery for E2, and the keys scheme (of the docids), relevance, depth, expanded (prefixes of docids that
are decoded at a time; null with atomic docids) and untie (whether E2 gives the output head weights of its
own). --generated and --generated-words go with a weight `generated` of the pseudo-queries. A killed run goes
on from its last whole epoch when it is started again with the same inputs and --code. The checkpoint is
ranked here too: another process would pay for the imports again.
"""

import argparse
import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file, save_file

from dsi.base.command import UserError, run
from dsi.base.files import replacing_files
from dsi.base.process import prepare_torch
from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.collection.relevance import relevant_documents
from dsi.collection.splits import TRAIN, VALIDATION
from dsi.docids.schemes import extra_tokens
from dsi.docids.tokenizer import load_tokenizer, piece_counts
from dsi.model.checkpoint import (
    DOCID_TASK,
    Checkpoint,
    CheckpointError,
    identifiers_of,
    load_checkpoint,
    save_checkpoint,
)
from dsi.model.lsa import ModelSettingsError, initialise_from_lsa
from dsi.model.masks import Tensors
from dsi.model.t5 import build_model, build_sequence_model, untie_head
from dsi.pseudo_queries.sampler import PseudoQuerySampler
from dsi.ranking.ranker import rank_and_write
from dsi.training.arguments import add_generated, parsed, training_parser
from dsi.training.loop import Held, Retriever, train
from dsi.training.objectives.docid import DocidObjective, Query
from dsi.training.objectives.docid_sequence import SequenceObjective
from dsi.training.optimisation import optimiser_moments
from dsi.training.phase import describe_phase, rows_per_batch
from dsi.training.state import state_key

COLLECTION_FILES = ("documents", "queries", "qrels", "bm25-weights", "bm25-words")

logger = logging.getLogger(__name__)


def main() -> None:
    arguments = parse_arguments()
    train_and_rank(arguments, load_file(arguments.masks) if arguments.masks else {})


def train_and_rank(
    arguments: argparse.Namespace, masks: Tensors, grow: Callable[[Held, int, int], object] | None = None
) -> Tensors:
    """Run a phase, write its checkpoint and rank with it; the masks as they are at its end."""
    settings = arguments.settings
    prepare_torch(arguments.threads)
    documents = pd.read_parquet(arguments.collection / "documents.parquet")
    queries = pd.read_parquet(arguments.collection / "queries.parquet")
    qrels = pd.read_parquet(arguments.collection / "qrels.parquet")
    relevant = relevant_documents(qrels, queries, settings["relevance"])
    phase = describe_phase(arguments.phase, settings, arguments.seed)
    try:
        checkpoint = starting_point(arguments, documents)
    except (CheckpointError, ModelSettingsError) as error:
        raise UserError(str(error)) from error

    if phase.name == "E2" and settings["untie"]:
        untie_head(checkpoint.model)
    module = Retriever(
        checkpoint.model,
        phase,
        objective(arguments, checkpoint, documents, queries, relevant),
        masks=masks,
        moments=load_file(arguments.moments) if arguments.moments else None,
        grow=grow,
    )
    inputs = [
        *(arguments.collection / f"{name}.parquet" for name in COLLECTION_FILES),
        arguments.docids,
        *(path for path in (arguments.generated, arguments.generated_words) if path),
    ]
    state = arguments.state / state_key(arguments, inputs)
    history, optimiser = train(module, phase, state)

    with replacing_files(arguments.output) as folder:
        save_checkpoint(
            checkpoint.model,
            arguments.tokenizer,
            pd.read_parquet(arguments.docids),
            folder,
            {
                "task": DOCID_TASK,
                "scheme": settings["scheme"],
                "max_tokens": settings["training"]["max_tokens"],
            },
        )
        history.to_parquet(folder / "history.parquet", index=False)
        if arguments.phase == "E1":
            moments = optimiser_moments(optimiser, checkpoint.model)
            save_file(moments, folder / "optimizer.safetensors")
    rank_and_write(
        load_checkpoint(arguments.output),
        queries,
        qrels,
        relevance=settings["relevance"],
        depth=settings["depth"],
        expanded=settings["expanded"],
        run_path=arguments.run,
        outputs_path=arguments.outputs,
    )
    shutil.rmtree(state)
    return module.masks


def parse_arguments() -> argparse.Namespace:
    parser = training_parser(__doc__)
    parser.add_argument("--docids", type=Path, required=True, help="parquet: docid, tokens")
    add_generated(parser)
    return parsed(parser)


def starting_point(arguments: argparse.Namespace, documents: pd.DataFrame) -> Checkpoint:
    """The model before the first step: a new one, or the checkpoint to go on from."""
    if arguments.start is not None:
        return load_checkpoint(arguments.start)
    settings = arguments.settings["model"]
    frame = pd.read_parquet(arguments.docids)
    identifiers = identifiers_of(frame, arguments.settings["scheme"])
    tokenizer = load_tokenizer(arguments.tokenizer, arguments.settings["training"]["max_tokens"])
    pieces = tokenizer.get_vocab_size()
    if identifiers is None:
        model = build_model(settings, pieces, len(frame), arguments.seed)
    else:
        vocabulary = pieces + extra_tokens(frame, pieces)
        model = build_sequence_model(settings, vocabulary, identifiers, arguments.seed)
    if settings["embeddings"] == "lsa":
        counts = piece_counts(load_tokenizer(arguments.tokenizer), list(documents["text"]))
        initialise_from_lsa(model, counts, settings["embedding_std"], identifiers)
    return Checkpoint(model, tokenizer, list(frame["docid"]), identifiers)


def objective(
    arguments: argparse.Namespace,
    checkpoint: Checkpoint,
    documents: pd.DataFrame,
    queries: pd.DataFrame,
    relevant: dict[str, set[str]],
) -> DocidObjective:
    """Pseudo-queries of the documents, training queries, and BM25 as their teacher."""
    settings = arguments.settings
    words = [arguments.collection / "bm25-words.parquet"]
    if arguments.generated_words:
        words.append(arguments.generated_words)
    scorer = Bm25Scorer(
        pd.read_parquet(arguments.collection / "bm25-weights.parquet"),
        {
            word: terms
            for frame in map(pd.read_parquet, words)
            for word, terms in zip(frame["word"], frame["terms"], strict=True)
        },
        len(documents),
    )
    pseudo = settings["pseudo_queries"]
    kind = (
        partial(DocidObjective, documents=len(documents))
        if checkpoint.identifiers is None
        else partial(
            SequenceObjective,
            docids=checkpoint.docids,
            identifiers=checkpoint.identifiers,
            expanded=settings["expanded"],
        )
    )
    return kind(
        PseudoQuerySampler(
            list(documents["text"]),
            scorer.idf,
            pseudo["weights"],
            pseudo["lengths"],
            generated_queries(arguments.generated, checkpoint.docids),
            pseudo["noise"],
        ),
        scorer,
        checkpoint.tokenizer,
        split_queries(queries, TRAIN, relevant, checkpoint.docids),
        [
            query
            for query in split_queries(queries, VALIDATION, relevant, checkpoint.docids)
            if query.relevant
        ],
        per_document=pseudo["per_document"],
        distinct=pseudo["distinct"],
        training_share=pseudo["training_queries"],
        teacher_weight=settings["distillation"]["weight"],
        temperature=settings["distillation"]["temperature"],
        batch_size=rows_per_batch(settings),
        seed=arguments.seed,
    )


def generated_queries(path: Path | None, docids: list[str]) -> dict[int, list[str]]:
    """Generated queries by the column of their document; none without a file."""
    if path is None:
        return {}
    column = {docid: number for number, docid in enumerate(docids)}
    frame = pd.read_parquet(path)
    queries: dict[int, list[str]] = {}
    for docid, query in zip(frame["docid"], frame["query"], strict=True):
        queries.setdefault(column[docid], []).append(query)
    logger.info("%d of %d documents have generated queries", len(queries), len(docids))
    return queries


def split_queries(
    queries: pd.DataFrame, split: str, relevant: dict[str, set[str]], docids: list[str]
) -> list[Query]:
    """The queries of a split, with their relevant documents as far as the collection has them."""
    column = {docid: number for number, docid in enumerate(docids)}
    chosen = queries[queries["split"] == split]
    found = [
        Query(text, tuple(sorted(column[docid] for docid in relevant.get(qid, set()) if docid in column)))
        for qid, text in zip(chosen["qid"], chosen["text"], strict=True)
    ]
    judged = sum(bool(query.relevant) for query in found)
    logger.info("%d of %d %s queries have a relevant document", judged, len(found), split)
    return found


if __name__ == "__main__":
    run(main)
