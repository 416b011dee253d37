"""Which systems are judged against which controls, as matrices paired by seed and query."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation.estimates import Array
from dsi.evaluation.paired_values import PairingError, of_arm, paired
from dsi.systems import JUDGING_CONTROLS, SMALL_ARMS, spell_rate


class Family(NamedTuple):
    """All rates of a criterion against one control: what Holm's correction over rates is over.

    rates: (R,). values: (R, S, Q) of the recovered models; of_control: the same shape. margin: in the unit of
    the values, NaN for none.
    """

    baseline: str
    criterion: str
    control: str
    rates: Array
    values: Array
    of_control: Array
    margin: float

    @property
    def differences(self) -> Array:
        """Recovered minus control, (R, S, Q)."""
        return self.values - self.of_control


def families(rows: pd.DataFrame, margin: float | None) -> Iterator[Family]:
    """Every criterion of every baseline against each control; none where the dense model has nothing but 0.

    Controls are the unpruned models of the same training, and, where they were trained, small models of the
    shape that a criterion leaves at the same rate.

    Args:
        rows: as in dsi.evaluation.paired_values, of one split.
        margin: as a share of the dense model's mean (E1).

    Raises:
        PairingError: a control is missing, or two systems do not have the same seeds and queries.
    """
    recovered = rows[rows["arm"] == "recovered"]
    for (baseline, criterion), group in recovered.groupby(["baseline", "criterion"]):
        of_baseline = rows[rows["baseline"] == baseline]
        unpruned = of_baseline[of_baseline["criterion"].isna()]
        arms = set(unpruned["arm"])
        for arm in ("dense", JUDGING_CONTROLS[0]):
            if arm not in arms:
                raise PairingError(
                    f"the values of {arm} of {baseline} are missing; its recovered models need it"
                )
        dense = of_arm(unpruned, "dense").to_numpy()
        if not dense.any():
            continue  # the gate says so, and no margin is a share of 0
        absolute = float("nan") if margin is None else margin * float(dense.mean())
        for control in JUDGING_CONTROLS:
            if control in arms:
                yield _family(group, unpruned, control, absolute)
        for control in SMALL_ARMS:
            small = of_baseline[(of_baseline["arm"] == control) & (of_baseline["criterion"] == criterion)]
            same = group[group["rate"].isin(small["rate"])]
            if len(same):
                yield _family(same, small, control, absolute)


def _family(recovered: pd.DataFrame, controls: pd.DataFrame, control: str, margin: float) -> Family:
    """The rates of one baseline and criterion, each paired with the control, or with that of its rate."""
    baseline, criterion = str(recovered["baseline"].iloc[0]), str(recovered["criterion"].iloc[0])
    rates = sorted(recovered["rate"].unique())
    systems, references = [], []
    for rate in rates:
        at_rate = controls if control not in SMALL_ARMS else controls[controls["rate"] == rate]
        reference = of_arm(at_rate, control)
        name = f"recovered {criterion} {spell_rate(rate)} of {baseline}"
        values = of_arm(recovered[recovered["rate"] == rate], "recovered")
        systems.append(paired(values, reference, name, control).to_numpy())
        references.append(reference.to_numpy())
    return Family(
        baseline, criterion, control, np.array(rates), np.stack(systems), np.stack(references), margin
    )
