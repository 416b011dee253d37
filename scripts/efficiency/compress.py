"""Compress a checkpoint's weights, check that they load back, and say what that saves.

    python scripts compress results/recovered/dsi/seed1/magnitude-0.8 \\
        --dense results/baselines/dsi/seed1/dense --input-length 20 \\
        --output results/compressed/dsi/seed1/magnitude-0.8.dsz \\
        --small results/compressed/dsi/seed1/magnitude-0.8.small.dsz \\
        --sizes results/compressed/dsi/seed1/magnitude-0.8.json

--small writes it once more, with float16 and zstd. Needs torch and safetensors only. The other files of a
checkpoint stay where they are.
"""

import json
import logging
from pathlib import Path

import torch
from safetensors.torch import load_file

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_json
from dsi.docids.embeddings import DocidError
from dsi.docids.schemes import atomic_count
from dsi.efficiency.compressed_files import CompressionError, load_compressed, save_compressed, sizes
from dsi.efficiency.operations import theoretical_flops
from dsi.model.masks import Tensors

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the checkpoint")
    parser.add_argument("--dense", type=Path, required=True, help="folder of the dense one to compare with")
    parser.add_argument(
        "--input-length", type=int, required=True, help="tokens of a query, for the operations"
    )
    parser.add_argument("--fp16", action="store_true", help="round the values to float16")
    parser.add_argument("--zstd", action="store_true", help="compress with zstd, too")
    parser.add_argument("--output", type=Path, required=True, help="compressed checkpoint to write (.dsz)")
    parser.add_argument("--small", type=Path, help="the same with float16 and zstd (.dsz)")
    parser.add_argument("--sizes", type=Path, required=True, help="JSON to write: bytes, ratios, operations")
    arguments = parser.parse_args()

    weights = load_file(arguments.checkpoint / "model.safetensors")
    dense = load_file(arguments.dense / "model.safetensors")
    try:
        _compress(weights, arguments.output, fp16=arguments.fp16, zstd=arguments.zstd)
        if arguments.small:
            _compress(weights, arguments.small, fp16=True, zstd=True)
    except CompressionError as error:
        raise UserError(str(error)) from error
    config = json.loads((arguments.checkpoint / "config.json").read_text(encoding="utf-8"))
    try:
        documents = atomic_count(arguments.checkpoint)
    except DocidError as error:
        raise UserError(str(error)) from error
    flops = theoretical_flops(config, weights, arguments.input_length, documents, dense)
    dense_bytes = (arguments.dense / "model.safetensors").stat().st_size
    compressed_bytes = arguments.output.stat().st_size
    report = {
        **sizes(weights, dense)._asdict(),
        "parameters": sum(weight.numel() for weight in weights.values()),
        "fp16": arguments.fp16,
        "zstd": arguments.zstd,
        "dense_bytes": dense_bytes,
        "checkpoint_bytes": (arguments.checkpoint / "model.safetensors").stat().st_size,
        "compressed_bytes": compressed_bytes,
        "ratio": compressed_bytes / dense_bytes,
        "small_bytes": arguments.small.stat().st_size if arguments.small else None,
        "dense_flops": flops.dense,
        "nonzero_flops": flops.nonzero,
        "theoretical_speedup": flops.theoretical_speedup,
    }
    write_json(report, arguments.sizes)
    logger.info("%.2f MB, %.3f of the dense file", compressed_bytes / 1e6, report["ratio"])


def _compress(weights: Tensors, path: Path, *, fp16: bool, zstd: bool) -> None:
    save_compressed(weights, path, fp16=fp16, zstd=zstd)
    _check(weights, load_compressed(path), fp16)


def _check(weights: Tensors, loaded: Tensors, fp16: bool) -> None:
    """Compare what was read back with what was meant, bit by bit."""
    for name, weight in weights.items():
        expected = weight.half().float() if fp16 and weight.dtype == torch.float32 else weight
        if not torch.equal(expected.view(torch.uint8), loaded[name].view(torch.uint8)):
            raise CompressionError(
                f"{name}: read back other values than were written; the disk may be failing"
            )


if __name__ == "__main__":
    run(main)
