"""A finished study of untrained models, small enough for every run to be ranked here."""

import json
from pathlib import Path

import pandas as pd
import torch

from dsi.base.files import write_json, write_parquet
from dsi.docids.identifiers import ATOMIC, extra_tokens
from dsi.docids.schemes import atomic, naive
from dsi.docids.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from dsi.evaluation.trec_qrels import evaluated_judgements, write_qrels
from dsi.evaluation.verdicts import COLUMNS
from dsi.model.checkpoint import load_checkpoint, save_checkpoint
from dsi.model.t5 import build_model, build_sequence_model, untie_head
from dsi.ranking.ranker import Ranker
from dsi.report.results import write_csv
from tests.ranking.studies import DOCIDS, DOCUMENTS, TEXTS, WIDE
from tests.report.small_results import write_evaluated

MAX_TOKENS = 8  # so that a query is cut
QUERIES = {
    "q1": "the shortest path between two nodes of a graph and one of its many edges",
    "q2": "Inverse MATRIX",
    "q3": "normal random numbers",
    "q4": "`edge`",
}
RELEVANT = dict(zip(QUERIES, DOCIDS, strict=False))
RATE = 0.5
DENSE, RECOVERED = "baselines/dsi/seed1/dense", f"recovered/dsi/seed1/magnitude-{RATE}"
SPARSITY = {"linears": 0.5, "effective": 0.5, "model": 0.25, "nonzero": 750.0}


def finished_study(results: Path, scheme: str, untied: bool = False) -> Path:
    """dense and recovered of one seed, with BM25 and all that a study's end leaves which an export reads.

    Args:
        untied: whether the recovered model's head has weights of its own.
    """
    _write_collection(results / "collection")
    tokenizer_folder = results / "baselines/dsi/tokenizer"
    save_tokenizer(train_tokenizer([*TEXTS, *DOCIDS] * 3, 57), tokenizer_folder)
    tokenizer = load_tokenizer(tokenizer_folder)
    pieces = tokenizer.get_vocab_size()
    if scheme == ATOMIC:
        docids = atomic(DOCUMENTS, pieces)
        models = [build_model(WIDE, pieces, len(DOCIDS), seed) for seed in (1, 2)]
    else:
        docids = naive(DOCUMENTS, tokenizer)
        vocabulary = pieces + extra_tokens(docids, pieces)
        models = [build_sequence_model(WIDE, vocabulary, list(docids["tokens"]), seed) for seed in (1, 2)]
    if untied:
        untie_head(models[1])
        with torch.no_grad():
            models[1].lm_head.weight.mul_(-0.5)
    for slug, model in zip((DENSE, RECOVERED), models, strict=True):
        (results / slug).mkdir(parents=True)
        retriever = {"task": "docid", "scheme": scheme, "max_tokens": MAX_TOKENS}
        save_checkpoint(model, tokenizer_folder, docids, results / slug, retriever)
        write_evaluated(results, slug, _ranking(results / slug))
    write_evaluated(results, "bm25", pd.read_parquet(results / "collection/topk.parquet"))
    write_json(SPARSITY, results / f"pruned/dsi/seed1/magnitude-{RATE}/sparsity.json")
    write_csv(pd.DataFrame(columns=list(COLUMNS)), results / "tables/verdicts.csv")
    write_json(configuration(scheme), results / "configuration.json")
    return results


def configuration(scheme: str) -> dict[str, object]:
    return {
        "run": ["dsi", "study"],
        "seeds": [1],
        "criteria": ["magnitude"],
        "rates": [RATE],
        "collection": "mine",
        "collections": {"mine": {"kind": "files"}, "other": {"kind": "pydocs"}},
        "baselines": {
            "dsi": {"task": "docid", "prune": True, "docids": {"scheme": scheme}},
            "study": {"task": "ranked-list", "prune": True},
        },
        "report": {"margin": 0.02, "confidence": 0.95},
    }


def _write_collection(folder: Path) -> None:
    """q1 to q3 test, q4 validates; BM25 has one list for all."""
    splits = ["test"] * 3 + ["validation"]
    queries = pd.DataFrame({"qid": list(QUERIES), "text": list(QUERIES.values()), "split": splits})
    qrels = pd.DataFrame({"qid": list(RELEVANT), "docid": list(RELEVANT.values()), "grade": 1})
    lists = [(q, place, docid, -float(place)) for q in QUERIES for place, docid in enumerate(DOCIDS, 1)]
    write_parquet(DOCUMENTS, folder / "documents.parquet")
    write_parquet(queries, folder / "queries.parquet")
    write_parquet(qrels, folder / "qrels.parquet")
    write_parquet(pd.DataFrame(lists, columns=["qid", "rank", "docid", "score"]), folder / "topk.parquet")
    for split in ("validation", "test"):
        judged = evaluated_judgements(qrels, queries, split, 1)
        write_qrels(judged, folder.parent / f"qrels/{split}.txt")


def _ranking(checkpoint: Path) -> pd.DataFrame:
    """As the evaluation ranks: all queries in one batch."""
    loaded = load_checkpoint(checkpoint)
    ranker = Ranker(loaded, None if loaded.identifiers is None else 16)
    return ranker.rank(list(QUERIES), list(QUERIES.values()), 1000)


def validated(results: Path, slug: str, value: float) -> None:
    """Have a system's MAP on validation be another."""
    path = results / f"metrics/{slug}.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["measures"]["validation"]["MAP"] = value
    write_json(report, path)
