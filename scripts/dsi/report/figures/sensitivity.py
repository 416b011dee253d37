"""What pruning one sublayer alone costs, without recovery: a curve for each sublayer."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from dsi.report.figures.colours import COLOURS
from dsi.report.figures.style import use_theme

MARKERS = "osD^vPX*<"


def sensitivity_figure(values: pd.DataFrame, *, title: str) -> Figure:
    """MAP over the rate at which each sublayer alone is pruned: dots of single seeds, curves of their means.

    Args:
        values: of all seeds and one split: sublayer (missing of the dense model), rate, weights, MAP.
    """
    pruned = values.dropna(subset=["sublayer"])
    use_theme()
    figure, axis = plt.subplots(figsize=(8.5, 5), layout="constrained")
    dense = values.loc[values["sublayer"].isna(), "MAP"].mean()
    axis.axhline(dense, color=COLOURS["dense"], label="dense E1")
    names = list(dict.fromkeys(pruned["sublayer"]))
    for place, (name, colour) in enumerate(zip(names, sns.color_palette("husl", len(names)), strict=True)):
        rows = pruned[pruned["sublayer"] == name]
        means = rows.groupby("rate")["MAP"].mean()
        weights = int(rows["weights"].iloc[0])
        label = f"{name} ({weights:,} weights)"
        axis.scatter(rows["rate"], rows["MAP"], color=colour, s=10, alpha=0.4, linewidths=0)
        axis.plot(means.index, means, color=colour, marker=MARKERS[place % len(MARKERS)], label=label)
    axis.set(xlabel="rate at which this sublayer alone is pruned", ylabel="MAP (0–1, higher is better)")
    axis.set_ylim(bottom=0)
    figure.legend(loc="outside right center", frameon=False)
    axis.set_title(title)
    return figure
