"""Prune a checkpoint: zero a fraction of the weights and keep the masks beside them.

    python scripts/prune.py results/baselines/dsi/seed1/dense --criterion magnitude --rate 0.2 \\
        --output results/pruned/dsi/seed1/magnitude-0.2

Needs torch and safetensors only; the other files of the checkpoint are copied.
"""

import argparse
import logging
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from dsi.command import run
from dsi.files import replacing_files, write_json
from dsi.masks import apply_masks
from dsi.pruning import (
    EMBEDDING,
    LM_HEAD,
    layerwise_masks,
    magnitude_importances,
    prunable_names,
    sparsity,
)

COPIED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "docids.parquet",
    "retriever.json",
)

logger = logging.getLogger(__name__)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="folder of the dense checkpoint")
    parser.add_argument("--criterion", choices=["magnitude"], required=True)
    parser.add_argument("--rate", type=float, required=True, help="fraction of each layer's weights")
    parser.add_argument(
        "--lm-head", action="store_true", help="prune the output head, too, untied from the embedding"
    )
    parser.add_argument("--embedding", action="store_true", help="prune the embedding too")
    parser.add_argument("--output", type=Path, required=True, help="folder of the pruned checkpoint")
    arguments = parser.parse_args()

    weights = load_file(arguments.checkpoint / "model.safetensors")
    if arguments.lm_head:
        # A head tied to the embedding gets weights of its own: else pruning one would prune both.
        weights.setdefault(LM_HEAD, weights[EMBEDDING].clone())
    names = prunable_names(weights, arguments.lm_head, arguments.embedding)
    importances = magnitude_importances({name: weights[name] for name in names})
    masks = layerwise_masks(importances, arguments.rate)
    pruned = apply_masks(weights, masks)
    result = sparsity(pruned, arguments.rate)
    with replacing_files(arguments.output) as folder:
        save_file(pruned, folder / "model.safetensors", metadata={"format": "pt"})
        save_file(masks, folder / "masks.safetensors")
        write_json(result._asdict(), folder / "sparsity.json")
        for name in COPIED:
            shutil.copyfile(arguments.checkpoint / name, folder / name)
    logger.info(
        "zeros: %.4f of Linears, %.4f of all %d parameters",
        result.linears,
        result.model,
        result.parameters,
    )


if __name__ == "__main__":
    run(main)
