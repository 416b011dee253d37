"""The commands behind the explorer's numbers, to be run in the folder of the project."""

import json
import shlex
from pathlib import Path
from typing import NamedTuple

from dsi.report.results import MetricReport


class Commands(NamedTuple):
    """make: has Snakemake make the ranking if it is not there. evaluate: measures it."""

    make: str
    evaluate: str


def commands_of(report: MetricReport, run: Path, collection: Path) -> Commands:
    """Those of one system.

    Args:
        run: the file of its ranking. collection: the folder of the collection.
    """
    parameters = report.parameters
    evaluate = [
        "python", "scripts", "evaluate", "--run", run, "--collection", collection,
        "--system", report.system.slug, "--relevance", json.dumps(parameters["relevance"]),
        "--agreement-k", parameters["agreement_k"],
        "--output", "evaluated.json", "--per-query", "evaluated.parquet",
    ]  # fmt: skip
    return Commands(shlex.join(["snakemake", "--cores", "all", str(run)]), shlex.join(map(str, evaluate)))
