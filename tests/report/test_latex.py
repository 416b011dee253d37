"""Tables for papers: what is escaped, how numbers stand, and that LaTeX takes them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dsi.report.latex import LatexTable, bold, escaped, latex, page_tables, write_latex, write_page_tables

SPECIAL = r"a_b & 50 % of $x$ #1 {y} ~ ^ \z <q>"
TABLE = LatexTable(
    "t", f"Caption: {SPECIAL}", ["name_1", "Δ & more", "interval"],
    [[SPECIAL, bold("0.5000 ± 0.0100"), "[-0.1, +0.2]"], ["bm25-tuned", "-0.2500*", "–"]],
)  # fmt: skip
PAGE = """# Title

Words that are long.

## Verdict: dsi, `a_b`

*How much does it cost?*
Recovered minus restart:

| rate | MAP | a\\|b |
|:-----|----:|:--:|
| 0.2  | **0.5** | [page](x.md) |

Then:

| other |
|:--|
| -1 |
"""


def wide_page(columns: int) -> str:
    """A table of so many intervals, under a heading of its own."""
    cells = ["-0.3479 [-0.4307, -0.2652]"] * columns
    names = [f"of {number}" for number in range(columns)]
    line = "|:--" + "|--:" * columns + "|"
    return "\n".join(
        [f"## {columns}", "", f"| rate | {' | '.join(names)} |", line, f"| 0.5 | {' | '.join(cells)} |", ""]
    )


def rows(text: str) -> list[list[str]]:
    """Cells of the lines of a table."""
    lines = [line.removesuffix(r"\\") for line in text.splitlines() if line.endswith(r"\\")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", line)] for line in lines]


def test_what_latex_reads_as_commands_is_escaped() -> None:
    expected = (
        r"a\_b \& 50 \% of \$x\$ \#1 \{y\} \textasciitilde{} \^{} \textbackslash{}z "
        r"\ensuremath{<}q\ensuremath{>}"
    )
    assert escaped(SPECIAL) == expected
    assert rows(latex(TABLE))[1][0] == expected
    assert rf"\caption{{Caption: {expected}}}" in latex(TABLE)
    assert rows(latex(TABLE))[0][:2] == [r"name\_1", r"Δ \& more"]


def test_numbers_have_a_minus_and_names_a_hyphen() -> None:
    assert rows(latex(TABLE))[1:] == [
        [escaped(SPECIAL), r"\textbf{0.5000 $\pm$ 0.0100}", "[$-$0.1, +0.2]"],
        ["bm25-tuned", "$-$0.2500*", "--"],
    ]
    assert escaped("seed-1 at 1e-05, 0.1-0.2 and x-1") == "seed-1 at 1e-05, 0.1-0.2 and x-1"


def test_it_is_a_float_in_the_style_of_booktabs() -> None:
    text = latex(TABLE)
    lines = (r"\begin{table}[htbp]", r"\begin{tabular}{lrr}", r"\toprule", r"\bottomrule", r"\label{tab:t}")
    assert set(lines) <= set(text.splitlines())
    assert "|" not in text


def test_the_tables_of_a_page_have_its_words_as_captions() -> None:
    first, second = page_tables(PAGE, "page")
    assert first == LatexTable(
        "verdict-dsi-a-b-1",
        "Verdict: dsi, a_b. How much does it cost? Recovered minus restart.",
        ["rate", "MAP", "a|b"],
        [["0.2", "0.5", "page"]],
    )
    assert second == LatexTable("verdict-dsi-a-b-2", "Verdict: dsi, a_b. Then.", ["other"], [["-1"]])


def test_files_of_tables_that_are_no_more_go(tmp_path: Path) -> None:
    write_latex([TABLE, TABLE._replace(name="old")], tmp_path)
    (tmp_path / "paper.tex").write_text("mine")
    write_latex([TABLE], tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"t.tex", "paper.tex"}
    write_page_tables(PAGE, tmp_path / "tables/page.csv")
    assert {path.name for path in (tmp_path / "tables/latex/page").iterdir()} == {
        "verdict-dsi-a-b-1.tex",
        "verdict-dsi-a-b-2.tex",
    }


@pytest.mark.skipif(
    shutil.which("pdflatex") is None,
    reason="pdflatex is not installed, so no table was compiled: apt-get install texlive-latex-recommended",
)
def test_latex_takes_every_table(tmp_path: Path) -> None:
    """With the signs that pages have, in one document of booktabs alone."""
    signs = LatexTable("signs", "≤ ≥ × · → … – − ± ≡ é ü", ["a", "b"], [["≤ ≥ ×", "· → … – − ± ≡ é ü"]])
    plain = TABLE._replace(header=["name_1", "a & b", "interval"])
    write_latex([plain, signs, *page_tables(PAGE, "page")], tmp_path)
    names = sorted(path.name for path in tmp_path.glob("*.tex"))
    wide = "\n".join(wide_page(columns) for columns in range(1, 18))
    write_page_tables(wide, tmp_path / "wide.csv")
    pages = [f"latex/wide/{path.name}" for path in sorted((tmp_path / "latex/wide").iterdir())]
    assert len(names) == 4
    assert len(pages) > 17
    inputs = "\n".join(rf"\input{{{name}}}\clearpage" for name in [*names, *pages])
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
        f"{inputs}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 1000
    assert b"Overfull" not in done.stdout
