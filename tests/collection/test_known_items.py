"""The embedded collection: documents, queries and judgements as the configuration promises."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from dsi.collection.docstrings import Docstring
from dsi.collection.known_items import from_docstrings, verbatim_elsewhere
from dsi.collection.relevance import relevant_documents
from dsi.collection.splits import RandomSplit

SPLIT = RandomSplit(train=0.7, validation=0.1, test=0.2, seed=42)


def test_every_document_with_the_summary_line_is_relevant() -> None:
    docs = [
        Docstring("b", "Same line here.", "text one"),
        Docstring("a", "Same line here.", "text two"),
        Docstring("c", "Another line here.", "Same line here. and more"),
    ]
    collection = from_docstrings(docs, SPLIT)
    assert list(collection.documents["docid"]) == ["a", "b", "c"]
    assert list(collection.queries["text"]) == ["Same line here.", "Another line here."]
    assert relevant_documents(collection.qrels, collection.queries, 1) == {
        "q00001": {"a", "b"},
        "q00002": {"c"},
    }
    # The first line occurs in document c, which is not relevant to it.
    assert verbatim_elsewhere(collection) == ["q00001"]


def test_the_command_refuses_a_package_that_is_not_installed(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    options = ("--split", json.dumps(SPLIT._asdict()), "--output", tmp_path)
    ended = command("collect_pydocs", "--packages", "no-such-package", *options)
    assert ended.returncode == 1
    assert "'no-such-package' is not installed" in ended.stderr.splitlines()[-1]
    ended = command("collect_pydocs", "--packages", "networkx", *options)
    assert ended.returncode == 0, ended.stderr
    assert "summary lines that occur verbatim in another document: " in ended.stderr
    assert set(pd.read_parquet(tmp_path / "queries.parquet")["split"]) == {"train", "validation", "test"}
