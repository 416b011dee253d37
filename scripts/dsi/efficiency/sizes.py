"""What a pruned checkpoint takes on disk and what it could save in arithmetic, against its dense one.

Measures are named as in ShrinkBench (Blalock et al. 2020, "What is the state of neural network pruning?"):
size, size_nz, compression_ratio, theoretical_speedup.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_object
from dsi.docids.identifiers import atomic_count
from dsi.efficiency.compressed_files import save_verified
from dsi.efficiency.operations import theoretical_flops
from dsi.model.masks import Tensors
from dsi.model.weights import read_tensors
from dsi.systems import ROUNDED_FILES

WEIGHTS = "model.safetensors"


class Counts(NamedTuple):
    """Parameters and what is left of them.

    size: of the dense checkpoint as it is stored, a tied head and embedding being one; size_nz: weights that
    are not zero; compression_ratio: size / size_nz.
    """

    size: int
    size_nz: int
    compression_ratio: float


class Sizes(NamedTuple):
    """The savings of one checkpoint.

    size, size_nz, compression_ratio: as of `Counts`; parameters: of the checkpoint, zeros included.
    dense_bytes, checkpoint_bytes: the safetensors files; compressed_bytes: the file that keeps every bit, and
    ratio its share of dense_bytes; small_bytes, int8_bytes, int4_bytes: the files in float16, 8 and
    4 bits, under zstd.
    dense_flops, nonzero_flops, theoretical_speedup: as of `dsi.efficiency.operations.Flops`.
    """

    size: int
    size_nz: int
    compression_ratio: float
    parameters: int
    dense_bytes: int
    checkpoint_bytes: int
    compressed_bytes: int
    ratio: float
    small_bytes: int
    int8_bytes: int
    int4_bytes: int
    dense_flops: int
    nonzero_flops: int
    theoretical_speedup: float


def count_weights(weights: Tensors, dense: Tensors) -> Counts:
    """Count a pruned checkpoint's weights against the dense one's."""
    size = sum(weight.numel() for weight in dense.values())
    size_nz = sum(int(weight.count_nonzero()) for weight in weights.values())
    return Counts(size, size_nz, size / size_nz)


def compress_checkpoint(checkpoint: Path, dense: Path, input_length: int, exact: Path) -> Sizes:
    """Write a checkpoint's weights to compressed files, each read back and compared, and measure them.

    Args:
        checkpoint, dense: folders of the checkpoint and of the dense one that it is compared with.
        input_length: tokens of a query, for the operations.
        exact: the file to write that keeps every bit, <name>.dsz; those with rounded values, under zstd, are
            written beside it with the words of ROUNDED_FILES: <name>.int8.dsz.

    Raises:
        CompressionError: as `save_verified`.
        DocidError: the docids are not atomic.
    """
    documents = atomic_count(checkpoint)
    weights, dense_weights = read_tensors(checkpoint / WEIGHTS), read_tensors(dense / WEIGHTS)
    save_verified(weights, exact)
    rounded = {bits: exact.with_suffix(f".{word}.dsz") for bits, word in ROUNDED_FILES.items()}
    for bits, path in rounded.items():
        save_verified(weights, path, bits=bits, zstd=True)
    config = read_object(checkpoint / "config.json")
    flops = theoretical_flops(config, weights, input_length, documents, dense_weights)
    dense_bytes, exact_bytes = (dense / WEIGHTS).stat().st_size, exact.stat().st_size
    return Sizes(
        *count_weights(weights, dense_weights),
        parameters=sum(weight.numel() for weight in weights.values()),
        dense_bytes=dense_bytes,
        checkpoint_bytes=(checkpoint / WEIGHTS).stat().st_size,
        compressed_bytes=exact_bytes,
        ratio=exact_bytes / dense_bytes,
        small_bytes=rounded[16].stat().st_size,
        int8_bytes=rounded[8].stat().st_size,
        int4_bytes=rounded[4].stat().st_size,
        dense_flops=flops.dense,
        nonzero_flops=flops.nonzero,
        theoretical_speedup=flops.theoretical_speedup,
    )
