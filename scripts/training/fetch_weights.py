"""Bring the weights of a pre-trained model into the study's folder.

A source is a JSON object: the name of a repository on the Hugging Face hub (and its revision), or the
path of a local folder. Weights are safetensors; every one of them must fit the model.

Examples:
    python scripts fetch_weights --source '{"path": "results/baselines/study/seed1/dense"}' \\
        --output results/trial/model
"""

import logging
from pathlib import Path

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import replacing_files
from dsi.model.checkpoint import CheckpointError, load_t5
from dsi.model.pretrained import ModelSourceError, source_folder

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--source", type=json_object, required=True, help="JSON: hub or path")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()

    try:
        folder = source_folder(arguments.source, weights=True)
        model = load_t5(folder)
    except (CheckpointError, ModelSourceError) as error:
        raise UserError(str(error)) from error
    logger.info("%d parameters in %s", model.num_parameters(), folder)
    with replacing_files(arguments.output) as target:
        model.save_pretrained(target)


if __name__ == "__main__":
    run(main)
