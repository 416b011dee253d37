"""Evaluate a run on the validation and test queries.

    python scripts evaluate --run results/runs/bm25.trec.gz --system bm25 \\
        --collection results/collection --relevance 1 --agreement-k 10 --output m.json --per-query m.parquet

Measures against the qrels come from ir_measures, those against BM25's lists follow their definitions. Where
training queries are judged, test-seen counts relevant documents that one of them has, too, test-unseen the
others. --outputs adds the mean loss; --lists the published study's measures of generated lists of docids.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import file_digest, write_json, write_parquet
from dsi.collection.relevance import Relevance, add_relevance, lowest_grade, relevant_to_split
from dsi.collection.splits import EVALUATED_SPLITS, TRAIN
from dsi.evaluation.run_measures import REFERENCE_FILES, measure_run, published_of_lists, read_reference
from dsi.evaluation.runs import RunFormatError, read_outputs, read_run
from dsi.systems import System, SystemNameError


class Arguments(NamedTuple):
    run: Path
    outputs: Path | None
    dense: Path | None
    lists: dict[str, int] | None
    system: str
    collection: Path
    relevance: Relevance
    agreement_k: int
    output: Path
    per_query: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--run", type=Path, required=True, help="TREC run")
    parser.add_argument("--outputs", type=Path, help="parquet: qid, loss, and generated lists if any")
    parser.add_argument("--dense", type=Path, help="run of the dense model, for RBO")
    parser.add_argument("--lists", type=json_object, help="JSON: k and batch_size of a ranked-list model")
    parser.add_argument("--system", required=True, help="slug: bm25, baselines/dsi/seed1/dense")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_relevance(parser)
    parser.add_argument("--agreement-k", type=int, required=True, help="K of BM25-MAP")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    parser.add_argument("--per-query", type=Path, required=True, help="parquet to write")
    arguments = Arguments(**vars(parser.parse_args()))
    if arguments.lists and not arguments.outputs:
        parser.error("--lists goes with --outputs, which hold the lists")
    try:
        evaluate(arguments)
    except (RunFormatError, SystemNameError) as error:
        raise UserError(str(error)) from error


def evaluate(arguments: Arguments) -> None:
    folder, relevance = arguments.collection, arguments.relevance
    lowest = {split: lowest_grade(relevance, split) for split in EVALUATED_SPLITS}
    reference = read_reference(folder, EVALUATED_SPLITS, relevant_to_split(folder, TRAIN, relevance))
    outputs = read_outputs(arguments.outputs) if arguments.outputs else None
    dense = read_run(arguments.dense) if arguments.dense else None
    measured = measure_run(read_run(arguments.run), reference, lowest, arguments.agreement_k, outputs, dense)
    report: dict[str, Any] = {
        "system": System.parse(arguments.system)._asdict(),
        "measures": measured.measures,
        "queries": {split: counts._asdict() for split, counts in measured.queries.items()},
        "parameters": {"relevance": relevance, "agreement_k": arguments.agreement_k},
        "inputs": {name: file_digest(path) for name, path in inputs(arguments).items()},
        "versions": {name: version(name) for name in ("ir-measures", "pytrec-eval-terrier", "pandas")},
    }
    per_query = [measured.per_query]
    if arguments.lists and outputs is not None:
        report["study"], values = published_of_lists(outputs, reference, EVALUATED_SPLITS, **arguments.lists)
        per_query.append(values)
    write_parquet(pd.concat(per_query, ignore_index=True), arguments.per_query)
    write_json(report, arguments.output)


def inputs(arguments: Arguments) -> dict[str, Path]:
    given = {"run": arguments.run, "outputs": arguments.outputs, "dense": arguments.dense}
    given |= {name: arguments.collection / f"{name}.parquet" for name in REFERENCE_FILES}
    return {name: path for name, path in given.items() if path}


if __name__ == "__main__":
    run(main)
