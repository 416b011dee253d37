"""Quality against bytes, whatever saved them: pruning, fewer bits for a weight, or both.

Frames
    points    one row per model, seed and precision: POINT_COLUMNS; of dense E1 no criterion and no rate.
    averages  one row per model and precision, seeds together: MODEL, mb, MAP, lower, upper (the interval of
              the mean), optimal: no other is as small and as good, and better in one of the two.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from dsi.evaluation.estimates import VALUES, mean_interval
from dsi.systems import spell_rate

# Bits of a weight → the columns of the frame `benefit` with the file's MB and its MAP.
PRECISIONS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {16: ("small_mb", "small_map"), 8: ("int8_mb", "int8_map"), 4: ("int4_mb", "int4_map")}
)
MODEL = ["criterion", "rate", "bits"]
POINT_COLUMNS = (*MODEL, "seed", "mb", "MAP")


def precision_points(benefit: pd.DataFrame) -> pd.DataFrame:
    """The frame `points` of one baseline's rows of `benefit`; what has no MAP is left out."""
    parts = [
        benefit[["criterion", "rate", "seed", mb, quality]]
        .rename(columns={mb: "mb", quality: "MAP"})
        .assign(bits=bits)
        for bits, (mb, quality) in PRECISIONS.items()
    ]
    points = pd.concat(parts, ignore_index=True).dropna(subset=["MAP"])
    return points[list(POINT_COLUMNS)].reset_index(drop=True)


def average_points(points: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The frame `averages`, fewest bytes first."""
    rows = []
    for model, group in points.groupby(MODEL, dropna=False, sort=False):
        lower, upper = mean_interval(list(group["MAP"]), confidence, VALUES)
        means = (group["mb"].mean(), group["MAP"].mean(), lower, upper)
        rows.append((*model, *means))
    frame = pd.DataFrame(rows, columns=[*MODEL, "mb", "MAP", "lower", "upper"])
    frame = frame.assign(optimal=pareto_optimal(frame["mb"].to_numpy(), frame["MAP"].to_numpy()))
    return frame.sort_values(["mb", "MAP"], kind="stable").reset_index(drop=True)


def pareto_optimal(
    costs: npt.NDArray[np.float64], qualities: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Of which points no other costs as little and is as good, and is better in one of the two."""
    optimal, best = np.zeros(len(costs), dtype=bool), -np.inf
    for place in np.lexsort((-qualities, costs)):
        # Of equal points all are kept, or none.
        same = optimal & (costs == costs[place]) & (qualities == qualities[place])
        optimal[place] = qualities[place] > best or same.any()
        best = max(best, qualities[place])
    return optimal


def beaten_by(averages: pd.DataFrame, bits: int) -> pd.DataFrame:
    """The pruned models in float16 than which the dense one in so many bits is as small and as good."""
    dense = averages[averages["criterion"].isna() & (averages["bits"] == bits)]
    pruned = averages[averages["criterion"].notna() & (averages["bits"] == 16)]
    if dense.empty:
        return pruned.iloc[:0]
    smaller = (pruned["mb"] >= dense["mb"].iloc[0]) & (pruned["MAP"] <= dense["MAP"].iloc[0])
    beaten: pd.DataFrame = pruned[smaller]
    return beaten


def steps_along(points: pd.DataFrame, averages: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The optimal models, fewest bytes first, with what each has more than the one before.

    Returns:
        The columns of averages, and gain, gain_lower, gain_upper: the mean difference in MAP within each
        seed and its interval; missing of the first, and of one seed the interval.
    """
    best = averages[averages["optimal"]].reset_index(drop=True)
    rows, before = [], None
    for model in best[MODEL].itertuples(index=False):
        values = _by_seed(points, *model)
        gains: list[float] = [] if before is None else list((values - before).dropna())
        interval = mean_interval(gains, confidence) if gains else (np.nan, np.nan)
        rows.append((np.mean(gains) if gains else np.nan, *interval))
        before = values
    gained = pd.DataFrame(rows, columns=["gain", "gain_lower", "gain_upper"], dtype=float)
    return pd.concat([best, gained], axis=1)


def model_name(criterion: str | float | None, rate: float, bits: int) -> str:
    """`dense in 8 bits`, `wanda 0.5 in 16 bits`."""
    if not isinstance(criterion, str):
        return f"dense in {bits} bits"
    return f"{criterion} {spell_rate(rate)} in {bits} bits"


def _by_seed(points: pd.DataFrame, criterion: str | float | None, rate: float, bits: int) -> pd.Series:
    """MAP by seed of one model in one precision."""
    rows = points[points["bits"] == bits]
    if isinstance(criterion, str):
        rows = rows[(rows["criterion"] == criterion) & (rows["rate"] == rate)]
    else:
        rows = rows[rows["criterion"].isna()]
    return rows.set_index("seed")["MAP"]
