"""Queries won and lost against the control: what stands behind an average that has not moved.

Of every pair (seed, query): is a relevant document among the first 10, with the control, with the model, with
both; is average precision better, the same or worse. Beside what pruning does stands what retraining alone
does: the same counts of models of which nothing is pruned.

Frame
    flips  one row per system and its control: the fields of Flips.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation.group_losses import CONTROLS, controlled_systems
from dsi.evaluation.paired_values import of_arm, of_system, paired
from dsi.systems import System

FOUND, PRECISION = "MRR@10", "MAP"  # of a query: found in the first 10 or not; average precision
ANOTHER_SEED = "another seed"  # the control's own arm, trained from the next seed
SAME = 1e-9  # average precisions nearer than this are the same; sums differ in their last digits


class Flips(NamedTuple):
    """Counts of pairs (seed, query).

    arm: or ANOTHER_SEED. both, lost, won: found with both, with the control alone, with the model alone.
    better, equal, worse: by average precision.
    """

    baseline: str
    arm: str
    criterion: str | None
    rate: float | None
    control: str
    seeds: int
    queries: int
    both: int
    lost: int
    won: int
    better: int
    equal: int
    worse: int

    @property
    def kept(self) -> float:
        """Of what the control finds the share that the model finds, too; NaN where it finds nothing."""
        found = self.both + self.lost
        return self.both / found if found else float("nan")


def flips_frame(values: Mapping[str, pd.DataFrame], split: str = "test") -> pd.DataFrame:
    """The frame `flips`: every system that has a control, and each control against itself from the next seed.

    Args:
        values: of FOUND and PRECISION, as in dsi.evaluation.paired_values.

    Raises:
        PairingError: a system and its control do not have the same seeds and queries.
    """
    found, precision = (values[name][values[name]["split"] == split] for name in (FOUND, PRECISION))
    rows = [
        row
        for baseline in sorted(found["baseline"].dropna().unique())
        for row in _of_baseline(*(frame[frame["baseline"] == baseline] for frame in (found, precision)))
    ]
    return pd.DataFrame(rows, columns=list(Flips._fields)).astype({"rate": "float64"})


def flips_rows(frame: pd.DataFrame) -> list[Flips]:
    """The rows of a frame as records."""
    rows = [Flips(*row) for row in frame[list(Flips._fields)].itertuples(index=False, name=None)]
    return [row._replace(criterion=None, rate=None) if pd.isna(row.criterion) else row for row in rows]


def _of_baseline(found: pd.DataFrame, precision: pd.DataFrame) -> Iterator[Flips]:
    """Of one baseline, by FOUND and by PRECISION."""
    arms = set(found["arm"])
    for system in controlled_systems(found):
        control = CONTROLS[system.arm]
        if control in arms:
            models = [of_system(frame, system) for frame in (found, precision)]
            references = [of_arm(frame, control) for frame in (found, precision)]
            pairs = [
                (paired(model, reference, system.arm, control), reference)
                for model, reference in zip(models, references, strict=True)
            ]
            yield _counted(system, control, pairs)
    for control in sorted(set(CONTROLS.values()) & arms):
        references = [of_arm(frame, control) for frame in (found, precision)]
        if len(references[0]) > 1:
            another = System(str(found["baseline"].iloc[0]), None, ANOTHER_SEED, None, None)
            yield _counted(another, control, [(next_seed(values), values) for values in references])


def next_seed(values: pd.DataFrame) -> pd.DataFrame:
    """In the row of each seed the values of the next one, of the last seed those of the first."""
    return pd.DataFrame(np.roll(values.to_numpy(), -1, axis=0), index=values.index, columns=values.columns)


def _counted(system: System, control: str, pairs: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> Flips:
    """Counts of one system: its values and the control's, by FOUND and by PRECISION."""
    (model, reference), (precision, of_control) = (
        (ours.to_numpy(), theirs.to_numpy()) for ours, theirs in pairs
    )
    finds, found = model > 0, reference > 0
    change = precision - of_control
    counts = (
        finds & found, ~finds & found, finds & ~found,
        change > SAME, np.abs(change) <= SAME, change < -SAME,
    )  # fmt: skip
    return Flips(
        str(system.baseline), system.arm, system.criterion, system.rate, control, *model.shape,
        *(int(each.sum()) for each in counts),
    )  # fmt: skip
