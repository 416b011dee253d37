"""A docid model before its first step: the command `initialise`, and the start that E1 makes of it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from dsi.docids.schemes import atomic
from dsi.docids.tokenizer import load_tokenizer
from dsi.evaluation.runs import read_run
from dsi.training.arguments import training_parser
from dsi.training.docid_data import add_generated
from dsi.training.docid_model import DocidArguments, starting_point
from dsi.training.docid_settings import docid_settings
from dsi.training.settings import SettingsError
from tests.conftest import DOCUMENTS
from tests.training.conftest import TRAINING, settings_json


def docids(collection: Path, tokenizer_folder: Path) -> None:
    frame = atomic(DOCUMENTS, load_tokenizer(tokenizer_folder).get_vocab_size())
    frame.to_parquet(collection / "docids.parquet")


def options(tokenizer: Path, collection: Path, settings: str, name: str = "out") -> list[str]:
    """What the commands are told, to write `name` beside the collection."""
    folder = collection / name
    named = {
        **{"phase": "E1", "seed": 1, "threads": 1, "settings": settings, "collection": collection},
        **{"docids": collection / "docids.parquet", "tokenizer": tokenizer, "state": collection / "state"},
        **{"output": folder, "run": f"{folder}.trec.gz", "outputs": f"{folder}.outputs.parquet"},
    }
    return [word for option, value in named.items() for word in (f"--{option}", str(value))]


def docid_arguments(tokenizer: Path, collection: Path, settings: str) -> DocidArguments:
    parser = training_parser(None, docid_settings)
    parser.add_argument("--docids", type=Path)
    add_generated(parser)
    return DocidArguments(**vars(parser.parse_args(options(tokenizer, collection, settings))))


def test_e1_needs_a_shape(tokenizer_folder: Path, collection: Path) -> None:
    shapeless = docid_arguments(tokenizer_folder, collection, settings_json("atomic", model=None))
    with pytest.raises(SettingsError, match="found no model with --phase E1, expected its shape"):
        starting_point(shapeless, DOCUMENTS)


def test_the_initial_model_is_the_one_that_e1_begins_with(
    command: Any, tokenizer_folder: Path, collection: Path
) -> None:
    """Written and ranked with, without a history; E1 that learns nothing ends where it began."""
    docids(collection, tokenizer_folder)
    still = settings_json("atomic", training={**TRAINING, "epochs": 1, "learning_rate": 0.0})
    for name, command_name in (("initial", "initialise"), ("dense", "train")):
        done = command(command_name, *options(tokenizer_folder, collection, still, name))
        assert done.returncode == 0, done.stderr
    start = starting_point(docid_arguments(tokenizer_folder, collection, still), DOCUMENTS)
    weights = load_file(collection / "initial/model.safetensors")
    named = dict(start.model.named_parameters())
    assert all(torch.equal(named[name], weight) for name, weight in weights.items())
    assert len(weights) == len(named)
    assert not (collection / "initial/history.parquet").exists()
    for name in ("initial/model.safetensors", "initial.trec.gz"):
        other = collection / name.replace("initial", "dense")
        assert (collection / name).read_bytes() == other.read_bytes(), name
    losses = pd.read_parquet(collection / "initial.outputs.parquet").set_index("qid")["loss"]
    assert losses["q1"] > 0
    assert len(read_run(collection / "initial.trec.gz")) > 0


def test_a_model_begins_with_e1(command: Any, tokenizer_folder: Path, collection: Path) -> None:
    docids(collection, tokenizer_folder)
    e1 = options(tokenizer_folder, collection, settings_json("atomic"))
    done = command("initialise", *e1, "--phase", "E2", "--start", collection)
    assert done.returncode == 2
    assert "--phase: found E2, expected E1, with which a model begins" in done.stderr
