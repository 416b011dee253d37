"""Put an existing Lucene index in place, with a manifest of its files as of a built one.

    python scripts fetch_index --url https://example.org/lucene-index.tar.gz --sha256 4fbb27dfc65b… \\
        --cache results/downloads --manifest results/collection/index/manifest.json

The index is the manifest's folder. Instead of a URL: a local folder or archive, or the name of one of
Pyserini's prebuilt indexes. An archive is verified before it is unpacked, and kept in the cache.
"""

import difflib
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import write_json
from dsi.bm25.lucene import MANIFEST, index_manifest, start_jvm
from dsi.collection.archives import unpack
from dsi.collection.download import DownloadError, Source, cache_path, download, verify

KEYS = ("path", "url", "size", "sha256", "md5", "prebuilt")

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument(
        "--source", type=json_object, default={}, help=f"JSON with some of {', '.join(KEYS)}, as in a config"
    )
    parser.add_argument("--local", dest="path", help="folder or archive here; preferred to a URL")
    parser.add_argument("--url", help="archive to download")
    parser.add_argument("--size", type=int, help="bytes of the archive")
    parser.add_argument("--sha256", help="digest of the archive, hex")
    parser.add_argument("--md5", help="digest of the archive where no SHA-256 is published, hex")
    parser.add_argument("--prebuilt", help="a name of Pyserini's, e.g. msmarco-v1-passage")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps archives")
    parser.add_argument("--manifest", type=Path, required=True, help="JSON to write")
    arguments = parser.parse_args()

    given = {key: getattr(arguments, key) for key in KEYS if getattr(arguments, key) is not None}
    folder = arguments.manifest.parent
    building = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    try:
        place(arguments.source | given, arguments.cache, building)
        check_index(building)
        (building / "write.lock").unlink(missing_ok=True)
        manifest = index_manifest(building)
        write_json(manifest, building / arguments.manifest.name)
        # As a whole and last: a killed fetch leaves no half index behind.
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    except (DownloadError, OSError) as error:
        raise UserError(str(error)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    logger.info("%s: an index of %d files", folder, len(manifest["files"]))


def place(source: Mapping[str, Any], cache: Path, folder: Path) -> None:
    """Copy or unpack the index that a source names into a new folder."""
    if "path" in source:
        place_local(Path(source["path"]), source, folder)
    elif "url" in source:
        unpack(fetched([stated(source["url"], source)], cache), folder)
    elif "prebuilt" in source:
        unpack(fetched(prebuilt_sources(source["prebuilt"]), cache), folder)
    else:
        raise UserError(
            f"found {dict(source)!r}, expected a path, url or prebuilt, for example "
            "--prebuilt msmarco-v1-passage"
        )


def place_local(path: Path, source: Mapping[str, Any], folder: Path) -> None:
    """Copy a folder's files without their permissions; unpack an archive, verified if a digest is stated."""
    if path.is_dir():
        check_index(path)
        folder.mkdir(parents=True)
        for file in path.iterdir():
            if file.name not in ("write.lock", MANIFEST):
                shutil.copyfile(file, folder / file.name)
    elif path.is_file():
        if {"sha256", "md5"} & set(source):
            verify(stated(str(path), source), path)
        unpack(path, folder)
    else:
        raise UserError(f"{path}: found nothing, expected the folder or archive of a Lucene index")


def stated(url: str, source: Mapping[str, Any]) -> Source:
    """The source with whatever is said of its size and digests."""
    return Source(url, source.get("size"), source.get("sha256"), source.get("md5"))


def fetched(sources: list[Source], cache: Path) -> Path:
    """The archive from the first of its sources that gives it."""
    errors = []
    for source in sources:
        try:
            return download(source, cache_path(source, cache))
        except DownloadError as error:
            logger.warning("%s", error)
            errors.append(str(error))
    raise UserError("\n".join(errors))


def prebuilt_sources(name: str) -> list[Source]:
    """Where Pyserini's own metadata finds an index: one source for each of its addresses.

    The metadata is partly Anserini's, so reading it starts the JVM.
    """
    start_jvm()
    from pyserini.prebuilt_index_info import TF_INDEX_INFO

    if name not in TF_INDEX_INFO:
        near = difflib.get_close_matches(name, TF_INDEX_INFO) or ["msmarco-v1-passage", "cacm"]
        raise UserError(
            f"found no prebuilt index {name!r} in Pyserini, expected one of its {len(TF_INDEX_INFO)} names, "
            f"for example {', '.join(near)}"
        )
    known = TF_INDEX_INFO[name]
    return [Source(url, int(known["size compressed (bytes)"]), None, known["md5"]) for url in known["urls"]]


def check_index(folder: Path) -> None:
    """Require the files of a Lucene index and nothing that a manifest cannot hold."""
    names = sorted(path.name for path in folder.iterdir())
    folders = [path.name for path in folder.iterdir() if not path.is_file()]
    if folders or not any(name.startswith("segments_") for name in names):
        raise UserError(
            f"found {', '.join(folders or names)[:200] or 'nothing'} where the index should be, expected the "
            "files of one Lucene index, segments_1 or the like among them, and no folders"
        )


if __name__ == "__main__":
    run(main)
