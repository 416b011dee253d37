"""Weights and masks of a study: files of safetensors, which hold numbers and nothing that runs."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from dsi.base.artefacts import ArtefactError, unreadable


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file by name.

    Raises:
        ArtefactError: it is not there, or is cut or no such file.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ArtefactError(unreadable(path, error)) from error
