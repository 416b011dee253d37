"""The ranked-list task of a collection: what is read, generated, and saved for plain transformers."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tokenizers import Tokenizer
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from dsi.docids.tokenizer import save_tokenizer, train_tokenizer
from dsi.evaluation.runs import read_run
from dsi.model.checkpoint import load_t5, save_checkpoint
from dsi.ranking.list_task import ListSettings, ListTask, ListTaskError, write_lists
from tests.ranking.tiny_lists import DOCIDS, QUERIES, model, topk


def settings_json(method: str = "greedy", length: str = "full") -> dict[str, Any]:
    generation = {"method": method, "length": length}
    return {"k": 2, "depth": 1000, "generation": generation, "training": {"max_tokens": 32, "epochs": 3}}


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    QUERIES.to_parquet(tmp_path / "queries.parquet", index=False)
    topk().to_parquet(tmp_path / "topk.parquet", index=False)
    documents = pd.DataFrame({"docid": DOCIDS, "text": "x"})
    documents.to_parquet(tmp_path / "documents.parquet", index=False)
    return tmp_path


def test_settings_are_those_of_a_baseline() -> None:
    assert ListSettings.from_json(settings_json()) == ListSettings(2, 1000, False, True, 32)
    assert ListSettings.from_json(settings_json("constrained", "k")) == ListSettings(2, 1000, True, False, 32)


def test_no_more_of_bm25s_lists_is_read_than_is_needed(collection: Path, list_tokenizer_folder: Path) -> None:
    trained = pd.DataFrame({"qid": ["q4"], "text": ["node"], "split": ["train"]})
    pd.concat([QUERIES, trained]).to_parquet(collection / "queries.parquet", index=False)
    more = [("q4", rank, docid) for rank, docid in enumerate(DOCIDS, start=1)]
    deeper = pd.concat([topk(), pd.DataFrame(more, columns=topk().columns)])
    deeper.to_parquet(collection / "topk.parquet", index=False)
    short, whole = (
        ListTask.read(collection, list_tokenizer_folder, settings_json(length=length))
        for length in ("k", "full")
    )
    assert short.topk.groupby("qid").size().to_dict() == {"q1": 3, "q2": 2, "q4": 2}
    assert whole.topk.groupby("qid").size().to_dict() == {"q1": 3, "q2": 2, "q4": 7}
    assert short.generation.lengths.full_list == short.generation.lengths.k_list
    assert whole.generation.lengths.full_list > whole.generation.lengths.k_list
    assert [example.qid for example in short.examples("test", "train")] == ["q1", "q3", "q4"]


@pytest.mark.parametrize("method", ["greedy", "constrained"])
def test_plain_transformers_generates_the_lists_that_were_evaluated(
    collection: Path, list_tokenizer_folder: Path, list_tokenizer: Tokenizer, tmp_path: Path, method: str
) -> None:
    task = ListTask.read(collection, list_tokenizer_folder, settings_json(method))
    t5 = model(list_tokenizer)
    task.describe_generation(t5)
    checkpoint = tmp_path / "checkpoint"
    retriever = {"task": "ranked-list", "max_tokens": 32, "k": 2, "constrained": method == "constrained"}
    save_checkpoint(t5, list_tokenizer_folder, task.docids, checkpoint, retriever)
    run, outputs = tmp_path / "run.trec.gz", tmp_path / "outputs.parquet"
    write_lists(load_t5(checkpoint), task, run, outputs)
    written = pd.read_parquet(outputs)
    assert list(written["qid"]) == ["q1", "q2", "q3"]

    plain = AutoModelForSeq2SeqLM.from_pretrained(checkpoint)
    tokens = AutoTokenizer.from_pretrained(checkpoint)
    for text, expected in zip(QUERIES["text"], written["full_list"], strict=True):
        inputs = tokens(f"retrieve documents for: {text}", return_tensors="pt")
        generated = plain.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            prefix_allowed_tokens_fn=task.generation.allowed,
        )
        assert tokens.decode(generated[0], skip_special_tokens=True) == expected
    if method == "constrained":
        ranked = read_run(run)
        assert set(ranked["docid"]) <= set(DOCIDS)
        assert list(ranked["rank"]) == [1, 2] * 3


@pytest.mark.parametrize("length", ["k", "full"])
def test_a_collection_without_evaluated_queries_is_refused(
    collection: Path, list_tokenizer_folder: Path, length: str
) -> None:
    QUERIES.assign(split="train").to_parquet(collection / "queries.parquet", index=False)
    with pytest.raises(
        ListTaskError, match=r"found 3 queries, none of them for validation or test; expected"
    ):
        ListTask.read(collection, list_tokenizer_folder, settings_json(length=length))


def test_a_collection_without_any_list_is_refused(collection: Path, list_tokenizer_folder: Path) -> None:
    topk().head(0).to_parquet(collection / "topk.parquet", index=False)
    with pytest.raises(ListTaskError, match=r"topk\.parquet: found no document for any query"):
        ListTask.read(collection, list_tokenizer_folder, settings_json())


def test_docids_that_the_tokenizer_cannot_tell_apart_are_refused(collection: Path, tmp_path: Path) -> None:
    documents = pd.DataFrame({"docid": ["x2", "x²", "7"], "text": "x"})
    documents.to_parquet(collection / "documents.parquet", index=False)
    save_tokenizer(train_tokenizer(["x 2 7"], 20, cased=True), tmp_path / "tokenizer")
    with pytest.raises(ListTaskError, match="docids 'x2' and 'x²': found the same tokens for both"):
        ListTask.read(collection, tmp_path / "tokenizer", settings_json())


@pytest.mark.parametrize("method", ["greedy", "constrained"])
def test_lists_of_docids_that_normalisation_changes_hold_documents(
    collection: Path, tmp_path: Path, method: str
) -> None:
    """Composed characters, a compatibility character, and fewer documents than a list is long."""
    docids = ["Cafe\u0301", "x²"]
    pd.DataFrame({"docid": docids, "text": "x"}).to_parquet(collection / "documents.parquet", index=False)
    rows = [("q1", 1, docids[0]), ("q1", 2, docids[1]), ("q2", 1, docids[1])]
    pd.DataFrame(rows, columns=["qid", "rank", "docid"]).to_parquet(collection / "topk.parquet", index=False)
    save_tokenizer(train_tokenizer([*docids, *QUERIES["text"]], 40, cased=True), tmp_path / "tokenizer")
    task = ListTask.read(collection, tmp_path / "tokenizer", {**settings_json(method), "k": 5})
    if method == "greedy":  # the target itself is generated
        target = task.examples("test")[0].label_ids
        listed = task.generation._replace(allowed=lambda _, tokens: [target[len(tokens) - 1]])
        task = task._replace(generation=listed)
    write_lists(model(task.inputs), task, tmp_path / "run.gz", tmp_path / "outputs.parquet")
    run = read_run(tmp_path / "run.gz")
    assert set(run["docid"]) == set(docids)
    assert len(run) == 2 * len(QUERIES)
    texts = pd.read_parquet(tmp_path / "outputs.parquet")["full_list"]
    assert {frozenset(text.split()) for text in texts} == {frozenset(docids)}
