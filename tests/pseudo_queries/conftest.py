"""Shared by the tests of pseudo-queries: a small model that writes queries."""

import shutil
from pathlib import Path

import pytest

from dsi.docids.tokenizer import load_tokenizer
from dsi.model.t5 import build_t5
from tests.conftest import MAX_TOKENS, SHAPE


@pytest.fixture(scope="module")
def model_folder(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small T5 with random weights and a tokenizer, as a folder of the hub."""
    folder = tmp_path_factory.mktemp("hub") / "doc2query-tiny"
    pieces = load_tokenizer(tokenizer_folder, MAX_TOKENS).get_vocab_size()
    settings = {**SHAPE, "dropout": 0.1, "feed_forward": "relu", "embedding_std": 0.5}
    build_t5(settings, pieces, seed=1).save_pretrained(folder)
    shutil.copytree(tokenizer_folder, folder, dirs_exist_ok=True)
    return folder
