"""Make queries and judgements of a collection, from files, downloads or names that a package knows.

    python scripts collect_topics --documents results/cacm/collection/documents.parquet \\
        --queries '{"topics": {"path": "topics.tsv"}, "qrels": {"path": "qrels.txt"}, "split":
            {"method": "permutation", "train": 0, "validation": 0, "test": 1, "seed": 42}}' \\
        --cache results/cacm/downloads --output results/cacm/collection

Instead of topics, qrels and split: splits, as {"train": {"topics": …, "qrels": …}, "test": …}. Each
source is a path, a url with sha256 or md5 and, if known, the size in bytes, a name of Pyserini's
({"pyserini": "msmarco-passage-dev-subset"}) or an id of ir_datasets ({"ir_datasets": "beir/nfcorpus/test"}).
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import write_parquet
from dsi.base.lines import FileFormatError
from dsi.collection.datasets import CatalogueError
from dsi.collection.download import DownloadError
from dsi.collection.sources import described, qrels_of, topics_of
from dsi.collection.splits import SPLITS, SplitError, SplitMethod, published_splits, split_queries

logger = logging.getLogger(__name__)


class Judged(NamedTuple):
    """Queries with their split, judgements, and where the judgements come from."""

    queries: pd.DataFrame
    qrels: pd.DataFrame
    origin: str


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument(
        "--queries", type=json_object, required=True, help="topics, qrels and split, or splits, as JSON"
    )
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps downloads")
    parser.add_argument("--output", type=Path, required=True, help="folder for the parquet files")
    arguments = parser.parse_args()

    read = published if "splits" in arguments.queries else divided
    try:
        queries, qrels, origin = read(arguments.queries, arguments.cache)
    except (DownloadError, FileFormatError, OSError, CatalogueError, SplitError) as error:
        raise UserError(str(error)) from error
    check_documents(qrels, pd.read_parquet(arguments.documents, columns=["docid"]), origin)
    logger.info(
        "%d queries %s, %d of them judged; %d judgements",
        len(queries),
        queries["split"].value_counts().to_dict(),
        queries["qid"].isin(qrels["qid"]).sum(),
        len(qrels),
    )
    write_parquet(queries, arguments.output / "queries.parquet")
    write_parquet(qrels.sort_values(["qid", "docid"], ignore_index=True), arguments.output / "qrels.parquet")


def divided(sources: Mapping[str, Any], cache: Path) -> Judged:
    """Queries of one source, divided at random."""
    topics, qrels = topics_of(sources["topics"], cache), qrels_of(sources["qrels"], cache)
    origin = described(sources["qrels"])
    check_judged(topics, qrels, origin)
    split = sources["split"]
    fractions = {name: split[name] for name in SPLITS}
    return Judged(
        split_queries(topics, fractions, split["seed"], SplitMethod(split["method"])), qrels, origin
    )


def published(sources: Mapping[str, Any], cache: Path) -> Judged:
    """Queries of published splits.

    Of a split's judgements those of its own topics count, so that all splits may name one file of them.
    """
    topics, qrels = {}, []
    for name, split in sources["splits"].items():
        topics[name] = topics_of(split["topics"], cache)
        judgements = qrels_of(split["qrels"], cache)
        check_judged(topics[name], judgements, described(split["qrels"]))
        qrels.append(judgements[judgements["qid"].isin(topics[name]["qid"])])
    origin = ", ".join(sorted({described(split["qrels"]) for split in sources["splits"].values()}))
    return Judged(published_splits(topics), pd.concat(qrels, ignore_index=True), origin)


def check_judged(topics: pd.DataFrame, qrels: pd.DataFrame, origin: str) -> None:
    """Refuse judgements of other topics."""
    if not topics["qid"].isin(qrels["qid"]).any():
        raise UserError(
            f"{origin}: none of the {len(topics)} topics is judged (the first topic is "
            f"{topics['qid'].iloc[0]!r}, the first judged one {qrels['qid'].iloc[0]!r}); expected judgements "
            "of these topics"
        )


def check_documents(qrels: pd.DataFrame, documents: pd.DataFrame, origin: str) -> None:
    """Report judgements of documents that the collection lacks; refuse qrels of another collection.

    Such judgements stay: trec_eval counts their documents as relevant and never retrieved.

    Args:
        origin: where the judgements come from, for messages.
    """
    absent = qrels[~qrels["docid"].isin(documents["docid"])]
    if len(absent) == len(qrels):
        raise UserError(
            f"{origin}: none of the {qrels['docid'].nunique()} judged documents is in the collection "
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
