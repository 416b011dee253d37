"""From files and settings to a ranked-list objective: which queries it holds, and how batches are made."""

from pathlib import Path

import pandas as pd
import pytest
from tokenizers import Tokenizer

from dsi.base.command import UserError
from dsi.base.records import read_sections
from dsi.docids.tokenizer import load_tokenizer
from dsi.ranking.list_task import ListTask
from dsi.training.list_settings import GenerationSettings, ListTrainingSettings
from dsi.training.list_training import generated_lists, list_objective
from dsi.training.settings import TrainingSettings
from tests.ranking.tiny_lists import DOCIDS, topk, write_tokenizer
from tests.training.conftest import TRAINING

SECTIONS = {"training": TrainingSettings, "generation": GenerationSettings}


def settings(**changes: object) -> ListTrainingSettings:
    given = {
        "k": 2,
        "training": {**TRAINING, "batch_size": 4, "accumulate": 2},
        "count_padding": True,
        "track_test": False,
        "generation": {"method": "greedy", "length": "k"},
        "depth": 1000,
        **changes,
    }
    return read_sections(ListTrainingSettings, given, "settings", SECTIONS)


def task(folder: Path, splits: list[str]) -> ListTask:
    """Three queries, of which BM25 finds nothing for the third."""
    write_tokenizer(folder)
    queries = pd.DataFrame({"qid": ["q1", "q2", "q3"], "text": ["graph node", "edge", "matrix"]})
    queries.assign(split=splits).to_parquet(folder / "queries.parquet")
    topk().to_parquet(folder / "topk.parquet")
    pd.DataFrame({"docid": DOCIDS, "text": "x"}).to_parquet(folder / "documents.parquet")
    return ListTask.read(folder, folder, generated_lists(settings()))


def test_training_queries_without_a_list_are_left_out(tmp_path: Path) -> None:
    objective = list_objective(task(tmp_path, ["train", "test", "train"]), settings(), seed=1)
    assert (objective.examples, len(objective)) == (1, 1)
    assert objective.measures == ("validation_loss",)


def test_test_queries_are_measured_if_they_are_tracked(tmp_path: Path) -> None:
    tracked = list_objective(task(tmp_path, ["train", "test", "validation"]), settings(track_test=True), 1)
    assert {name.partition("_")[0] for name in tracked.measures} == {"validation", "test"}


def test_without_any_list_the_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"found no training query with a BM25 list; .* split: \{train: 0.7"):
        list_objective(task(tmp_path, ["test", "test", "train"]), settings(), seed=1)


def test_lists_are_generated_as_the_settings_say(tmp_path: Path) -> None:
    found = generated_lists(settings(generation={"method": "constrained", "length": "full"}))
    assert (found.k, found.constrained, found.full, found.max_tokens) == (
        2,
        True,
        True,
        TRAINING["max_tokens"],
    )
    tokenizer = task(tmp_path, ["train", "test", "validation"]).inputs
    assert isinstance(tokenizer, Tokenizer)
    assert len(tokenizer.encode("graph " * 30).ids) == TRAINING["max_tokens"]
    assert len(load_tokenizer(tmp_path).encode("graph " * 30).ids) > TRAINING["max_tokens"]
