"""Prune a ranked-list retriever by its weights alone, and generate lists with what is left.

As `prune`, of the other task: --settings is JSON with the keys k, depth, generation and training of a
baseline.

Examples:
    python scripts prune_lists results/baselines/study/seed1/dense --criterion magnitude --rate 0.5 \\
        --settings @docs/examples/ranked-list.json --collection results/collection --threads 1 \\
        --output results/trial/pruned --run results/trial/pruned.trec.gz \\
        --outputs results/trial/pruned.outputs.parquet
"""

from argparse import ArgumentTypeError
from dataclasses import dataclass

from dsi.base.command import UserError, json_object, run
from dsi.model.checkpoint import LIST_TASK, CheckpointError, check_task, load_t5
from dsi.pruning.arguments import PruningArguments, parsed, pruning_parser
from dsi.pruning.by_weights import prune_by_weights
from dsi.pruning.errors import PruningError
from dsi.ranking.list_task import ListSettings, ListTask, write_lists


@dataclass(frozen=True, kw_only=True)
class Arguments(PruningArguments):
    """settings: of the lists."""

    settings: ListSettings


def settings(text: str) -> ListSettings:
    """An argparse type: JSON, or @FILE."""
    try:
        return ListSettings.from_json(json_object(text))
    except KeyError as error:
        message = f"found no {error}; expected the keys k, depth, generation and training of a baseline"
        raise ArgumentTypeError(message) from error


def main() -> None:
    arguments = parsed(pruning_parser(__doc__, settings, "weights"), Arguments)
    try:
        check_task(arguments.checkpoint, LIST_TASK)
        task = ListTask.read(arguments.collection, arguments.checkpoint, arguments.settings)
        prune_by_weights(arguments)
    except (CheckpointError, PruningError) as error:
        raise UserError(str(error)) from error
    write_lists(load_t5(arguments.output), task, arguments.run, arguments.outputs)


if __name__ == "__main__":
    run(main)
