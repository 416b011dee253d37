"""Movement pruning as published: scores of the weights, learnt through the masks while a model trains.

Sanh et al. 2020, "Movement Pruning: Adaptive Sparsity by Fine-Tuning" (arXiv:2005.07683), the hard variant:
the forward pass sees W' = W ⊙ M, where M keeps the top v of each matrix's scores S (per matrix, as the
authors' code does unless it is told `global_topk`). Straight through M, the gradient of S is ∂L/∂W' ⊙ W, and
that of W is ∂L/∂W' ⊙ M: S grows where a weight moves away from zero. v falls from 1 along the cubic of Zhu &
Gupta 2018 between a warm-up and a cool-down. Weights keep their values under the mask, and may return to the
last step.

S starts at 0 and is learnt by the model's optimiser, on its schedule, at a peak of its own. With Adam from 0
and without decay that peak scales every score alike, so that it decides no mask: it is the published one, and
no setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from dsi.model.masks import MaskedParameters
from dsi.pruning.gradual import CubicSchedule, gradual_sparsity
from dsi.pruning.thresholds import layerwise_masks

SCORE_LEARNING_RATE = 1e-2


@dataclass(frozen=True)
class MovementSettings:
    """warmup, cooldown: fractions of the steps before v begins to fall, and after it has fallen."""

    warmup: float
    cooldown: float

    def growth(self, rate: float) -> "MovementGrowth":
        """Masks that follow the scores."""
        return MovementGrowth(rate, self)

    def schedule(self, rate: float, last: int) -> CubicSchedule:
        """The rate 1 - v over so many steps."""
        begin = min(round(self.warmup * last), last - 1)
        return CubicSchedule(begin, max(begin + 1, round((1 - self.cooldown) * last)), rate)


class MovementGrowth:
    """A `dsi.model.masks.Growth` by scores.

    Between steps the model's parameters hold W' = W ⊙ M, which is what forward passes, validation and stored
    checkpoints see; `weigh` puts W back for the optimiser's step, and `change` notes what became of it.
    """

    def __init__(
        self, rate: float, settings: MovementSettings, learning_rate: float = SCORE_LEARNING_RATE
    ) -> None:
        self._rate = rate
        self._settings = settings
        self._learning_rate = learning_rate
        self._masked: MaskedParameters = []
        self._loaded: Mapping[str, Sequence[torch.Tensor]] = {}
        self._weights: list[torch.Tensor] = []
        self._scores: list[torch.nn.Parameter] = []

    def begin(self, masked: MaskedParameters, last: int) -> Sequence[dict[str, Any]]:
        """Scores of 0, or those loaded, as a group of parameters for the optimiser."""
        self._masked = masked
        self._schedule = self._settings.schedule(self._rate, last)
        parameters = [parameter.detach() for parameter, _ in masked]
        weights = self._loaded.get("weights", parameters)
        scores = self._loaded.get("scores", [torch.zeros_like(weight) for weight in parameters])
        self._weights = [weight.to(parameters[0].device, copy=True) for weight in weights]
        self._scores = [torch.nn.Parameter(score.to(parameters[0].device, copy=True)) for score in scores]
        return [{"params": self._scores, "lr": self._learning_rate, "weight_decay": 0.0}]

    @torch.no_grad()
    def weigh(self) -> None:
        """Between backward pass and step: the scores' gradients, and W in place of W'."""
        for (parameter, _), weight, score in zip(self._masked, self._weights, self._scores, strict=True):
            if parameter.grad is not None:
                score.grad = parameter.grad * weight
            parameter.detach().copy_(weight)

    @torch.no_grad()
    def change(self, step: int) -> None:
        """After a step, or at the start (0): note W, and keep the top v of each matrix's scores, in place."""
        rate = gradual_sparsity(step, self._schedule)
        for (parameter, mask), weight, score in zip(self._masked, self._weights, self._scores, strict=True):
            weight.copy_(parameter)
            mask.copy_(layerwise_masks({"": score.detach()}, rate)[""])

    def state(self) -> Mapping[str, Sequence[torch.Tensor]]:
        """W and S; the optimiser keeps the moments of both."""
        return {"weights": self._weights, "scores": [score.detach() for score in self._scores]}

    def load(self, state: Mapping[str, Sequence[torch.Tensor]]) -> None:
        """Go on from what `state` gave, from the next `begin` on."""
        self._loaded = state
