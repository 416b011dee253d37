"""Make queries and judgements of a collection from topics and qrels, local or downloaded.

    python scripts/collect_topics.py --topics '{"path": "topics.tsv"}' --qrels '{"path": "qrels.txt"}' \\
        --documents results/cacm/collection/documents.parquet \\
        --split '{"train": 0, "validation": 0, "test": 1, "seed": 42}' \\
        --cache results/cacm/downloads --output results/cacm/collection

A source is a JSON object: a path, or a url with sha256 or md5 and, if known, the size in bytes.
"""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.collection import from_files
from dsi.command import UserError, json_object, run
from dsi.download import DownloadError, Source, cache_path, download
from dsi.files import write_parquet
from dsi.topics import TopicsError, read_qrels, read_topics

logger = logging.getLogger(__name__)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--topics", type=json_object, required=True, help="source of the queries")
    parser.add_argument("--qrels", type=json_object, required=True, help="source of the judgements")
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid")
    parser.add_argument("--split", type=json_object, required=True, help="fractions and seed, as JSON")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps downloads")
    parser.add_argument("--output", type=Path, required=True, help="folder for the parquet files")
    arguments = parser.parse_args()

    try:
        topics = read_topics(local_file(arguments.topics, arguments.cache))
        qrels_file = local_file(arguments.qrels, arguments.cache)
        qrels = read_qrels(qrels_file)
    except (DownloadError, TopicsError) as error:
        raise UserError(str(error)) from error
    check_documents(qrels, pd.read_parquet(arguments.documents, columns=["docid"]), qrels_file)
    fractions = {name: arguments.split[name] for name in ("train", "validation", "test")}
    queries, qrels = from_files(topics, qrels, fractions, arguments.split["seed"])
    judged = queries["qid"].isin(qrels["qid"]).sum()
    logger.info("%d queries, %d of them judged; %d judgements", len(queries), judged, len(qrels))
    write_parquet(queries, arguments.output / "queries.parquet")
    write_parquet(qrels, arguments.output / "qrels.parquet")


def local_file(source: Mapping[str, Any], cache: Path) -> Path:
    """The source's file: its path, or the verified download."""
    if "path" in source:
        return Path(source["path"])
    wanted = Source(source["url"], source.get("size"), source.get("sha256"), source.get("md5"))
    return download(wanted, cache_path(wanted, cache))


def check_documents(qrels: pd.DataFrame, documents: pd.DataFrame, qrels_file: Path) -> None:
    """Report judgements of documents that the collection lacks; refuse qrels of another collection.

    Such judgements stay: trec_eval counts their documents as relevant and never retrieved.
    """
    absent = qrels[~qrels["docid"].isin(documents["docid"])]
    if len(absent) == len(qrels):
        raise UserError(
            f"{qrels_file}: none of the {qrels['docid'].nunique()} judged documents is in the collection "
            f"(the first is {qrels['docid'].iloc[0]!r}, the collection's first "
            f"{documents['docid'].iloc[0]!r}); expected judgements of this collection"
        )
    if len(absent):
        logger.warning(
            "%d of %d judgements are of %d documents that the collection lacks, for example %s; they count "
            "as relevant and never retrieved",
            len(absent),
            len(qrels),
            absent["docid"].nunique(),
            absent["docid"].iloc[0],
        )


if __name__ == "__main__":
    run(main)
