"""Draw what pruning one sublayer alone costs, without recovery.

Examples:
    python scripts measure_sensitivity results/baselines/dsi/seed1/dense --rates 0.5 0.9 \\
        --queries results/collection/queries.parquet --qrels results/collection/qrels.parquet \\
        --relevance 1 --threads 1 --output results/trial/sensitivity.csv
    python scripts plot_sensitivity results/trial/sensitivity.csv --title dsi \\
        --svg results/trial/sensitivity.svg --png results/trial/sensitivity.png
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.command import command_parser, run
from dsi.report.figures.sensitivity import sensitivity_figure
from dsi.report.figures.style import save_figure
from dsi.report.results import read_csv


class Options(NamedTuple):
    """What to draw, and where to."""

    values: list[Path]
    title: str
    split: str
    svg: Path
    png: Path
    dpi: int


def main() -> None:
    options = parse_options()
    frame = pd.concat([read_csv(path) for path in options.values], ignore_index=True)
    seeds = len(options.values)
    title = f"{options.title}: one sublayer pruned by magnitude, no recovery; "
    title += "one seed" if seeds == 1 else f"{seeds} seeds"
    figure = sensitivity_figure(frame[frame["split"] == options.split], title=title)
    save_figure(figure, options.svg, options.png, options.dpi)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("values", type=Path, nargs="+", help="CSV of measure_sensitivity, one a seed")
    parser.add_argument("--title", required=True)
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
