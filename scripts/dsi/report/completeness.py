"""Whether results are whole: a mean must not silently be over fewer seeds than another."""

import pandas as pd

from dsi.evaluation.measures import MEASURES
from dsi.report.frames import GROUP, KEY_TYPES, first_system
from dsi.report.results import ReportError
from dsi.systems import ALWAYS, CONTROL_OF, PRUNED_ARMS


def check_complete(metrics: pd.DataFrame, sparsity: pd.DataFrame) -> None:
    """Refuse results that lack something.

    Args:
        metrics, sparsity: as in dsi.report.frames.

    Raises:
        ReportError: names a system that one seed has and another lacks, a value that is missing,
            a control or reference ranking that was not evaluated, or a pruned model whose
            sparsity is unknown.
    """
    absent = [arm for arm in ALWAYS if arm not in set(metrics["arm"])]
    if absent:
        raise ReportError(f"the metrics of {absent[0]} are missing; every table shows them")
    for baseline, rows in metrics.dropna(subset=["baseline"]).groupby("baseline"):
        _check_seeds(rows)
        _check_controls(rows, str(baseline))
    _check_values(metrics)
    _check_sparsity(metrics[metrics["arm"].isin(PRUNED_ARMS)], sparsity)


def _check_seeds(rows: pd.DataFrame) -> None:
    """Of one baseline: every system must exist for every seed."""
    seeds = sorted({int(seed) for seed in rows["seed"]})
    for _, group in rows.groupby(GROUP, dropna=False):
        there = sorted({int(seed) for seed in group["seed"]})
        absent = sorted(set(seeds) - set(there))
        if absent:
            slug = first_system(group)._replace(seed=absent[0]).slug
            raise ReportError(
                f"the metrics of {slug} are missing ({group['split'].iloc[0]} queries): "
                f"found seeds {there}, expected {seeds}"
            )


def _check_controls(rows: pd.DataFrame, baseline: str) -> None:
    """Of one baseline: every arm's control must exist."""
    for arm, control in CONTROL_OF.items():
        if arm in set(rows["arm"]) and control not in set(rows["arm"]):
            lowest = rows.sort_values("seed")
            slug = first_system(lowest)._replace(arm=control, criterion=None, rate=None).slug
            raise ReportError(
                f"the metrics of {slug} are missing: {arm} systems of {baseline} are compared with it"
            )


def _check_values(metrics: pd.DataFrame) -> None:
    """A measure is there for all seeds of a system, or for none."""
    for _, group in metrics.groupby(GROUP, dropna=False):
        for measure in MEASURES:
            absent = group[measure].isna()
            if absent.any() and not absent.all():
                rows = group[absent]
                raise ReportError(
                    f"{measure} of {first_system(rows).slug} ({rows['split'].iloc[0]} queries) has no "
                    "value, but other seeds have one; evaluate that system again"
                )


def _check_sparsity(pruned: pd.DataFrame, sparsity: pd.DataFrame) -> None:
    """The shares of zeros of every pruned model are known.

    They are counted when it is pruned: before the recovery, or in it where the criterion is gradual.
    """
    merged = pruned.merge(sparsity, how="left", on=list(KEY_TYPES))
    unknown = merged[merged["model"].isna()]
    if len(unknown):
        first = first_system(unknown)
        one_shot = ((pruned["arm"] == "pruned") & (pruned["criterion"] == first.criterion)).any()
        slug = first._replace(arm="pruned" if one_shot else "recovered").slug
        raise ReportError(f"the sparsity.json of {slug} is missing")
