"""The page as a file: all in one, with the licences of what it holds, and a policy that refuses the rest."""

import base64
import gzip
import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dsi.report.explorer.document import ASSETS, LIBRARIES, PAGE, SCRIPTS, STYLES, explorer_page, licences
from tests.report.explorer.studies import options, write_study

Command = Callable[..., subprocess.CompletedProcess[str]]
SOURCES = json.loads((ASSETS / "sources.json").read_text())
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@pytest.fixture(scope="module")
def page() -> str:
    return explorer_page('{"name":"{{TITLE}}"}', "A & <b>")


def test_libraries_are_the_published_files() -> None:
    """A changed byte, a file without source, or one that is not there, is told."""
    recorded = {name: digest for source in SOURCES.values() for name, digest in source["files"].items()}
    files = [path for path in ASSETS.iterdir() if path.name != "sources.json"]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == recorded
    assert {path.name for path in (*LIBRARIES, *STYLES[:2])} < set(recorded)


@pytest.mark.parametrize(("name", "script"), [("tabulator", LIBRARIES[0]), ("uPlot", LIBRARIES[1])])
def test_versions_are_those_that_the_files_name(name: str, script: Path) -> None:
    assert f"v{SOURCES[name]['version']}" in script.read_text(encoding="utf-8")[:100]


def test_licences_stand_in_the_page(page: str) -> None:
    assert "Copyright (c) 2015-2026 Oli Folkerd" in licences()
    assert "Copyright (c) 2022 Leon Sorokin" in licences()
    assert page.count("Permission is hereby granted, free of charge") == 2


def test_every_file_of_the_page_is_in_it(page: str) -> None:
    assert {path.name for path in PAGE.iterdir()} == {
        "explorer.html",
        "explorer.css",
        *(path.name for path in SCRIPTS),
    }
    assert all(path.read_text(encoding="utf-8") in page for path in SCRIPTS)


def test_scripts_of_the_page_keep_to_the_limits_of_the_project() -> None:
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in SCRIPTS}
    assert not [path.name for path, text in lines.items() if len(text) > 300]
    assert not [line for text in lines.values() for line in text if len(line) > 110]


def test_nothing_is_loaded(page: str) -> None:
    assert not re.findall(r"<(?:script|img|iframe|link)[^>]*(?:src|href)=(?!\"data:,\")", page)
    assert "sourceMappingURL" not in page
    styles = "".join(path.read_text(encoding="utf-8") for path in STYLES)
    assert "@import" not in styles
    assert not re.findall(r"url\((?!data:)", styles)


def test_the_policy_allows_these_scripts_and_no_others(page: str) -> None:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert found
    policy = dict(rule.split(" ", 1) for rule in found[1].split("; "))
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in SCRIPT.findall(page)
    ]
    assert policy["default-src"] == "'none'"
    assert policy["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert len(digests) == 3


def test_title_and_data_are_put_in_as_they_are(page: str) -> None:
    assert page.count("A &amp; &lt;b&gt;") == 2
    assert '<script type="application/json" id="data">{"name":"{{TITLE}}"}</script>' in page


def test_every_label_has_its_control() -> None:
    html = (PAGE / "explorer.html").read_text()
    assert '<html lang="en">' in html
    ids = re.findall(r'id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', html)) <= set(ids)
    controls = len(re.findall(r"<(?:select|input)\b", html))
    assert len(re.findall(r"<label>[^\n]*<(?:select|input)\b", html)) == controls >= 10


def test_the_command_writes_the_page_with_the_same_bytes_each_time(tmp_path: Path, command: Command) -> None:
    results = write_study(tmp_path / "results", seeds=(1,))
    pages = [tmp_path / f"{number}.html" for number in (1, 2)]
    for page in pages:
        done = command("make_explorer", *options(results, page))
        assert done.returncode == 0, done.stderr
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert "<title>Explorer: toy &lt;collection&gt;</title>" in pages[0].read_text(encoding="utf-8")


def test_the_command_names_what_is_missing(tmp_path: Path, command: Command) -> None:
    results = write_study(tmp_path / "results", seeds=(1,), arms=("bm25",))
    run = results / "runs/bm25.trec.gz"
    run.write_bytes(gzip.compress(b"qa Q0 d01 1\n"))
    done = command("make_explorer", *options(results, tmp_path / "page.html"))
    assert done.returncode == 1
    assert f"error: {run}: not a TREC run (" in done.stderr
    assert not (tmp_path / "page.html").exists()
