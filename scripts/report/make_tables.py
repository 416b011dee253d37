"""Make the tables of a study: one Markdown page to read, and tidy CSV to compute with.

    python scripts make_tables --metrics $(find results/metrics -name '*.json') \\
        --sparsity $(find results/pruned -name sparsity.json) \\
        --documents results/collection/documents.parquet \\
        --facts '{"collection": "pydocs", "e1": {"dsi": 14}, "e2": 3, "agreement_k": 10}' \\
        --confidence 0.95 --margin 0.02 \\
        --output results/tables.md --csv results/tables

CSV, in the folder --csv:
  metrics.csv    one row per evaluated system and split, every digit
  sparsity.csv   one row per pruned model: its shares of zeros
  baselines.csv  unpruned systems: mean and standard deviation over seeds
  rates.csv      pruned systems: the same, with zeros and the difference from the control
  verdicts.csv   recovered systems: difference from each control, interval, p-value and verdict

Per-query values are read from beside each metric JSON: x.per_query.parquet for x.json. --study appends
what scripts make_study_tables wrote.

The order of the files makes no difference. A system that not every seed has is an error.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import replacing, write_text
from dsi.evaluation.verdicts import VerdictError, gates, per_query_values, verdicts
from dsi.report.document import markdown_report
from dsi.report.frames import (
    ReportError,
    baselines_table,
    check_complete,
    differences,
    metrics_frame,
    rates_table,
    sparsity_frame,
    summarise,
)
from dsi.report.sections.introduction import describe_study
from dsi.report.sections.verdict import verdict_section
from dsi.systems import System, SystemNameError

MEASURE = "MAP"  # what verdicts are about
SLUG_PARTS = 4  # pruned/<baseline>/seed<n>/<criterion>-<rate>


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument(
        "--sparsity",
        type=Path,
        nargs="*",
        default=[],
        metavar="JSON",
        help="one a pruned model: …/pruned/<baseline>/seed<n>/<criterion>-<rate>/sparsity.json",
    )
    parser.add_argument("--documents", type=Path, required=True, help="parquet of the documents")
    parser.add_argument("--facts", type=json_object, required=True, help="JSON, see above")
    parser.add_argument("--confidence", type=float, required=True, help="level of the intervals")
    parser.add_argument("--margin", type=float, required=True, help="of equivalence, a share of dense MAP")
    parser.add_argument("--study", type=Path, help="Markdown to append")
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="folder for the CSV files")
    arguments = parser.parse_args()

    try:
        reports = [read_report(path) for path in sorted(arguments.metrics)]
        metrics = metrics_frame(reports)
        sparsity = sparsity_frame((System.parse(slug(path)), read_json(path)) for path in arguments.sparsity)
        check_complete(metrics, sparsity)
        documents = pq.read_metadata(arguments.documents).num_rows
        study = describe_study(arguments.facts, documents, reports)
        verdict, judged = judge(arguments)
    except (ReportError, SystemNameError, VerdictError) as error:
        raise UserError(str(error)) from error

    summary, difference = summarise(metrics), differences(metrics)
    tables = {
        "metrics": metrics,
        "sparsity": sparsity,
        "baselines": baselines_table(summary),
        "rates": rates_table(summary, difference, sparsity),
        "verdicts": judged,
    }
    for name, table in tables.items():
        write_csv(table, arguments.csv / f"{name}.csv")
    report = markdown_report(study, summary, difference, sparsity, [verdict])
    if arguments.study:
        report += "\n" + arguments.study.read_text(encoding="utf-8")
    write_text(report, arguments.output)


def judge(arguments: argparse.Namespace) -> tuple[str, pd.DataFrame]:
    """The section on verdicts, and its table for CSV."""
    values = per_query_values(
        (
            (
                System(**read_report(path)["system"]),
                pd.read_parquet(path.with_suffix(".per_query.parquet"), filters=[("measure", "==", MEASURE)]),
            )
            for path in sorted(arguments.metrics)
        ),
        MEASURE,
    )
    passed = gates(values, arguments.confidence)
    frame = verdicts(values, passed, arguments.margin, arguments.confidence)
    return verdict_section(frame, passed, arguments.margin, arguments.confidence), frame


def read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def read_report(path: Path) -> dict[str, Any]:
    """The contents of a metric JSON."""
    report = read_json(path)
    for key in ("system", "measures", "queries", "parameters"):
        if key not in report:
            raise UserError(f"{path}: no {key!r}; expected a file that scripts evaluate wrote")
    return report


def slug(path: Path) -> str:
    """The relative path that names the system whose folder holds a file."""
    return "/".join(path.absolute().parent.parts[-SLUG_PARTS:])


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


if __name__ == "__main__":
    run(main)
