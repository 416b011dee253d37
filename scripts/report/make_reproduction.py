"""Make the published study's tables, the evidence on its claims, and how much of its task can be learnt.

--rows is a JSON list of the published rows; one of them:
    {"table": 2, "name": "t5-small", "baseline": "t5-small-k5", "arm": "dense", "criterion": null,
     "rate": null, "K": 5, "batch": 8, "epochs": "25", "learning_rate": 0.001, "patience": null,
     "loss": 9.339, "MAP": 0.00119, "R@1000": 0.00002, "best": true}
with loss, MAP and R@1000 null where the authors could not run it. Metric files without the key 'study'
(reference rankings, other tasks) are passed over; values per query are read from beside the others. For
each of --outputs, test queries are grouped by how much of their targets occurs in training. The CSV holds
every system and split, every digit.

Examples:
    python scripts make_reproduction --metrics $(find results/metrics -name '*.json') --rows '[]' \\
        --histories results/baselines/study/seed*/dense/history.parquet \\
        --outputs results/runs/baselines/study/seed1/dense.outputs.parquet \\
        --collection results/collection --relevance 1 --confidence 0.95 \\
        --output results/trial/reproduction.md --csv results/trial/reproduction.csv
"""

from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_text
from dsi.collection.relevance import Relevance, add_relevance
from dsi.evaluation.paired_values import PairingError
from dsi.report.latex import write_page_tables
from dsi.report.reproduction.document import ReproductionFiles, reproduction_tables
from dsi.report.reproduction.published import json_list, published_rows
from dsi.report.results import ReportError, write_csv


class Arguments(NamedTuple):
    metrics: list[Path]
    rows: list[dict[str, Any]]
    histories: list[Path]
    outputs: list[Path]
    collection: Path
    relevance: Relevance
    confidence: float
    output: Path
    csv: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument("--rows", type=json_list, required=True, help="JSON, or @FILE; see above")
    parser.add_argument(
        "--histories",
        type=Path,
        nargs="*",
        default=[],
        metavar="PARQUET",
        help="of dense E1: …/baselines/<baseline>/seed<n>/dense/history.parquet",
    )
    parser.add_argument(
        "--outputs",
        type=Path,
        nargs="*",
        default=[],
        metavar="PARQUET",
        help="generated lists of the systems to group by seen targets: …/runs/<system>.outputs.parquet",
    )
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_relevance(parser)
    parser.add_argument("--confidence", type=float, required=True, help="of all intervals of one claim")
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    arguments = Arguments(**vars(parser.parse_args()))

    files = ReproductionFiles(arguments.metrics, arguments.histories, arguments.outputs, arguments.collection)
    try:
        rows = published_rows(arguments.rows)
        page, frame = reproduction_tables(files, rows, arguments.relevance, arguments.confidence)
    except (ReportError, PairingError) as error:
        raise UserError(str(error)) from error
    write_csv(frame, arguments.csv)
    write_text(page, arguments.output)
    write_page_tables(page, arguments.csv)


if __name__ == "__main__":
    run(main)
