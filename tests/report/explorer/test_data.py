"""The data in the page: each text once, nothing that could end the script, the same bytes every time."""

import gzip
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from dsi.report.figures.style import COLOURS
from tests.report.explorer.studies import DOCIDS, EVIL, QIDS, write_study

DataOf = Callable[[Path], str]


def test_documents_are_numbered_and_their_texts_stand_there_once(results: Path, data_of: DataOf) -> None:
    text = data_of(results)
    data = json.loads(text)
    assert [document["docid"] for document in data["documents"]] == DOCIDS[:11]  # the others stand lower
    assert text.count("text of d01 ") == 1
    shown = data["documents"][1]["text"]
    assert shown == "text of d01 " + "x" * 188 + "…"
    bm25 = data["systems"][0]
    assert [data["documents"][number]["docid"] for number in bm25["lists"][0][:3]] == ["d01", "d00", "d02"]
    assert [query["qid"] for query in data["queries"]] == sorted(QIDS)
    assert data["queries"][0]["relevant"] == [0]


def test_a_text_cannot_end_the_script_and_comes_back_whole(results: Path, data_of: DataOf) -> None:
    text = data_of(results)
    assert "<" not in text
    assert json.loads(text)["documents"][0]["text"] == EVIL


def test_a_docid_without_document_has_no_text(tmp_path: Path, data_of: DataOf) -> None:
    results = write_study(tmp_path, seeds=(1,), arms=("bm25", "dense"))
    path = results / "runs/baselines/dsi/seed1/dense.trec.gz"
    lines = gzip.decompress(path.read_bytes()).replace(b" d01 ", b" nonexistent:%3F7 ")
    path.write_bytes(gzip.compress(lines))
    documents = json.loads(data_of(results))["documents"]
    assert documents[-1] == {"docid": "nonexistent:%3F7", "text": None}


def test_rates_are_spelled_and_arms_have_the_colours_of_the_figures(results: Path, data_of: DataOf) -> None:
    data = json.loads(data_of(results))
    assert [system["rate"] for system in data["systems"]][-3:] == ["0.5", "0.9", "0.9"]
    assert {name: arm["colour"] for name, arm in data["arms"].items()}.items() <= COLOURS.items()


@pytest.mark.parametrize("relevance", [1, {"train": 1, "validation": 1, "test": 1}])
def test_the_command_of_a_number_gives_that_number(
    relevance: object, tmp_path: Path, data_of: DataOf, command: Callable[..., object]
) -> None:
    results = write_study(tmp_path, seeds=(1,), arms=("bm25", "pruned"))
    for path in (results / "metrics").rglob("*.json"):
        contents = json.loads(path.read_text())
        contents["parameters"]["relevance"] = relevance
        path.write_text(json.dumps(contents))
    pruned = json.loads(data_of(results))["systems"][-1]
    python, scripts, name, *arguments = shlex.split(pruned["evaluate"])
    assert (python, scripts, name) == ("python", "scripts", "evaluate")
    written = [argument.replace("evaluated.", f"{tmp_path}/evaluated.") for argument in arguments]
    command(name, *written)
    measures = json.loads((tmp_path / "evaluated.json").read_text())["measures"]["test"]
    assert {name: measures[name] for name in pruned["means"]} == pytest.approx(pruned["means"])
    assert pruned["make"] == f"snakemake --cores all {pruned['run']}"


def test_the_same_results_give_the_same_bytes(results: Path, data_of: DataOf) -> None:
    assert data_of(results) == data_of(results)
