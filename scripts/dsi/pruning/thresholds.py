"""From importances to boolean masks: which weights fall below the threshold."""

import torch

from dsi.model.masks import Tensors


def layerwise_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the round(rate · n) least important of each tensor's n weights.

    The choice among equals is `torch.topk`'s, as in `torch.nn.utils.prune.l1_unstructured`, so the
    masks are equal to its masks.
    """
    masks = {}
    for name, importance in importances.items():
        mask = torch.ones(importance.numel(), dtype=torch.bool, device=importance.device)
        dropped = round(rate * importance.numel())
        if dropped:
            mask[importance.reshape(-1).topk(dropped, largest=False).indices] = False
        masks[name] = mask.reshape(importance.shape)
    return masks


def global_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the round(rate · n) least important of all n weights, whatever tensor they are in.

    As `torch.nn.utils.prune.global_unstructured` does, ties included.
    """
    together = torch.cat([importance.reshape(-1) for importance in importances.values()])
    mask = layerwise_masks({"all": together}, rate)["all"]
    parts = torch.split(mask, [importance.numel() for importance in importances.values()])
    return {
        name: part.reshape(importance.shape)
        for (name, importance), part in zip(importances.items(), parts, strict=True)
    }


def rowwise_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the least important of each row, round(rate · n) of each tensor's n weights.

    Each output keeps as many inputs, or one more where that number is no multiple of the rows: of the rows'
    next weights, the least important of all go, until it is met.
    """
    masks = {}
    for name, importance in importances.items():
        of_each, left = divmod(round(rate * importance.numel()), len(importance))
        mask = torch.ones_like(importance, dtype=torch.bool)
        mask.scatter_(1, importance.topk(of_each, dim=1, largest=False).indices, False)
        if left:
            following = importance.masked_fill(~mask, torch.inf).min(dim=1)
            chosen = following.values.topk(left, largest=False).indices
            mask[chosen, following.indices[chosen]] = False
        masks[name] = mask
    return masks
