"""Judgements as TREC qrels, for other programs: those of the queries that are evaluated."""

from pathlib import Path

import pandas as pd

from dsi.base.files import write_text


def evaluated_judgements(qrels: pd.DataFrame, queries: pd.DataFrame, split: str, lowest: int) -> pd.DataFrame:
    """The judgements of a split's queries that have a relevant document, by qid and docid.

    Other queries are in no mean here; ir_measures and trec_eval would count them with 0.

    Args:
        qrels: qid, docid, grade. queries: qid, split.
        lowest: the lowest relevant grade.
    """
    of_split = qrels[qrels["qid"].isin(queries.loc[queries["split"] == split, "qid"])]
    evaluated = of_split.loc[of_split["grade"] >= lowest, "qid"]
    return of_split[of_split["qid"].isin(evaluated)].sort_values(["qid", "docid"], ignore_index=True)


def write_qrels(qrels: pd.DataFrame, path: Path) -> None:
    """Write lines `qid 0 docid grade`."""
    rows = qrels[["qid", "docid", "grade"]].itertuples(index=False, name=None)
    write_text("".join(f"{qid} 0 {docid} {grade}\n" for qid, docid, grade in rows), path)
