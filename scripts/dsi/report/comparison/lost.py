"""The queries at which B falls behind A most, with both lists side by side; and where they lie."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.evaluation.measures import Judgements
from dsi.evaluation.query_comparison import BINS, by_bin, compared
from dsi.report.comparison.compared import gains, seed_pairs, values_by_measure
from dsi.report.comparison.judged import Asked, Judged, judged, lists_of
from dsi.report.comparison.sides import Pair, Ranking, SideError, label_of
from dsi.report.flips import SAME


class Listed(NamedTuple):
    """A document at one rank of a list. text: its beginning, empty where there are no texts."""

    rank: int
    docid: str
    relevant: bool
    text: str


class Lost(NamedTuple):
    """A query that B answers worse than A, by one measure, and the first documents of both lists.

    seed: of several the one with the largest loss. a_list, b_list: empty where there is no run.
    """

    a: str
    b: str
    qid: str
    text: str
    seed: int
    measure: str
    value_a: float
    value_b: float
    relevant: list[str]
    a_list: list[Listed]
    b_list: list[Listed]


def lost_queries(pair: Pair, asked: Asked, worst: int, top: int) -> list[Lost]:
    """The queries with the largest losses by the first measure, averaged over the seeds.

    Args:
        worst: how many at most; top: documents of each list.

    Raises:
        SideError: there are no judgements.
    """
    measure = asked.measures[0]
    a, b = values_by_measure(pair, asked)[measure]
    change = gains(b - a, measure)
    means = change.mean()
    qids = [str(qid) for qid in means[means < -SAME].sort_values(kind="stable").index[:worst]]
    by = _judged(pair, asked)
    seeds = {one.seed: one for one in seed_pairs(pair)}
    chosen = {qid: seeds[change.index[int(change[qid].to_numpy().argmin())]] for qid in qids}
    lists = {qid: [_first(side, qid, top) for side in (one.a, one.b)] for qid, one in chosen.items()}
    relevant = {qid: _relevant(by.judgements, qid, by.relevance) for qid in qids}
    shown = {docid for sides in lists.values() for side in sides for docid in side}
    texts = _texts(by, "documents", "docid", shown)
    words = _texts(by, "queries", "qid", set(qids))
    return [
        Lost(
            label_of(pair.a), label_of(pair.b), qid, words.get(qid, ""), one.seed, measure,
            float(a[qid].to_dict()[one.seed]), float(b[qid].to_dict()[one.seed]), relevant[qid],
            *(_listed(side, relevant[qid], texts) for side in lists[qid]),
        )
        for qid, one in chosen.items()
    ]  # fmt: skip


def by_groups(pair: Pair, asked: Asked) -> dict[str, pd.DataFrame]:
    """By the length of the query and by its number of relevant documents: means of the first measure.

    Returns:
        By what is grouped, a row a group: a, b, ratio (b / a), queries.

    Raises:
        SideError: the texts of the queries are not there.
    """
    a, b = values_by_measure(pair, asked)[asked.measures[0]]
    by = _judged(pair, asked)
    texts = _texts(by, "queries", "qid", set(map(str, a.columns)))
    if by.collection is None:
        raise SideError(
            f"{label_of(pair.a)}: found no collection/queries.parquet in a results folder around it, which "
            "--groups takes the lengths of queries from; expected metric JSONs or runs of a study"
        )
    counts = {qid: len(_relevant(by.judgements, qid, by.relevance)) for qid in texts}
    table = compared(a.mean(), b.mean(), pd.Series(texts), pd.Series(counts))
    return {name: by_bin(table, name, bins) for name, bins in BINS.items()}


def _judged(pair: Pair, asked: Asked) -> Judged:
    """Of A, or of B where A lies outside any study."""
    first = next((ranking for ranking in (*pair.a, *pair.b) if ranking.results is not None), pair.a[0])
    return judged(first, asked)


def _first(ranking: Ranking, qid: str, top: int) -> list[str]:
    lists = lists_of(ranking)
    return [] if lists is None else lists.get(qid, [])[:top]


def _relevant(judgements: Judgements, qid: str, lowest: int) -> list[str]:
    return sorted(docid for docid, grade in judgements.get(qid, {}).items() if grade >= lowest)


def _listed(docids: Sequence[str], relevant: Sequence[str], texts: Mapping[str, str]) -> list[Listed]:
    return [
        Listed(rank, docid, docid in relevant, texts.get(docid, ""))
        for rank, docid in enumerate(docids, start=1)
    ]


def _texts(by: Judged, name: str, key: str, wanted: Collection[str]) -> dict[str, str]:
    """Of a collection's queries or documents the texts of some; none where there is no collection."""
    path = by.collection / f"{name}.parquet" if by.collection else None
    if path is None or not wanted or not path.is_file():
        return {}
    frame = read_frame(path, columns=[key, "text"], filters=[(key, "in", list(wanted))])
    return dict(zip(frame[key], frame["text"], strict=True))
