"""What documents are called in lists: numbers in an order of their own, and the way back."""

from pathlib import Path

import pandas as pd
import pytest
from tokenizers import Tokenizer

from dsi.evaluation.runs import read_run
from dsi.model.checkpoint import save_checkpoint
from dsi.ranking.list_names import ListNames, numbered
from dsi.ranking.list_task import ListTask, write_lists
from dsi.ranking.search import checkpoint_search
from tests.ranking.tiny_lists import DOCIDS, QUERIES, model, topk

DOCUMENTS = pd.DataFrame({"docid": DOCIDS})


def test_numbers_are_the_same_every_time_and_in_no_order() -> None:
    names = list(numbered(DOCUMENTS)["name"])
    assert sorted(names) == [str(number) for number in range(7)]
    assert names == list(numbered(DOCUMENTS)["name"])
    assert names != sorted(names)


def test_docids_are_written_as_numbers_and_read_back(list_tokenizer: Tokenizer) -> None:
    documents = DOCUMENTS.assign(name=["3", "0", "1", "2", "6", "5", "4"])
    names = ListNames(documents, list_tokenizer)
    assert list(names.targets(topk())["docid"]) == ["1", "3", "4", "2", "6"]
    tokens = list_tokenizer.encode("1 3 4", add_special_tokens=False).ids
    assert names.text(tokens) == "712 7 ab"


def test_a_number_without_a_document_is_no_other_documents_docid(list_tokenizer: Tokenizer) -> None:
    """71 is a docid here, and no document's number."""
    names = ListNames(numbered(DOCUMENTS), list_tokenizer)
    assert names.text(list_tokenizer.encode("71", add_special_tokens=False).ids) == "?71"


def test_without_names_docids_are_their_own(list_tokenizer: Tokenizer) -> None:
    names = ListNames(DOCUMENTS, list_tokenizer)
    assert names.targets(topk()) is not None
    assert list(names.targets(topk())["docid"]) == list(topk()["docid"])
    assert names.text(list_tokenizer.encode("712 7", add_special_tokens=False).ids) == "712 7"


@pytest.mark.parametrize("method", ["greedy", "constrained"])
def test_a_model_of_numbers_is_ranked_and_searched_by_docids(
    list_tokenizer_folder: Path, list_tokenizer: Tokenizer, tmp_path: Path, method: str
) -> None:
    QUERIES.to_parquet(tmp_path / "queries.parquet")
    topk().to_parquet(tmp_path / "topk.parquet")
    DOCUMENTS.to_parquet(tmp_path / "documents.parquet")
    settings = {
        "k": 2,
        "depth": 1000,
        "generation": {"method": method, "length": "k"},
        "training": {"max_tokens": 32},
        "docid_names": "numbers",
    }
    task = ListTask.read(tmp_path, list_tokenizer_folder, settings)
    number = dict(zip(DOCIDS, task.docids["name"], strict=True))
    wanted = " ".join(number[docid] for docid in ("712", "7"))
    first = task.examples("test")[0]
    assert first.label_ids == list_tokenizer.encode(wanted).ids
    assert list(task.topk["docid"]) == list(topk()["docid"])

    t5 = model(list_tokenizer)
    task.describe_generation(t5)
    write_lists(t5, task, tmp_path / "run.gz", tmp_path / "outputs.parquet")
    run = read_run(tmp_path / "run.gz")
    if method == "constrained":
        assert set(run["docid"]) <= set(DOCIDS)
        assert list(run["rank"]) == [1, 2] * 3
    texts = pd.read_parquet(tmp_path / "outputs.parquet").set_index("qid")["full_list"]
    assert all(word in DOCIDS or word.startswith("?") for text in texts for word in text.split())

    retriever = {"task": "ranked-list", "max_tokens": 32, "k": 2, "constrained": method == "constrained"}
    save_checkpoint(t5, list_tokenizer_folder, task.docids, tmp_path / "checkpoint", retriever)
    search, docids = checkpoint_search(tmp_path / "checkpoint", 1)
    assert docids == DOCIDS
    found = [hit.docid for hit in search(QUERIES["text"][0], 10)]
    assert found == list(dict.fromkeys(texts["q1"].split()))
