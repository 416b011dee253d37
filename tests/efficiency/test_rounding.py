"""Quality with rounded weights: a compressed file in place of a checkpoint's own weights, and the command."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from transformers import T5ForConditionalGeneration

from dsi.docids.schemes import atomic
from dsi.efficiency.compressed_files import save_compressed
from dsi.efficiency.rounding import Evaluation, measure_rounded, with_weights
from dsi.model.checkpoint import CheckpointError, save_checkpoint
from dsi.systems import System
from tests.conftest import DOCUMENTS, TEXTS

DENSE = "baselines/dsi/seed1/dense"
QUERIES = pd.DataFrame({"qid": ["a", "b", "c"], "text": TEXTS[:3], "split": ["test", "test", "train"]})
QRELS = pd.DataFrame({"qid": ["a", "b", "c"], "docid": ["doc0", "doc1", "doc2"], "grade": [1, 0, 1]})


@pytest.fixture
def results(tiny_model: T5ForConditionalGeneration, tokenizer_folder: Path, tmp_path: Path) -> Path:
    """A study's folder with one dense checkpoint and its file in float16."""
    retriever = {"task": "docid", "scheme": "atomic", "max_tokens": 12}
    save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS), tmp_path / DENSE, retriever)
    weights = load_file(tmp_path / DENSE / "model.safetensors")
    save_compressed(weights, tmp_path / "dense.small.dsz", fp16=True, zstd=True)
    return tmp_path


def test_the_files_values_replace_the_checkpoints(results: Path) -> None:
    weights = load_file(results / DENSE / "model.safetensors")
    rounded = dict(with_weights(results / DENSE, results / "dense.small.dsz").model.named_parameters())
    assert all(torch.equal(rounded[name], weight.half().float()) for name, weight in weights.items())
    assert any(not torch.equal(rounded[name], weight) for name, weight in weights.items())


def test_another_models_file_is_refused(results: Path) -> None:
    weights = load_file(results / DENSE / "model.safetensors")
    save_compressed({**weights, "shared.weight": torch.ones(2, 2)}, results / "other.dsz")
    with pytest.raises(
        CheckpointError, match=r"found shared\.weight of shape \(2, 2\), expected \(\d+, 16\)"
    ):
        with_weights(results / DENSE, results / "other.dsz")


def test_map_is_of_splits_with_a_relevant_document(results: Path) -> None:
    """Of a, the documents are ranked and doc0 is relevant; b is judged 0; no validation query is judged."""
    evaluation = Evaluation(QUERIES, QRELS, 1, 24)
    files = [results / "dense.small.dsz"]
    frame = measure_rounded(results, [System.parse(DENSE)], files, evaluation)
    assert frame[["system", "split"]].to_numpy().tolist() == [[DENSE, "test"]]
    assert 0 < frame["MAP"].iloc[0] <= 1
    assert measure_rounded(results, [System.parse(DENSE)], files, evaluation._replace(relevance=2)).empty


def test_the_command_writes_one_row_a_system_and_split(
    results: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    QUERIES.to_parquet(results / "queries.parquet")
    QRELS.to_parquet(results / "qrels.parquet")
    options = ["--results", results, "--queries", results / "queries.parquet", "--relevance", 1]
    options += ["--qrels", results / "qrels.parquet", "--depth", 24, "--threads", 1]
    options += ["--output", results / "rounded.csv", "--files", results / "dense.small.dsz"]
    ended = command("measure_rounded", DENSE, *options)
    assert ended.returncode == 0, ended.stderr
    header, row = (results / "rounded.csv").read_text().splitlines()
    assert header == "system,split,MAP"
    assert row.startswith(f"{DENSE},test,")
    ended = command("measure_rounded", DENSE, DENSE, *options)
    assert ended.returncode == 1
    assert "--files: found 1 files for 2 systems, expected one each" in ended.stderr
