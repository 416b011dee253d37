"""Pre-trained models: the folder of their weights and tokenizer, from the Hugging Face hub or a local path.

Only safetensors are accepted: loading a pickle runs what is in it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsi.docids.tokenizer import FILES

WEIGHTS = ("config.json", "model.safetensors")
# What a tokenizer may be made of; transformers builds tokenizer.json from a SentencePiece model.
TOKENIZER_SOURCES = ("tokenizer.json", "spiece.model")


class ModelSourceError(RuntimeError):
    """A pre-trained model or tokenizer is not available; the message says from where and what to do."""


def source_folder(definition: Mapping[str, Any], weights: bool, key: str = "models") -> Path:
    """A local folder with a model's files: the definition's own, or the hub's in its local cache.

    Args:
        definition: `path`, or `hub` and optionally `revision`.
        weights: whether the folder must hold weights, or a tokenizer alone.
        key: the configuration's, for messages.

    Raises:
        ModelSourceError: a file is missing, or the hub does not answer.
    """
    folder = Path(definition["path"]) if "path" in definition else _snapshot(definition, weights, key)
    if weights:
        absent = [name for name in WEIGHTS if not (folder / name).is_file()]
        if absent:
            pickles = sorted(path.name for path in folder.glob("*.bin"))
            others = f"found {', '.join(pickles)} (a pickle, which can run code)" if pickles else "found none"
            raise ModelSourceError(
                f"{folder}: no {absent[0]}; {others if absent[0] == WEIGHTS[1] else 'not a model folder'}; "
                f"expected {' and '.join(WEIGHTS)}, as google-t5/t5-small has them"
            )
    elif not any((folder / name).is_file() for name in TOKENIZER_SOURCES):
        raise ModelSourceError(
            f"{folder}: found no tokenizer, expected {' or '.join(TOKENIZER_SOURCES)}, as google-t5/t5-small "
            "has them"
        )
    return folder


def save_tokenizer_of(folder: Path, target: Path) -> None:
    """Write a folder's T5 tokenizer into another as the two files that every checkpoint has (FILES)."""
    from transformers import T5Tokenizer  # only here: importing it costs seconds

    tokenizer = T5Tokenizer.from_pretrained(folder, local_files_only=True)
    # T5's own limit of 512 tokens would cut long target lists.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.save_pretrained(target)
    for path in target.iterdir():
        if path.name not in FILES:
            path.unlink()


def _snapshot(definition: Mapping[str, Any], weights: bool, key: str) -> Path:
    """The files of a hub repository in its own cache, downloaded unless they are there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    name = definition["hub"]
    patterns = ["tokenizer*.json", "spiece.model", "config.json"]
    try:
        folder = snapshot_download(
            name,
            revision=definition.get("revision"),
            allow_patterns=[*patterns, "model.safetensors", "generation_config.json"]
            if weights
            else patterns,
        )
    except RepositoryNotFoundError as error:
        raise ModelSourceError(
            f"{key}: the hub has no repository {name!r} (or it is private); expected a name such as "
            "google-t5/t5-small"
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        short = name.rpartition("/")[2]
        example = f"{key}: models/{short}"
        if key == "models":
            example = f"--config 'models={{{short}: {{path: models/{short}}}}}'"
        raise ModelSourceError(
            f"{key}: {name!r} is neither in the local cache nor to be had from the hub ({error}); connect "
            f"to the network, or download it elsewhere and give its folder, for example {example}"
        ) from error
    return Path(folder)
