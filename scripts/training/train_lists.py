"""Train a ranked-list retriever, the study's task: E1, or onwards from a checkpoint (E2).

--settings is JSON with a baseline's k, architecture (null for pre-trained weights), training,
count_padding, generation and track_test, recovery for E2, and the keys depth and untie (whether E2 gives
the output head weights of its own). With --prune the masks change while the model trains, and
masks.safetensors and sparsity.json are written beside the checkpoint. A killed run goes on from its last
whole epoch when it is started again with the same inputs and --code. The lists of the checkpoint are
generated here, too: another process would pay for the imports again.

Examples:
    python scripts train_lists --phase E1 --seed 1 --threads 1 --settings @docs/examples/ranked-list.json \\
        --collection results/collection --tokenizer results/models/study/tokenizer \\
        --output results/trial/dense --state results/.training \\
        --run results/trial/dense.trec.gz --outputs results/trial/dense.outputs.parquet
"""

from pathlib import Path

from dsi.base.command import UserError, run
from dsi.model.checkpoint import CheckpointError
from dsi.model.masks import UnfitMasksError
from dsi.pruning.errors import PruningError
from dsi.training.arguments import parsed, training_parser
from dsi.training.list_settings import list_settings
from dsi.training.list_training import ListArguments, train_lists
from dsi.training.losses import DivergenceError
from dsi.training.settings import SettingsError


def main() -> None:
    parser = training_parser(__doc__, list_settings)
    parser.add_argument("--weights", type=Path, help="E1: folder of pre-trained weights")
    arguments = parsed(parser, ListArguments)
    random_start = arguments.settings.architecture is not None
    if arguments.phase == "E1" and random_start == (arguments.weights is not None):
        parser.error("E1 starts from --weights or from an architecture in --settings, not both or neither")
    try:
        train_lists(arguments)
    except (CheckpointError, DivergenceError, PruningError, SettingsError, UnfitMasksError) as error:
        raise UserError(str(error)) from error


if __name__ == "__main__":
    run(main)
