"""The data in the page: each text once, nothing that could end the script, the same bytes every time."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.evaluation.trec_qrels import write_qrels
from dsi.report.figures.colours import COLOURS
from dsi.report.number_commands import number_commands, qrels_file
from dsi.report.results import read_metrics
from tests.report.explorer.studies import DOCIDS, EVIL, QIDS, RELEVANT, write_study
from tests.report.test_number_commands import printed

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
    relevance: object, tmp_path: Path, data_of: DataOf
) -> None:
    results = write_study(tmp_path, seeds=(1,), arms=("bm25", "pruned"))
    for path in (results / "metrics").rglob("*.json"):
        contents = json.loads(path.read_text())
        contents["parameters"]["relevance"] = relevance
        path.write_text(json.dumps(contents))
    pruned = json.loads(data_of(results))["systems"][-1]
    judged = pd.DataFrame(
        [(qid, docid, 1) for qid, docid in RELEVANT.items()], columns=["qid", "docid", "grade"]
    )
    write_qrels(judged, qrels_file(results, "test"))
    values = printed(pruned["evaluate"], tmp_path)
    assert {name: values[name] for name in pruned["means"]} == {
        name: f"{mean:.4f}" for name, mean in pruned["means"].items()
    }
    expected = number_commands(read_metrics(results / f"metrics/{pruned['slug']}.json"), "test", results)
    assert (pruned["run"], pruned["make"]) == (expected.run, expected.make)


def test_the_same_results_give_the_same_bytes(results: Path, data_of: DataOf) -> None:
    assert data_of(results) == data_of(results)
