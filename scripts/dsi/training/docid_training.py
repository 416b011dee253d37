"""A phase of training a docid retriever: from scratch (E1), or onwards from a checkpoint (E2)."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.process import prepare_torch
from dsi.docids.identifiers import extra_tokens
from dsi.docids.tokenizer import load_tokenizer, piece_counts
from dsi.model.checkpoint import DOCID_TASK, Checkpoint, identifiers_of, load_checkpoint, save_checkpoint
from dsi.model.lsa import initialise_from_lsa
from dsi.model.t5 import build_model, build_sequence_model
from dsi.ranking.ranker import rank_and_write
from dsi.training.arguments import TrainingArguments
from dsi.training.docid_data import DocidFiles, Judged, docid_objective
from dsi.training.docid_settings import DocidSettings
from dsi.training.phase import describe_phase
from dsi.training.run_phase import run_phase
from dsi.training.settings import SettingsError
from dsi.training.start import start_of
from dsi.training.state import state_key


@dataclass(frozen=True, kw_only=True)
class DocidArguments(TrainingArguments):
    """A phase of training of the task `docid`; docids: parquet with docid and tokens."""

    settings: DocidSettings
    docids: Path
    generated: Path | None
    generated_words: Path | None


def train_docids(arguments: DocidArguments) -> None:
    """Train, and write the checkpoint, its run and its outputs.

    Raises:
        CheckpointError: the start is no docid checkpoint.
        ModelSettingsError: the model does not fit the collection.
        PruningError: the weights that --prune selects are not there.
        SettingsError: a section is missing that the phase needs.
    """
    settings = arguments.settings
    prepare_torch(arguments.threads)
    files = DocidFiles(arguments.collection, arguments.generated, arguments.generated_words)
    judged = Judged.read(arguments.collection)
    phase = describe_phase(arguments.phase, settings.training, settings.recovery, arguments.seed)
    checkpoint = starting_point(arguments, judged.documents)
    run_phase(
        start_of(checkpoint.model, arguments, settings.untie),
        phase,
        docid_objective(files, judged, checkpoint, settings, arguments.seed),
        pruning=arguments.prune,
        state=arguments.state / state_key(arguments, settings, phase, [*files.paths(), arguments.docids]),
        output=arguments.output,
        write=partial(write_checkpoint, arguments, checkpoint.model),
        rank=partial(rank_with_checkpoint, arguments, judged),
    )


def starting_point(arguments: DocidArguments, documents: pd.DataFrame) -> Checkpoint:
    """The model before the first step: the checkpoint to go on from, or a new one.

    Raises:
        CheckpointError, ModelSettingsError, SettingsError: as `train_docids`.
    """
    if arguments.start is not None:
        return load_checkpoint(arguments.start)
    settings = arguments.settings
    if settings.model is None:
        raise SettingsError("settings: found no model with --phase E1, expected its shape")
    frame = pd.read_parquet(arguments.docids)
    identifiers = identifiers_of(frame, settings.scheme)
    tokenizer = load_tokenizer(arguments.tokenizer, settings.training.max_tokens)
    pieces = tokenizer.get_vocab_size()
    if identifiers is None:
        model = build_model(settings.model, pieces, len(frame), arguments.seed)
    else:
        vocabulary = pieces + extra_tokens(frame, pieces)
        model = build_sequence_model(settings.model, vocabulary, identifiers, arguments.seed)
    if settings.embeddings == "lsa":
        counts = piece_counts(load_tokenizer(arguments.tokenizer), list(documents["text"]))
        initialise_from_lsa(model, counts, settings.model.embedding_std, identifiers, settings.bm25)
    return Checkpoint(model, tokenizer, list(frame["docid"]), identifiers)


def write_checkpoint(arguments: DocidArguments, model: T5ForConditionalGeneration, folder: Path) -> None:
    """Write the trained model into a folder, with its tokenizer and docids."""
    described = {
        "task": DOCID_TASK,
        "scheme": arguments.settings.scheme,
        "max_tokens": arguments.settings.training.max_tokens,
    }
    save_checkpoint(model, arguments.tokenizer, pd.read_parquet(arguments.docids), folder, described)


def rank_with_checkpoint(arguments: DocidArguments, judged: Judged) -> None:
    """Rank with the checkpoint as it was written, and write its run and its outputs."""
    rank_and_write(
        load_checkpoint(arguments.output),
        judged.queries,
        judged.qrels,
        relevance=arguments.settings.relevance,
        depth=arguments.settings.depth,
        prefixes_at_a_time=arguments.settings.prefixes_at_a_time,
        run_path=arguments.run,
        outputs_path=arguments.outputs,
    )
