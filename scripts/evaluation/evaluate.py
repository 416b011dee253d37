"""Evaluate a run on the validation and test queries.

    python scripts evaluate --run results/runs/bm25.trec.gz \\
        --system '{"arm": "bm25", "baseline": null, "criterion": null, "rate": null, "seed": null}' \\
        --collection results/collection --relevance 1 --agreement-k 10 \\
        --output results/metrics/bm25.json --per-query results/metrics/bm25.per_query.parquet

Measures against the qrels come from ir_measures; those against BM25's lists follow their definitions.
--outputs adds the mean loss of the queries that have one. For a model that generates lists of docids,
--lists adds the measures of the study, of the queries in the order of its batches.
"""

import logging
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import file_digest, write_json, write_parquet
from dsi.collection.relevance import add_relevance, lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.evaluation.measures import (
    LOSS,
    MEASURES,
    agreement_measures,
    as_judgements,
    as_rankings,
    qrels_measures,
    query_counts,
)
from dsi.evaluation.published_measures import study_measures
from dsi.evaluation.runs import RunFormatError, read_run

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--run", type=Path, required=True, help="TREC run, gzipped or not")
    parser.add_argument("--outputs", type=Path, help="parquet: qid, loss, and generated lists if any")
    parser.add_argument("--lists", type=json_object, help="JSON: k and batch_size of a ranked-list model")
    parser.add_argument("--system", type=json_object, required=True, help="JSON: what ranked")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_relevance(parser)
    parser.add_argument("--agreement-k", type=int, required=True, help="K of BM25-MAP")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    parser.add_argument("--per-query", type=Path, required=True, help="parquet to write")
    arguments = parser.parse_args()
    if arguments.lists and not arguments.outputs:
        parser.error("--lists goes with --outputs, which hold the generated lists")

    queries = pd.read_parquet(arguments.collection / "queries.parquet")
    qrels = pd.read_parquet(arguments.collection / "qrels.parquet")
    try:
        ranking = read_run(arguments.run)
    except RunFormatError as error:
        raise UserError(str(error)) from error

    split_of = dict(zip(queries["qid"], queries["split"], strict=True))
    evaluated = [qid for qid, split in split_of.items() if split in EVALUATED_SPLITS]
    topk = pd.read_parquet(
        arguments.collection / "topk.parquet",
        columns=["qid", "docid", "rank"],
        filters=[("qid", "in", evaluated)],
    )
    rankings = as_rankings(ranking)
    judgements = as_judgements(qrels[qrels["qid"].isin(evaluated)])
    lowest = {split: lowest_grade(arguments.relevance, split) for split in EVALUATED_SPLITS}
    frames = [agreement_measures(rankings, topk, arguments.agreement_k)]
    for split, grade in lowest.items():
        of_split = {qid: grades for qid, grades in judgements.items() if split_of[qid] == split}
        frames.append(qrels_measures(rankings, of_split, grade))
    outputs = pd.read_parquet(arguments.outputs) if arguments.outputs else None
    if outputs is not None:
        losses = outputs.dropna(subset=["loss"])
        frames.append(pd.DataFrame({"qid": losses["qid"], "measure": LOSS, "value": losses["loss"]}))
    per_query = pd.concat(frames, ignore_index=True)
    per_query["split"] = per_query["qid"].map(split_of)

    measures: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    for split in EVALUATED_SPLITS:
        means = per_query[per_query["split"] == split].groupby("measure")["value"].mean()
        measures[split] = {name: means.get(name) for name in MEASURES}
        qids = [qid for qid in evaluated if split_of[qid] == split]
        counts[split] = query_counts(rankings, judgements, qids, lowest[split])._asdict()
        logger.info("%s: %s; %s", split, counts[split], measures[split])
    write_parquet(per_query[["qid", "split", "measure", "value"]], arguments.per_query)
    study = {}
    if arguments.lists and outputs is not None:
        study = {"study": study_of(outputs, topk, split_of, arguments.lists)}
    inputs = {"run": arguments.run, "outputs": arguments.outputs}
    write_json(
        {
            **study,
            "system": arguments.system,
            "measures": measures,
            "queries": counts,
            "parameters": {
                "relevance": arguments.relevance,
                "agreement_k": arguments.agreement_k,
            },
            "inputs": {
                **{name: file_digest(path) for name, path in inputs.items() if path},
                **{
                    name: file_digest(arguments.collection / f"{name}.parquet")
                    for name in ("queries", "qrels", "topk")
                },
            },
            "versions": {name: version(name) for name in ("ir-measures", "pytrec-eval-terrier", "pandas")},
        },
        arguments.output,
    )


def study_of(
    outputs: pd.DataFrame, topk: pd.DataFrame, split_of: Mapping[str, str], lists: Mapping[str, int]
) -> dict[str, Any]:
    """The study's measures of each split, with the K and the batch size that they depend on."""
    splits = outputs["qid"].map(split_of)
    measures = {
        split: study_measures(outputs[splits == split], topk, lists["k"], lists["batch_size"])
        for split in EVALUATED_SPLITS
        if (splits == split).any()
    }
    return {**lists, **measures}


if __name__ == "__main__":
    run(main)
