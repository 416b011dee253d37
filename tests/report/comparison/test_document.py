"""The command: what it prints of the small study, and what it refuses."""

import json
import shutil
from pathlib import Path

import pytest

from tests.report.conftest import Command, row
from tests.report.small_results import DENSE, PRUNED, write_results


def test_two_systems_as_markdown(study: Path, command: Command) -> None:
    sides = [study / slug.format(seed="*") for slug in (DENSE, PRUNED)]
    done = command("compare", *sides, "--worst", 1, "--groups")
    assert done.returncode == 0, done.stderr
    cells = row(done.stdout, "MAP")
    assert [*cells[1:4], cells[6]] == ["0.8750", "0.6875", "-0.1875", "0 / 5 / 3"]
    assert "**q2** words of q2" in done.stdout
    assert "seed 1: MAP 1.000 → 0.500. Relevant (*): r." in done.stdout
    assert row(done.stdout, "1 ")[1:] == ["* r: right", "a: a \\", "b"]  # | is escaped in a cell
    assert row(done.stdout, "(0, 10]")[1:] == ["0.875", "0.688", "0.786", "4"]
    assert max(len(line) for line in done.stdout.splitlines() if line.startswith("|")) <= 100


def test_two_studies_as_json(study: Path, tmp_path: Path, command: Command) -> None:
    other = write_results(tmp_path / "other", {"bm25": ("arb", "arb", "arb", "arb")})
    done = command("compare", study, other, "--measure", "MAP", "--json", "--worst", 5)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(one["a"], one["b"], one["difference"]) for one in found["rows"]] == [
        ("bm25", "bm25", pytest.approx(0.5 - 17 / 24))
    ]
    assert found["only_a"] == [DENSE.format(seed="*"), PRUNED.format(seed="*")]
    assert len(found["studies"]["without"]) == 2
    assert [one["qid"] for one in found["lost"]] == ["q1", "q4"]
    assert found["lost"][0]["a_list"][0] == {"rank": 1, "docid": "r", "relevant": True, "text": "right"}
    assert found["rows"][0]["holm_p"] is None


def test_runs_of_other_programs_with_judgements(study: Path, tmp_path: Path, command: Command) -> None:
    (tmp_path / "mine.trec").write_text("q1\tQ0\ta\t0\t9\tx\nq1\tQ0\tr\t1\t10\tx\nq2 Q0 a 0 1 x\n")
    shutil.copy(study / "runs/bm25.trec.gz", tmp_path / "theirs.trec.gz")
    (tmp_path / "qrels.txt").write_text("q1 0 r 1\nq2 0 r 1\nq2 0 a 0\n")
    sides = (tmp_path / "mine.trec", tmp_path / "theirs.trec.gz")
    done = command("compare", *sides, "--qrels", tmp_path / "qrels.txt", "--measure", "MAP")
    assert done.returncode == 0, done.stderr
    # By its scores mine has q1's r first, and for q2 nothing; BM25 has them at 1 and 2.
    assert row(done.stdout, "MAP")[1:4] == ["0.5000", "0.7500", "+0.2500"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("gone", "bm25"), "gone: found no metric JSON and no TREC run; expected a results folder"),
        (("bm25", "bm25", "bm25"), "found 3 things to compare, expected 2: put a pattern in quotes"),
        (
            ("bm25", "broken.trec", "--qrels", "qrels.txt"),
            "broken.trec: found `q1 Q0 a first 0.5`; expected lines",
        ),
        (("bm25", "broken.json"), "broken.json: found no metrics of a system"),
        (("bm25", "bm25", "--confidence", "95"), "--confidence: found 95.0, expected between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_one_message(
    study: Path, command: Command, arguments: tuple[str, ...], expected: str
) -> None:
    (study / "broken.trec").write_text("q1 Q0 a first 0.5\n")
    (study / "broken.json").write_text("[]")
    (study / "qrels.txt").write_text("q1 0 r 1\n")
    named = [text if text.startswith("--") or text == "95" else study / text for text in arguments]
    done = command("compare", *named)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert expected in done.stderr
