"""Build a Lucene index over a collection's documents, and a manifest of its files.

    python scripts build_index --documents results/collection/documents.parquet \\
        --manifest results/collection/index/manifest.json

The index is the manifest's folder.
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.command import command_parser, run
from dsi.collection.index_folder import make_index


class Options(NamedTuple):
    """What to index, and the manifest to write."""

    documents: Path
    manifest: Path


def main() -> None:
    options = parse_options()
    make_index(pd.read_parquet(options.documents), options.manifest)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--manifest", type=Path, required=True, help="JSON to write")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
