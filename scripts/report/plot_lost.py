"""Draw which queries pruning loses first, and list them.

    python scripts plot_lost --metrics $(find results/metrics -name '*.json') --baseline dsi \\
        --criterion magnitude --queries results/collection/queries.parquet --csv results/tables/lost.csv \\
        --svg results/figures/lost-dsi-magnitude.svg --png results/figures/lost-dsi-magnitude.png

Of the queries that the dense models find (a relevant document among the first 10), the share that is still
found at each rate, seeds together: by the dense model's rank, by BM25's, and by the length of the query.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing
from dsi.report.figures.style import save_figure, use_theme
from dsi.report.lost_queries import MEASURE, LostError, found_frame, kept_frame, lost_frame, pairs_frame

COLOURS = ("#0072B2", "#E69F00", "#CC79A7")
STYLES: dict[str, tuple[Literal["-", ":"], str]] = {
    "recovered": ("-", "recovered"),
    "pruned": (":", "pruned, not recovered"),
}


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--criterion", required=True)
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text")
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--csv", type=Path, required=True, help="list of the queries to write")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    arguments = parser.parse_args()

    found = found_frame(systems(arguments), arguments.split)
    try:
        pairs = pairs_frame(found, pd.read_parquet(arguments.queries))
    except LostError as error:
        raise UserError(f"{arguments.baseline}, {arguments.criterion}: {error}") from error
    with replacing(arguments.csv) as path:
        lost_frame(pairs).to_csv(path, index=False, lineterminator="\n")
    use_theme()
    if pairs.empty:
        figure = empty_figure(arguments)
    else:
        figure = draw(kept_frame(pairs), found["seed"].nunique(), arguments)
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def systems(arguments: argparse.Namespace) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """BM25, the baseline's dense models and those pruned by the criterion, with their values per query."""
    for path in sorted(arguments.metrics):
        system = json.loads(path.read_text(encoding="utf-8"))["system"]
        ours = system["baseline"] == arguments.baseline and system["criterion"] in (None, arguments.criterion)
        if ours or system["arm"] == "bm25":
            values = pd.read_parquet(
                path.with_suffix(".per_query.parquet"), filters=[("measure", "==", MEASURE)]
            )
            yield system, values


def empty_figure(arguments: argparse.Namespace) -> Figure:
    """What there is to say of a retriever that finds nothing before it is pruned."""
    figure = plt.figure(figsize=(8, 1.5))
    text = f"{arguments.baseline}: no dense model finds any {arguments.split} query in its first 10,"
    figure.text(0.5, 0.5, f"{text}\nso pruning by {arguments.criterion} has nothing to lose", ha="center")
    return figure


def draw(kept: pd.DataFrame, seeds: int, arguments: argparse.Namespace) -> Figure:
    """A panel per grouping; a colour per group, a line style per arm."""
    names = list(dict.fromkeys(kept["grouping"]))
    figure, axes = plt.subplots(
        1, len(names), figsize=(4.6 * len(names), 4.6), sharey=True, layout="constrained"
    )
    for axis, grouping in zip(axes, names, strict=True):
        draw_groups(axis, kept[kept["grouping"] == grouping])
        axis.set(title=f"by {grouping}", xlabel="pruning rate")
    axes[0].set_ylabel("share of the queries found by the dense model\nthat is still found (first 10)")
    axes[0].set_ylim(0, 1.02)
    lines = [Line2D([], [], color="#555555", linestyle=style) for style, _ in STYLES.values()]
    labels = [name for _, name in STYLES.values()]
    figure.legend(lines, labels, loc="outside lower center", ncols=len(lines), frameon=False)
    figure.suptitle(
        f"{arguments.baseline}, pruned by {arguments.criterion}: which {arguments.split} queries are lost"
        f" first (pairs of query and seed; {seeds} seed{'s' if seeds > 1 else ''})"
    )
    return figure


def draw_groups(axis: Axes, kept: pd.DataFrame) -> None:
    for colour, group in zip(COLOURS, dict.fromkeys(kept["group"]), strict=False):
        rows = kept[kept["group"] == group]
        for arm, (style, _) in STYLES.items():
            line = rows[rows["arm"] == arm]
            label = f"{group} ({line['pairs'].iloc[0]:,} pairs)" if arm == "recovered" else None
            axis.plot(
                line["rate"],
                line["kept"],
                color=colour,
                linestyle=style,
                marker="o",
                markersize=4,
                label=label,
            )
    axis.legend(loc="lower left", fontsize="small")


if __name__ == "__main__":
    run(main)
