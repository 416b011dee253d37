"""The documents: links lead somewhere, what they name is there, and lines fit a screen."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "envs").glob("*.md")],
    key=lambda path: path.relative_to(ROOT).parts,
)
# It tells of names that are no more.
HISTORY = ROOT / "CHANGELOG.md"
PRESENT = [path for path in DOCUMENTS if path != HISTORY]
SOURCES = [
    path
    for folder, suffixes in (
        (".", {".yaml"}),
        ("benchmarks", {".py"}),
        ("profiles", {".yaml"}),
        ("rules", {".smk"}),
        ("scripts", {".py"}),
        ("studies", {".yaml"}),
        ("tests", {".py"}),
    )
    for path in (ROOT.glob("*") if folder == "." else (ROOT / folder).rglob("*"))
    if path.suffix in suffixes and path != Path(__file__).resolve()
]
LONGEST = 120

LINK = re.compile(r"\]\(([^)\s]*)\)")
# A path of this project, whole, not the beginning of one with a placeholder (rules/<stage>.smk).
PATH = re.compile(
    r"(?<![\w./{}>-])((?:benchmarks|docs|envs|profiles|rules|scripts|studies|tests)/[\w./-]*\w)(?![\w<*{…]|/[<*{])"
)
COMMAND = re.compile(r"python scripts (\w+)")
TARGET = re.compile(r"(?:^    |`)make (\w+)", re.MULTILINE)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Number and text of the lines that are neither code nor a row of a table."""
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith(("    ", "|")):
            yield number, line


def anchors(text: str) -> set[str]:
    """The anchors that a page's headings give."""
    headings = [line.lstrip("#").strip() for _, line in prose(text) if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_documents_are_found() -> None:
    assert {"README.md", "docs/house.md", "docs/method/verdict.md", "envs/README.md"} <= set(
        map(name, DOCUMENTS)
    )
    assert len(SOURCES) > 100


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    lost = []
    for link in LINK.findall(read(document)):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        if not target.exists() or (anchor and anchor not in anchors(read(target))):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_lines_of_prose_fit_a_screen(document: Path) -> None:
    # What a link leads to does not count, nor does an address.
    shown = (
        (number, re.sub(r"\]\([^)]*\)|https?://\S+", "]", line)) for number, line in prose(read(document))
    )
    assert [f"{number}: {line}" for number, line in shown if len(line) > LONGEST] == []


@pytest.mark.parametrize("document", PRESENT, ids=name)
def test_commands_targets_and_files_that_a_document_names_are_there(document: Path) -> None:
    text = read(document)
    commands = {path.stem for path in (ROOT / "scripts").glob("*/*.py")}
    targets = set(re.findall(r"^(\w+):", read(ROOT / "Makefile"), re.MULTILINE))
    assert set(COMMAND.findall(text)) - commands == set()
    assert set(TARGET.findall(text)) - targets == set()
    written = re.findall(r"^    # (\S+)$", text, re.MULTILINE)  # an example's first line: the file to write
    assert [path for path in PATH.findall(text) if path not in written and not (ROOT / path).exists()] == []


def test_documents_that_the_code_names_are_there() -> None:
    named = {
        (name(path), found) for path in SOURCES for found in re.findall(r"\bdocs/[\w./-]*\w", read(path))
    }
    assert sorted(f"{path}: {found}" for path, found in named if not (ROOT / found).exists()) == []


def test_what_examples_import_from_the_library_is_there() -> None:
    examples = [
        code
        for language, code in FENCED.findall(read(ROOT / "docs" / "extending.md"))
        if language == "python"
    ]
    imports = [
        node
        for code in examples
        if code.startswith('"""')
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("dsi.", "plan."))
    ]
    assert imports
    for node in imports:
        module = ast.parse(read(ROOT / "scripts" / f"{str(node.module).replace('.', '/')}.py"))
        assert {alias.name for alias in node.names} <= set(defined(module)), node.module


def defined(module: ast.Module) -> Iterator[str]:
    """Names that a module's top level defines."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_the_published_study_is_cited_as_its_authors_and_not_as_this_software() -> None:
    citation = yaml.safe_load(read(ROOT / "CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    [study] = citation["references"]
    assert study["title"] == "A Pruning-Based Deep Learning Approach for Information Retrieval"
    assert [author["family-names"] for author in study["authors"]] == ["Zanchetta", "Mocerino", "Scaccia"]
    assert not any("family-names" in author for author in citation["authors"])


def test_the_licence_is_the_one_that_the_citation_names() -> None:
    text = read(ROOT / "LICENSE")
    assert yaml.safe_load(read(ROOT / "CITATION.cff"))["license"] == "Apache-2.0"
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text
