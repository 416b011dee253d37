"""Make the study's tables, the evidence on its claims, and how much of its task can be learnt.

    python scripts make_study_tables --metrics $(find results/msmarco/metrics -name '*.json') \\
        --rows @rows.json \\
        --histories results/msmarco/baselines/*/seed*/dense/history.parquet \\
        --outputs results/msmarco/runs/baselines/t5-small-k5/seed1/dense.outputs.parquet \\
        --collection results/msmarco/collection --relevance 1 \\
        --output results/msmarco/study.md --csv results/msmarco/tables/study.csv

--rows is a JSON list of the published rows; one of them:
    {"table": 2, "name": "t5-small", "baseline": "t5-small-k5", "arm": "dense", "criterion": null,
     "rate": null, "K": 5, "batch": 8, "epochs": "25", "learning_rate": 0.001, "patience": null,
     "loss": 9.339, "MAP": 0.00119, "R@1000": 0.00002, "best": true}
with loss, MAP and R@1000 null where the authors could not run it. Metric files without the key 'study'
(reference rankings, other tasks) are passed over. For each of --outputs, test queries are grouped by how
much of their targets occurs in training. The CSV holds every system and split, every digit.
"""

import argparse
import json
import re
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing, write_text
from dsi.collection.relevance import add_relevance
from dsi.report.frames import ReportError
from dsi.report.reproduction.claims import claims_section
from dsi.report.reproduction.seen_targets import seen_measures, seen_section, seen_targets
from dsi.report.reproduction.tables import (
    PublishedRow,
    lists_section,
    published_rows,
    study_frame,
    study_tables,
)

DENSE = re.compile(r"baselines/(?P<baseline>[^/]+)/seed(?P<seed>\d+)/dense/history\.parquet")
OUTPUTS = re.compile(r"runs/[^/]+/(?P<baseline>[^/]+)/seed\d+/(?P<name>.+)\.outputs\.parquet")
COLUMNS = ("epoch", "validation_loss", "validation_MAP-published")


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="one a system")
    parser.add_argument("--rows", type=json_list, required=True, help="JSON, or @FILE; see above")
    parser.add_argument(
        "--histories",
        type=Path,
        nargs="*",
        default=[],
        metavar="PARQUET",
        help="of dense E1: …/baselines/<baseline>/seed<n>/dense/history.parquet",
    )
    parser.add_argument(
        "--outputs",
        type=Path,
        nargs="*",
        default=[],
        metavar="PARQUET",
        help="generated lists of the systems to group by seen targets: …/runs/<system>.outputs.parquet",
    )
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_relevance(parser)
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()

    try:
        rows = published_rows(arguments.rows)
        frame = study_frame(json.loads(path.read_text(encoding="utf-8")) for path in arguments.metrics)
    except ReportError as error:
        raise UserError(str(error)) from error
    histories = dict(read_history(path) for path in arguments.histories)
    if rows:
        parts = [study_tables(rows, frame), claims_section(rows, frame, histories)]
    else:
        parts = [lists_section(frame)]
    parts += seen_parts(arguments, rows, frame)
    with replacing(arguments.csv) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
    write_text("\n".join(parts), arguments.output)


def seen_parts(arguments: argparse.Namespace, rows: list[PublishedRow], frame: pd.DataFrame) -> list[str]:
    """A section for each system of --outputs, seeds together."""
    if not arguments.outputs:
        return []
    folder = arguments.collection
    queries, qrels = (pd.read_parquet(folder / f"{name}.parquet") for name in ("queries", "qrels"))
    topk = pd.read_parquet(folder / "topk.parquet", columns=["qid", "rank", "docid"])
    systems: dict[tuple[str, str], list[Path]] = {}
    for path in arguments.outputs:
        match = OUTPUTS.search(path.absolute().as_posix())
        if match is None or match["baseline"] not in set(frame["baseline"]):
            raise UserError(
                f"--outputs: found {path}, expected …/runs/<system>.outputs.parquet of a system among "
                "--metrics: results/runs/baselines/t5-small-k5/seed1/dense.outputs.parquet"
            )
        systems.setdefault((match["baseline"], match["name"]), []).append(path)
    parts = []
    for (baseline, name), paths in systems.items():
        k = int(frame.loc[frame["baseline"] == baseline, "k"].iloc[0])
        seen = seen_targets(queries, topk, qrels, k, arguments.relevance)
        measured = pd.concat([seen_measures(pd.read_parquet(path), topk, seen, k) for path in paths])
        means = measured.groupby("qid", sort=False).mean().reset_index()
        title = f"{baseline}, {name}" + (f", mean of {len(paths)} seeds" if len(paths) > 1 else "")
        parts.append(seen_section(seen, means, title, k))
    return parts


def read_history(path: Path) -> tuple[tuple[str, int], pd.DataFrame]:
    """(baseline, seed) that the path names, and the history of its E1."""
    match = DENSE.search(path.absolute().as_posix())
    if match is None:
        raise UserError(
            f"--histories: found {path}, expected …/baselines/<baseline>/seed<n>/dense/history.parquet"
        )
    history = pd.read_parquet(path)
    absent = [name for name in COLUMNS if name not in history]
    if absent:
        raise UserError(f"{path}: no column {absent[0]!r}; expected the history of a ranked-list model")
    return (match["baseline"], int(match["seed"])), history


def json_list(text: str) -> list[dict[str, Any]]:
    """An argparse type: a JSON list of objects, or @FILE to read one from a file."""
    source = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
    try:
        value = json.loads(source)
    except json.JSONDecodeError as error:
        raise ArgumentTypeError(f"not JSON ({error}): {source[:80]!r}") from error
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ArgumentTypeError(f"expected a JSON list of objects, found {source[:80]!r}")
    return value


if __name__ == "__main__":
    run(main)
