"""The command `train`: E1 and E2, the ranking it writes, masks that grow, what it refuses."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from dsi.docids.schemes import atomic
from dsi.docids.tokenizer import load_tokenizer
from dsi.pruning.apply import prune
from dsi.pruning.pruned_checkpoint import dense_weights, write_pruned
from dsi.pruning.selection import Selection
from dsi.training.docid_data import DocidFiles
from dsi.training.docid_training import inputs
from tests.conftest import DOCUMENTS
from tests.training.conftest import TRAINING, docids_of, settings_json
from tests.training.test_docid_model import docid_arguments


def options(scheme: str, collection: Path, tokenizer_folder: Path, **changes: Any) -> list[object]:
    """What every phase is told; docids are written beside the collection."""
    frame = (
        atomic(DOCUMENTS, load_tokenizer(tokenizer_folder).get_vocab_size())
        if scheme == "atomic"
        else docids_of(scheme, tokenizer_folder)
    )
    frame.to_parquet(collection / "docids.parquet")
    return [
        *("--seed", 1, "--threads", 1, "--settings", settings_json(scheme, **changes)),
        *("--collection", collection, "--docids", collection / "docids.parquet"),
        *("--tokenizer", tokenizer_folder, "--state", collection / "state"),
    ]


def outputs(folder: Path) -> list[object]:
    run, losses = folder.with_suffix(".trec.gz"), folder.with_suffix(".outputs.parquet")
    return ["--output", folder, "--run", run, "--outputs", losses]


def test_training_and_pruning_commands_rank_alike(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    """E1 and E2 by the command, then the same checkpoint with nothing pruned by the other command."""
    shared = options("semantic", collection, tokenizer_folder)
    dense, again = tmp_path / "dense", tmp_path / "again"
    for arguments in (
        ["train", "--phase", "E1", *shared, *outputs(dense)],
        ["train", "--phase", "E2", "--start", dense, *shared, *outputs(again)],
        [
            *("prune", again, "--criterion", "magnitude", "--rate", 0, "--collection", collection),
            *("--settings", '{"relevance": 1, "depth": 1000, "prefixes_at_a_time": 7}'),
            *("--threads", 1, *outputs(tmp_path / "third")),
        ],
    ):
        done = command(*arguments)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "third.trec.gz").read_bytes() == (tmp_path / "again.trec.gz").read_bytes()
    history = pd.concat([pd.read_parquet(folder / "history.parquet") for folder in (dense, again)])
    assert list(history["phase"]) == ["E1", "E1", "E2"]
    losses = pd.read_parquet(tmp_path / "third.outputs.parquet").set_index("qid")["loss"]
    assert losses["q1"] == pytest.approx(history["validation_loss"].iloc[-1], rel=1e-4)
    assert (dense / "optimizer.safetensors").is_file()
    assert not list((collection / "state").iterdir())


def test_masks_that_grow_are_written_with_the_checkpoint(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    shared = options("atomic", collection, tokenizer_folder)
    selection = {"stacks": ["encoder"], "kinds": ["attention"]}
    gradual = {"criterion": "gradual", "rate": 0.5, "until": 0.6, "every": 1, **selection}
    done = command("train", "--phase", "E1", *shared, *outputs(tmp_path / "dense"))
    assert done.returncode == 0, done.stderr
    recovery = ["--start", tmp_path / "dense", "--prune", json.dumps(gradual)]
    done = command("train", "--phase", "E2", *recovery, *shared, *outputs(tmp_path / "gradual"))
    assert done.returncode == 0, done.stderr
    masks = load_file(tmp_path / "gradual/masks.safetensors")
    weights = load_file(tmp_path / "gradual/model.safetensors")
    assert {name.rpartition(".")[0].rpartition(".")[2] for name in masks} == {"q", "k", "v", "o"}
    assert all(name.startswith("encoder.") for name in masks)
    assert all(not weights[name][~mask].any() for name, mask in masks.items())
    assert json.loads((tmp_path / "gradual/sparsity.json").read_text())["nominal"] == 0.5
    assert (tmp_path / "gradual.trec.gz").is_file()


def test_a_small_model_is_taught_by_the_dense_one(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    """The same small model with and without a teacher: it has the shape, and other weights."""
    dense = tmp_path / "dense"
    done = command(
        "train", "--phase", "E1", *options("atomic", collection, tokenizer_folder), *outputs(dense)
    )
    assert done.returncode == 0, done.stderr
    shape = {**json.loads(settings_json("atomic"))["model"], "d_ff": 6}
    alone = options("atomic", collection, tokenizer_folder, model=shape)
    teaching = {"weight": 0.5, "temperature": 1.0}
    taught = options("atomic", collection, tokenizer_folder, model=shape, teaching=teaching)
    for name, arguments in (("small", alone), ("taught", [*taught, "--teacher", dense])):
        done = command("train", "--phase", "E1", *arguments, *outputs(tmp_path / name))
        assert done.returncode == 0, done.stderr
    weights = [load_file(tmp_path / f"{name}/model.safetensors") for name in ("small", "taught")]
    unit = "encoder.block.0.layer.1.DenseReluDense.wo.weight"
    assert weights[0][unit].shape == weights[1][unit].shape == (16, 6)
    assert not torch.equal(weights[0][unit], weights[1][unit])
    done = command("train", "--phase", "E1", *alone, "--teacher", dense, *outputs(tmp_path / "untold"))
    assert done.returncode == 1
    assert "error: settings: found no teaching with --teacher, expected its weight" in done.stderr
    assert not (tmp_path / "untold").exists()


def test_another_teacher_is_another_training(
    tmp_path: Path, tokenizer_folder: Path, collection: Path
) -> None:
    """What the name of a killed run's state is made of."""
    files = DocidFiles(collection, None, None)
    settings = settings_json("atomic")
    alone = docid_arguments(tokenizer_folder, collection, settings)
    taught = replace(alone, teacher=tmp_path)
    assert [path.name for path in inputs(alone, files)][-1] == "docids.parquet"
    assert inputs(taught, files) == [
        *inputs(alone, files),
        tmp_path / "model.safetensors",
        tmp_path / "config.json",
    ]


def test_parts_of_a_deep_model_with_semantic_docids_are_pruned_and_recover(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    """Two and three layers, docids of several tokens: all matrices can matter, one part has zeros."""
    deep = {**json.loads(settings_json("semantic"))["model"], "num_layers": 2, "num_decoder_layers": 3}
    shared = options("semantic", collection, tokenizer_folder, model=deep)
    done = command("train", "--phase", "E1", *shared, *outputs(tmp_path / "dense"))
    assert done.returncode == 0, done.stderr
    dense = dense_weights(tmp_path / "dense", Selection())
    expected = {"magnitude": 14 + 33, "magnitude-encoder": 14, "magnitude-decoder": 33, "magnitude-cross": 12}
    for criterion, matrices in expected.items():
        folder = tmp_path / criterion
        pruned = prune(dense, Selection().names(dense), criterion, 0.5)
        write_pruned(pruned, dense, 0.5, tmp_path / "dense", folder)
        assert len(pruned.masks) == matrices
        found = json.loads((folder / "sparsity.json").read_text())
        taken = sum(dense[name].numel() for name in pruned.masks) / found["linear_parameters"]
        assert found["linears"] == found["effective"] == pytest.approx(taken / 2)
    start = tmp_path / "magnitude-cross"
    recovery = ["--start", start, "--masks", start / "masks.safetensors"]
    done = command("train", "--phase", "E2", *recovery, *shared, *outputs(tmp_path / "recovered"))
    assert done.returncode == 0, done.stderr
    recovered = load_file(tmp_path / "recovered/model.safetensors")
    zeros = {
        name for name, weight in recovered.items() if weight.dim() > 1 and (weight == 0).float().mean() > 0.4
    }
    assert zeros == set(load_file(start / "masks.safetensors"))


def test_a_model_that_does_not_fit_is_refused_before_any_training(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    wide = {**json.loads(settings_json("atomic"))["model"], "d_model": 64}
    shared = options("atomic", collection, tokenizer_folder, model=wide)
    done = command("train", "--phase", "E1", *shared, *outputs(tmp_path / "dense"))
    assert done.returncode == 1
    assert "error: model.d_model: found 64 with embeddings: lsa" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_patience_without_judged_validation_queries_is_refused(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    qrels = pd.read_parquet(collection / "qrels.parquet")
    qrels[qrels["qid"] != "q1"].to_parquet(collection / "qrels.parquet")  # that of validation
    shared = options("atomic", collection, tokenizer_folder, training={**TRAINING, "patience": 2})
    done = command("train", "--phase", "E1", *shared, *outputs(tmp_path / "dense"))
    assert done.returncode == 1
    assert "error: training.patience: found 2, but no validation loss to wait for, as no" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((collection / "state").iterdir()) == []


def test_a_training_that_diverges_says_so_and_writes_nothing(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    hot = {**TRAINING, "learning_rate": 1e38, "warmup": 0.0}
    shared = options("semantic", collection, tokenizer_folder, training=hot)
    done = command("train", "--phase", "E1", *shared, *outputs(tmp_path / "dense"))
    assert done.returncode == 1
    assert "error: E1 diverged: found a loss of nan after step " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "dense").exists()


def test_masks_of_another_model_are_refused(
    command: Any, tokenizer_folder: Path, collection: Path, tmp_path: Path
) -> None:
    shared = options("atomic", collection, tokenizer_folder)
    done = command("train", "--phase", "E1", *shared, *outputs(tmp_path / "dense"))
    assert done.returncode == 0, done.stderr
    save_file({"encoder.x": torch.ones(2, 2, dtype=torch.bool)}, tmp_path / "masks.safetensors")
    recovery = ["--start", tmp_path / "dense", "--masks", tmp_path / "masks.safetensors"]
    done = command("train", "--phase", "E2", *recovery, *shared, *outputs(tmp_path / "recovered"))
    assert done.returncode == 1
    assert "masks.safetensors: found a mask for encoder.x, expected masks of the weights" in done.stderr
    assert "Traceback" not in done.stderr
