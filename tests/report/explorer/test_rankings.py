"""What is read of each system: its first documents, the rank of the first relevant one, values by query."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dsi.report.explorer.rankings import MEASURES, Ranked, read_queries, read_rankings
from dsi.report.results import ReportError, read_metrics
from tests.report.explorer.studies import QIDS, RELEVANT, write_study


def read(results: Path) -> list[Ranked]:
    metrics = sorted((results / "metrics").rglob("*.json"), reverse=True)
    return read_rankings(metrics, results)[1]


def test_queries_are_the_judged_ones_of_the_test_split_by_qid(results: Path) -> None:
    queries = read_queries(results / "collection", read_metrics(results / "metrics/bm25.json"))
    assert [query.qid for query in queries] == sorted(QIDS)
    assert {query.qid: query.relevant for query in queries} == {
        qid: (docid,) for qid, docid in RELEVANT.items()
    }


def test_systems_come_by_arm_rate_and_seed(results: Path) -> None:
    assert [one.system.slug for one in read(results)] == [
        "bm25",
        "baselines/dsi/seed1/dense",
        "baselines/dsi/seed2/dense",
        "baselines/dsi/seed1/restart",
        "baselines/dsi/seed2/restart",
        *(f"pruned/dsi/seed{seed}/magnitude-{rate}" for rate in (0.5, 0.9) for seed in (1, 2)),
        *(f"recovered/dsi/seed{seed}/magnitude-{rate}" for rate in (0.5, 0.9) for seed in (1, 2)),
    ]


def test_lists_end_at_rank_10_and_the_first_relevant_document_may_stand_behind(results: Path) -> None:
    pruned = next(one for one in read(results) if one.system.slug == "pruned/dsi/seed1/magnitude-0.9")
    # By qid: qa, qb, qd, qü&=#.
    assert pruned.first == [12, 13, 1, 14]
    assert pruned.lists[0] == [f"d{number:02}" for number in range(1, 11)]
    assert pruned.lists[2][:2] == ["d09", "d00"]
    assert pruned.values["MAP"] == [1 / 12, 1 / 13, 1, 1 / 14]
    assert pruned.values["nDCG@10"] == [0, 0, 1, 0]


def test_a_query_that_a_run_lacks_has_an_empty_list(tmp_path: Path) -> None:
    results = write_study(tmp_path, seeds=(1,), arms=("bm25", "dense"))
    queries = pd.read_parquet(results / "collection/queries.parquet")
    queries.loc[queries["qid"] == "qn", "qid"] = "new"
    queries.to_parquet(results / "collection/queries.parquet")
    qrels = pd.read_parquet(results / "collection/qrels.parquet")
    pd.concat([qrels, pd.DataFrame([("new", "d00", 1)], columns=qrels.columns)]).to_parquet(
        results / "collection/qrels.parquet"
    )
    for path in (results / "metrics").rglob("*.per_query.parquet"):
        values = pd.read_parquet(path)
        absent = [("new", "test", measure, 0.0) for measure in MEASURES]
        pd.concat([values, pd.DataFrame(absent, columns=values.columns)]).to_parquet(path)
    assert [(one.lists[0], one.first[0]) for one in read(results)] == [([], 0), ([], 0)]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    results = write_study(tmp_path, seeds=(1,), arms=("bm25",))
    path = results / "metrics/bm25.per_query.parquet"
    values = pd.read_parquet(path)
    values[values["measure"] == "MAP"].to_parquet(path)
    with pytest.raises(ReportError, match="bm25: no nDCG@10 of query qa; evaluate it again"):
        read(results)
    system = json.loads((results / "metrics/bm25.json").read_text())
    system["system"]["arm"] = "random"
    (results / "metrics/bm25.json").write_text(json.dumps(system))
    with pytest.raises(ReportError, match=r"no metrics of bm25, dense, .* among 1 files"):
        read(results)
