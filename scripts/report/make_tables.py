"""Make the tables of a study: one page to read, and tidy CSV to compute with.

CSV, in the folder --csv:
  metrics.csv        one row per evaluated system and split, every digit
  sparsity.csv       one row per pruned model: its shares of zeros
  baselines.csv      unpruned systems: mean and standard deviation over seeds
  rates.csv          pruned systems: the same, with zeros and the difference from the control
  references.csv     dense models: difference from each reference and the initial model, with interval
  groups.csv         systems with a control: what they lose on seen and unseen documents, and the difference
  flips.csv          the same systems: queries won and lost against the control
  verdicts.csv       recovered systems: difference from each control, interval, p-values and verdict
  verdicts-loss.csv  the same of the test loss

In its folder latex/ the same tables for papers, one a file (booktabs): references-*, rates-* and verdicts-*
with marks of significance and the better number in bold where that is decided, and every table of the page.

Beside the page, as x.html, the same for a browser; answer.md has the few sentences that stand on top of it.
Per-query values are read from beside each metric JSON: x.per_query.parquet for x.json. The order of the
files makes no difference. A system that not every seed has is an error.

Examples:
    python scripts make_tables --results results --metrics $(find results/metrics -name '*.json') \\
        --sparsity $(find results/pruned -name sparsity.json) \\
        --documents results/collection/documents.parquet \\
        --facts '{"collection": "pydocs", "e1": {"dsi": 20}, "e2": 3, "agreement_k": 10,
            "configuration": "0b1c2d3e4f5a"}' \\
        --confidence 0.95 --margin 0.02 --output results/trial/tables.md --csv results/trial/tables
"""

from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.evaluation.paired_values import PairingError
from dsi.report.document import Judging, StudyFiles, study_tables, write_study_page
from dsi.report.latex import LATEX, write_latex
from dsi.report.results import ReportError, write_csv
from dsi.report.sections.introduction import Configured
from dsi.systems import SystemNameError


class Arguments(NamedTuple):
    metrics: list[Path]
    results: Path
    sparsity: list[Path]
    documents: Path
    facts: dict[str, Any]
    confidence: float
    margin: float
    looked_at_seeds: list[int]
    reproduction: Path | None
    output: Path
    csv: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    beside = "one a pruned model: <results>/pruned/<baseline>/seed<n>/<criterion>-<rate>/sparsity.json"
    parser.add_argument("--sparsity", type=Path, nargs="*", default=[], metavar="JSON", help=beside)
    parser.add_argument("--documents", type=Path, required=True, help="parquet of the documents")
    parser.add_argument("--facts", type=json_object, required=True, help="JSON, see above")
    parser.add_argument("--confidence", type=float, required=True, help="level of the intervals")
    parser.add_argument("--margin", type=float, required=True, help="of equivalence, a share of dense MAP")
    parser.add_argument(
        "--looked-at-seeds", type=int, nargs="*", default=[], help="seen before others were added: not judged"
    )
    parser.add_argument("--reproduction", type=Path, help="Markdown to append")
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="folder for the CSV files")
    arguments = Arguments(**vars(parser.parse_args()))

    files = StudyFiles(arguments.results, arguments.metrics, arguments.sparsity, arguments.documents)
    judging = Judging(arguments.confidence, arguments.margin, arguments.looked_at_seeds)
    try:
        tables = study_tables(files, Configured(**arguments.facts), judging)
    except (ReportError, SystemNameError, PairingError) as error:
        raise UserError(str(error)) from error
    for name, frame in tables.frames.items():
        write_csv(frame, arguments.csv / f"{name}.csv")
    write_latex(tables.papers, arguments.csv / LATEX / "tables")
    added = arguments.reproduction.read_text(encoding="utf-8") if arguments.reproduction else ""
    write_study_page(tables, added, arguments.output)


if __name__ == "__main__":
    run(main)
