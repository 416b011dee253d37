"""What the pinned packages are made of: the SHA-256 of their files, as the package index publishes them.

    .venv/bin/python envs/hashes.py                                     write hashes.txt; after pin.py
    .venv/bin/python envs/hashes.py --index https://pypi.org/simple     of another index

`make` installs what hashes.txt lists, and pip refuses a file that is none of these. Listed are the files
that pip could take for Python 3.11 and 3.12 on Linux and macOS. torch is not among them: under one version
it has a build for each kind of processor and card, from indices of their own.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

FOLDER = Path(__file__).resolve().parent
HEADER = "# Made by envs/hashes.py from envs/requirements.txt; do not edit."
INDEX = "https://pypi.org/simple"
FORM = "application/vnd.pypi.simple.v1+json"  # PEP 691
WITHOUT = ("torch",)
PYTHONS = ("py3", "py311", "py312", "cp311", "cp312")
SECONDS = 60


class HashError(Exception):
    """The index does not have what is pinned."""


def digests(files: Sequence[Mapping[str, Any]], version: str) -> list[str]:
    """The SHA-256 of the files of a version that pip may take here, sorted."""
    return sorted(
        file["hashes"]["sha256"]
        for file in files
        if not file.get("yanked") and _fits(file["filename"], Version(version))
    )


def _fits(filename: str, version: Version) -> bool:
    try:
        if not filename.endswith(".whl"):
            return parse_sdist_filename(filename)[1] == version
        _, found, _, tags = parse_wheel_filename(filename)
    except (InvalidSdistFilename, InvalidWheelFilename):  # eggs and installers, which pip does not take
        return False
    return found == version and any(
        (tag.interpreter in PYTHONS or tag.abi == "abi3") and not tag.platform.startswith("win")
        for tag in tags
    )


def pinned(text: str) -> Iterator[tuple[str, str]]:
    """Names and versions of requirements.txt, but for those without hashes."""
    for line in text.splitlines():
        name, found, version = line.partition("==")
        if found and name not in WITHOUT:
            yield name, version


def entry(name: str, version: str, index: str) -> str:
    """The lines of a package; HashError where the index has no file of the version."""
    request = urllib.request.Request(f"{index.rstrip('/')}/{name}/", headers={"Accept": FORM})
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        found = digests(json.load(answer)["files"], version)
    if not found:
        raise HashError(f"{name}: found no file of {version} in {index}; expected one that is not withdrawn")
    return " \\\n".join([f"{name}=={version}", *(f"    --hash=sha256:{digest}" for digest in found)])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--index", default=INDEX, help=f"(default {INDEX})")
    arguments = parser.parse_args()
    pins = list(pinned((FOLDER / "requirements.txt").read_text(encoding="utf-8")))
    try:
        with ThreadPoolExecutor(max_workers=8) as several:
            entries = list(several.map(lambda pin: entry(pin[0], pin[1], arguments.index), pins))
    except (HashError, urllib.error.URLError, json.JSONDecodeError) as error:
        sys.exit(f"error: {error}")
    (FOLDER / "hashes.txt").write_text("\n".join([HEADER, *entries]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
