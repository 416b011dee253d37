"""Latency: kernels that compute the same, rounds in turn, quartiles and gains by hand, a whole run."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from transformers import T5ForConditionalGeneration

from dsi.efficiency.sparse_kernels import (
    BreakEven,
    CsrLinear,
    csr_break_even,
    docid_scorer,
    is_two_of_four,
    semi_structured_obstacle,
    sparse_shapes,
    with_csr,
)
from dsi.efficiency.timing import Spread, gain, hardware, interleaved, processor_name, speedup, spread
from dsi.model.scoring import docid_logits
from dsi.model.t5 import build_model

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SETTINGS = {
    "d_model": 16,
    "d_kv": 8,
    "d_ff": 32,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout": 0.0,
    "feed_forward": "gated-gelu",
    "embedding_std": 0.1,
}
DOCUMENTS = 20


@pytest.fixture
def model() -> T5ForConditionalGeneration:
    return build_model(SETTINGS, vocabulary=50, documents=DOCUMENTS, seed=1).eval()


def queries() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.tensor([[9, 10, 12, 1], [11, 1, 0, 0]])
    return ids, (ids != 0).long()


def prune_half(model: T5ForConditionalGeneration) -> None:
    """The first two of each four inputs of every Linear go, embedding and head apart."""
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and name != "lm_head":
                module.weight.view(-1, 4)[:, :2] = 0


def test_csr_multiplies_as_the_dense_linear_does() -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(12, 7, bias=False)
    linear.weight.data *= torch.rand(7, 12) > 0.8
    inputs = torch.randn(2, 3, 12)
    with torch.inference_mode():
        torch.testing.assert_close(CsrLinear(linear.weight)(inputs), linear(inputs))


def test_every_way_to_run_scores_alike(model: T5ForConditionalGeneration) -> None:
    prune_half(model)
    ids, mask = queries()
    with torch.inference_mode():
        expected = docid_logits(model, ids, mask, DOCUMENTS)
    torch.testing.assert_close(docid_scorer(model, DOCUMENTS)(ids, mask), expected)
    measured = [BreakEven(*shape, 0.5) for shape in sparse_shapes(model, DOCUMENTS, 2, 4)]
    csr = with_csr(model, DOCUMENTS, measured, 2, 4)
    assert csr is not None
    torch.testing.assert_close(csr(ids, mask), expected)
    # The model itself keeps its Linears.
    assert not any(isinstance(module, CsrLinear) for module in model.modules())
    with torch.no_grad():
        model.lm_head.weight[:, :12] = 0
    measured = [BreakEven(*shape, 0.5) for shape in sparse_shapes(model, DOCUMENTS, 2, 4)]
    assert BreakEven(DOCUMENTS, 16, 2, 0.5) in measured
    sparse_head = with_csr(model, DOCUMENTS, measured, 2, 4)
    assert sparse_head is not None
    with torch.inference_mode():
        torch.testing.assert_close(sparse_head(ids, mask), docid_logits(model, ids, mask, DOCUMENTS))


def test_csr_is_not_used_below_its_break_even(model: T5ForConditionalGeneration) -> None:
    prune_half(model)
    for rate in (0.6, None):
        measured = [BreakEven(*shape, rate) for shape in sparse_shapes(model, DOCUMENTS, 2, 4)]
        assert with_csr(model, DOCUMENTS, measured, 2, 4) is None


def test_shapes_and_positions_by_hand(model: T5ForConditionalGeneration) -> None:
    """The encoder and cross-attention's k and v see 3 · 5 positions, the rest of the decoder 3."""
    assert sparse_shapes(model, DOCUMENTS, batch=3, length=5) == set()
    prune_half(model)
    encoder = {(16, 16, 15), (32, 16, 15), (16, 32, 15)}
    decoder = {(16, 16, 3), (32, 16, 3), (16, 32, 3)}
    assert sparse_shapes(model, DOCUMENTS, batch=3, length=5) == encoder | decoder


def test_break_even_is_one_of_the_rates_or_none() -> None:
    found = csr_break_even(64, 64, 2, rounds=3)
    assert found[:3] == (64, 64, 2)
    assert found.rate is None or 0.5 <= found.rate <= 0.99


def test_calls_take_turns() -> None:
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "abc"}
    samples = interleaved(calls, rounds=2, warmup=1)
    assert "".join(order) == "abcbcacab"
    assert {name: len(values) for name, values in samples.items()} == {"a": 2, "b": 2, "c": 2}


def test_spread_speedup_and_gain_by_hand() -> None:
    assert spread([4.0, 1.0, 2.0, 3.0, 5.0]) == (3.0, 2.0, 4.0)
    # 2/1, 3/2, 6/2: round by round, so that a slow moment of the machine cancels out.
    assert speedup([2.0, 3.0, 6.0], [1.0, 2.0, 2.0]) == (2.0, 1.75, 2.5)
    slower, unsure, faster = Spread(0.7, 0.6, 0.8), Spread(1.2, 0.9, 1.5), Spread(1.1, 1.05, 1.2)
    assert gain([slower, unsure]) == 1.0
    assert gain([slower, unsure, faster]) == 1.1


def test_two_of_four_is_recognised() -> None:
    weight = torch.tensor([[0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0]])
    assert is_two_of_four(weight)
    weight[0, 4] = weight[0, 5] = 1.0
    assert not is_two_of_four(weight)
    assert not is_two_of_four(torch.zeros(2, 6))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_two_of_four_says_what_it_needs(model: T5ForConditionalGeneration) -> None:
    assert (
        semi_structured_obstacle(model) == "no CUDA device; 2:4 needs one of compute capability 8.0 or more"
    )


def test_hardware_is_named(tmp_path: Path) -> None:
    assert set(hardware()) == {"processor", "cores", "gpu", "threads", "torch"}
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some Processor 9000\n")
    assert processor_name(tmp_path / "cpuinfo") == "Some Processor 9000"
    assert processor_name(tmp_path / "absent")


def test_the_command_measures_and_says_what_is_gained(
    model: T5ForConditionalGeneration, tmp_path: Path
) -> None:
    for name in ("dense", "magnitude-0.5"):
        model.save_pretrained(tmp_path / name)
        pd.DataFrame({"docid": range(DOCUMENTS)}).to_parquet(tmp_path / name / "docids.parquet")
        (tmp_path / name / "retriever.json").write_text(json.dumps({"task": "docid", "scheme": "atomic"}))
        prune_half(model)
    command = [
        sys.executable,
        str(SCRIPTS),
        "measure_latency",
        tmp_path / "magnitude-0.5",
        "--dense",
        tmp_path / "dense",
    ]
    command += ["--input-length", "4", "--batch", "3", "--threads", "1", "--rounds", "3"]
    command += ["--output", tmp_path / "latency.json"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    report = json.loads((tmp_path / "latency.json").read_text())
    assert report["hardware"]["threads"] == 1
    assert (report["query"]["batch"], report["batch"]["batch"]) == (1, 3)
    for workload in ("query", "batch"):
        entry = report[workload]["checkpoints"]["magnitude-0.5"]
        assert {"dense"} <= set(entry["kernels"]) <= {"dense", "csr"}
        assert float(entry["gain"].removesuffix("×")) >= 1.0
        seconds = report[workload]["dense"]["seconds"]
        assert 0 < seconds["lower"] <= seconds["median"] <= seconds["upper"]
