"""Shared by the tests of efficiency: tensors from a seed, equal bits, a checkpoint folder of two layers."""

import json
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import save_file
from transformers import T5ForConditionalGeneration

from dsi.model.masks import Tensors

PREFIX = "encoder.block.0.layer.0.SelfAttention"


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def same_bits(one: Tensors, other: Tensors) -> bool:
    return list(one) == list(other) and all(
        weight.dtype == other[name].dtype
        and weight.shape == other[name].shape
        and torch.equal(weight.reshape(-1).view(torch.uint8), other[name].reshape(-1).view(torch.uint8))
        for name, weight in one.items()
    )


def small_t5() -> tuple[dict[str, int], Tensors]:
    weights = {f"{PREFIX}.{name}.weight": torch.ones(4, 4) for name in "qkvo"}
    weights |= {f"decoder.block.0.layer.1.EncDecAttention.{name}.weight": torch.ones(4, 4) for name in "qkvo"}
    weights["shared.weight"] = torch.ones(10, 4)
    return {"num_layers": 1, "num_decoder_layers": 1, "num_heads": 2, "d_kv": 2}, weights


def save_small_t5(weights: Tensors, folder: Path) -> None:
    """A checkpoint of five documents with atomic docids; its weights are read by name only."""
    folder.mkdir()
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(small_t5()[0]))
    pd.DataFrame({"docid": list("abcde")}).to_parquet(folder / "docids.parquet")
    (folder / "retriever.json").write_text(json.dumps({"task": "docid", "scheme": "atomic"}))


def prune_half(model: T5ForConditionalGeneration) -> None:
    """The first two of each four inputs of every Linear go, embedding and head apart."""
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and name != "lm_head":
                module.weight.view(-1, 4)[:, :2] = 0
