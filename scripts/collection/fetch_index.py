"""Put an existing Lucene index in place, with a manifest of its files as of a built one.

The index is the manifest's folder. Instead of a URL: a local folder or archive, or the name of one of
Pyserini's prebuilt indexes. An archive is verified before it is unpacked, and kept in the cache.

Examples:
    python scripts fetch_index --local results/collection/index --cache results/downloads \\
        --manifest results/trial/index/manifest.json
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.collection.index_folder import IndexSource, fetch_index
from dsi.collection.verification import DownloadError


class Options(NamedTuple):
    """Which index, where its archive is kept, and the manifest to write."""

    source: IndexSource
    cache: Path
    manifest: Path


def main() -> None:
    options = parse_options()
    try:
        fetch_index(options.source, options.cache, options.manifest)
    except (DownloadError, OSError) as error:
        raise UserError(str(error)) from error


def parse_options() -> Options:
    keys = IndexSource._fields
    parser = command_parser(__doc__)
    parser.add_argument(
        "--source", type=json_object, default={}, help=f"JSON with some of {', '.join(keys)}, as in a config"
    )
    parser.add_argument("--local", dest="path", help="folder or archive here; preferred to a URL")
    parser.add_argument("--url", help="archive to download")
    parser.add_argument("--size", type=int, help="bytes of the archive")
    parser.add_argument("--sha256", help="digest of the archive, hex")
    parser.add_argument("--md5", help="digest of the archive where no SHA-256 is published, hex")
    parser.add_argument("--prebuilt", help="a name of Pyserini's, e.g. msmarco-v1-passage")
    parser.add_argument("--language", help="of the analyser that made it; without: English (en)")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps archives")
    parser.add_argument("--manifest", type=Path, required=True, help="JSON to write")
    found = vars(parser.parse_args())
    given = {key: found[key] for key in keys if found[key] is not None}
    return Options(IndexSource.of(found["source"] | given), found["cache"], found["manifest"])


if __name__ == "__main__":
    run(main)
