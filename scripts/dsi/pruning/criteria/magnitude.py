"""Magnitude: the smallest weights go (Han et al. 2015)."""

from dsi.model.masks import Tensors


def magnitude_importances(weights: Tensors) -> Tensors:
    """|w| of every weight: the L1 criterion."""
    return {name: weight.abs() for name, weight in weights.items()}
