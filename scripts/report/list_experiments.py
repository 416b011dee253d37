"""List every evaluated checkpoint with all that is known of it, and write the judgements as TREC qrels.

    python scripts list_experiments --results results --metrics $(find results/metrics -name '*.json') \\
        --settings '{"dsi": {"task": "docid"}}'

<results>/experiments.parquet and .md have a row a checkpoint: measures by split, settings of its baseline,
zeros and sizes where they were counted, digests of what was evaluated, versions. <results>/qrels/<split>.txt
has the judgements of the queries that are evaluated, as the commands in tables/metrics.csv read them.
"""

from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import write_parquet, write_text
from dsi.collection.relevance import lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.evaluation.trec_qrels import evaluated_judgements, write_qrels
from dsi.report.experiments import ExperimentFiles, experiments_frame, experiments_page, read_experiments
from dsi.report.number_commands import qrels_file
from dsi.report.results import ReportError
from dsi.systems import SystemNameError


class Arguments(NamedTuple):
    results: Path
    metrics: list[Path]
    sparsity: list[Path]
    sizes: list[Path]
    settings: dict[str, Any]


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument(
        "--sparsity", type=Path, nargs="*", default=[], metavar="JSON", help="of pruned models"
    )
    parser.add_argument(
        "--sizes", type=Path, nargs="*", default=[], metavar="JSON", help="of measured models"
    )
    parser.add_argument("--settings", type=json_object, required=True, help="JSON: of each baseline, by name")
    arguments = Arguments(**vars(parser.parse_args()))

    files = ExperimentFiles(arguments.results, arguments.metrics, arguments.sparsity, arguments.sizes)
    try:
        experiments = read_experiments(files, arguments.settings)
    except (ReportError, SystemNameError) as error:
        raise UserError(str(error)) from error
    collection = arguments.results / "collection"
    queries, qrels = (read_frame(collection / f"{name}.parquet") for name in ("queries", "qrels"))
    relevance = experiments[0].report.parameters["relevance"]
    for split in EVALUATED_SPLITS:
        judged = evaluated_judgements(qrels, queries, split, lowest_grade(relevance, split))
        write_qrels(judged, qrels_file(arguments.results, split))
    frame = experiments_frame(experiments)
    write_parquet(frame, arguments.results / "experiments.parquet")
    write_text(experiments_page(frame), arguments.results / "experiments.md")


if __name__ == "__main__":
    run(main)
