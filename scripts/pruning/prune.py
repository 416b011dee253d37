"""Prune a docid retriever by its weights alone, keep the masks beside them, and rank with what is left.

--settings is JSON with relevance (lowest relevant grade; or an object with one for each split), depth
(documents per query) and prefixes_at_a_time (prefixes of docids that are decoded together, which bounds the
memory; not with atomic docids). The other files of the checkpoint are copied. Criteria that look at data are
those of `prune_calibrated`. Validation and test queries are ranked here, too: another process would pay for
the imports again.

Examples:
    python scripts prune results/baselines/dsi/seed1/dense --criterion magnitude --rate 0.5 \\
        --settings '{"relevance": 1, "depth": 1000}' --collection results/collection --threads 1 \\
        --output results/trial/pruned --run results/trial/pruned.trec.gz \\
        --outputs results/trial/pruned.outputs.parquet
"""

from dataclasses import dataclass

from dsi.base.command import UserError, run
from dsi.model.checkpoint import DOCID_TASK, CheckpointError, check_task
from dsi.pruning.arguments import PruningArguments, parsed, pruning_parser
from dsi.pruning.by_weights import prune_by_weights
from dsi.pruning.errors import PruningError
from dsi.ranking.ranker import RankingSettings, rank_collection, ranking_settings


@dataclass(frozen=True, kw_only=True)
class Arguments(PruningArguments):
    """settings: of the ranking."""

    settings: RankingSettings


def main() -> None:
    arguments = parsed(pruning_parser(__doc__, ranking_settings, "weights"), Arguments)
    try:
        check_task(arguments.checkpoint, DOCID_TASK)
        prune_by_weights(arguments)
    except (CheckpointError, PruningError) as error:
        raise UserError(str(error)) from error
    rank_collection(
        arguments.output, arguments.collection, arguments.settings, arguments.run, arguments.outputs
    )


if __name__ == "__main__":
    run(main)
