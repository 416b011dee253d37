"""Quality with rounded weights: a compressed file in place of a checkpoint's own weights, and the command."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from transformers import T5Config, T5ForConditionalGeneration

from dsi.docids.schemes import atomic
from dsi.efficiency.compressed_files import save_compressed
from dsi.efficiency.quantisation import Bits, rounded
from dsi.efficiency.rounding import Evaluation, measure_rounded, with_weights
from dsi.model.checkpoint import CheckpointError, save_checkpoint
from dsi.systems import ROUNDED_FILES, System
from tests.conftest import DOCUMENTS, TEXTS

DENSE = "baselines/dsi/seed1/dense"
QUERIES = pd.DataFrame({"qid": ["a", "b", "c"], "text": TEXTS[:3], "split": ["test", "test", "train"]})
QRELS = pd.DataFrame({"qid": ["a", "b", "c"], "docid": ["doc0", "doc1", "doc2"], "grade": [1, 0, 1]})


@pytest.fixture
def results(tiny_model: T5ForConditionalGeneration, tokenizer_folder: Path, tmp_path: Path) -> Path:
    """A study's folder with one dense checkpoint and its files in 16, 8 and 4 bits."""
    retriever = {"task": "docid", "scheme": "atomic", "max_tokens": 12}
    save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS), tmp_path / DENSE, retriever)
    weights = load_file(tmp_path / DENSE / "model.safetensors")
    (tmp_path / "compressed" / DENSE).parent.mkdir(parents=True)
    for bits, word in ROUNDED_FILES.items():
        save_compressed(weights, tmp_path / f"compressed/{DENSE}.{word}.dsz", bits=bits, zstd=True)
    return tmp_path


@pytest.mark.parametrize("bits", [16, 8, 4])
def test_the_files_values_replace_the_checkpoints(bits: Bits, results: Path) -> None:
    weights = load_file(results / DENSE / "model.safetensors")
    file = results / f"compressed/{DENSE}.{ROUNDED_FILES[bits]}.dsz"
    found = dict(with_weights(results / DENSE, file).model.named_parameters())
    assert all(torch.equal(found[name], rounded(weight, bits)) for name, weight in weights.items())
    assert any(not torch.equal(found[name], weight) for name, weight in weights.items())


def test_another_models_file_is_refused(results: Path) -> None:
    weights = load_file(results / DENSE / "model.safetensors")
    save_compressed({**weights, "shared.weight": torch.ones(2, 2)}, results / "other.dsz")
    with pytest.raises(
        CheckpointError, match=r"found shared\.weight of shape \(2, 2\), expected \(\d+, 16\)"
    ):
        with_weights(results / DENSE, results / "other.dsz")


def test_map_is_of_splits_with_a_relevant_document(results: Path) -> None:
    """Of a, the documents are ranked and doc0 is relevant; b is judged 0; no validation query is judged.

    In 16, 8 and 4 bits with inputs in float32, and once with inputs of 8 bits.
    """
    evaluation = Evaluation(QUERIES, QRELS, 1, 24)
    frame = measure_rounded(results, [System.parse(DENSE)], evaluation, 1)
    expected = [[DENSE, *bits, "test"] for bits in ((16, 32), (8, 32), (4, 32), (8, 8))]
    assert frame[["system", "bits", "activations", "split"]].to_numpy().tolist() == expected
    assert ((frame["MAP"] > 0) & (frame["MAP"] <= 1)).all()
    assert measure_rounded(results, [System.parse(DENSE)], evaluation._replace(relevance=2), 1).empty


def test_int8_models_are_of_the_first_system_and_of_other_shapes(
    results: Path, tiny_model: T5ForConditionalGeneration, tokenizer_folder: Path
) -> None:
    """A masked model takes as long as the dense one, a smaller model does not."""
    retriever = {"task": "docid", "scheme": "atomic", "max_tokens": 12}
    masked, smaller = (System("dsi", 1, "recovered", name, 0.5) for name in ("magnitude", "ffn"))
    for system in (masked, smaller):
        if system == smaller:
            tiny_model = T5ForConditionalGeneration(T5Config(**{**tiny_model.config.to_dict(), "d_ff": 16}))
        save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS), results / system.slug, retriever)
        weights = load_file(results / system.slug / "model.safetensors")
        (results / "compressed" / system.slug).parent.mkdir(parents=True, exist_ok=True)
        for bits, word in ROUNDED_FILES.items():
            save_compressed(weights, results / f"compressed/{system.slug}.{word}.dsz", bits=bits)
    frame = measure_rounded(
        results, [System.parse(DENSE), masked, smaller], Evaluation(QUERIES, QRELS, 1, 24), 1
    )
    assert frame.loc[frame["activations"] == 8, "system"].tolist() == [DENSE, smaller.slug]


def test_the_command_writes_one_row_a_system_precision_and_split(
    results: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    QUERIES.to_parquet(results / "queries.parquet")
    QRELS.to_parquet(results / "qrels.parquet")
    options = ["--results", results, "--queries", results / "queries.parquet", "--relevance", 1]
    options += ["--qrels", results / "qrels.parquet", "--depth", 24, "--threads", 1]
    ended = command("measure_rounded", DENSE, *options, "--output", results / "rounded.csv")
    assert ended.returncode == 0, ended.stderr
    header, *rows = (results / "rounded.csv").read_text().splitlines()
    assert header == "system,bits,activations,split,MAP"
    assert [row.rpartition(",")[0] for row in rows] == [
        f"{DENSE},{bits},test" for bits in ("16,32", "8,32", "4,32", "8,8")
    ]
