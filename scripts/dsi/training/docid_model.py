"""The model of a docid training: how it begins, how it is written, and how it is ranked with."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.artefacts import read_frame
from dsi.base.files import replacing_files
from dsi.base.process import prepare_torch
from dsi.docids.identifiers import extra_tokens
from dsi.docids.tokenizer import load_tokenizer, piece_counts
from dsi.model.checkpoint import DOCID_TASK, Checkpoint, identifiers_of, load_checkpoint, save_checkpoint
from dsi.model.lsa import initialise_from_lsa
from dsi.model.t5 import build_model, build_sequence_model
from dsi.ranking.ranker import rank_and_write
from dsi.training.arguments import TrainingArguments
from dsi.training.docid_data import Judged
from dsi.training.docid_settings import DocidSettings
from dsi.training.settings import SettingsError


@dataclass(frozen=True, kw_only=True)
class DocidArguments(TrainingArguments):
    """A phase of training of the task `docid`.

    docids: parquet with docid and tokens. teacher: folder of the checkpoint that teaches, None without one.
    """

    settings: DocidSettings
    docids: Path
    generated: Path | None
    generated_words: Path | None
    teacher: Path | None = None


def write_initial(arguments: DocidArguments) -> None:
    """Write the model with which E1 begins, untrained, and rank with it.

    Raises:
        ModelSettingsError: the model does not fit the collection.
        SettingsError: the model's shape is missing.
    """
    prepare_torch(arguments.threads)
    judged = Judged.read(arguments.collection)
    model = starting_point(arguments, judged.documents).model
    with replacing_files(arguments.output) as folder:
        write_checkpoint(arguments, model, folder)
    rank_with_checkpoint(arguments, judged)


def starting_point(arguments: DocidArguments, documents: pd.DataFrame) -> Checkpoint:
    """The model before the first step: the checkpoint to go on from, or a new one.

    Raises:
        CheckpointError: the start is no docid checkpoint.
        ModelSettingsError, SettingsError: as `write_initial`.
    """
    if arguments.start is not None:
        return load_checkpoint(arguments.start)
    settings = arguments.settings
    if settings.model is None:
        raise SettingsError("settings: found no model with --phase E1, expected its shape")
    frame = read_frame(arguments.docids)
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
    """Write the model into a folder, with its tokenizer and docids."""
    described = {
        "task": DOCID_TASK,
        "scheme": arguments.settings.scheme,
        "max_tokens": arguments.settings.training.max_tokens,
    }
    save_checkpoint(model, arguments.tokenizer, read_frame(arguments.docids), folder, described)


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
