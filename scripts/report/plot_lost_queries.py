"""Draw which queries pruning loses first, and list them.

    python scripts plot_lost_queries --metrics $(find results/metrics -name '*.json') --baseline dsi \\
        --criterion magnitude --queries results/collection/queries.parquet --csv results/tables/lost.csv \\
        --svg results/figures/lost-dsi-magnitude.svg --png results/figures/lost-dsi-magnitude.png

Of the queries that the dense models find (a relevant document among the first 10), the share that is still
found at each rate, seeds together: by the dense model's rank, by BM25's, and by the length of the query.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.report.figures.lost_queries import Chosen, lost_queries_figure
from dsi.report.figures.style import add_figure_files, save_figure
from dsi.report.lost_queries import LostQueriesError, lost_frame, pairs_frame, read_found
from dsi.report.results import write_csv


class Arguments(NamedTuple):
    metrics: list[Path]
    baseline: str
    criterion: str
    queries: Path
    split: str
    csv: Path
    svg: Path
    png: Path
    dpi: int


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--criterion", required=True)
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text")
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--csv", type=Path, required=True, help="list of the queries to write")
    add_figure_files(parser)
    arguments = Arguments(**vars(parser.parse_args()))

    chosen = Chosen(arguments.baseline, arguments.criterion, arguments.split)
    found = read_found(arguments.metrics, *chosen)
    try:
        pairs = pairs_frame(found, read_frame(arguments.queries))
    except LostQueriesError as error:
        raise UserError(f"{arguments.baseline}, {arguments.criterion}: {error}") from error
    write_csv(lost_frame(pairs), arguments.csv)
    figure = lost_queries_figure(pairs, found["seed"].nunique(), chosen)
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


if __name__ == "__main__":
    run(main)
