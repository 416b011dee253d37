"""Make queries and judgements of a collection, from files, downloads or names that a package knows.

    python scripts collect_topics --documents results/cacm/collection/documents.parquet \\
        --queries '{"topics": {"path": "topics.tsv"}, "qrels": {"path": "qrels.txt"}, "split":
            {"method": "permutation", "train": 0, "validation": 0, "test": 1, "seed": 42}}' \\
        --cache results/cacm/downloads --output results/cacm/collection

Instead of topics, qrels and split: splits, as {"train": {"topics": …, "qrels": …}, "test": …}; or corpus and
split, where the corpus has queries_from (see collect_files). A table with a header has "columns": of topics
{"id": "qid", "text": ["query"]}, of judgements {"query": …, "document": …, "grade": …}. Beside them:
relevance, the lowest relevant grade (1), or one for each split, which some judgement must reach; and
withhold, as {"documents": 0.5, "seed": 1}: that share of the documents loses its training judgements.
Each source is a path, a url with sha256 or md5 and, if known, the size in bytes, a name of Pyserini's
({"pyserini": "msmarco-passage-dev-subset"}) or an id of ir_datasets ({"ir_datasets": "beir/nfcorpus/test"}).
"""

import logging
from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import write_parquet
from dsi.base.lines import FileFormatError
from dsi.collection.datasets import CatalogueError
from dsi.collection.judged_queries import JudgementError, check_documents, check_relevant, judged_queries
from dsi.collection.splits import SplitError
from dsi.collection.verification import DownloadError
from dsi.collection.withholding import without_withheld

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """Where queries and judgements come from, whose documents they are about, and the folders."""

    queries: dict[str, Any]
    documents: Path
    cache: Path
    output: Path


def main() -> None:
    options = parse_options()
    try:
        judged = judged_queries(options.queries, options.cache)
        docids = read_frame(options.documents, columns=["docid"])["docid"]
        check_documents(judged.qrels, docids, judged.origin)
        relevance = options.queries.get("relevance", 1)
        check_relevant(judged, relevance, docids)
        if withhold := options.queries.get("withhold"):
            judged = without_withheld(judged, relevance, withhold["documents"], withhold["seed"])
    except (DownloadError, FileFormatError, OSError, CatalogueError, SplitError, JudgementError) as error:
        raise UserError(str(error)) from error
    queries, qrels, _ = judged
    logger.info(
        "%d queries %s, %d of them judged; %d judgements",
        len(queries),
        queries["split"].value_counts().to_dict(),
        queries["qid"].isin(qrels["qid"]).sum(),
        len(qrels),
    )
    write_parquet(queries, options.output / "queries.parquet")
    write_parquet(qrels.sort_values(["qid", "docid"], ignore_index=True), options.output / "qrels.parquet")


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument(
        "--queries", type=json_object, required=True, help="topics, qrels and split, or splits, as JSON"
    )
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps downloads")
    parser.add_argument("--output", type=Path, required=True, help="folder for the parquet files")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
