"""The commands that prune by weights: the library's checkpoint, and the ranking of what is left of it."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from transformers import T5ForConditionalGeneration

from dsi.docids.schemes import atomic
from dsi.docids.tokenizer import load_tokenizer
from dsi.evaluation.runs import read_run
from dsi.model.checkpoint import load_checkpoint, load_t5, save_checkpoint
from dsi.pruning.apply import prune
from dsi.pruning.pruned_checkpoint import dense_weights, write_pruned
from dsi.pruning.selection import Selection
from dsi.ranking.list_task import ListTask, write_lists
from dsi.ranking.ranker import rank_with_losses
from tests.conftest import DOCIDS, DOCUMENTS
from tests.ranking import tiny_lists

Command = Callable[..., CompletedProcess[str]]
FEED_FORWARD = Selection(kinds=("feed_forward",))
QUERIES = pd.DataFrame(
    {
        "qid": ["a", "b", "c"],
        "text": ["graph path", "matrix", "edge"],
        "split": ["test", "validation", "train"],
    }
)
RELEVANT = {"a": {DOCIDS[0], DOCIDS[3]}, "b": {DOCIDS[1]}}
LISTS = {
    "k": 2,
    "depth": 1000,
    "generation": {"method": "constrained", "length": "k"},
    "training": {"max_tokens": 32},
}


@pytest.fixture
def dense(tiny_model: T5ForConditionalGeneration, tokenizer_folder: Path, tmp_path: Path) -> Path:
    """A dense checkpoint of the tiny model, and its collection in the same folder."""
    retriever = {"task": "docid", "scheme": "atomic", "max_tokens": 12}
    save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS), tmp_path / "dense", retriever)
    QUERIES.to_parquet(tmp_path / "queries.parquet")
    rows = [(qid, docid, 1) for qid, docids in RELEVANT.items() for docid in docids]
    pd.DataFrame(rows, columns=["qid", "docid", "grade"]).to_parquet(tmp_path / "qrels.parquet")
    return tmp_path / "dense"


def options(folder: Path, name: str, settings: dict[str, object], threads: int = 1) -> list[object]:
    return [
        *("--settings", json.dumps(settings), "--collection", folder, "--threads", threads),
        *("--output", folder / name, "--run", folder / f"{name}.trec.gz"),
        *("--outputs", folder / f"{name}.outputs.parquet"),
    ]


def pruned_folder(dense: Path, rate: float) -> Path:
    """What the library writes for the selection FEED_FORWARD."""
    weights = dense_weights(dense, FEED_FORWARD)
    pruned = prune(weights, FEED_FORWARD.names(weights), "magnitude", rate)
    write_pruned(pruned, weights, rate, dense, dense.parent / "by-library")
    return dense.parent / "by-library"


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_command_prunes_as_the_library_and_ranks_with_what_is_left(dense: Path, command: Command) -> None:
    expected = pruned_folder(dense, 0.5)
    folder = dense.parent
    told = ("--criterion", "magnitude", "--rate", 0.5, "--kinds", "feed_forward")
    ended = command("prune", dense, *told, *options(folder, "pruned", {"relevance": 1, "depth": 5}, 2))
    assert ended.returncode == 0, ended.stderr
    assert written(folder / "pruned") == written(expected)
    run, losses = rank_with_losses(load_checkpoint(expected), QUERIES[:2], RELEVANT, 5, None)
    found = read_run(folder / "pruned.trec.gz")
    assert list(found["docid"]) == list(run["docid"])
    assert found["score"].tolist() == pytest.approx(run["score"].tolist(), abs=1e-5)
    outputs = pd.read_parquet(folder / "pruned.outputs.parquet")
    assert list(outputs["qid"]) == ["a", "b"]
    assert outputs["loss"].tolist() == pytest.approx(losses["loss"].tolist(), rel=1e-5)


def test_lists_are_generated_with_what_is_left(command: Command, tmp_path: Path) -> None:
    tiny_lists.write_tokenizer(tmp_path / "tokenizer")
    tiny_lists.QUERIES.to_parquet(tmp_path / "queries.parquet", index=False)
    tiny_lists.topk().to_parquet(tmp_path / "topk.parquet", index=False)
    documents = pd.DataFrame({"docid": tiny_lists.DOCIDS, "text": "x"})
    documents.to_parquet(tmp_path / "documents.parquet", index=False)
    task = ListTask.read(tmp_path, tmp_path / "tokenizer", LISTS)
    model = tiny_lists.model(load_tokenizer(tmp_path / "tokenizer"))
    save_checkpoint(model, tmp_path / "tokenizer", task.docids, tmp_path / "dense", {"task": "ranked-list"})
    expected = pruned_folder(tmp_path / "dense", 0.25)
    write_lists(load_t5(expected), task, tmp_path / "run.gz", tmp_path / "outputs.parquet")

    told = ("--criterion", "magnitude", "--rate", 0.25, "--kinds", "feed_forward")
    ended = command("prune_lists", tmp_path / "dense", *told, *options(tmp_path, "pruned", LISTS))
    assert ended.returncode == 0, ended.stderr
    assert written(tmp_path / "pruned") == written(expected)
    assert (tmp_path / "pruned.trec.gz").read_bytes() == (tmp_path / "run.gz").read_bytes()
    outputs = [pd.read_parquet(tmp_path / name) for name in ("pruned.outputs.parquet", "outputs.parquet")]
    pd.testing.assert_frame_equal(*outputs)


def test_the_command_explains_what_cannot_be_pruned(dense: Path, command: Command) -> None:
    told = options(dense.parent, "pruned", {"relevance": 1, "depth": 5})
    ended = command("prune", dense, "--criterion", "2of4", "--rate", 0.4, *told)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("error: criterion 2of4: found rate 0.4, expected 0.5")
    ended = command("prune", dense, "--criterion", "wanda", "--rate", 0.5, *told)
    assert ended.returncode == 2
    assert "invalid choice: 'wanda'" in ended.stderr
    ended = command("prune", dense.parent, "--criterion", "magnitude", "--rate", 0.5, *told)
    assert ended.returncode == 1
    assert "expected a checkpoint folder such as" in ended.stderr
    assert not (dense.parent / "pruned").exists()


def test_a_checkpoint_of_the_other_task_is_refused_before_any_pruning(dense: Path, command: Command) -> None:
    told = ("--criterion", "magnitude", "--rate", 0.5, *options(dense.parent, "pruned", LISTS))
    ended = command("prune_lists", dense, *told)
    assert ended.returncode == 1
    assert "found the task 'docid'; expected ranked-list" in ended.stderr
    ended = command("prune_lists", dense, *told[:4], *options(dense.parent, "pruned", {"k": 2}))
    assert ended.returncode == 2
    assert "found no 'generation'; expected the keys k, depth, generation and training" in ended.stderr
    assert not (dense.parent / "pruned").exists()
