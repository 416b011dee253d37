"""Build a Lucene index over a collection's documents, and a manifest of its files.

    python scripts build_index --documents results/collection/documents.parquet \\
        --manifest results/collection/index/manifest.json

The index is the manifest's folder.
"""

import logging
import shutil
from pathlib import Path

import pandas as pd

from dsi.base.command import command_parser, run
from dsi.base.files import write_json
from dsi.bm25.lucene import build_index, index_manifest

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--manifest", type=Path, required=True, help="JSON to write")
    arguments = parser.parse_args()

    folder = arguments.manifest.parent
    documents = pd.read_parquet(arguments.documents)
    building = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    build_index(documents, building)
    manifest = index_manifest(building)
    write_json(manifest, building / arguments.manifest.name)
    # As a whole and last: a killed build leaves no half index behind.
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    logger.info("indexed %d documents in %d files", len(documents), len(manifest["files"]))


if __name__ == "__main__":
    run(main)
