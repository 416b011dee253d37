"""Make the embedded collection from the docstrings of installed packages.

Examples:
    python scripts collect_pydocs --packages networkx --output results/trial/collection \\
        --split '{"method": "permutation", "train": 0.7, "validation": 0.1, "test": 0.2, "seed": 42}'
"""

import logging
from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import write_parquet
from dsi.collection.docstrings import UnknownPackageError, package_version, read_packages
from dsi.collection.known_items import from_docstrings, log_collection
from dsi.collection.splits import RandomSplit, SplitError, check_tested
from dsi.collection.usable_texts import WordlessError, check_words

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """Which packages, how queries are divided, and the folder to write to."""

    packages: list[str]
    split: RandomSplit
    output: Path


def main() -> None:
    options = parse_options()
    try:
        for package in options.packages:
            logger.info("reading %s %s", package, package_version(package))
        collection = from_docstrings(read_packages(options.packages), options.split)
        check_tested(collection.queries)
        check_words(collection.documents, " and ".join(options.packages))
    except (UnknownPackageError, SplitError, WordlessError) as error:
        raise UserError(str(error)) from error
    log_collection(collection)
    for name, frame in collection._asdict().items():
        write_parquet(frame, options.output / f"{name}.parquet")


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--packages", nargs="+", required=True, help="names of installed packages")
    parser.add_argument(
        "--split", type=json_object, required=True, help="method, fractions and seed, as JSON"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the parquet files")
    found = parser.parse_args()
    return Options(found.packages, RandomSplit.of(found.split), found.output)


if __name__ == "__main__":
    run(main)
