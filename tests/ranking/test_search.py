"""Searching by hand: what is shown, by checkpoints of every kind, and what is refused."""

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from dsi.base.command import UserError
from dsi.docids.schemes import atomic, extra_tokens, naive
from dsi.docids.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from dsi.model.checkpoint import ATOMIC, load_checkpoint, save_checkpoint
from dsi.model.t5 import build_model, build_sequence_model, build_t5
from dsi.ranking.ranker import Ranker
from dsi.ranking.search import Hit, checkpoint_search
from ranking import search

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
DOCIDS = ["net.path", "net.edge", "lin.inv", "lin.rank", "rng.draw"]
TEXTS = [
    "The shortest path between two nodes of a graph.",
    "An edge joins\n  two nodes of a graph.",
    "The inverse of a square matrix.",
    "The rank of a matrix by its singular values.",
    "Draw random numbers from a normal distribution.",
]
DOCUMENTS = pd.DataFrame({"docid": DOCIDS, "text": TEXTS})
SHAPE = {
    "d_model": 8,
    "d_kv": 4,
    "d_ff": 16,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout": 0.0,
    "feed_forward": "relu",
    "embedding_std": 0.5,
}


def make_study(folder: Path) -> Path:
    """A study's results with a checkpoint of each kind, untrained."""
    collection = folder / "collection"
    collection.mkdir(parents=True)
    DOCUMENTS.to_parquet(collection / "documents.parquet")
    save_tokenizer(train_tokenizer([*TEXTS, *DOCIDS] * 3, 57), folder / "tokenizer")
    tokenizer = load_tokenizer(folder / "tokenizer")
    pieces = tokenizer.get_vocab_size()
    frames = {ATOMIC: atomic(DOCUMENTS, pieces), "naive": naive(DOCUMENTS, tokenizer)}
    models = {
        ATOMIC: build_model(SHAPE, pieces, len(DOCIDS), seed=1),
        "naive": build_sequence_model(
            SHAPE, pieces + extra_tokens(frames["naive"], pieces), list(frames["naive"]["tokens"]), seed=1
        ),
    }
    for scheme, model in models.items():
        retriever = {"task": "docid", "scheme": scheme, "max_tokens": 12}
        save(folder, scheme, model, frames[scheme], retriever)
    for name, constrained in (("greedy", False), ("constrained", True)):
        model = build_t5(SHAPE, pieces, seed=1)
        assert model.generation_config is not None
        model.generation_config.max_new_tokens = 40
        retriever = {"task": "ranked-list", "max_tokens": 32, "k": 3, "constrained": constrained}
        save(folder, name, model, DOCUMENTS[["docid"]], retriever)
    return folder


def save(folder: Path, name: str, model: Any, docids: pd.DataFrame, retriever: dict[str, Any]) -> None:
    checkpoint = folder / "baselines" / name / "seed1" / "dense"
    checkpoint.mkdir(parents=True)
    save_checkpoint(model, folder / "tokenizer", docids, checkpoint, retriever)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return make_study(tmp_path_factory.mktemp("search") / "results")


def dense(study: Path, name: str) -> Path:
    return study / "baselines" / name / "seed1" / "dense"


class Console:
    """The command in this process, which spares the imports of each call."""

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


@pytest.mark.parametrize("scheme", [ATOMIC, "naive"])
def test_hits_are_the_exact_ranking(study: Path, scheme: str) -> None:
    find, docids = checkpoint_search(dense(study, scheme), expanded=3)
    assert docids == DOCIDS
    hits = find("shortest path", 3)
    run = Ranker(load_checkpoint(dense(study, scheme)), 1024).rank(["q"], ["shortest path"], 5)
    assert [hit.docid for hit in hits] == list(run["docid"][:3])
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == pytest.approx(list(run["score"][:3]), abs=1e-5)
    assert len(find("shortest path", 100)) == 5


def test_lists_have_no_scores_and_invented_ids_are_marked(study: Path) -> None:
    find, _ = checkpoint_search(dense(study, "greedy"), expanded=1)
    hits = find("shortest path", 10)
    assert hits
    assert all(hit.score is None and hit.exists == (hit.docid in DOCIDS) for hit in hits)
    assert not all(hit.exists for hit in hits)  # untrained, it writes nonsense
    find, _ = checkpoint_search(dense(study, "constrained"), expanded=1)
    hits = find("shortest path", 10)
    assert len(hits) == 3
    assert all(hit.exists for hit in hits)
    assert len(find("shortest path", 2)) == 2


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


def test_long_texts_are_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = search.table([Hit(1, -0.5, "d1")], {}, {"d1": "word " * 40})
    assert len(lines[1]) == 60
    assert lines[1].endswith("…")


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
