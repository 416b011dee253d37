"""Prune a docid retriever by what data says of its weights: wanda, sparsegpt, fisher; and rank with the rest.

The data are the first texts of the epoch that the recovery begins with: pseudo-queries of the documents and
training queries, mixed as in training. --settings is JSON as that of `train`, with the key
calibration: {queries: how many}. For baselines of task docid with atomic docids.

Examples:
    python scripts prune_calibrated results/baselines/dsi/seed1/dense --criterion wanda --rate 0.5 \\
        --seed 1 --settings @docs/examples/docid.json --collection results/collection --threads 1 \\
        --output results/trial/pruned --run results/trial/pruned.trec.gz \\
        --outputs results/trial/pruned.outputs.parquet
"""

from dataclasses import dataclass
from pathlib import Path

from dsi.base.command import UserError, run
from dsi.base.process import prepare_torch
from dsi.model.checkpoint import CheckpointError, load_checkpoint
from dsi.model.t5 import untie_head
from dsi.pruning.arguments import PruningArguments, parsed, pruning_parser
from dsi.pruning.errors import PruningError
from dsi.pruning.pruned_checkpoint import dense_weights, write_pruned
from dsi.ranking.ranker import RankingSettings, rank_collection
from dsi.training.calibration_texts import CalibrationTexts, prune_by_texts
from dsi.training.docid_data import DocidFiles, add_generated
from dsi.training.docid_settings import DocidSettings, docid_settings
from dsi.training.settings import SettingsError


@dataclass(frozen=True, kw_only=True)
class Arguments(PruningArguments):
    """settings: of training; generated: pseudo-queries that a model wrote, and their words."""

    settings: DocidSettings
    generated: Path | None
    generated_words: Path | None


def main() -> None:
    parser = pruning_parser(__doc__, docid_settings, "inputs", "gradients")
    add_generated(parser)
    arguments = parsed(parser, Arguments)
    try:
        prune_calibrated(arguments)
    except (CheckpointError, PruningError, SettingsError) as error:
        raise UserError(str(error)) from error
    settings = arguments.settings
    ranking = RankingSettings(settings.relevance, settings.depth, settings.prefixes_at_a_time)
    prepare_torch(arguments.threads)
    rank_collection(arguments.output, arguments.collection, ranking, arguments.run, arguments.outputs)


def prune_calibrated(arguments: Arguments) -> None:
    """Prune and write the checkpoint, on one thread, so that no number of threads changes a mask."""
    prepare_torch(threads=1)
    weights = dense_weights(arguments.checkpoint, arguments.selection)
    names = arguments.selection.names(weights)
    checkpoint = load_checkpoint(arguments.checkpoint)
    if arguments.selection.lm_head:
        untie_head(checkpoint.model)
    files = DocidFiles(arguments.collection, arguments.generated, arguments.generated_words)
    texts = CalibrationTexts(files, arguments.settings, arguments.seed)
    pruned = prune_by_texts(checkpoint, weights, names, arguments.criterion, arguments.rate, texts)
    write_pruned(pruned, weights, arguments.rate, arguments.checkpoint, arguments.output)


if __name__ == "__main__":
    run(main)
