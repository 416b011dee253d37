"""The text of a document that an index keeps in its raw form."""

import json
import re


def raw_text(raw: str) -> str:
    """Of JSON its texts, of anything else what is not markup."""
    return _json_text(raw) or re.sub(r"<[^>]+>", " ", raw)


def _json_text(raw: str) -> str:
    """Contents, or title and text, of a document that Anserini read as JSON; empty if it is none."""
    try:
        record = json.loads(raw)
    except json.JSONDecodeError:
        return ""
    if not isinstance(record, dict):
        return ""
    keys = ("contents",) if "contents" in record else ("title", "text")
    return " ".join(record[key] for key in keys if isinstance(record.get(key), str) and record[key])
