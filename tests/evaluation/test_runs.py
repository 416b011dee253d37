"""TREC runs: order, files, and what is wrong with one."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.runs import RunFormatError, random_run, ranked, read_run, write_run


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    scores = np.random.default_rng(1).normal(size=60).astype(np.float32)
    pairs = [(qid, f"d{number}") for qid in ("1", "2", "3") for number in range(20)]
    run = ranked(pd.DataFrame(pairs, columns=["qid", "docid"]).assign(score=scores))
    for name in ("a.trec.gz", "b.trec.gz"):
        write_run(run, tmp_path / name, tag="t")
    again = read_run(tmp_path / "a.trec.gz")
    assert (again["score"] == run["score"]).all()
    assert list(again["docid"]) == list(run["docid"])
    assert (tmp_path / "a.trec.gz").read_bytes() == (tmp_path / "b.trec.gz").read_bytes()


def test_a_broken_run_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    path.write_text("1 Q0 d1 first 0.5 tag\n")
    with pytest.raises(RunFormatError, match=r"run\.trec: not a TREC run .* for example"):
        read_run(path)


@pytest.mark.parametrize(
    "second",
    [
        "1 Q0 d2 2 0.6 t",  # a higher score below
        "1 Q0 d2 3 0.4 t",  # a rank is left out
        "1 Q0 d9 2 0.5 t",  # a tie in ascending order of docids
        "2 Q0 d1 2 0.4 t",  # a query that starts at rank 2
    ],
)
def test_a_run_in_another_order_is_refused_with_its_line(tmp_path: Path, second: str) -> None:
    path = tmp_path / "run.trec"
    path.write_text(f"1 Q0 d5 1 0.5 t\n{second}\n")
    with pytest.raises(RunFormatError, match=rf"line 2: found `{second}`"):
        read_run(path)


ORDINARY = [
    '"',
    '"Heroes"_(album)',
    'a"b',
    "'x'",
    "#1",
    "a,b",
    "a\\b",
    "NA",
    "1e5",
    "007",
    "café",
    "[1]",
    "%22",
]


def test_every_character_but_white_space_is_ordinary_in_an_id(tmp_path: Path) -> None:
    run = ranked(
        pd.DataFrame(
            [(qid, docid, 1) for qid in ORDINARY for docid in ORDINARY], columns=["qid", "docid", "score"]
        )
    )
    write_run(run, tmp_path / "run.gz", tag="t")
    again = read_run(tmp_path / "run.gz")
    assert list(zip(again["qid"], again["docid"], strict=True)) == list(
        zip(run["qid"], run["docid"], strict=True)
    )
    lines = gzip.decompress((tmp_path / "run.gz").read_bytes()).decode().splitlines()
    assert lines[0] == f'" Q0 {run["docid"][0]} 1 1 t'
    assert len(lines) == len(run)


@pytest.mark.parametrize("wrong", ["query 1", "a\tb", "a\n", " a", "", "a\u3000b", "a\u2028b"])
@pytest.mark.parametrize("column", ["qid", "docid"])
def test_an_id_with_white_space_is_not_written(tmp_path: Path, column: str, wrong: str) -> None:
    run = pd.DataFrame({"qid": ["1", "1"], "docid": ["a", "b"], "rank": [1, 2], "score": [2.0, 1.0]})
    run.loc[1, column] = wrong
    with pytest.raises(RunFormatError, match=f"^{column}: found .*, expected one without white space"):
        write_run(run, tmp_path / "run.gz", tag="t")
    assert not (tmp_path / "run.gz").exists()


@pytest.mark.parametrize("line", ["1 Q0 d2 2 0.4", "1 Q0 d2 2 0.4 t more"])
def test_a_line_of_more_or_fewer_than_six_fields_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "run.trec"
    path.write_text(f"1 Q0 d5 1 0.5 t\n{line}\n")
    with pytest.raises(RunFormatError, match=r"(?s)line 2.*; expected lines `qid Q0 docid"):
        read_run(path)


def test_a_run_of_no_documents_is_a_run(tmp_path: Path) -> None:
    empty = pd.DataFrame({"qid": [], "docid": [], "rank": [], "score": []})
    write_run(empty, tmp_path / "run.gz", tag="t")
    assert list(read_run(tmp_path / "run.gz").columns) == ["qid", "rank", "docid", "score"]
    assert read_run(tmp_path / "run.gz").empty


def test_random_rankings_are_permutations_and_reproducible() -> None:
    docids = [f"d{n}" for n in range(10)]
    run = random_run(["1", "2"], docids, 10, np.random.default_rng(7))
    for _, group in run.groupby("qid"):
        assert sorted(group["docid"]) == sorted(docids)
        assert list(group["score"]) == sorted(group["score"], reverse=True)
    assert run.equals(random_run(["1", "2"], docids, 10, np.random.default_rng(7)))


def test_equal_scores_stand_by_descending_docid() -> None:
    scores = pd.DataFrame({"qid": "1", "docid": ["b", "a", "c", "d"], "score": [1.0, 2.0, 2.0, 1.0]})
    assert list(ranked(scores)["docid"]) == ["c", "a", "d", "b"]


@pytest.mark.parametrize("kept", [0, 1, 10, 40, -9, -4, -1])
def test_a_cut_run_is_named(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "run.trec.gz"
    write_run(
        random_run(["1", "2"], [f"d{n}" for n in range(50)], 50, np.random.default_rng(7)), path, tag="t"
    )
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(RunFormatError, match=r"run\.trec\.gz: "):
        read_run(path)


def test_a_rank_that_no_number_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    path.write_text(f"1 Q0 d5 {10**20} 0.5 t\n")
    with pytest.raises(RunFormatError, match=r"run\.trec: not a TREC run"):
        read_run(path)


@pytest.mark.parametrize(
    "name", ["nan", "None", "007", "1e5", "-x", "../x", "'\"", "é", "e\u0301", "\u200b", "#1", "a,b", "\x00"]
)
def test_ids_that_look_like_something_else_come_back(name: str, tmp_path: Path) -> None:
    run = pd.DataFrame({"qid": [name] * 2, "rank": [1, 2], "docid": ["b", name], "score": [2.0, 1.0]})
    write_run(run, tmp_path / "run.trec.gz", tag="t")
    assert read_run(tmp_path / "run.trec.gz")[["qid", "docid"]].values.tolist() == [[name, "b"], [name, name]]
