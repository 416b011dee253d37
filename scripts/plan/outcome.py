"""What a study's end brings: report.html, and the answer on the terminal.

The report is made by a second Snakemake when the run has ended: it shows how long every job took, which no
job of the run can know, and nobody has to ask for it. The configuration goes along in a file as this run has
it, with what --config and --configfile say.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from plan.leftovers import abandoned, forget_finished
from plan.one_study import forget_earlier_configuration

REPORT = "report.html"
SHOWN = 9  # bullets of the answer on a terminal; a study of many criteria has more
TAIL = 2000  # characters of what a failed report says


class ReportFailedError(RuntimeError):
    """Snakemake could not make the report; the message has the end of what it said."""


def finish(
    logger: logging.Logger, folder: Path, snakefile: str, config: Mapping[str, Any], *, complete: bool
) -> None:
    """Make the report, show the answer, and tidy up what was kept in case the run had been killed.

    Args:
        logger: shows lines on the terminal.
        folder: the study's results.
        config: the merged configuration.
        complete: whether the run made all that the study asks for, which is what the report is about.

    Raises:
        ReportFailedError: there is no report.
    """
    forget_finished(folder)
    if complete:
        forget_earlier_configuration(folder)
        make_report(folder, snakefile, config)
        unused = abandoned(folder)
        if unused:
            logger.warning(unused)
    for line in answer_lines(folder):
        logger.info(line)


def make_report(folder: Path, snakefile: str, config: Mapping[str, Any]) -> None:
    """Write <folder>/report.html of what lies in the folder, of jobs as Snakemake remembers them.

    Raises:
        ReportFailedError: Snakemake ends with an error.
    """
    made = folder / f".{REPORT}"
    with TemporaryDirectory() as temporary:
        merged = Path(temporary) / "config.json"
        merged.write_text(json.dumps(config), encoding="utf-8")
        style = str(Path(snakefile).parent / "report/style.css")
        command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile]
        command += ["--configfile", str(merged), "--report", str(made), "--report-stylesheet", style]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise ReportFailedError(
            f"{folder / REPORT} could not be made, although the study's results are all there:\n"
            f"{(ended.stdout + ended.stderr)[-TAIL:]}"
        )
    made.replace(folder / REPORT)


def answer_lines(folder: Path) -> Iterator[str]:
    """The answer in plain text, and which file to open; nothing where the study has no tables yet."""
    if not (folder / "answer.md").is_file():
        return
    bullets = (folder / "answer.md").read_text(encoding="utf-8").replace("**", "").strip().split("\n- ")
    yield ""
    for bullet in bullets[:SHOWN]:
        yield f"- {bullet.removeprefix('- ')}"
    if len(bullets) > SHOWN:
        yield f"- … and {len(bullets) - SHOWN} more in {folder / 'answer.md'}"
    names = [name for name in (REPORT, "tables.md") if (folder / name).is_file()]
    yield f"Open {' or '.join(str(folder / name) for name in names)}" if names else ""
