"""The ranked-list task of a collection: plain transformers generates the lists that were evaluated."""

from pathlib import Path

import pandas as pd
import pytest
from tokenizers import Tokenizer
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from dsi.docids.tokenizer import load_tokenizer
from dsi.evaluation.runs import read_run
from dsi.model.checkpoint import load_t5, save_checkpoint
from dsi.ranking.list_task import ListSettings, ListTask, write_lists
from tests.ranking.tiny_lists import DOCIDS, model, topk, write_tokenizer


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> Tokenizer:
    return load_tokenizer(tokenizer_folder)


def collection(folder: Path) -> Path:
    queries = pd.DataFrame(
        {
            "qid": ["q1", "q2", "q3"],
            "text": ["graph node", "edge", "matrix"],
            "split": ["test", "validation", "test"],
        }
    )
    queries.to_parquet(folder / "queries.parquet", index=False)
    topk().to_parquet(folder / "topk.parquet", index=False)
    pd.DataFrame({"docid": DOCIDS, "text": "x"}).to_parquet(folder / "documents.parquet", index=False)
    return folder


@pytest.mark.parametrize("method", ["greedy", "constrained"])
def test_plain_transformers_generates_the_lists_that_were_evaluated(
    tokenizer_folder: Path, tokenizer: Tokenizer, tmp_path: Path, method: str
) -> None:
    settings = ListSettings(k=2, depth=1000, constrained=method == "constrained", full=True, max_tokens=32)
    task = ListTask.read(collection(tmp_path), tokenizer_folder, settings)
    t5 = model(tokenizer)
    task.describe_generation(t5)
    retriever = {"task": "ranked-list", "max_tokens": 32, "k": 2, "constrained": method == "constrained"}
    save_checkpoint(t5, tokenizer_folder, task.docids, tmp_path / "checkpoint", retriever)
    run, outputs = tmp_path / "run.trec.gz", tmp_path / "outputs.parquet"
    write_lists(load_t5(tmp_path / "checkpoint"), task, run, outputs)
    written = pd.read_parquet(outputs)
    assert list(written["qid"]) == ["q1", "q2", "q3"]

    plain = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "checkpoint")
    tokens = AutoTokenizer.from_pretrained(tmp_path / "checkpoint")
    for text, expected in zip(["graph node", "edge", "matrix"], written["full_list"], strict=True):
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
