"""A study's results, small enough to work out by hand: four test queries, two seeds, two systems and BM25.

Each query has one relevant document, r; a list is written as a text of one-letter docids. Average precision
is 1 / the rank of r:

              q1    q2    q3    q4    mean
    bm25      1     1/2   1/3   1     .7083
    dense 1   1     1     1/2   1     .875
    dense 2   1     1     1     1/2   .875
    pruned 1  1     1/2   1/2   1/2   .625
    pruned 2  1     1/2   1     1/2   .75
"""

from pathlib import Path
from typing import Any

import pandas as pd

from dsi.base.files import file_digest, write_json, write_parquet
from dsi.evaluation.run_measures import REFERENCE_FILES, measure_run, read_reference
from dsi.evaluation.runs import read_run, write_run
from dsi.systems import System

PRUNED = "pruned/dsi/seed{seed}/magnitude-0.5"
DENSE = "baselines/dsi/seed{seed}/dense"
LISTS = {
    "bm25": ("rab", "arb", "abr", "rab"),
    DENSE.format(seed=1): ("rab", "rab", "arb", "rab"),
    DENSE.format(seed=2): ("rab", "rab", "rab", "arb"),
    PRUNED.format(seed=1): ("rab", "arb", "arb", "arb"),
    PRUNED.format(seed=2): ("rab", "arb", "rab", "arb"),
}
QIDS = ("q1", "q2", "q3", "q4")


def run_frame(lists: tuple[str, ...]) -> pd.DataFrame:
    """The lists of the test queries, and for the validation query v always the relevant document first."""
    rows = [
        (qid, rank, docid, float(-rank))
        for qid, docids in zip((*QIDS, "v"), (*lists, "rab"), strict=True)
        for rank, docid in enumerate(docids, start=1)
    ]
    return pd.DataFrame(rows, columns=["qid", "rank", "docid", "score"])


def write_collection(folder: Path) -> None:
    """Texts, judgements, and BM25's lists; q1 has one more document, which is judged not relevant."""
    qids = [*QIDS, "v", "t"]
    splits = ["test"] * 4 + ["validation", "train"]
    texts = [f"words of {qid}" for qid in qids]
    documents = pd.DataFrame({"docid": list("rab"), "text": ["right", "a | b", "other"]})
    qrels = pd.DataFrame({"qid": [*qids, "q1"], "docid": ["r"] * 6 + ["a"], "grade": [1] * 6 + [0]})
    write_parquet(documents, folder / "documents.parquet")
    write_parquet(pd.DataFrame({"qid": qids, "text": texts, "split": splits}), folder / "queries.parquet")
    write_parquet(qrels, folder / "qrels.parquet")
    write_parquet(run_frame(LISTS["bm25"]), folder / "topk.parquet")


def write_evaluated(results: Path, slug: str, ranking: pd.DataFrame) -> None:
    """A system's run, and what `evaluate` makes of it with the collection of the results."""
    collection, run = results / "collection", results / f"runs/{slug}.trec.gz"
    run.parent.mkdir(parents=True, exist_ok=True)
    write_run(ranking, run, tag="t")
    reference = read_reference(collection, ("validation", "test"))
    found = measure_run(read_run(run), reference, {"validation": 1, "test": 1}, 2)
    inputs = {name: collection / f"{name}.parquet" for name in REFERENCE_FILES}
    report: dict[str, Any] = {
        "system": System.parse(slug)._asdict(),
        "measures": found.measures,
        "queries": {split: counts._asdict() for split, counts in found.queries.items()},
        "parameters": {"relevance": 1, "agreement_k": 2},
        "inputs": {name: file_digest(path) for name, path in {"run": run, **inputs}.items()},
        "versions": {"ir-measures": "0.4.3"},
    }
    write_parquet(found.per_query, results / f"metrics/{slug}.per_query.parquet")
    write_json(report, results / f"metrics/{slug}.json")


def write_results(results: Path, lists: dict[str, tuple[str, ...]] | None = None) -> Path:
    """A collection, runs, and what `evaluate` makes of them."""
    collection = results / "collection"
    write_collection(collection)
    for slug, of_system in (LISTS if lists is None else lists).items():
        write_evaluated(results, slug, run_frame(of_system))
    return results
