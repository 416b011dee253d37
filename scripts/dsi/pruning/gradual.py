"""Gradual pruning: masks that grow along a cubic while a model trains.

The rate rises from 0 to the final one, and every few steps the smallest weights of each layer are masked anew
(Zhu & Gupta 2018, "To prune, or not to prune"). There the weights under a mask are kept and may come back;
here a mask only grows (`dsi.pruning.magnitude_growth`).
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from dsi.pruning.magnitude_growth import MagnitudeGrowth


class CubicSchedule(NamedTuple):
    """Steps are optimiser steps, counted from 1; the rate is `initial` up to begin, `final` from end on."""

    begin: int
    end: int
    final: float
    initial: float = 0.0


def gradual_sparsity(step: int, schedule: CubicSchedule) -> float:
    """s_f + (s_i - s_f) · (1 - (t - t₀) / (n Δt))³, t held within [t₀, t₀ + n Δt]."""
    if step >= schedule.end:
        return schedule.final
    progress = max(0, step - schedule.begin) / (schedule.end - schedule.begin)
    return schedule.final + (schedule.initial - schedule.final) * (1 - progress) ** 3


@dataclass(frozen=True)
class GradualSettings:
    """until: fraction of the steps after which the rate is reached. every: steps between two changes."""

    until: float
    every: int

    def growth(self, rate: float) -> MagnitudeGrowth:
        """Masks that grow to a rate."""
        return MagnitudeGrowth(partial(self.rate_after, rate))

    def rate_after(self, rate: float, step: int, last: int) -> float | None:
        """Every few steps, and at the last one of the schedule, the cubic; else None."""
        schedule = CubicSchedule(0, max(1, round(self.until * last)), rate)
        due = step <= schedule.end and (step % self.every == 0 or step == schedule.end)
        return gradual_sparsity(step, schedule) if due else None
