"""The documentation as a site: `make docs` builds it from the Markdown of this project into site/.

Pages are the files as they are read in the repository. README.md is the start, and docs/navigation.md,
appended to it, orders the others. A link between them leads from page to page, a link to another file (a
study, the licence) to a copy of it. Nothing is loaded from elsewhere, and the search works from disk.
"""

import shutil
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent

project = "How far can a generative retriever be pruned?"
html_title = "Pruning generative retrievers"
root_doc = "README"
extensions = ["myst_parser"]
include_patterns = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs/**.md",
    "envs/README.md",
]
# What is in no page: folders that need not be searched, and what is appended to the start.
exclude_patterns = [
    *(path.name for path in HERE.parent.iterdir() if path.is_dir() and path.name not in ("docs", "envs")),
    "docs/navigation.md",
]

myst_heading_anchors = 6  # as in the repository: #a-measure
smartquotes = False
highlight_language = "none"  # of indented code, most of which is of the shell

html_theme = "furo"
html_static_path, html_css_files = ["site.css"], ["site.css"]
html_copy_source = False
html_show_copyright = False


def append_navigation(_: Sphinx, page: str, source: list[str]) -> None:
    """Put the order of the pages behind the text of the start."""
    if page == root_doc:
        source[0] += "\n" + (HERE / "navigation.md").read_text(encoding="utf-8")


def copy_start(app: Sphinx, error: Exception | None) -> None:
    """Give the start the name that a browser or a server of a folder looks for."""
    if error is None:
        shutil.copyfile(app.outdir / f"{root_doc}.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    app.connect("source-read", append_navigation)
    app.connect("build-finished", copy_start)
