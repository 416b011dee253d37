"""Evaluate a run on the validation and test queries.

    python scripts evaluate --run results/runs/bm25.trec.gz --system bm25 \\
        --collection results/collection --relevance 1 --agreement-k 10 \\
        --output results/metrics/bm25.json --per-query results/metrics/bm25.per_query.parquet

Measures against the qrels come from ir_measures; those against BM25's lists follow their definitions.
--outputs adds the mean loss of the queries that have one. For a model that generates lists of docids,
--lists adds the measures of the published study, of the queries in the order of its batches.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import file_digest, write_json, write_parquet
from dsi.collection.relevance import Relevance, add_relevance, lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.evaluation.run_measures import REFERENCE_FILES, measure_run, published_of_lists, read_reference
from dsi.evaluation.runs import RunFormatError, read_run
from dsi.systems import System, SystemNameError


class Arguments(NamedTuple):
    run: Path
    outputs: Path | None
    lists: dict[str, int] | None
    system: str
    collection: Path
    relevance: Relevance
    agreement_k: int
    output: Path
    per_query: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--run", type=Path, required=True, help="TREC run, gzipped or not")
    parser.add_argument("--outputs", type=Path, help="parquet: qid, loss, and generated lists if any")
    parser.add_argument("--lists", type=json_object, help="JSON: k and batch_size of a ranked-list model")
    parser.add_argument("--system", required=True, help="slug: bm25, baselines/dsi/seed1/dense")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_relevance(parser)
    parser.add_argument("--agreement-k", type=int, required=True, help="K of BM25-MAP")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    parser.add_argument("--per-query", type=Path, required=True, help="parquet to write")
    arguments = Arguments(**vars(parser.parse_args()))
    if arguments.lists and not arguments.outputs:
        parser.error("--lists goes with --outputs, which hold the generated lists")
    try:
        evaluate(arguments)
    except (RunFormatError, SystemNameError) as error:
        raise UserError(str(error)) from error


def evaluate(arguments: Arguments) -> None:
    system = System.parse(arguments.system)
    lowest = {split: lowest_grade(arguments.relevance, split) for split in EVALUATED_SPLITS}
    reference = read_reference(arguments.collection, EVALUATED_SPLITS)
    outputs = pd.read_parquet(arguments.outputs) if arguments.outputs else None
    measured = measure_run(read_run(arguments.run), reference, lowest, arguments.agreement_k, outputs)
    report: dict[str, Any] = {
        "system": system._asdict(),
        "measures": measured.measures,
        "queries": {split: counts._asdict() for split, counts in measured.queries.items()},
        "parameters": {"relevance": arguments.relevance, "agreement_k": arguments.agreement_k},
        "inputs": {name: file_digest(path) for name, path in inputs(arguments).items()},
        "versions": {name: version(name) for name in ("ir-measures", "pytrec-eval-terrier", "pandas")},
    }
    per_query = measured.per_query
    if arguments.lists and outputs is not None:
        published = published_of_lists(outputs, reference, EVALUATED_SPLITS, **arguments.lists)
        report["study"] = published.measures
        per_query = pd.concat([per_query, published.per_query], ignore_index=True)
    write_parquet(per_query, arguments.per_query)
    write_json(report, arguments.output)


def inputs(arguments: Arguments) -> dict[str, Path]:
    """The files that the values are computed from, by name."""
    folder = {name: arguments.collection / f"{name}.parquet" for name in REFERENCE_FILES}
    outputs = {"outputs": arguments.outputs} if arguments.outputs else {}
    return {"run": arguments.run, **outputs, **folder}


if __name__ == "__main__":
    run(main)
