"""Judgements for other programs: which queries, in which order, in which form."""

from pathlib import Path

import pandas as pd

from dsi.collection.topics import read_qrels
from dsi.evaluation.trec_qrels import evaluated_judgements, write_qrels

QUERIES = pd.DataFrame({"qid": ["1", "2", "3"], "split": ["test", "test", "validation"]})
QRELS = pd.DataFrame(
    {"qid": ["2", "1", "1", "3"], "docid": ["a", "b", "a", "a"], "grade": [1, 0, 2, 2]}
)  # with a lowest grade of 2, query 2 has no relevant document


def test_only_queries_that_are_evaluated_are_written(tmp_path: Path) -> None:
    found = evaluated_judgements(QRELS, QUERIES, "test", 2)
    write_qrels(found, tmp_path / "qrels/test.txt")
    assert (tmp_path / "qrels/test.txt").read_text() == "1 0 a 2\n1 0 b 0\n"
    again = read_qrels(tmp_path / "qrels/test.txt")
    assert again.to_dict("list") == found.to_dict("list")
    assert set(evaluated_judgements(QRELS, QUERIES, "test", 1)["qid"]) == {"1", "2"}
