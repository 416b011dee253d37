"""TREC runs of other programs: ranked anew, or refused."""

from pathlib import Path

import pytest

from dsi.evaluation.foreign_runs import read_foreign_run
from dsi.evaluation.runs import RunFormatError


def test_documents_are_ranked_by_score_whatever_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text("1 Q0 a 0 2.5 x\n1\tQ0\tb\t0\t3e1\tx\n2  Q0 NA 7 1 x\n1 Q0 c 1 2.5 x\n")
    found = read_foreign_run(path)
    # Equal scores by descending docid, as trec_eval has them.
    assert list(zip(found["qid"], found["docid"], found["rank"], strict=True)) == [
        ("1", "b", 1), ("1", "c", 2), ("1", "a", 3), ("2", "NA", 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 Q0 a 1 high x\n", "not a TREC run"),
        ("1 Q0 a 1 nan x\n", "not a TREC run"),
        ("1 Q0 a 1 inf x\n", "found `1 Q0 a 1 inf x`"),
        ("1 a 0.5\n", "not a TREC run|found `1 a 0.5"),
        ("1 Q0 a 1 2 x\n1 Q0 a 2 1 x\n", "found a twice for query 1"),
        ("1 Q0 a 1 2 x y\n", "TREC|found"),
        ("", "found nothing in it"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "run.txt"
    path.write_text(text)
    with pytest.raises(RunFormatError, match=expected):
        read_foreign_run(path)
