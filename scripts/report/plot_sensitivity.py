"""Draw what pruning one sublayer alone costs, without recovery.

    python scripts plot_sensitivity results/sensitivity/dsi-seed*.csv --title dsi \\
        --svg results/figures/sensitivity-dsi.svg --png results/figures/sensitivity-dsi.png
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from dsi.base.command import command_parser, run
from dsi.report.figures.style import COLOURS, save_figure, use_theme

MARKERS = "osD^vPX*<"


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("values", type=Path, nargs="+", help="CSV of scripts measure_sensitivity, one a seed")
    parser.add_argument("--title", required=True)
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    arguments = parser.parse_args()

    frame = pd.concat([pd.read_csv(path) for path in arguments.values], ignore_index=True)
    frame = frame[frame["split"] == arguments.split]
    pruned = frame.dropna(subset=["sublayer"])
    use_theme()
    figure, axis = plt.subplots(figsize=(8.5, 5), layout="constrained")
    axis.axhline(frame.loc[frame["sublayer"].isna(), "MAP"].mean(), color=COLOURS["dense"], label="dense E1")
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
    seeds = len(arguments.values)
    axis.set_title(f"{arguments.title}: one sublayer pruned by magnitude, no recovery; {seeds} seed(s)")
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


if __name__ == "__main__":
    run(main)
