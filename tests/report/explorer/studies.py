"""A small study, worked by hand: 14 documents, four test queries with one relevant document each.

Rank of the relevant document:

                      qa   qb   qü&=#  qd
    bm25               2    1    3      1
    dense              1    1   12      1
    restart            1    2   12      1
    pruned 0.5         2   11   13      1
    pruned 0.9        12   13   14      1     seed 2: qa 3
    recovered 0.5      1   11   12      1
    recovered 0.9      1   12   14      1

Average precision is 1 / rank, nDCG@10 is 1 / log2(rank + 1), 0 beyond rank 10.
"""

import json
import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.evaluation.runs import write_run
from dsi.report.explorer.rankings import ARMS
from dsi.report.frames import sparsity_frame
from dsi.report.results import Sparsity, write_csv
from dsi.systems import System

EVIL = "<img src=x onerror=window.injected=1></script><script>window.injected=2</script>"
QIDS = ("qa", "qb", "qü&=#", "qd")
TEXTS = ("paths of a graph", '<b>Bold</b> & "quoted"', "matrix trace", "random walk of a graph")
DOCIDS = [f"d{number:02}" for number in range(14)]
RELEVANT = dict(zip(QIDS, ("d00", "d03", "d05", "d09"), strict=True))
RANKS = {
    ("bm25", None): (2, 1, 3, 1),
    ("dense", None): (1, 1, 12, 1),
    ("restart", None): (1, 2, 12, 1),
    ("pruned", 0.5): (2, 11, 13, 1),
    ("pruned", 0.9): (12, 13, 14, 1),
    ("recovered", 0.5): (1, 11, 12, 1),
    ("recovered", 0.9): (1, 12, 14, 1),
}


def write_study(
    folder: Path, *, seeds: Collection[int] = (1, 2), arms: Collection[str] = ARMS, baseline: str = "dsi"
) -> Path:
    """Its results: collection, runs, metrics, tables/sparsity.csv. Gives the folder."""
    write_collection(folder / "collection")
    systems = [
        System(None, None, arm, None, None)
        if arm == "bm25"
        else System(baseline, seed, arm, None if rate is None else "magnitude", rate)
        for arm, rate in RANKS
        if arm in arms
        for seed in (seeds if arm != "bm25" else (None,))
    ]
    for system in systems:
        write_system(folder, system)
    shares = [(system, Sparsity(0.8, 0.8, system.rate / 2, 100)) for system in systems if system.rate]
    (folder / "tables").mkdir()
    write_csv(
        sparsity_frame(share for share in shares if share[0].arm == "pruned"), folder / "tables/sparsity.csv"
    )
    return folder


def write_collection(folder: Path) -> None:
    folder.mkdir(parents=True)
    texts = [EVIL, *(f"text  of\n{docid} " + "x" * 300 for docid in DOCIDS[1:])]
    pd.DataFrame({"docid": DOCIDS, "text": texts}).to_parquet(folder / "documents.parquet")
    queries = [
        *zip(QIDS, TEXTS, ["test"] * 4, strict=True),
        ("qv", "of validation", "validation"),
        ("qn", "unjudged", "test"),
    ]
    pd.DataFrame(queries, columns=["qid", "text", "split"]).to_parquet(folder / "queries.parquet")
    judged = [*((qid, docid, 1) for qid, docid in RELEVANT.items()), ("qa", "d01", 0), ("qv", "d02", 1)]
    pd.DataFrame(judged, columns=["qid", "docid", "grade"]).to_parquet(folder / "qrels.parquet")
    run_of((1, 1, 1, 1))[["qid", "docid", "rank"]].assign(score=1.0).to_parquet(folder / "topk.parquet")


def ranks_of(system: System) -> tuple[int, ...]:
    ranks = RANKS[system.arm, system.rate]
    return (3, *ranks[1:]) if (system.arm, system.rate, system.seed) == ("pruned", 0.9, 2) else ranks


def run_of(ranks: tuple[int, ...]) -> pd.DataFrame:
    """The documents in the order of their docids, the relevant one moved to its rank; and all for qv."""
    rows = []
    for qid, place in [*zip(QIDS, ranks, strict=True), ("qv", 1)]:
        relevant = RELEVANT.get(qid, "d02")
        order = [docid for docid in DOCIDS if docid != relevant]
        order.insert(place - 1, relevant)
        rows += [(qid, rank, docid, float(-rank)) for rank, docid in enumerate(order, start=1)]
    return pd.DataFrame(rows, columns=["qid", "rank", "docid", "score"])


def write_system(folder: Path, system: System) -> None:
    ranks = ranks_of(system)
    run, metrics = folder / f"runs/{system.slug}.trec.gz", folder / f"metrics/{system.slug}.json"
    for path in (run, metrics):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_run(run_of(ranks), run, "toy")
    values = {
        "MAP": [1 / rank for rank in ranks],
        "nDCG@10": [1 / math.log2(rank + 1) if rank <= 10 else 0.0 for rank in ranks],
    }
    rows = [
        (qid, "test", measure, value)
        for measure, of_queries in values.items()
        for qid, value in zip(QIDS, of_queries, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["qid", "split", "measure", "value"])
    frame.to_parquet(metrics.with_suffix(".per_query.parquet"))
    contents: dict[str, Any] = {
        "system": system._asdict(),
        "measures": {"test": {name: sum(of_queries) / 4 for name, of_queries in values.items()}},
        "queries": {"test": {"evaluated": 4}},
        "parameters": {"relevance": 1, "agreement_k": 10},
    }
    metrics.write_text(json.dumps(contents))


def options(results: Path, page: Path) -> list[object]:
    """Of make_explorer."""
    return [
        "--metrics", *sorted((results / "metrics").rglob("*.json")), "--results", results,
        "--sparsity", results / "tables/sparsity.csv", "--name", "toy <collection>",
        "--confidence", 0.95, "--output", page,
    ]  # fmt: skip
