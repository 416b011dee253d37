"""Bring the tokenizer of a pre-trained model into the study's folder.

A source is a JSON object: the name of a repository on the Hugging Face hub (and its revision), or the
path of a local folder.

Examples:
    python scripts fetch_tokenizer --source '{"path": "results/models/study/tokenizer"}' \\
        --output results/trial/tokenizer
"""

from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import replacing_files
from dsi.model.pretrained import ModelSourceError, save_tokenizer_of, source_folder


class Arguments(NamedTuple):
    """source: hub or path; output: the folder to write to."""

    source: dict[str, Any]
    output: Path


def main() -> None:
    arguments = parse_arguments()
    try:
        folder = source_folder(arguments.source, weights=False)
    except ModelSourceError as error:
        raise UserError(str(error)) from error
    with replacing_files(arguments.output) as target:
        save_tokenizer_of(folder, target)


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("--source", type=json_object, required=True, help="JSON: hub or path")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
