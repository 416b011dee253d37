"""Compress a checkpoint's weights, check that they load back, and measure what that saves.

--output keeps every bit. Beside it are written, rounded and compressed with zstd, magnitude-0.8.small.dsz
in float16, and .int8.dsz and .int4.dsz, in whole multiples of a scale for each row. Needs torch and
safetensors only. The other files of a checkpoint stay where they are.

Examples:
    python scripts compress results/recovered/dsi/seed1/magnitude-0.5 \\
        --dense results/baselines/dsi/seed1/dense --input-length 20 \\
        --output results/trial/magnitude-0.5.dsz --sizes results/trial/magnitude-0.5.json
"""

import logging
from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_json
from dsi.docids.identifiers import DocidError
from dsi.efficiency.compressed_files import CompressionError
from dsi.efficiency.sizes import compress_checkpoint

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """What to compress, what to compare it with, and where to write."""

    checkpoint: Path
    dense: Path
    input_length: int
    output: Path
    sizes: Path


def main() -> None:
    options = parse_options()
    try:
        sizes = compress_checkpoint(options.checkpoint, options.dense, options.input_length, options.output)
    except (CompressionError, DocidError) as error:
        raise UserError(str(error)) from error
    write_json(sizes._asdict(), options.sizes)
    logger.info("%.2f MB, %.3f of the dense file", sizes.compressed_bytes / 1e6, sizes.ratio)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the checkpoint")
    parser.add_argument("--dense", type=Path, required=True, help="folder of the dense one to compare with")
    parser.add_argument(
        "--input-length", type=int, required=True, help="tokens of a query, for the operations"
    )
    parser.add_argument("--output", type=Path, required=True, help="exact file to write, <name>.dsz")
    parser.add_argument("--sizes", type=Path, required=True, help="JSON to write: bytes, ratios, operations")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
