"""Draw quality against what pruning saves, every criterion in one figure.

Left the recovered models, right those without recovery, as far as the cost is known of them: times are
measured of recovered ones. Of bytes there is a panel for each criterion, with its recovered models and the
dense one in 16, 8 and 4 bits, on the test queries. Bars are Student t intervals of the mean over seeds. Costs
other than sparsity come from benefit.csv.

Examples:
    python scripts plot_frontier --baseline dsi --cost sparsity --metrics results/tables/metrics.csv \\
        --costs results/tables/sparsity.csv --svg results/trial/frontier.svg --png results/trial/frontier.png
"""

from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.report.figures.frontier import BYTES, COSTS, bytes_figure, frontier_figure
from dsi.report.figures.style import save_figure
from dsi.report.results import read_csv


class Options(NamedTuple):
    """What to draw, from which files, and where to."""

    metrics: Path
    costs: Path
    cost: str
    baseline: str
    split: str
    confidence: float
    svg: Path
    png: Path
    dpi: int


def main() -> None:
    options = parse_options()
    metrics, costs = read_csv(options.metrics), read_csv(options.costs)
    metrics = metrics[metrics["baseline"].isna() | (metrics["baseline"] == options.baseline)]
    metrics = metrics[metrics["split"] == options.split]
    costs = costs[costs["baseline"] == options.baseline]
    if costs.empty:
        raise UserError(f"{options.costs}: no rows of baseline {options.baseline!r}")
    title = f"{options.baseline} on the {options.split} queries"
    about: dict[str, Any] = {"title": title, "confidence": options.confidence}
    if options.cost == BYTES:
        figure = bytes_figure(metrics, costs, **about)
    else:
        figure = frontier_figure(metrics, costs, COSTS[options.cost], **about)
    save_figure(figure, options.svg, options.png, options.dpi)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--costs", type=Path, required=True, help="sparsity.csv or benefit.csv")
    parser.add_argument("--cost", choices=(*COSTS, BYTES), required=True)
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default 0.95)")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
