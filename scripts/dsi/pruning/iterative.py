"""Iterative pruning: rounds of magnitude with equal stretches of training between (Han et al. 2015).

Training is cut into as many equal stretches as there are rounds, and a round stands at the start of each:
after the last one as much training follows as after any other. In each round the same share of the weights
that are left goes, so that after round k of n at a final rate r a share (1 - r)^(k/n) is left.
"""

from dataclasses import dataclass
from functools import partial

from dsi.pruning.magnitude_growth import MagnitudeGrowth


@dataclass(frozen=True)
class IterativeSettings:
    """rounds: in which the rate is reached; more than there are steps count as so many."""

    rounds: int

    def growth(self, rate: float) -> MagnitudeGrowth:
        """Masks that grow to a rate."""
        return MagnitudeGrowth(partial(self.rate_after, rate))

    def rate_after(self, rate: float, step: int, last: int) -> float | None:
        """At the step where a round stands, the rate after it; else None."""
        rounds = min(self.rounds, last)
        for number in range(1, rounds + 1):
            if step == round((number - 1) * last / rounds):
                return rate if number == rounds else 1 - (1 - rate) ** (number / rounds)
        return None
