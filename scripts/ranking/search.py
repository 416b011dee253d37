"""Search a collection with a checkpoint, by hand.

    python scripts search results/baselines/dsi/seed1/dense "rotate an array by 90 degrees"
    python scripts search results/baselines/dsi/seed1/dense "rotate an array by 90 degrees" --bm25 --k 5
    python scripts search results/recovered/dsi/seed1/magnitude-0.2 - --json < queries.txt

Prints rank, score (log P of the docid given the query), docid and the beginning of the text. The checkpoint
is one of either task, dense or pruned. A ranked-list model gives no scores, and ids that it invents are
marked. `-` reads queries from standard input, one a line, and answers each as it comes; --json prints an
object a query, a line each. --bm25 adds BM25's list, and to each list the rank in the other's first 100;
Java starts only then. The texts and the index are those of the folder `collection` of the checkpoint's study.
"""

import argparse
import json
import logging
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from transformers.utils.logging import disable_progress_bar

from dsi.base.command import UserError, command_parser, run
from dsi.bm25.lucene import LuceneError, verified_index
from dsi.model.checkpoint import CheckpointError
from dsi.ranking.search import Hit, Search, bm25_search, checkpoint_search

MODEL, BM25 = "model", "BM25"
COMPARED = 100  # with --bm25, ranks in the other list are looked up among so many
NARROWEST = 30  # characters of a text, however narrow the terminal


def main() -> None:
    arguments = parse_arguments()
    collection = arguments.collection or study_collection(arguments.checkpoint)
    torch.set_num_threads(arguments.threads)
    disable_progress_bar()
    try:
        model, docids = checkpoint_search(arguments.checkpoint, arguments.expanded)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    texts = texts_of(collection, docids)
    systems: dict[str, Search] = {MODEL: model}
    if arguments.bm25:
        systems[BM25] = open_index(collection, arguments.k1, arguments.b)
    depth = max(arguments.k, COMPARED) if arguments.bm25 else arguments.k
    show = print_json if arguments.json else print_lists
    for query in queries(arguments.query):
        show(query, {name: search(query, depth) for name, search in systems.items()}, texts, arguments.k)


def parse_arguments() -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the checkpoint")
    parser.add_argument("query", help="what to search for; - for queries from standard input")
    parser.add_argument("--k", type=at_least_one, default=10, help="documents to show (10)")
    parser.add_argument("--bm25", action="store_true", help="show BM25's list, too")
    parser.add_argument("--json", action="store_true", help="one JSON object a query, with whole texts")
    parser.add_argument("--collection", type=Path, help="folder of documents.parquet and index/")
    parser.add_argument("--k1", type=float, default=0.9, help="BM25's term-frequency saturation (0.9)")
    parser.add_argument("--b", type=float, default=0.4, help="BM25's length normalisation (0.4)")
    parser.add_argument("--threads", type=at_least_one, default=1, help="CPU threads (1)")
    parser.add_argument(
        "--expanded",
        type=at_least_one,
        default=1024,
        help="prefixes of naive or semantic docids decoded at a time, which bounds the memory (1024)",
    )
    return parser.parse_args()


def at_least_one(text: str) -> int:
    """An argparse type."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number at least 1")
    return int(text)


def study_collection(checkpoint: Path) -> Path:
    """The folder `collection` beside whichever folder above holds the checkpoint."""
    for folder in checkpoint.absolute().parents:
        if (folder / "collection" / "documents.parquet").is_file():
            return folder / "collection"
    raise UserError(
        f"{checkpoint}: found no collection/documents.parquet in a folder above it; expected the checkpoint "
        "inside its study's results, or --collection, for example --collection results/collection"
    )


def texts_of(collection: Path, docids: Sequence[str]) -> dict[str, str]:
    """The text of every document."""
    path = collection / "documents.parquet"
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected the documents, docid and text, as parquet")
    frame = pd.read_parquet(path, columns=["docid", "text"])
    texts = dict(zip(frame["docid"], frame["text"], strict=True))
    missing = [docid for docid in docids if docid not in texts]
    if missing:
        raise UserError(
            f"{path}: lacks {len(missing)} of the checkpoint's {len(docids)} documents, for example "
            f"{missing[0]!r}; expected the collection that it was trained on (--collection)"
        )
    return texts


def open_index(collection: Path, k1: float, b: float) -> Search:
    manifest = collection / "index" / "manifest.json"
    if not manifest.is_file():
        raise UserError(
            f"{manifest}: no such file, so no BM25; expected the collection's index, for example from "
            f"snakemake --cores 1 {manifest}"
        )
    try:
        return bm25_search(verified_index(manifest), k1, b)
    except LuceneError as error:
        raise UserError(str(error)) from error


def queries(query: str) -> Iterator[str]:
    """The query, or those of standard input as they come; empty lines are passed over."""
    if query != "-":
        if not query.strip():
            raise UserError('query: found no text, expected some, for example "rotate an array"')
        yield query
        return
    found = False
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise UserError(
                f"standard input, line {number}: found {line[:40]!r}, expected UTF-8 text, for example from "
                "iconv -f latin1 -t utf8"
            ) from error
        if text:
            found = True
            yield text
    if not found:
        raise UserError("standard input: found no query, expected one a line")


def print_json(query: str, lists: Mapping[str, list[Hit]], texts: Mapping[str, str], k: int) -> None:
    def described(hit: Hit) -> dict[str, Any]:
        return {**hit._asdict(), "text": texts.get(hit.docid) if hit.exists else None}

    found = {name.lower(): [described(hit) for hit in hits[:k]] for name, hits in lists.items()}
    print(json.dumps({"query": query, **found}, ensure_ascii=False), flush=True)


def print_lists(query: str, lists: Mapping[str, list[Hit]], texts: Mapping[str, str], k: int) -> None:
    print(f"query: {query}")
    for name, hits in lists.items():
        if len(lists) > 1:
            print(f"\n{name}")
        others = {other: found for other, found in lists.items() if other != name}
        print("\n".join(table(hits[:k], others, texts)), flush=True)
    print(flush=True)


def table(hits: Sequence[Hit], others: Mapping[str, list[Hit]], texts: Mapping[str, str]) -> list[str]:
    """Lines of rank, score, docid, rank in the other lists, text; cut to the terminal's width."""
    if not hits:
        return ["  found nothing"]
    ranks = {name: {hit.docid: str(hit.rank) for hit in found} for name, found in others.items()}
    rows = [["rank", "score", "docid", *others, "text"]]
    for hit in hits:
        score = "-" if hit.score is None else f"{hit.score:.4f}"
        text = " ".join(texts[hit.docid].split()) if hit.exists else "(no such document)"
        places = [ranks[name].get(hit.docid, "-") for name in others]
        rows.append([str(hit.rank), score, hit.docid, *places, text])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    room = max(shutil.get_terminal_size((120, 24)).columns - sum(widths) - 2 * len(widths), NARROWEST)
    docid = rows[0].index("docid")
    return [
        "  ".join(
            [
                *(
                    cell.ljust(width) if column == docid else cell.rjust(width)
                    for column, (cell, width) in enumerate(zip(row, widths, strict=False))
                ),
                row[-1] if len(row[-1]) <= room else f"{row[-1][: room - 1]}…",
            ]
        )
        for row in rows
    ]


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)  # the answer alone: `run` would log its start and end
    run(main)
