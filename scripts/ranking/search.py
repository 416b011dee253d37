"""Search a collection with a checkpoint, by hand.

Prints rank, score (log P of the docid given the query), docid and the beginning of the text. The checkpoint
is one of either task, dense or pruned. A ranked-list model gives no scores, and ids that it invents are
marked. `-` reads queries from standard input, one a line, and answers each as it comes; --json prints an
object a query, a line each. --bm25 adds BM25's list, and to each list the rank in the other's first 100;
Java starts only then. The texts and the index are those of the folder `collection` of the checkpoint's study;
a checkpoint that lies elsewhere, as one of `python scripts export`, takes --collection or --no-texts.

Examples:
    python scripts search results/baselines/dsi/seed1/dense "rotate an array by 90 degrees" --bm25 --k 5

    echo "random numbers" | python scripts search results/recovered/dsi/seed1/magnitude-0.5 - --json
"""

import logging
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

import torch
from transformers.utils.logging import disable_progress_bar

from dsi.base.command import UserError, at_least_one, command_parser, run
from dsi.bm25.lucene import LuceneError
from dsi.bm25.parameters import DEFAULTS, Bm25Parameters
from dsi.model.checkpoint import CheckpointError
from dsi.ranking.hits import as_json, as_text
from dsi.ranking.search import answer
from dsi.ranking.searcher import SearchError, open_searcher, read_queries


class Arguments(NamedTuple):
    """bm25: None without BM25's list; collection: None for that of the checkpoint's study."""

    checkpoint: Path
    query: str
    k: int
    bm25: Bm25Parameters | None
    json: bool
    collection: Path | None
    threads: int
    prefixes_at_a_time: int
    texts: bool


def main() -> None:
    asked = parse_arguments()
    torch.set_num_threads(asked.threads)
    disable_progress_bar()
    show = as_json if asked.json else as_text
    if asked.json and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON's own, whatever the terminal's is
    try:
        searcher = open_searcher(
            asked.checkpoint, asked.collection, asked.bm25, asked.prefixes_at_a_time, asked.texts
        )
        for query in read_queries(asked.query, sys.stdin.buffer):
            print(show(answer(searcher.systems, query, asked.k), searcher.texts), flush=True)
    except (CheckpointError, LuceneError, SearchError) as error:
        raise UserError(str(error)) from error


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the checkpoint")
    parser.add_argument("query", help="what to search for; - for queries from standard input")
    parser.add_argument("--k", type=at_least_one, default=10, help="documents to show (%(default)s)")
    parser.add_argument("--bm25", action="store_true", help="show BM25's list, too")
    parser.add_argument("--json", action="store_true", help="one JSON object a query, with whole texts")
    parser.add_argument("--collection", type=Path, help="folder of documents.parquet and index/")
    parser.add_argument("--no-texts", dest="texts", action="store_false", help="show docids alone")
    parser.add_argument(
        "--k1", type=float, default=DEFAULTS.k1, help="BM25's term-frequency saturation (%(default)s)"
    )
    parser.add_argument(
        "--b", type=float, default=DEFAULTS.b, help="BM25's length normalisation (%(default)s)"
    )
    parser.add_argument("--threads", type=at_least_one, default=1, help="CPU threads (%(default)s)")
    help_ = "prefixes of naive or semantic docids decoded together, which bounds the memory (%(default)s)"
    parser.add_argument("--prefixes-at-a-time", type=at_least_one, default=1024, help=help_)
    given = vars(parser.parse_args())
    bm25 = Bm25Parameters(given.pop("k1"), given.pop("b"))
    return Arguments(**{**given, "bm25": bm25 if given["bm25"] else None})


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)  # before `run` asks for more: the answer alone is shown
    run(main)
