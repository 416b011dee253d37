"""Make the embedded collection from the docstrings of installed packages.

    python scripts collect_pydocs --packages networkx numpy \\
        --split '{"method": "permutation", "train": 0.7, "validation": 0.1, "test": 0.2, "seed": 42}' \\
        --output results/collection
"""

import logging
import random
from pathlib import Path

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import write_parquet
from dsi.collection.docstrings import UnknownPackageError, package_version, read_packages
from dsi.collection.splits import (
    SPLITS,
    Collection,
    SplitError,
    SplitMethod,
    from_docstrings,
    verbatim_elsewhere,
)

SHOWN_QUERIES = 10

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--packages", nargs="+", required=True, help="names of installed packages")
    parser.add_argument(
        "--split", type=json_object, required=True, help="method, fractions and seed, as JSON"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the parquet files")
    arguments = parser.parse_args()

    try:
        for package in arguments.packages:
            logger.info("reading %s %s", package, package_version(package))
        docstrings = read_packages(arguments.packages)
    except UnknownPackageError as error:
        raise UserError(str(error)) from error
    fractions = {name: arguments.split[name] for name in SPLITS}
    method = SplitMethod(arguments.split["method"])
    try:
        collection = from_docstrings(docstrings, fractions, arguments.split["seed"], method)
    except SplitError as error:
        raise UserError(str(error)) from error
    describe(collection)
    for name, frame in collection._asdict().items():
        write_parquet(frame, arguments.output / f"{name}.parquet")


def describe(collection: Collection) -> None:
    """Log what lets a reader judge whether retrieval means something on this collection."""
    queries, qrels = collection.queries, collection.qrels
    splits = queries["split"].value_counts().to_dict()
    logger.info(
        "%d documents, %d queries %s, %d judgements",
        len(collection.documents),
        len(queries),
        splits,
        len(qrels),
    )
    verbatim = verbatim_elsewhere(collection)
    logger.info("summary lines that occur verbatim in another document: %d", len(verbatim))
    texts = dict(zip(collection.documents["docid"], collection.documents["text"], strict=True))
    relevant = qrels.groupby("qid")["docid"].first().to_dict()
    for row in random.Random(0).sample(list(queries.itertuples()), min(SHOWN_QUERIES, len(queries))):
        docid = relevant[row.qid]
        start = " ".join(texts[docid].split())[:100]
        logger.info("query %s %r → %s: %s…", row.qid, row.text, docid, start)


if __name__ == "__main__":
    run(main)
