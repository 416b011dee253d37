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
from dsi.training.docid_model import DocidArguments, starting_point
from dsi.training.docid_settings import docid_settings
from dsi.training.settings import SettingsError
from tests.conftest import DOCUMENTS
from tests.training.conftest import TRAINING, settings_json


def docids(collection: Path, tokenizer_folder: Path) -> Path:
    frame = atomic(DOCUMENTS, load_tokenizer(tokenizer_folder).get_vocab_size())
    frame.to_parquet(collection / "docids.parquet")
    return collection / "docids.parquet"


def arguments(tokenizer: Path, collection: Path, settings: str) -> DocidArguments:
    return DocidArguments(
        phase="E1",
        seed=1,
        threads=1,
        collection=collection,
        tokenizer=tokenizer,
        start=None,
        masks=None,
        moments=None,
        gradual=None,
        output=collection / "out",
        run=collection / "run",
        outputs=collection / "outputs",
        state=collection / "state",
        code="",
        settings=docid_settings(settings),
        docids=collection / "docids.parquet",
        generated=None,
        generated_words=None,
    )


def test_e1_needs_a_shape(tokenizer_folder: Path, collection: Path) -> None:
    shapeless = arguments(tokenizer_folder, collection, settings_json("atomic", model=None))
    with pytest.raises(SettingsError, match="found no model with --phase E1, expected its shape"):
        starting_point(shapeless, DOCUMENTS)


def test_the_initial_model_is_the_one_that_e1_begins_with(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    """Written and ranked with, without a history; E1 that learns nothing ends where it began."""
    docids(collection, tokenizer_folder)
    still = settings_json("atomic", training={**TRAINING, "epochs": 1, "learning_rate": 0.0})
    for name, command_name in (("initial", "initialise"), ("dense", "train")):
        folder = tmp_path / name
        done = command(
            *(command_name, "--phase", "E1", "--seed", 1, "--threads", 1, "--settings", still),
            *("--collection", collection, "--docids", collection / "docids.parquet"),
            *("--tokenizer", tokenizer_folder, "--state", collection / "state", "--output", folder),
            *("--run", tmp_path / f"{name}.trec.gz", "--outputs", tmp_path / f"{name}.outputs.parquet"),
        )
        assert done.returncode == 0, done.stderr
    start = starting_point(arguments(tokenizer_folder, collection, still), DOCUMENTS)
    weights = load_file(tmp_path / "initial/model.safetensors")
    named = dict(start.model.named_parameters())
    assert all(torch.equal(named[name], weight) for name, weight in weights.items())
    assert len(weights) == len(named)
    assert not (tmp_path / "initial/history.parquet").exists()
    for name in ("initial/model.safetensors", "initial.trec.gz"):
        assert (tmp_path / name).read_bytes() == (tmp_path / name.replace("initial", "dense")).read_bytes()
    losses = pd.read_parquet(tmp_path / "initial.outputs.parquet").set_index("qid")["loss"]
    assert losses["q1"] > 0
    assert len(read_run(tmp_path / "initial.trec.gz")) > 0


def test_a_model_begins_with_e1(command: Any, tokenizer_folder: Path, collection: Path) -> None:
    done = command(
        *("initialise", "--phase", "E2", "--start", collection, "--seed", 1, "--threads", 1),
        *("--settings", settings_json("atomic"), "--collection", collection),
        *("--docids", docids(collection, tokenizer_folder), "--tokenizer", tokenizer_folder),
        *("--output", collection / "x", "--run", collection / "y", "--outputs", collection / "z"),
    )
    assert done.returncode == 2
    assert "--phase: found E2, expected E1, with which a model begins" in done.stderr
