"""Draw quality against pruning rate, with and without recovery, beside the unpruned controls.

Left, a measure itself; right, how far it lies from the restart control, seed by seed, beside the margin
and, with --verdicts, under the verdict on each rate. Bars are Student t intervals of the mean over seeds.

Examples:
    python scripts plot_rates --baseline dsi --criterion magnitude --margin 0.02 \\
        --metrics results/tables/metrics.csv --sparsity results/tables/sparsity.csv \\
        --verdicts results/tables/verdicts.csv --svg results/trial/rates.svg --png results/trial/rates.png
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.report.figures.rates import Chosen, rates_figure, read_judged, read_rates
from dsi.report.figures.style import add_figure_files, save_figure
from dsi.report.results import ReportError


class Arguments(NamedTuple):
    metrics: Path
    sparsity: Path | None
    verdicts: Path | None
    baseline: str
    criterion: str
    split: str
    confidence: float
    margin: float
    svg: Path
    png: Path
    dpi: int


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--sparsity", type=Path, help="sparsity.csv, for an axis of zeros in the whole model")
    parser.add_argument("--verdicts", type=Path, help="verdicts.csv, for a sign above each rate")
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--criterion", required=True)
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default 0.95)")
    parser.add_argument("--margin", type=float, required=True, help="of equivalence, a share of dense E1")
    add_figure_files(parser)
    arguments = Arguments(**vars(parser.parse_args()))

    chosen = Chosen(
        arguments.baseline, arguments.criterion, arguments.split, arguments.confidence, arguments.margin
    )
    try:
        metrics, zeros = read_rates(arguments.metrics, arguments.sparsity, chosen)
    except ReportError as error:
        raise UserError(str(error)) from error
    judged = read_judged(arguments.verdicts, chosen) if arguments.verdicts else {}
    figure = rates_figure(metrics, zeros, judged, chosen)
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


if __name__ == "__main__":
    run(main)
