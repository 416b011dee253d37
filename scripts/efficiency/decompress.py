"""Write a compressed checkpoint's weights as safetensors, which transformers reads.

The file is one of `python scripts compress` or of an exported folder. Of one that keeps every bit the weights
are those of the checkpoint; of a rounded one they are rounded, in float32.

Examples:
    python scripts export results --system recovered/dsi/seed1/magnitude-0.5 --output results/trial/half
    python scripts decompress results/trial/half/model.dsz --output results/trial/model.safetensors
"""

from pathlib import Path
from typing import NamedTuple

from safetensors.torch import save_file

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing
from dsi.efficiency.compressed_files import CompressionError, load_compressed


class Arguments(NamedTuple):
    file: Path
    output: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("file", type=Path, help="compressed weights, <name>.dsz")
    parser.add_argument("--output", type=Path, required=True, help="safetensors to write")
    arguments = Arguments(**vars(parser.parse_args()))
    if not arguments.file.is_file():
        raise UserError(f"{arguments.file}: no such file; expected compressed weights, for example model.dsz")
    try:
        weights = load_compressed(arguments.file)
    except CompressionError as error:
        raise UserError(str(error)) from error
    with replacing(arguments.output) as path:
        save_file(weights, path, metadata={"format": "pt"})  # transformers asks for it


if __name__ == "__main__":
    run(main)
