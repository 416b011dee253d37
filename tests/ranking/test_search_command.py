"""The command search as it is used by hand: what is shown, by checkpoints of every kind, what is refused."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dsi.base.command import UserError
from dsi.docids.identifiers import ATOMIC
from ranking import search
from tests.ranking.studies import DOCIDS, DOCUMENTS, TEXTS, dense

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


class Console:
    """Runs the command in this process: importing takes longer than searching."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def lines(self, *arguments: str | Path, given: bytes = b"") -> list[str]:
        self._monkeypatch.setattr(sys, "argv", ["search.py", *map(str, arguments)])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        search.main()
        return self._capsys.readouterr().out.splitlines()

    def error(self, *arguments: str | Path, given: bytes = b"") -> str:
        with pytest.raises((UserError, SystemExit)) as error:
            self.lines(*arguments, given=given)
        return str(error.value) + self._capsys.readouterr().err


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(monkeypatch, capsys)


def test_queries_from_standard_input_are_answered_line_by_line(study: Path, console: Console) -> None:
    given = "a Gräph\n\nmatrix\n".encode()
    lines = console.lines(dense(study, ATOMIC), "-", "--json", "--k", "2", given=given)
    found = [json.loads(line) for line in lines]
    assert [answer["query"] for answer in found] == ["a Gräph", "matrix"]
    assert all(len(answer["model"]) == 2 and "bm25" not in answer for answer in found)
    hit = found[0]["model"][0]
    assert set(hit) == {"rank", "score", "docid", "exists", "text"}
    assert hit["text"] == TEXTS[DOCIDS.index(hit["docid"])]


def test_the_table_shows_rank_score_docid_and_text(study: Path, console: Console) -> None:
    lines = console.lines(dense(study, "naive"), "matrix", "--k", "5")
    assert lines[0] == "query: matrix"
    assert lines[1].split() == ["rank", "score", "docid", "text"]
    assert [line.split()[0] for line in lines[2:7]] == ["1", "2", "3", "4", "5"]
    assert sum("An edge joins two nodes of a graph." in line for line in lines) == 1


def test_invented_documents_are_marked(study: Path, console: Console) -> None:
    lines = console.lines(dense(study, "greedy"), "matrix", "--k", "2")
    assert any(line.split()[1] == "-" and line.endswith("(no such document)") for line in lines[2:-1])
    lines = console.lines(dense(study, "greedy"), "matrix", "--k", "2", "--json")
    invented = [hit for hit in json.loads(lines[0])["model"] if not hit["exists"]]
    assert invented
    assert all(hit["text"] is None and hit["score"] is None for hit in invented)


def test_bm25_stands_beside_it(study: Path) -> None:
    # In processes of their own: Java beside torch and pytest crashed workers.
    index = study / "collection" / "index"
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "from pathlib import Path; import pandas as pd\n"
        "from dsi.bm25.lucene import build_index, index_manifest; from dsi.base.files import write_json\n"
        "folder = Path(sys.argv[2]); folder.mkdir()\n"
        "build_index(pd.read_parquet(folder.parent / 'documents.parquet'), folder)\n"
        "write_json(index_manifest(folder), folder / 'manifest.json')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(SCRIPTS), str(index)], check=True)
    command = [sys.executable, str(SCRIPTS), "search", str(dense(study, ATOMIC)), "graph nodes"]
    done = subprocess.run([*command, "--bm25", "--k", "5"], text=True, capture_output=True, check=True)
    model, bm25 = (block.strip().splitlines() for block in done.stdout.split("\nBM25\n"))
    assert model[:2] == ["query: graph nodes", ""]
    ranks = {fields[2]: fields for fields in map(str.split, model[4:])}
    places = {docid: fields[3] for docid, fields in ranks.items()}
    assert places == {**dict.fromkeys(DOCIDS, "-"), "net.edge": "1", "net.path": "2"}
    found = [(fields[2], fields[3]) for fields in map(str.split, bm25[1:])]
    assert found == [("net.edge", ranks["net.edge"][0]), ("net.path", ranks["net.path"][0])]


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        (["."], b"", "no retriever.json; expected a checkpoint folder such as results/baselines"),
        (["atomic", " "], b"", "query: found no text, expected some"),
        (["atomic", "-"], b"\n", "standard input: found no query, expected one a line"),
        (["atomic", "-"], b"ok\nn\xffo\n", r"standard input, line 2: found b'n\xffo\n', expected UTF-8"),
        (["atomic", "x", "--k", "0"], b"", "--k: found '0', expected a whole number at least 1"),
        (["atomic", "x", "--collection", "absent"], b"", "absent/documents.parquet: no such file; expected"),
    ],
)
def test_what_is_wrong_is_said(
    study: Path, console: Console, arguments: Sequence[str], given: bytes, message: str
) -> None:
    name, *rest = arguments
    folder = study / "baselines" if name == "." else dense(study, name)
    assert message in console.error(folder, *(rest or ["x"]), given=given)


def test_a_checkpoint_outside_a_study_or_of_another_is_told_apart(
    study: Path, console: Console, tmp_path: Path
) -> None:
    expected = "found no collection/documents.parquet in a folder above it; expected"
    assert expected in console.error(tmp_path, "x")
    DOCUMENTS[1:].to_parquet(tmp_path / "documents.parquet")
    elsewhere = (dense(study, ATOMIC), "x", "--bm25", "--collection", tmp_path)
    expected = "lacks 1 of the checkpoint's 5 documents, for example 'net.path'"
    assert expected in console.error(*elsewhere)
    DOCUMENTS.to_parquet(tmp_path / "documents.parquet")
    expected = "index/manifest.json: no such file, so no BM25; expected the collection's index"
    assert expected in console.error(*elsewhere)


@pytest.mark.parametrize("encoding", ["ascii", "latin1"])
def test_a_terminal_that_is_not_utf8_shows_what_it_can_and_json_is_whole(study: Path, encoding: str) -> None:
    shown, whole = (
        subprocess.run(
            [sys.executable, SCRIPTS, "search", dense(study, ATOMIC), "Gräph 𝔾 node…", "--k", "1", *options],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        ).stdout
        for options in ((), ("--json",))
    )
    first = shown.decode(encoding).splitlines()[0]
    assert (
        first == ("query: Gr\\xe4ph" if encoding == "ascii" else "query: Gräph") + " \\U0001d53e node\\u2026"
    )
    assert json.loads(whole.decode("utf-8"))["query"] == "Gräph 𝔾 node…"


def test_a_query_that_is_not_utf8_is_refused(study: Path, console: Console) -> None:
    assert "query: found b'gr\\xe4ph', expected UTF-8" in console.error(dense(study, ATOMIC), "gr\udce4ph")
