"""The documentation as a site: no warning, every page, nothing from elsewhere, a search from disk."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report.explorer.browser import PROGRAM, Browser

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "envs").glob("*.md")])


class Loaded(HTMLParser):
    """What a browser loads with a page: addresses of scripts, styles, images and frames."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if name == "src" and value]
        self.addresses += [value for name, value in attrs if tag == "link" and name == "href" and value]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    # As `make docs` builds it: a dead link, a page that no other leads to, or a lost image is an error.
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-qW", "--keep-going", "-c", "docs", ".", str(folder)],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_document_is_a_page_and_the_start_is_the_readme(site: Path) -> None:
    pages = {path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html")}
    assert {path.relative_to(ROOT) for path in PAGES} - pages == {Path("docs/navigation.md")}
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()
    assert "<h1>How far can a generative retriever be pruned?<" in (site / "index.html").read_text(
        encoding="utf-8"
    )


def test_the_navigation_has_every_page_under_its_heading(site: Path) -> None:
    menu = (site / "index.html").read_text(encoding="utf-8").split('class="sidebar-tree"')[1]
    headings = re.findall(r'class="caption-text">([^<]+)<', menu)
    assert headings == ["How to", "Method", "Results", "Reference"]
    for page in (
        "docs/how-to/own-collection.md",
        "docs/method/verdict.md",
        "docs/results/claim.md",
        "docs/configuration.md",
    ):
        assert f'href="{Path(page).with_suffix(".html")}"' in menu


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = Loaded(page.read_text(encoding="utf-8")).addresses
        assert len(loaded) > 5
        assert [address for address in loaded if re.match(r"(\w+:)?//", address)] == [], page.name
    for style in site.rglob("*.css"):
        assert (
            re.findall(r"(?:@import|url\()\s*['\"]?(?:\w+:)?//[^)\s]*", style.read_text(encoding="utf-8"))
            == []
        )


@pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium here, which this test drives: apt-get install chromium"
)
def test_the_search_finds_a_page_from_disk(site: Path, tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    try:
        browser.send("Page.navigate", url=(site / "search.html").as_uri() + "?q=holm+equivalence")
        browser.wait_for("document.querySelectorAll('#search-results li a').length > 0")
        found = browser.run("[...document.querySelectorAll('#search-results li a')].map(link => link.href)")
        assert any("/method/verdict.html" in address for address in found)
        assert all(address.startswith(site.as_uri()) for address in [*found, *browser.requests()])
    finally:
        browser.close()
