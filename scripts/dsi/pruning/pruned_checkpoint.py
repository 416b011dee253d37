"""The files of a checkpoint before and after pruning."""

import logging
import shutil
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

from dsi.base.artefacts import read_object
from dsi.base.files import replacing_files, write_json
from dsi.model.masks import Tensors
from dsi.model.weights import read_tensors
from dsi.pruning.evidence import Pruned
from dsi.pruning.layers import EMBEDDING, LM_HEAD
from dsi.pruning.selection import Selection
from dsi.pruning.sparsity import decodes_one_step, sparsity
from dsi.systems import CHECKPOINT_FILES

logger = logging.getLogger(__name__)


def dense_weights(folder: Path, selection: Selection) -> Tensors:
    """A checkpoint's weights; a head that is pruned but tied to the embedding gets weights of its own."""
    weights = read_tensors(folder / "model.safetensors")
    if selection.lm_head:
        weights.setdefault(LM_HEAD, weights[EMBEDDING].clone())
    return weights


def write_pruned(pruned: Pruned, dense: Tensors, rate: float, source: Path, output: Path) -> None:
    """Write a pruned checkpoint, its masks and its sparsity; where units are gone, config.json has the d_ff.

    Args:
        dense: the weights before pruning, as `dense_weights`; a head untied for it does not count in the
            sparsity, as it is not stored in the dense checkpoint.
        rate: the one asked for, sparsity.json's `nominal`.
        source: folder of the dense checkpoint, whose other files are copied.
        output: folder to write to.
    """
    with safe_open(source / "model.safetensors", framework="pt") as file:
        stored = {name: dense[name] for name in file.keys()}  # noqa: SIM118
    result = sparsity(pruned.weights, rate, dense=stored, one_step=decodes_one_step(source))
    with replacing_files(output) as folder:
        save_file(pruned.weights, folder / "model.safetensors", metadata={"format": "pt"})
        save_file(pruned.masks, folder / "masks.safetensors")
        write_json(result._asdict(), folder / "sparsity.json")
        for name in CHECKPOINT_FILES:
            shutil.copyfile(source / name, folder / name)
        if pruned.d_ff is not None:
            config = read_object(folder / "config.json")
            write_json({**config, "d_ff": pruned.d_ff}, folder / "config.json")
    logger.info(
        "zeros: %.4f of Linears, %.4f of the dense checkpoint's %d weights",
        result.linears,
        result.model,
        result.parameters,
    )
