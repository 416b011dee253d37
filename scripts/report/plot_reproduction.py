"""Draw the published study's figures: training curves, and test loss and MAP of a long training.

curves: a row for each name with loss, validation MAP and validation Recall@1000 per epoch. Two files
joined by a comma are E1 of the dense model and E2 of the recovered one: a line marks the pruning between
them. long: does MAP go on rising while the loss rises, and does the loss fall again (double descent)?
A name that comes several times has several seeds: their mean is drawn, and a band from lowest to highest.

Examples:
    python scripts plot_reproduction curves --title "The published recipe" \\
        --history "study, seed 1=results/baselines/study/seed1/dense/history.parquet" \\
        "study, seed 2=results/baselines/study/seed2/dense/history.parquet" \\
        --svg results/trial/curves.svg --png results/trial/curves.png

    python scripts plot_reproduction long --title "The published recipe, K = 5" \\
        --history "study=results/baselines/study/seed1/dense/history.parquet" \\
        --svg results/trial/long.svg --png results/trial/long.png
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.report.figures.reproduction import KINDS, reproduction_figure
from dsi.report.figures.style import add_figure_files, save_figure
from dsi.report.results import ReportError


class Arguments(NamedTuple):
    kind: str
    history: list[str]
    title: str
    svg: Path
    png: Path
    dpi: int


def main() -> None:
    parser = command_parser(__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name, kind in KINDS.items():
        command = kinds.add_parser(name, help=kind.words)
        command.add_argument("--history", nargs="+", required=True, metavar="NAME=FILE[,FILE]")
        command.add_argument("--title", required=True, help="of the figure")
        add_figure_files(command)
    arguments = Arguments(**vars(parser.parse_args()))

    try:
        figure = reproduction_figure(arguments.kind, arguments.history, arguments.title)
    except ReportError as error:
        raise UserError(str(error)) from error
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


if __name__ == "__main__":
    run(main)
