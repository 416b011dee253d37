"""docs/results/claims.md quotes what it accounts for: each quotation stands in its page, word for word."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "results" / "claims.md"
SECTION = re.compile(r"^## \[[^\]]+\]\(([^)]+)\)$", re.MULTILINE)
ROW = re.compile(r"^\| \"([^\"]+)\" \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def plain(text: str) -> str:
    """Without emphasis, and on one line."""
    return " ".join(text.replace("*", "").split())


def sections() -> list[tuple[Path, str]]:
    """The page that each section is about, and the section."""
    _, *parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    return [(PAGE.parent / page, body) for page, body in zip(parts[::2], parts[1::2], strict=True)]


def test_each_claim_stands_in_its_page_as_quoted() -> None:
    missing = [
        f"{page.name}: {quoted}"
        for page, body in sections()
        for quoted, _, _ in ROW.findall(body)
        if plain(quoted) not in plain(page.read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_each_page_of_results_is_accounted_for() -> None:
    accounted = {page.resolve() for page, body in sections() if ROW.search(body)}
    assert accounted == {PAGE.parents[2] / "README.md", *PAGE.parent.glob("*.md")} - {PAGE}


def test_each_claim_has_numbers_and_a_source() -> None:
    for _, body in sections():
        rows = [line for line in body.splitlines() if line.startswith('| "')]
        assert len(rows) == len(ROW.findall(body))
        assert all(re.search(r"\d", found) and source.strip() for _, found, source in ROW.findall(body))
