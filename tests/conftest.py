"""Shared by all tests: one tiny collection, tokenizer and model; commands as users call them; Java apart."""

import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

# Before torch is imported: two workers share two cores, and sums depend on the number of threads.
os.environ["OMP_NUM_THREADS"] = "1"

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"

# The tiny collection: 24 documents of 30 words about three topics, each with a last sentence of its own.
TOPICS = ("graph node edge shortest path weight", "matrix trace array vector", "random normal seed sample")
WORDS = " ".join(TOPICS).split()
TEXTS = [
    " ".join(random.Random(number).choices(TOPICS[number % 3].split(), k=30))
    + f". Item {WORDS[number % len(WORDS)]} ends here."
    for number in range(24)
]
DOCIDS = [f"doc{number}" for number in range(24)]
DOCUMENTS = pd.DataFrame({"docid": DOCIDS, "text": TEXTS})
PIECES = 48  # of the tiny tokenizer
MAX_TOKENS = 12
# The tiny model's shape; tests that need another one say which keys differ: {**SHAPE, "d_ff": 8}.
SHAPE: dict[str, Any] = {
    "d_model": 16,
    "d_kv": 8,
    "d_ff": 32,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout": 0.0,
    "feed_forward": "gated-gelu",
    "embedding_std": 0.1,
}


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny tokenizer as a folder, trained on the tiny collection and its docids."""
    from dsi.docids.tokenizer import save_tokenizer, train_tokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(train_tokenizer([*TEXTS, *DOCIDS], PIECES), folder)
    return folder


@pytest.fixture
def tiny_model(tokenizer_folder: Path) -> Any:
    """A T5 of SHAPE from random weights, one docid token for each document of the tiny collection."""
    from dsi.docids.tokenizer import load_tokenizer
    from dsi.model.t5 import build_model

    pieces = load_tokenizer(tokenizer_folder, MAX_TOKENS).get_vocab_size()
    return build_model(SHAPE, pieces, len(DOCIDS), seed=1).eval()


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command of scripts/ as a user does: `command("rank", folder, "--depth", 10)`."""

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(SCRIPTS), name, *map(str, arguments)],
            text=True,
            capture_output=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def java() -> Iterator[Callable[..., Any]]:
    """Calls a function in another process: a JVM beside torch in one process ends in segmentation faults.

    The workflow keeps them apart too, as its stages are processes.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield lambda function, *arguments: process.submit(function, *arguments).result()
