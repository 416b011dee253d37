"""The explorer as one HTML file: page, style, scripts, libraries with their licences, data.

It loads nothing: the policy in its head allows scripts that have the digests of those below, no requests
and no markup with handlers, wherever a text may come from.
"""

import base64
import hashlib
import html
import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
ASSETS, PAGE = HERE / "assets", HERE / "page"
STYLES = (ASSETS / "tabulator_simple.min.css", ASSETS / "uPlot.min.css", PAGE / "explorer.css")
LIBRARIES = (ASSETS / "tabulator.min.js", ASSETS / "uPlot.iife.min.js")
# In the order in which they use each other; together one script.
SCRIPTS = tuple(PAGE / f"{name}.js" for name in ("data", "view", "rows", "table", "lists", "figure", "main"))
_SOURCE_MAP = re.compile(r"(?://#|/\*#) sourceMappingURL=\S+(?: \*/)?\s*$")


def explorer_page(data: str, title: str) -> str:
    """The page.

    Args:
        data: JSON without `<`, as dsi.report.explorer.data gives it.
        title: plain text.
    """
    scripts = [*map(_library, LIBRARIES), _own_script()]
    digests = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    parts = {
        "TITLE": html.escape(title),
        "POLICY": f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {digests}",
        "STYLES": "\n".join(f"<style>\n{_library(path)}\n</style>" for path in STYLES),
        "DATA": data,
        "SCRIPTS": "\n".join(f"<script>{script}</script>" for script in scripts),
        "LICENCES": html.escape(licences()),
    }
    template = (PAGE / "explorer.html").read_text(encoding="utf-8")
    # In one pass: what is put in is not searched.
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda found: parts[found[1]], template)


def licences() -> str:
    """Names, versions and licence texts of the libraries that the page holds."""
    sources = json.loads((ASSETS / "sources.json").read_text(encoding="utf-8"))
    return "\n\n".join(
        f"{name} {source['version']}\n\n{(ASSETS / source['licence']).read_text(encoding='utf-8').strip()}"
        for name, source in sources.items()
    )


def _library(path: Path) -> str:
    """A file without the address of its source map, which a browser's tools would fetch."""
    return _SOURCE_MAP.sub("", path.read_text(encoding="utf-8"))


def _own_script() -> str:
    bodies = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    return f'(() => {{\n"use strict";\n{bodies}}})();'


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
