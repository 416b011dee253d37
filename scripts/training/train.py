"""Train a docid retriever: from scratch (E1), or onwards from a checkpoint (E2).

--settings is JSON with the sections model, training, pseudo_queries and distillation of a baseline,
recovery for E2, and the keys scheme (of the docids), relevance, depth, prefixes_at_a_time (prefixes of docids
that are decoded together; null with atomic docids), bm25 (k1 and b, by which embeddings that start from
latent semantic analysis weigh) and untie (whether E2 gives the output head weights of its own). --generated
and --generated-words go with a weight `generated` of the pseudo-queries. With --prune the masks change while
the model trains, and masks.safetensors and sparsity.json are written beside the checkpoint. With --teacher a
share of each target is what that model answers, and --settings has the section teaching. A killed run goes on
from its last whole epoch when it is started again with the same inputs and --code; with --keep it puts in
place what a whole one made and lost. The checkpoint is ranked with here, too: another process would pay for
the imports again.

Examples:
    python scripts train --phase E1 --seed 1 --threads 1 --settings @docs/examples/docid.json \\
        --collection results/collection --docids results/baselines/dsi/docids.parquet \\
        --tokenizer results/baselines/dsi/tokenizer --output results/trial/dense --state results/.training \\
        --run results/trial/dense.trec.gz --outputs results/trial/dense.outputs.parquet

    python scripts train --phase E2 --seed 1 --threads 1 --settings @docs/examples/docid.json \\
        --start results/pruned/dsi/seed1/magnitude-0.5 \\
        --masks results/pruned/dsi/seed1/magnitude-0.5/masks.safetensors \\
        --collection results/collection --docids results/baselines/dsi/docids.parquet \\
        --tokenizer results/baselines/dsi/tokenizer --output results/trial/recovered \\
        --state results/.training --run results/trial/recovered.trec.gz \\
        --outputs results/trial/recovered.outputs.parquet
"""

from pathlib import Path

from dsi.base.command import UserError, run
from dsi.model.checkpoint import CheckpointError
from dsi.model.lsa import ModelSettingsError
from dsi.model.masks import UnfitMasksError
from dsi.pruning.errors import PruningError
from dsi.training.arguments import parsed, training_parser
from dsi.training.docid_data import add_generated
from dsi.training.docid_model import DocidArguments
from dsi.training.docid_settings import docid_settings
from dsi.training.docid_training import train_docids
from dsi.training.losses import DivergenceError
from dsi.training.settings import SettingsError


def main() -> None:
    parser = training_parser(__doc__, docid_settings)
    parser.add_argument("--docids", type=Path, required=True, help="parquet: docid, tokens")
    parser.add_argument("--teacher", type=Path, help="folder of a checkpoint that teaches; atomic docids")
    add_generated(parser)
    try:
        train_docids(parsed(parser, DocidArguments))
    except (
        CheckpointError,
        DivergenceError,
        ModelSettingsError,
        PruningError,
        SettingsError,
        UnfitMasksError,
    ) as error:
        raise UserError(str(error)) from error


if __name__ == "__main__":
    run(main)
