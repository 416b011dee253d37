"""Rank without a network: RM3, BM25 tuned, look-up in training queries, and its sum with BM25.

rm3: BM25, its query expanded by words of its first documents. bm25-tuned: k1 and b by the MAP of the
validation queries. lookup: the 20 training queries most like a query vote with their relevant documents.
lookup-bm25: both scores added, their weight by the MAP of the validation queries, 0.5 without such.

Examples:
    python scripts rank_references --names rm3 bm25-tuned lookup lookup-bm25 \\
        --index results/collection/index/manifest.json --collection results/collection --relevance 1 \\
        --k1 0.9 --b 0.4 --depth 1000 --runs results/trial --choices results/trial/references.json
"""

from dataclasses import dataclass
from pathlib import Path

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_json
from dsi.bm25.lucene import LuceneError
from dsi.bm25.parameters import Bm25Parameters
from dsi.collection.relevance import Relevance, add_relevance
from dsi.evaluation.runs import RunFormatError
from dsi.ranking.untrained import UNTRAINED, read_judged, write_references


@dataclass(frozen=True)
class Arguments:
    names: list[str]
    index: Path
    collection: Path
    relevance: Relevance
    k1: float
    b: float
    depth: int
    runs: Path
    choices: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--names", nargs="+", choices=UNTRAINED, required=True, help="which of them")
    parser.add_argument("--index", type=Path, required=True, help="the index's manifest.json")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_relevance(parser)
    parser.add_argument("--k1", type=float, required=True, help="of BM25 where it is not tuned")
    parser.add_argument("--b", type=float, required=True)
    parser.add_argument("--depth", type=int, required=True, help="documents per query")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the TREC runs")
    parser.add_argument("--choices", type=Path, required=True, help="JSON to write")
    arguments = Arguments(**vars(parser.parse_args()))
    try:
        judged = read_judged(arguments.collection, arguments.relevance)
        bm25 = Bm25Parameters(arguments.k1, arguments.b)
        choices = write_references(
            arguments.names, judged, arguments.index, bm25, arguments.depth, arguments.runs
        )
    except (LuceneError, RunFormatError) as error:
        raise UserError(str(error)) from error
    write_json(choices, arguments.choices)


if __name__ == "__main__":
    run(main)
