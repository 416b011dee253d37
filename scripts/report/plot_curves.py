"""Draw the training curves of a baseline: losses and validation measures per epoch, E1 and E2.

Each history is ARM=FILE, one file a seed; ARM: dense, dense-continued, restart, recovered-RATE.
Left, the whole training; right, E2 alone on axes of its own, where the arms can be told apart.

Examples:
    python scripts plot_curves --title dsi \\
        --history dense=results/baselines/dsi/seed1/dense/history.parquet \\
        restart=results/baselines/dsi/seed1/restart/history.parquet \\
        recovered-0.5=results/recovered/dsi/seed1/magnitude-0.5/history.parquet \\
        --svg results/trial/curves.svg --png results/trial/curves.png
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.report.figures.curves import curves_figure, read_histories
from dsi.report.figures.style import add_figure_files, save_figure
from dsi.report.results import ReportError


class Arguments(NamedTuple):
    history: list[str]
    title: str
    svg: Path
    png: Path
    dpi: int


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument(
        "--history", nargs="+", required=True, metavar="ARM=FILE", help="parquet of each training"
    )
    parser.add_argument("--title", required=True, help="name of the baseline")
    add_figure_files(parser)
    arguments = Arguments(**vars(parser.parse_args()))

    try:
        histories = read_histories(arguments.history)
    except ReportError as error:
        raise UserError(str(error)) from error
    save_figure(curves_figure(histories, arguments.title), arguments.svg, arguments.png, arguments.dpi)


if __name__ == "__main__":
    run(main)
