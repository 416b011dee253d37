"""Writes generated documents, for the docs/write_….py that make their texts."""

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write_pages(texts: Mapping[Path, str]) -> None:
    """Write each text, and say its path."""
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
