"""From files to an objective: queries by split, generated queries by document."""

from pathlib import Path

import pandas as pd

from dsi.training.docid_data import DocidFiles, Judged, docid_objective, generated_queries, split_queries
from dsi.training.docid_settings import docid_settings
from dsi.training.objectives.docid_sequence import SequenceObjective
from dsi.training.objectives.examples import Query
from tests.conftest import DOCIDS, TEXTS
from tests.training.conftest import sequence_start, settings_json

DOCIDS_AB = ["a", "b"]


def test_queries_of_a_split_name_the_columns_that_the_collection_has() -> None:
    queries = pd.DataFrame(
        {"qid": ["1", "2", "3"], "text": ["x", "y", "z"], "split": ["train", "train", "test"]}
    )
    relevant = {"1": {"b", "a", "elsewhere"}, "3": {"a"}}
    assert split_queries(queries, "train", relevant, DOCIDS_AB) == [Query("x", (0, 1)), Query("y", ())]


def test_generated_queries_are_found_by_the_column_of_their_document(tmp_path: Path) -> None:
    pd.DataFrame({"docid": ["b", "b"], "query": ["x", "y"]}).to_parquet(tmp_path / "generated.parquet")
    assert generated_queries(tmp_path / "generated.parquet", DOCIDS_AB) == {1: ["x", "y"]}
    assert generated_queries(None, DOCIDS_AB) == {}


def test_identifiers_of_several_tokens_have_an_objective_of_their_own(
    tokenizer_folder: Path, collection: Path
) -> None:
    checkpoint = sequence_start("naive", tokenizer_folder)
    files = DocidFiles(collection, None, None)
    settings = docid_settings(settings_json("naive"))
    objective = docid_objective(files, Judged.read(collection), checkpoint, settings, seed=1)
    assert isinstance(objective, SequenceObjective)
    assert objective.examples == 2 * len(TEXTS) + 5  # 5 of 53 are about a tenth
    assert all(path.is_file() for path in files.paths())
    assert len(files.paths()) == 5
    assert checkpoint.docids == DOCIDS
