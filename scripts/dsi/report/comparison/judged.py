"""What rankings are compared by: judgements, texts, and the values of each query."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.base.lines import FileFormatError
from dsi.collection.relevance import lowest_grade
from dsi.collection.topics import read_qrels
from dsi.evaluation.foreign_runs import read_foreign_run
from dsi.evaluation.measures import (
    MEASURES,
    Judgements,
    as_judgements,
    as_rankings,
    qrels_measures,
)
from dsi.evaluation.runs import ranked_docids, read_run
from dsi.report.comparison.sides import Ranking, SideError
from dsi.report.results import read_metrics


class Asked(NamedTuple):
    """What a user asks for. qrels: of TREC runs; relevance: of these the lowest relevant grade."""

    measures: tuple[str, ...]
    split: str
    qrels: Path | None
    relevance: int


class Judged(NamedTuple):
    """Queries of a split, their judgements and the lowest relevant grade.

    collection: the folder of the texts, if there is one.
    """

    judgements: Judgements
    relevance: int
    collection: Path | None


def judged(ranking: Ranking, asked: Asked) -> Judged:
    """What a ranking is judged by: --qrels where that is given, else its study's collection.

    Raises:
        SideError: neither is there, or none of its queries is judged.
    """
    results = ranking.results
    collection = results / "collection" if results else None
    texts = collection if collection and (collection / "queries.parquet").is_file() else None
    if asked.qrels is not None:
        return Judged(_qrels_of_file(asked.qrels), asked.relevance, texts)
    if texts is None or results is None:
        raise SideError(
            f"{ranking.run or ranking.metrics}: found no collection/qrels.parquet in a results folder around "
            "it, expected judgements, for example --qrels qrels.txt"
        )
    relevance = asked.relevance
    if ranking.evaluated is not None:
        relevance = lowest_grade(read_metrics(ranking.evaluated).parameters["relevance"], asked.split)
    return Judged(_qrels_of_split(texts, asked.split), relevance, texts)


def values_of(ranking: Ranking, asked: Asked) -> dict[str, "pd.Series[float]"]:
    """By measure its values by qid: as `evaluate` wrote them, or of a run computed here.

    Raises:
        SideError: it has no values of a measure.
    """
    if ranking.metrics is not None:
        frame = read_frame(
            ranking.metrics.with_suffix(".per_query.parquet"), filters=[("split", "==", asked.split)]
        )
    elif ranking.run is not None:
        by = judged(ranking, asked)
        frame = qrels_measures(
            as_rankings(_run(ranking.run, ranking.results is not None)), by.judgements, by.relevance
        )
    found = {name: rows.set_index("qid")["value"] for name, rows in frame.groupby("measure")}
    for name in asked.measures:
        if name not in found:
            raise SideError(
                f"{ranking.metrics or ranking.run}: found no values of {name} on {asked.split} queries, "
                f"expected one of {', '.join(measure for measure in MEASURES if measure in found) or 'none'}"
            )
    return {name: found[name] for name in asked.measures}


def lists_of(ranking: Ranking) -> dict[str, list[str]] | None:
    """qid → docids of its run, the best first; None where there is no run."""
    return None if ranking.run is None else _lists(ranking.run, ranking.results is not None)


@lru_cache(maxsize=8)  # lists of the same seeds are asked for again and again; those of a study are large
def _lists(path: Path, of_study: bool) -> dict[str, list[str]]:
    return ranked_docids(_run(path, of_study))


def _run(path: Path, of_study: bool) -> pd.DataFrame:
    return read_run(path) if of_study else read_foreign_run(path)


@lru_cache(maxsize=2)
def _qrels_of_file(path: Path) -> Judgements:
    try:
        return as_judgements(read_qrels(path))
    except (FileFormatError, OSError) as error:
        raise SideError(f"--qrels: {error}") from error


@lru_cache(maxsize=2)
def _qrels_of_split(collection: Path, split: str) -> Judgements:
    queries, qrels = (read_frame(collection / f"{name}.parquet") for name in ("queries", "qrels"))
    of_split = queries.loc[queries["split"] == split, "qid"]
    return as_judgements(qrels[qrels["qid"].isin(of_split)])
