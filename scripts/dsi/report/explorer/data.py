"""The explorer's data as JSON: every text once, documents by their number.

name, top, split, measures    of the study; top is the length of the lists
arms        by name: words, legend, meaning, colour
queries     qid, text, relevant: numbers of documents
documents   docid, text: the first characters, null of a docid that no document has
systems     the fields of System, slug, run, evaluate, make, means (by measure), and for each query in
            order values (by measure), first (rank of the first relevant document, 0: none), lists
points      the fields of Point, those of its system among them
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.artefacts import read_frame
from dsi.evaluation.measures import MEASURES as KNOWN_MEASURES
from dsi.report.explorer.frontier import Point
from dsi.report.explorer.rankings import ARMS, MEASURES, SPLIT, TOP, Query, Ranked
from dsi.report.figures.colours import COLOURS
from dsi.report.number_commands import number_commands
from dsi.systems import ARMS as WORDS
from dsi.systems import System, spell_rate

CHARACTERS = 200  # of a document's text
DIGITS = 7  # of values of a query: two that differ stay different


class Shown(NamedTuple):
    """What the page is about; results: the study's folder."""

    name: str
    confidence: float
    results: Path


def explorer_data(
    shown: Shown, queries: Sequence[Query], ranked: Sequence[Ranked], points: Sequence[Point]
) -> str:
    """The data as one line of JSON that may stand in a <script>: `<` is escaped."""
    numbers = _numbers(queries, ranked)
    texts = _texts(shown.results / "collection", numbers)
    data = {
        "name": shown.name,
        "confidence": shown.confidence,
        "top": TOP,
        "split": SPLIT,
        "measures": {name: KNOWN_MEASURES[name].meaning for name in MEASURES},
        "arms": {name: WORDS[name]._asdict() | {"colour": COLOURS[name]} for name in ARMS},
        "queries": [
            {"qid": query.qid, "text": query.text, "relevant": [numbers[docid] for docid in query.relevant]}
            for query in queries
        ],
        "documents": [{"docid": docid, "text": texts.get(docid)} for docid in numbers],
        "systems": [_system(one, numbers, shown.results) for one in ranked],
        "points": [_point(point) for point in points],
    }
    line = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return line.replace("<", "\\u003c")


def _numbers(queries: Iterable[Query], ranked: Iterable[Ranked]) -> dict[str, int]:
    """docid → number, of the documents that are shown anywhere, in the order of their docids."""
    shown = {docid for one in ranked for docids in one.lists for docid in docids}
    shown.update(docid for query in queries for docid in query.relevant)
    return {docid: number for number, docid in enumerate(sorted(shown))}


def _texts(collection: Path, numbers: Mapping[str, int]) -> dict[str, str]:
    """docid → the beginning of its text, in one line."""
    documents = read_frame(collection / "documents.parquet", columns=["docid", "text"])
    documents = documents[documents["docid"].isin(list(numbers))]
    pairs = zip(documents["docid"], documents["text"], strict=True)
    return {str(docid): _beginning(str(text)) for docid, text in pairs}


def _beginning(text: str) -> str:
    line = " ".join(text[: 4 * CHARACTERS].split())
    return line if len(line) <= CHARACTERS else f"{line[:CHARACTERS].rstrip()}…"


def _system(one: Ranked, numbers: Mapping[str, int], results: Path) -> dict[str, Any]:
    commands = number_commands(one.report, SPLIT, results)
    return {
        **_fields(one.system),
        "slug": one.system.slug,
        "run": commands.run,
        "evaluate": commands.evaluate,
        "make": commands.make,
        "means": {measure: one.report.measures[SPLIT][measure] for measure in MEASURES},
        "values": {name: [round(value, DIGITS) for value in values] for name, values in one.values.items()},
        "first": one.first,
        "lists": [[numbers[docid] for docid in docids] for docids in one.lists],
    }


def _point(point: Point) -> dict[str, Any]:
    return {**_fields(point.system), **point._asdict() | {"system": point.system.words}}


def _fields(system: System) -> dict[str, Any]:
    """The fields, the rate as it is spelled: the page compares rates by their names."""
    return system._asdict() | {"rate": None if system.rate is None else spell_rate(system.rate)}
