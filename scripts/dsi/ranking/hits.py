"""Answers to queries as text for a terminal or as JSON."""

import json
import shutil
from collections.abc import Mapping, Sequence

from dsi.ranking.search import Answer, Hit

NARROWEST = 30  # characters of a text, however narrow the terminal


def as_json(answer: Answer, texts: Mapping[str, str] | None) -> str:
    """One line: query, and by system its hits with rank, score, docid, exists and text (null if invented).

    Args:
        texts: None to leave them out.
    """
    lists = {
        name.lower(): [
            hit._asdict()
            if texts is None
            else {**hit._asdict(), "text": texts.get(hit.docid) if hit.exists else None}
            for hit in hits[: answer.k]
        ]
        for name, hits in answer.lists.items()
    }
    return json.dumps({"query": answer.query, **lists}, ensure_ascii=False)


def as_text(answer: Answer, texts: Mapping[str, str] | None) -> str:
    """The query and a table for each system; with several, each table has the ranks in the others."""
    lines = [f"query: {answer.query}"]
    for name, hits in answer.lists.items():
        if len(answer.lists) > 1:
            lines += ["", name]
        others = {other: found for other, found in answer.lists.items() if other != name}
        lines += table(hits[: answer.k], others, texts)
    return "\n".join([*lines, ""])


def table(
    hits: Sequence[Hit], others: Mapping[str, Sequence[Hit]], texts: Mapping[str, str] | None
) -> list[str]:
    """Lines of rank, score, docid, rank in the other lists, text; cut to the terminal's width."""
    if not hits:
        return ["  found nothing"]
    ranks = {name: {hit.docid: str(hit.rank) for hit in found} for name, found in others.items()}
    rows = [["rank", "score", "docid", *others, "" if texts is None else "text"]]
    for hit in hits:
        score = "-" if hit.score is None else f"{hit.score:.4f}"
        text = _text(texts, hit.docid) if hit.exists else "(no such document)"
        places = [ranks[name].get(hit.docid, "-") for name in others]
        rows.append([str(hit.rank), score, hit.docid, *places, text])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    room = max(shutil.get_terminal_size((120, 24)).columns - sum(widths) - 2 * len(widths), NARROWEST)
    return [_line(row, widths, room) for row in rows]


def _text(texts: Mapping[str, str] | None, docid: str) -> str:
    return "" if texts is None else " ".join(texts[docid].split())


def _line(row: Sequence[str], widths: Sequence[int], room: int) -> str:
    """A row: docids, the third column, to the left, other columns to the right, the text cut to its room."""
    *cells, text = row
    padded = [
        cell.ljust(width) if column == 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join([*padded, text if len(text) <= room else f"{text[: room - 1]}…"]).rstrip()
