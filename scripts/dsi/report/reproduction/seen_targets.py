"""How much of what a test query asks for occurs in training at all: the published study's first fault.

A ranked-list model is trained on queries alone, so a docid that is no training query's target is never
taught. Source: docs/method/reproduction.md.
"""

import math
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.collection.relevance import Relevance, relevant_judgements
from dsi.collection.splits import TEST, TRAIN
from dsi.evaluation.published_measures import query_measures
from dsi.report.markdown import ABSENT, percent, pipe_table
from dsi.report.results import ReportError, system_at_end
from dsi.systems import System, SystemNameError

# By the share of a query's targets that occur in training: 0, to 0.5, above, 1.
SHARE_GROUPS = ("none", "up to half", "more than half", "all")
OUTPUTS_SUFFIX = ".outputs.parquet"


def seen_targets(
    queries: pd.DataFrame, topk: pd.DataFrame, qrels: pd.DataFrame, k: int, relevance: Relevance
) -> pd.DataFrame:
    """How much of what a test query asks for occurs in training at all.

    Args:
        queries: qid, split. topk: qid, rank, docid. qrels: qid, docid, grade.
        k: ids in a target list.
        relevance: lowest relevant grade, of all judgements or by split.

    Returns:
        One row per test query: qid; share of its targets, BM25's first K docids, that are a target of a
        training query (NaN where BM25 found nothing); relevant: whether it has a relevant document;
        relevant_seen: whether one of these is relevant to a training query.
    """
    train = set(queries.loc[queries["split"] == TRAIN, "qid"])
    test = queries.loc[queries["split"] == TEST, "qid"]
    targets = topk.loc[topk["rank"] <= k, ["qid", "docid"]]
    good = relevant_judgements(qrels, queries, relevance)[["qid", "docid"]]
    share = _seen(targets, train).groupby("qid")["seen"].mean()
    relevant_seen = _seen(good, train).groupby("qid")["seen"].any()
    return pd.DataFrame(
        {
            "qid": test,
            "share": test.map(share),
            "relevant": test.isin(set(good["qid"])),
            "relevant_seen": test.map(relevant_seen).eq(True),
        }
    ).reset_index(drop=True)


def seen_section(seen: pd.DataFrame, measured: pd.DataFrame, name: str, k: int) -> str:
    """Fault 1 in numbers: test queries by the share of their targets seen in training.

    Args:
        seen: what `seen_targets` returns.
        measured: qid, MAP-published, MAP-defined of a chosen system, as `query_measures` of
            dsi.evaluation.published_measures returns them.
        name: what the system is called.
    """
    rows = seen.merge(measured[["qid", "MAP-published", "MAP-defined"]], on="qid", validate="one_to_one")
    group = rows["share"].map(_share_group)
    lines = []
    for title in SHARE_GROUPS:
        of_group = rows[group == title]
        means = [of_group[column].mean() for column in ("MAP-defined", "MAP-published")]
        cells = [ABSENT if math.isnan(value) else f"{value:.5f}" for value in means]
        lines.append([title, f"{len(of_group):,}", *cells])
    header = ["targets seen in training", "test queries", "MAP by definition", "MAP as published"]
    relevant, both = int(seen["relevant"].sum()), int(seen["relevant_seen"].sum())
    share = percent(seen["share"].mean())
    without = int(seen["share"].isna().sum())
    left_out = f" For {without:,} test queries BM25 finds nothing." if without else ""
    return f"""### Documents that no training query teaches: {name}

A model that is trained on queries alone can only learn docids that are a target of a training query.
Of a test query's first {k} documents of BM25, {share} are (a mean over the queries).{left_out}
By the judgements, {both:,} of the {relevant:,} test queries with a relevant document have one that is
relevant to a training query, too.

{pipe_table(header, lines)}

Means over the queries of a group, not over batches.
"""


def seen_sections(
    outputs: Sequence[Path], collection: Path, relevance: Relevance, frame: pd.DataFrame
) -> list[str]:
    """A section for each system whose generated lists are given, its seeds together.

    Args:
        outputs: …/runs/<system>.outputs.parquet.
        collection: folder of queries, qrels and topk.
        frame: what `reproduction_frame` returns; it has the systems' K.

    Raises:
        ReportError: a path names no system of the frame.
    """
    if not outputs:
        return []
    queries, qrels = (read_frame(collection / f"{name}.parquet") for name in ("queries", "qrels"))
    topk = read_frame(collection / "topk.parquet", columns=["qid", "rank", "docid"])
    by_system: dict[System, list[Path]] = {}
    for path in outputs:
        system = _system_of_outputs(path, set(frame["baseline"]))
        by_system.setdefault(system._replace(seed=None), []).append(path)
    sections = []
    for system, paths in by_system.items():
        k = int(frame.loc[frame["baseline"] == system.baseline, "k"].iloc[0])
        seen = seen_targets(queries, topk, qrels, k, relevance)
        seeds = [read_frame(path) for path in paths]
        measured = pd.concat(
            [query_measures(lists[lists["qid"].isin(seen["qid"])], topk, k) for lists in seeds]
        )
        means = measured.groupby("qid", sort=False).mean().reset_index()
        name = system.slug.rpartition("/")[2]
        title = f"{system.baseline}, {name}" + (f", mean of {len(paths)} seeds" if len(paths) > 1 else "")
        sections.append(seen_section(seen, means, title, k))
    return sections


def _system_of_outputs(path: Path, baselines: Collection[str]) -> System:
    try:
        system = system_at_end(path.with_name(path.name.removesuffix(OUTPUTS_SUFFIX)))
    except SystemNameError:
        system = None
    if system is None or system.baseline not in baselines:
        raise ReportError(
            f"--outputs: found {path}, expected …/runs/<system>.outputs.parquet of a system among "
            "--metrics: results/runs/baselines/t5-small-k5/seed1/dense.outputs.parquet"
        )
    return system


def _seen(pairs: pd.DataFrame, train: set[str]) -> pd.DataFrame:
    """qid, docid, seen: whether a training query has the same docid."""
    taught = set(pairs.loc[pairs["qid"].isin(train), "docid"])
    return pairs.assign(seen=pairs["docid"].isin(taught))


def _share_group(share: float) -> str:
    if math.isnan(share):
        return ""
    if share in (0, 1):
        return SHARE_GROUPS[0] if share == 0 else SHARE_GROUPS[3]
    return SHARE_GROUPS[1] if share <= 0.5 else SHARE_GROUPS[2]
