"""Make the explorer: one HTML file in which to look at every test query, its rankings and what pruning loses.

It shows BM25, dense, pruned and recovered side by side, the queries with the largest difference from the
control first, and the quality at every rate with its interval. It needs no network and no other file.

Values per query are read from beside each metric JSON, rankings from <results>/runs, queries, judgements and
texts from <results>/collection.

Examples:
    python scripts make_explorer --metrics $(find results/metrics -name '*.json') --results results \\
        --sparsity results/tables/sparsity.csv --name pydocs --confidence 0.95 \\
        --output results/trial/explore.html
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_text
from dsi.evaluation.runs import RunFormatError
from dsi.report.explorer.data import Shown, explorer_data
from dsi.report.explorer.document import explorer_page
from dsi.report.explorer.frontier import frontier_points
from dsi.report.explorer.rankings import read_rankings
from dsi.report.results import ReportError, read_csv


class Arguments(NamedTuple):
    metrics: list[Path]
    results: Path
    sparsity: Path
    name: str
    confidence: float
    output: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--sparsity", type=Path, required=True, help="sparsity.csv")
    parser.add_argument("--name", required=True, help="of the collection, for the title")
    parser.add_argument("--confidence", type=float, required=True, help="level of the intervals")
    parser.add_argument("--output", type=Path, required=True, help="HTML to write")
    arguments = Arguments(**vars(parser.parse_args()))

    try:
        queries, ranked = read_rankings(arguments.metrics, arguments.results)
        reports = [one.report for one in ranked]
        points = frontier_points(reports, read_csv(arguments.sparsity), arguments.confidence)
    except (ReportError, RunFormatError) as error:
        raise UserError(str(error)) from error
    shown = Shown(arguments.name, arguments.confidence, arguments.results)
    data = explorer_data(shown, queries, ranked, points)
    write_text(explorer_page(data, f"Explorer: {arguments.name}"), arguments.output)


if __name__ == "__main__":
    run(main)
