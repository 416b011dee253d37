"""Shared by the tests of pruning: tensors from a seed, weights by name, queries for calibration."""

import torch
from transformers import T5ForConditionalGeneration

from dsi.pruning.calibration import CalibrationBatch, docid_batch

Q = "encoder.block.0.layer.0.SelfAttention.q.weight"


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def tensors_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def queries(model: T5ForConditionalGeneration) -> list[CalibrationBatch]:
    """Two batches, the second with padding."""
    first = torch.tensor([[3, 4, 5, 1], [6, 7, 8, 1]])
    second = torch.tensor([[9, 10, 1], [11, 1, 0]])
    return [docid_batch(model, ids, (ids != 0).long()) for ids in (first, second)]
