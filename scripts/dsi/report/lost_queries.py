"""Which queries a retriever loses first when it is pruned.

A query is found if a relevant document is among the first 10. Of the pairs (seed, test query) that the
dense model finds, the share that the pruned or recovered model of the same seed still finds is *kept*;
groups of queries are compared by it. Beside that stands what retraining alone loses: the same share of
models of which nothing is pruned, restart and the dense model of another seed (the next one; of the last
seed the first).

Frames
    found  one row per model and query: arm, criterion, rate, seed, qid, value: MRR@10, 0 where not found.
    kept   one row per criterion, arm, rate and group: criterion, arm, rate, grouping, group, pairs, kept;
           without criterion and rate where nothing is pruned.
    lost   one row per criterion and query that some dense model finds: LOST_COLUMNS.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.report.results import read_per_query, read_system
from dsi.systems import PRUNED_ARMS, System

MEASURE = "MRR@10"
ANOTHER_SEED = "another seed"
NOTHING_PRUNED = ("restart", ANOTHER_SEED)
LOST_COLUMNS = ("criterion", "qid", "text", "words", "dense", "bm25", "pruned_lost_at", "recovered_lost_at")

# Groupings: name → (group, test of a row with first: the dense model's MRR@10, words, bm25: BM25's).
_BY_RANK = {
    "dense rank 1": lambda row: row["first"] == 1,
    "dense rank 2–3": lambda row: 1 / 3 <= row["first"] < 1,
    "dense rank 4–10": lambda row: row["first"] < 1 / 3,
}
_BY_BM25 = {
    "BM25 rank 1": lambda row: row["bm25"] == 1,
    "BM25 rank 2–10": lambda row: 0 < row["bm25"] < 1,
    "not in BM25's first 10": lambda row: row["bm25"] == 0,
}


class LostQueriesError(ValueError):
    """There is nothing to compare; the message says what is missing."""


def read_found(metrics: Iterable[Path], baseline: str, criterion: str, split: str) -> pd.DataFrame:
    """The frame `found` of BM25, of a baseline's dense models, and of those pruned by a criterion.

    Args:
        metrics: metric JSONs; those of other systems are passed over.
        split: of the queries.
    """
    chosen = []
    for path in metrics:
        system = read_system(path)
        ours = system.baseline == baseline and system.criterion in (None, criterion)
        if ours or system.arm == "bm25":
            chosen.append(path)
    return found_frame(read_per_query(chosen, MEASURE), split)


def found_frame(systems: Iterable[tuple[System, pd.DataFrame]], split: str) -> pd.DataFrame:
    """The frame `found`.

    Args:
        systems: each with its values per query: qid, split, measure, value.
    """
    frames = []
    for system, values in systems:
        rows = values[(values["split"] == split) & (values["measure"] == MEASURE)]
        fields = {name: system._asdict()[name] for name in ("arm", "criterion", "rate", "seed")}
        frames.append(rows[["qid", "value"]].assign(**fields))
    frame = pd.concat(frames, ignore_index=True)
    return frame.astype({"rate": "float64", "seed": "Int64", "value": "float64"})


def pairs_frame(found: pd.DataFrame, queries: pd.DataFrame) -> pd.DataFrame:
    """Pairs that a dense model finds, for every pruned and recovered model of its seed, and NOTHING_PRUNED.

    Args:
        queries: qid, text.

    Returns:
        criterion, arm, rate, seed, qid, text, words, first (dense MRR@10), bm25 (BM25's), kept (bool);
        no row where the dense models find nothing.

    Raises:
        LostQueriesError: BM25, the dense models or the recovered ones are missing.
    """
    for arm in ("bm25", "dense", "recovered"):
        if not (found["arm"] == arm).any():
            raise LostQueriesError(
                f"no values of {arm!r} for the queries of this split; expected its metrics"
            )
    dense = found[(found["arm"] == "dense") & (found["value"] > 0)]
    bm25 = found[found["arm"] == "bm25"].set_index("qid")["value"]
    texts = queries.set_index("qid")["text"]
    others = found[found["arm"].isin((*PRUNED_ARMS, "restart"))]
    compared = pd.concat([others, _another_seed(found[found["arm"] == "dense"])], ignore_index=True)
    first = dense[["seed", "qid", "value"]].rename(columns={"value": "first"})
    pairs = compared.merge(first, on=["seed", "qid"])
    text = pairs["qid"].map(texts)
    return pairs.assign(
        text=text,
        words=text.map(lambda words: len(words.split())),
        bm25=pairs["qid"].map(bm25),
        kept=pairs["value"] > 0,
    ).drop(columns="value")


def _another_seed(dense: pd.DataFrame) -> pd.DataFrame:
    """The dense models as if each were of the seed before; no rows where there is one seed."""
    seeds = sorted(dense["seed"].unique())
    if len(seeds) < 2:
        return dense[:0]
    before = dict(zip(seeds[1:] + seeds[:1], seeds, strict=True))
    return dense.assign(arm=ANOTHER_SEED, seed=dense["seed"].map(before).astype("Int64"))


def groupings(pairs: pd.DataFrame) -> dict[str, "pd.Series[Any]"]:
    """For every grouping the group of each pair, an ordered category; lengths are divided in thirds."""
    lengths = pairs.drop_duplicates("qid")["words"]
    low, high = (int(lengths.quantile(share)) for share in (1 / 3, 2 / 3))
    by_length = {
        f"up to {low} words": lambda row: row["words"] <= low,
        f"{low + 1} to {high} words": lambda row: low < row["words"] <= high,
        f"more than {high} words": lambda row: row["words"] > high,
    }
    tests: dict[str, Mapping[str, Any]] = {
        "rank of the first relevant document": _BY_RANK,
        "BM25": _BY_BM25,
        "length of the query": by_length,
    }
    rows = pairs[["first", "bm25", "words"]].to_dict("records")
    return {
        grouping: pd.Series(
            pd.Categorical(
                [next(name for name, holds in groups.items() if holds(row)) for row in rows],
                categories=list(groups),
                ordered=True,
            ),
            index=pairs.index,
        )
        for grouping, groups in tests.items()
    }


def kept_frame(pairs: pd.DataFrame) -> pd.DataFrame:
    """The frame `kept`; a group without pairs has no row."""
    keys = ["criterion", "arm", "rate"]
    frames = []
    for grouping, groups in groupings(pairs).items():
        by_group = pairs.assign(group=groups).groupby([*keys, "group"], observed=True, dropna=False)["kept"]
        frame = by_group.agg(pairs="size", kept="mean").reset_index().sort_values([*keys, "group"])
        frames.append(frame.assign(grouping=grouping, group=frame["group"].astype(str)))
    columns = [*keys, "grouping", "group", "pairs", "kept"]
    return pd.concat(frames, ignore_index=True)[columns]


def lost_frame(pairs: pd.DataFrame) -> pd.DataFrame:
    """The frame `lost`, the first to go first.

    dense and bm25 are MRR@10, the dense one a mean over the seeds that find the query. An arm's `lost_at` is
    the lowest rate at which fewer than half of these seeds find it; missing where that never happens.
    """
    pruned = pairs[pairs["arm"].isin(PRUNED_ARMS)]
    shares = pruned.groupby(["criterion", "qid", "arm", "rate"])["kept"].mean().reset_index()
    gone = shares[shares["kept"] < 1 / 2].groupby(["criterion", "qid", "arm"])["rate"].min()
    at = gone.unstack("arm").reindex(columns=list(PRUNED_ARMS))
    at.columns = [f"{arm}_lost_at" for arm in at.columns]
    about = pruned.groupby(["criterion", "qid"]).agg(
        text=("text", "first"), words=("words", "first"), dense=("first", "mean"), bm25=("bm25", "first")
    )
    frame = about.join(at).reset_index()
    order = ["criterion", "recovered_lost_at", "pruned_lost_at", "qid"]
    return frame.sort_values(order, ignore_index=True)[list(LOST_COLUMNS)]
