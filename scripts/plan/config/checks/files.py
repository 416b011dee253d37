"""Checks of files: their names, and of those that are here the first line.

Cheap, as this is done at every start: what is refused is a form that no reader of the project reads. The jobs
read the rest, and are the stricter ones.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dsi.base.lines import FileFormatError, read_lines
from dsi.collection.verification import LOCAL_HOSTS

Content = Literal["documents", "topics", "judgements", "generated queries"]

_EXPECTED: dict[Content, str] = {
    "documents": '`{"id": "d1", "contents": "…"}`, `{"_id": "d1", "title": "…", "text": "…"}` or '
    "`d1<TAB>text`",
    "topics": '`1<TAB>what is a graph`, TREC topics (`<top> …`) or `{"_id": "q1", "text": "…"}`',
    "judgements": "`1 0 CACM-1410 1` (TREC), or `query-id corpus-id score` under that header (BEIR)",
    "generated queries": '`{"id": "d1", "queries": ["…", "…"]}` or `d1<TAB>query`',
}


_URL = "https://example.org/topics.tsv"
_LOCAL = {("http", host) for host in LOCAL_HOSTS}

# What Snakemake fills in, in paths and settings of a rule: {wildcard} and <pathvar>; neither can be escaped.
_FILLED_IN = re.compile(r"\{\s*\w+\s*(?:,[^{}]*)?\}|<[a-z][a-z0-9_]*>")


def name_problems(key: str, name: str | None) -> Iterator[str]:
    """What is wrong with the name of a file, folder, url or model, if one is given."""
    found = _FILLED_IN.search(name or "")
    if found is not None:
        yield (
            f"{key}: found {name!r}, in which Snakemake would fill in {found[0]}; expected a name without "
            "such brackets, for example that of a link to it: data/corpus.jsonl"
        )


def url_problems(key: str, url: str | None) -> Iterator[str]:
    """What is wrong with an address to download from, if one is given."""
    yield from name_problems(key, url)
    try:
        parts = urlsplit(url or "")
    except ValueError as error:
        yield f"{key}: found {url!r}, which is no URL ({error}); expected one like {_URL}"
        return
    if parts.scheme not in ("", "file", "https") and (parts.scheme, parts.hostname) not in _LOCAL:
        yield (
            f"{key}: found {url!r}, expected https, as anyone on the way can change what comes else, for "
            f"example {_URL}"
        )


def file_problems(key: str, file: str, content: Content) -> Iterator[str]:
    """What is wrong with the beginning of a file, if anything.

    Args:
        key: where the configuration names it.
        file: its path; plain or gzipped.
    """
    expected = f"expected lines like {_EXPECTED[content]}"
    try:
        first = next((line.text for line in read_lines(Path(file)) if line.text.strip()), None)
    except (OSError, FileFormatError) as error:
        yield f"{key}: found {file!r}, which cannot be read ({error}); {expected}"
        return
    if first is None:
        yield f"{key}: found {file!r}, which is empty; {expected}"
    elif not _may_be(content, first):
        yield f"{key}: found {file!r}, which begins with `{first.strip()[:80]}`; {expected}"


def _may_be(content: Content, line: str) -> bool:
    """Whether a file that begins with this line may have such content."""
    if content == "judgements":
        return len(line.split()) in (3, 4)
    if line.lstrip().startswith("{"):
        return _is_json_object(line)
    return "\t" in line or (content == "topics" and line.lstrip().startswith("<"))


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
