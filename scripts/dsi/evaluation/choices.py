"""What validation chooses among the systems that are judged."""

import pandas as pd


def with_choices(frame: pd.DataFrame, values: pd.DataFrame, higher_is_better: bool = True) -> pd.DataFrame:
    """Marks the best rate of each criterion and the best criterion at each rate, by validation.

    Of equally good rates the highest is best, as it prunes more; of criteria the first by name.

    Args:
        frame: baseline, criterion, rate, of rows to mark.
        values: as in dsi.evaluation.paired_values.

    Returns:
        The frame with best_rate and best_criterion.
    """
    keys = ["baseline", "criterion", "rate"]
    recovered = values[(values["split"] == "validation") & (values["arm"] == "recovered")]
    means = recovered.groupby(keys)["value"].mean().reset_index()
    worst_first = not higher_is_better
    by_rate = means.sort_values(["value", "rate"], ascending=[worst_first, False]).drop_duplicates(
        ["baseline", "criterion"]
    )
    by_criterion = means.sort_values(["value", "criterion"], ascending=[worst_first, True]).drop_duplicates(
        ["baseline", "rate"]
    )
    systems = pd.MultiIndex.from_frame(frame[keys])
    return frame.assign(
        best_rate=systems.isin(pd.MultiIndex.from_frame(by_rate[keys])),
        best_criterion=systems.isin(pd.MultiIndex.from_frame(by_criterion[keys])),
    )
