"""Checkpoints: folders of a model, its tokenizer and its docids; no weight is missing or unexpected."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.artefacts import read_frame, read_object, unreadable
from dsi.base.files import write_json
from dsi.docids.identifiers import ATOMIC
from dsi.docids.tokenizer import copy_tokenizer, load_tokenizer

RETRIEVER = "retriever.json"
DOCID_TASK, LIST_TASK = "docid", "ranked-list"


class CheckpointError(RuntimeError):
    """A checkpoint folder does not hold the model it should; the message names what differs."""


class Description(NamedTuple):
    """What the inputs and outputs of a checkpoint stand for, its file retriever.json.

    task: DOCID_TASK or LIST_TASK; max_tokens: inputs are cut to so many; scheme: of a docid model's docids;
    k, constrained: of a ranked-list model, docids in a list and whether only existing ones are written.
    """

    task: str
    max_tokens: int | None = None
    scheme: str | None = None
    k: int | None = None
    constrained: bool | None = None


class Checkpoint(NamedTuple):
    """A docid retriever: the model, its tokenizer, and the docids.

    identifiers: the tokens of each docid; None with atomic docids, which are the last tokens of the
    vocabulary in order.
    """

    model: T5ForConditionalGeneration
    tokenizer: Tokenizer
    docids: list[str]
    identifiers: list[list[int]] | None = None


def save_checkpoint(
    model: T5ForConditionalGeneration,
    tokenizer_folder: Path,
    docids: pd.DataFrame,
    folder: Path,
    retriever: Mapping[str, Any],
) -> None:
    """Write an ordinary Hugging Face checkpoint (safetensors, config, tokenizer), the docids and the task.

    Args:
        docids: docid, and the tokens of its identifier where the task has such.
        retriever: the fields of a Description that the task has.
    """
    model.save_pretrained(folder)
    copy_tokenizer(tokenizer_folder, folder)
    docids.to_parquet(folder / "docids.parquet", index=False)
    write_json(dict(retriever), folder / RETRIEVER)


def read_description(folder: Path) -> Description:
    """What the inputs and outputs of a checkpoint stand for, as `save_checkpoint` wrote it.

    Raises:
        CheckpointError: the folder does not say so.
    """
    path = folder / RETRIEVER
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: no {RETRIEVER}; expected a checkpoint folder such as "
            "results/baselines/dsi/seed1/dense"
        )
    found = read_object(path)
    return Description(**{name: found[name] for name in Description._fields if name in found})


def check_task(folder: Path, task: str) -> Description:
    """What a checkpoint of a task stands for.

    Raises:
        CheckpointError: it is of the other task, or the folder does not say of which.
    """
    description = read_description(folder)
    if description.task != task:
        raise CheckpointError(f"{folder}/{RETRIEVER}: found the task {description.task!r}; expected {task}")
    return description


def load_checkpoint(folder: Path) -> Checkpoint:
    """Load a docid checkpoint that `save_checkpoint` wrote.

    Raises:
        CheckpointError: a file is missing, a weight is missing or unexpected, or the task is another.
    """
    description = check_task(folder, DOCID_TASK)
    model = load_t5(folder)
    frame = read_frame(folder / "docids.parquet")
    tokenizer = load_tokenizer(folder, description.max_tokens)
    return Checkpoint(model, tokenizer, list(frame["docid"]), identifiers_of(frame, description.scheme))


def identifiers_of(docids: pd.DataFrame, scheme: str | None) -> list[list[int]] | None:
    """The tokens of each docid of a frame docid, tokens; None for atomic docids."""
    return None if scheme == ATOMIC else [tokens.tolist() for tokens in docids["tokens"]]


def load_t5(folder: Path) -> T5ForConditionalGeneration:
    """The T5 of a checkpoint folder, in float32 whatever it is stored in, with every weight accounted for.

    Read from safetensors alone; loading a pickle would run what is in it.

    Raises:
        CheckpointError: the weights are not there, or one is missing or unexpected.
    """
    if not (folder / "model.safetensors").is_file():
        raise CheckpointError(
            f"{folder}: no model.safetensors; expected a checkpoint folder such as "
            "results/baselines/dsi/seed1/dense"
        )
    read_object(folder / "config.json")
    try:
        model, report = T5ForConditionalGeneration.from_pretrained(
            folder, dtype=torch.float32, output_loading_info=True, use_safetensors=True
        )
    except (OSError, SafetensorError) as error:
        raise CheckpointError(unreadable(folder / "model.safetensors", error)) from error
    strays = {key: sorted(report[key]) for key in ("missing_keys", "unexpected_keys") if report[key]}
    if strays:
        raise CheckpointError(f"{folder}/model.safetensors does not fit config.json: {strays}")
    return model
