"""Optimisers, learning-rate schedules, and the optimiser's state as named tensors."""

import math
from collections.abc import Mapping

import torch

from dsi.model.t5 import EMBEDDING
from dsi.training.phase import Optimisation


def make_optimiser(
    model: torch.nn.Module, settings: Optimisation, learning_rate: float
) -> torch.optim.Optimizer:
    """The optimiser of a model's parameters; only matrices decay."""
    groups = [
        {
            "params": [parameter for parameter in model.parameters() if parameter.dim() > 1],
            "weight_decay": settings.weight_decay,
        },
        {
            "params": [parameter for parameter in model.parameters() if parameter.dim() <= 1],
            "weight_decay": 0.0,
        },
    ]
    if settings.name == "adafactor":
        return torch.optim.Adafactor(groups, lr=learning_rate)
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(groups, lr=learning_rate, betas=settings.betas, eps=settings.eps, fused=True)


def warmup_cosine(progress: float, warmup: float) -> float:
    """Factor on the learning rate at a progress in [0, 1]: linear from 0 to 1, then cosine to 0."""
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def warmup_constant(progress: float, warmup: float) -> float:
    """Factor on the learning rate at a progress in [0, 1]: linear from 0 to 1, then 1."""
    return progress / warmup if progress < warmup else 1.0


def optimiser_moments(optimiser: torch.optim.Optimizer, model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The optimiser's state by parameter name: `<name>/exp_avg`, `<name>/step`, …"""
    return {
        f"{name}/{key}": value.cpu()
        for name, parameter in model.named_parameters()
        for key, value in optimiser.state[parameter].items()
    }


def load_moments(
    optimiser: torch.optim.Optimizer, model: torch.nn.Module, moments: Mapping[str, torch.Tensor]
) -> None:
    """Put the optimiser's state back, as `optimiser_moments` gave it.

    An output head untied since then starts from the moments of the embedding that it was tied to.
    """
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for entry, value in moments.items():
        name, _, key = entry.rpartition("/")
        parts.setdefault(name, {})[key] = value
    for name, parameter in model.named_parameters():
        source = name if name in parts else EMBEDDING
        optimiser.state[parameter] = {
            # Counters of fused optimisers lie where the parameter does.
            key: value.to(parameter.device, copy=True)
            for key, value in parts[source].items()
        }
