"""The end of a study: the answer, and the report of what there is."""

from pathlib import Path

import pytest

from plan import outcome
from plan.outcome import ReportFailedError, answer_lines, make_report


def test_the_answer_is_plain_text_and_says_what_to_open(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text(
        "- **dsi, magnitude**: up to 0.5\n  of the weights.\n- **Recovery**: yes.\n"
    )
    (tmp_path / "tables.md").touch()
    expected = ["", "- dsi, magnitude: up to 0.5\n  of the weights.", "- Recovery: yes."]
    assert list(answer_lines(tmp_path)) == [*expected, f"Open {tmp_path}/tables.md"]
    (tmp_path / "report.html").touch()
    assert list(answer_lines(tmp_path))[-1] == f"Open {tmp_path}/report.html or {tmp_path}/tables.md"


def test_of_a_long_answer_the_first_bullets_are_shown(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text("".join(f"- {number}.\n" for number in range(12)))
    lines = list(answer_lines(tmp_path))
    assert lines[1:10] == [f"- {number}." for number in range(9)]
    assert lines[10] == f"- … and 3 more in {tmp_path}/answer.md"


def test_without_tables_there_is_no_answer(tmp_path: Path) -> None:
    assert list(answer_lines(tmp_path)) == []


def test_a_report_that_cannot_be_made_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snakefile = tmp_path / "Snakefile"
    snakefile.write_text("raise ValueError('no such study')\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReportFailedError, match=r"report.html could not be made(.|\n)*no such study"):
        make_report(tmp_path, str(snakefile), {})
    assert not (tmp_path / outcome.REPORT).exists()


def test_the_report_is_one_file_with_the_answer_tables_and_captions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the start page of this project, on a study of one rule."""
    root = Path(__file__).resolve().parents[2]
    pages = {
        "tables.html": "<table>0.6110</table>",
        "timings.html": "",
        "answer.md": "- **dsi**: up to 0.5.\n",
    }
    pages["timings.md"] = "# Time\n\n3 jobs.\n\nMade by commit abc; `snakemake`.\n"
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "figure.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (tmp_path / "caption.rst").write_text("Seen and meant.\n")
    shown = ", ".join(
        f'report("{name}", caption="caption.rst", category="Tables", labels={{"page": "{name}"}})'
        for name in ("tables.html", "timings.html", "figure.svg")
    )
    snakefile = tmp_path / "Snakefile"
    snakefile.write_text(f'report: "{root}/report/workflow.rst"\nrule all:\n    input: [{shown}]\n')
    (tmp_path / "report").mkdir()
    (tmp_path / "report/style.css").write_text((root / "report/style.css").read_text())
    monkeypatch.chdir(tmp_path)
    make_report(tmp_path, str(snakefile), {})
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<strong>dsi</strong>: up to 0.5." in page.replace("\\u003c", "<")
    assert "Made by commit abc" in page
    assert "Seen and meant." in page
    assert "max-width: 24rem" in page
    assert [path.name for path in tmp_path.glob(".report*")] == []
