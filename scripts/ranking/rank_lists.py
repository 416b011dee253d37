"""Generate ranked lists for the validation and test queries with a checkpoint of the ranked-list task.

    python scripts rank_lists results/msmarco/pruned/t5-small-k5-pruned/seed1/magnitude-0.2 \\
        --collection results/msmarco/collection --settings @settings.json --threads 1 \\
        --run results/msmarco/runs/pruned/…/magnitude-0.2.trec.gz \\
        --outputs results/msmarco/runs/pruned/…/magnitude-0.2.outputs.parquet

--settings is JSON with the keys k, depth, generation and training of a baseline.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.process import prepare_torch
from dsi.model.checkpoint import CheckpointError, load_t5
from dsi.ranking.list_task import ListSettings, ListTask, write_lists


class Arguments(NamedTuple):
    """checkpoint, collection: folders; run, outputs: the files to write."""

    checkpoint: Path
    collection: Path
    settings: ListSettings
    threads: int
    run: Path
    outputs: Path


def main() -> None:
    arguments = parse_arguments()
    prepare_torch(arguments.threads)
    try:
        model = load_t5(arguments.checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    task = ListTask.read(arguments.collection, arguments.checkpoint, arguments.settings)
    write_lists(model, task, arguments.run, arguments.outputs)


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the checkpoint")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    parser.add_argument("--settings", type=json_object, required=True, help="JSON, or @FILE")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    parser.add_argument("--outputs", type=Path, required=True, help="parquet to write: qid, loss, …")
    given = vars(parser.parse_args())
    return Arguments(**{**given, "settings": ListSettings.from_json(given["settings"])})


if __name__ == "__main__":
    run(main)
