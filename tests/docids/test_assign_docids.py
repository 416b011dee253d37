"""The command assign_docids: every scheme, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pyarrow.parquet as pq
import pytest

from dsi.docids.tokenizer import save_tokenizer
from tests.docids.conftest import documents, tokenizer_of

Command = Callable[..., CompletedProcess[str]]


def assign(command: Command, folder: Path, *options: object) -> CompletedProcess[str]:
    documents("D1", "d1", "d2").to_parquet(folder / "documents.parquet")
    save_tokenizer(tokenizer_of("0123456789d"), folder)
    paths = ("--documents", folder / "documents.parquet", "--output", folder / "out.parquet")
    return command("assign_docids", *paths, *options)


@pytest.mark.parametrize(
    ("options", "tokens"),
    [
        (["--scheme", "atomic"], [[0], [1], [2]]),
        (["--scheme", "naive", "--tokenizer"], [[13, 4, 1], [13, 4, 3, 1], [13, 5, 1]]),
        (["--scheme", "semantic", "--leaf-size", "3", "--tokenizer"], [[14], [15], [16]]),
    ],
    ids=["atomic", "naive", "semantic"],
)
def test_every_scheme_writes_lists_of_int32(
    command: Command, tmp_path: Path, options: list[str], tokens: list[list[int]]
) -> None:
    folder = [tmp_path] if options[-1] == "--tokenizer" else []
    done = assign(command, tmp_path, *options, *folder)
    assert done.returncode == 0, done.stderr
    frame = pd.read_parquet(tmp_path / "out.parquet")
    assert [row.tolist() for row in frame["tokens"]] == tokens
    assert str(pq.read_schema(tmp_path / "out.parquet").field("tokens").type) == "list<element: int32>"


def test_naive_without_a_tokenizer_says_what_it_needs(command: Command, tmp_path: Path) -> None:
    done = assign(command, tmp_path, "--scheme", "naive")
    assert done.returncode == 1
    assert "error: --tokenizer: found none with --scheme naive; expected the folder" in done.stderr
    assert "Traceback" not in done.stderr
