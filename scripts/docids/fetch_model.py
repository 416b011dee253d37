"""Bring a pre-trained model, or its tokenizer alone, into the study's folder.

    python scripts fetch_model tokenizer --source '{"hub": "google-t5/t5-small"}' \\
        --output results/msmarco/models/t5-small/tokenizer
    python scripts fetch_model weights --source '{"path": "models/t5-small"}' \\
        --output results/msmarco/models/t5-small

A source is a JSON object: the name of a repository on the Hugging Face hub (and its revision), or the
path of a local folder. Weights are safetensors; every one of them must fit the model.
"""

import logging
from pathlib import Path

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import replacing_files
from dsi.model.pretrained import ModelSourceError, save_tokenizer_of, source_folder

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("what", choices=["tokenizer", "weights"])
    parser.add_argument("--source", type=json_object, required=True, help="JSON: hub or path")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()

    try:
        folder = source_folder(arguments.source, weights=arguments.what == "weights")
    except ModelSourceError as error:
        raise UserError(str(error)) from error
    with replacing_files(arguments.output) as target:
        if arguments.what == "tokenizer":
            save_tokenizer_of(folder, target)
        else:
            save_weights(folder, target)


def save_weights(folder: Path, target: Path) -> None:
    """Save the model as this version of transformers writes it, with every weight accounted for."""
    from dsi.model.checkpoint import CheckpointError, load_t5

    try:
        model = load_t5(folder)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    model.save_pretrained(target)
    logger.info("%d parameters in %s", sum(p.numel() for p in model.parameters()), folder)


if __name__ == "__main__":
    run(main)
