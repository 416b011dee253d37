"""Build a Lucene index over a collection's documents, and a manifest of its files.

    python scripts build_index --documents results/collection/documents.parquet \\
        --manifest results/collection/index/manifest.json

The index is the manifest's folder.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.bm25.lucene import ENGLISH, LuceneError
from dsi.collection.index_folder import make_index


class Options(NamedTuple):
    """What to index, by which analyser, and the manifest to write."""

    documents: Path
    language: str
    manifest: Path


def main() -> None:
    options = parse_options()
    try:
        make_index(read_frame(options.documents), options.manifest, options.language)
    except LuceneError as error:
        raise UserError(str(error)) from error


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--language", default=ENGLISH, help="of Anserini's analyser (%(default)s), e.g. zh")
    parser.add_argument("--manifest", type=Path, required=True, help="JSON to write")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
