"""The commands behind a number: what evaluates its run again, and what makes it.

They are run in the checkout, in the environment (`source .venv/bin/activate`). ir_measures gives MAP, nDCG@10
and the recalls as `evaluate` does. It breaks ties otherwise where it computes RR@10 itself, so that for that
one ranks stand in place of scores. Of test-seen and test-unseen, whose lists are condensed, it gives nothing.
"""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.collection.relevance import lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.evaluation.measures import MEASURES, QRELS_MEASURES
from dsi.report.results import CONFIGURATION, MetricReport
from dsi.systems import System

BY_RANK = ("MRR@10",)  # by measures of ranks, not of scores
RANKS_FOR_SCORES = "awk '{$5=-$4}1'"


class NumberCommands(NamedTuple):
    """Of a system and split: its run file; what evaluates it, and MRR@10 of it; what makes and evaluates it.

    evaluate, evaluate_mrr: None where nothing was evaluated, and where lists are condensed.
    """

    run: str
    evaluate: str | None
    evaluate_mrr: str | None
    make: str


def qrels_file(results: Path, split: str) -> Path:
    """Where the judgements of the queries that are evaluated stand, as TREC qrels."""
    return results / "qrels" / f"{split}.txt"


def number_commands(report: MetricReport, split: str, results: Path) -> NumberCommands:
    """The commands of a system and split, with paths as the study's configuration has them."""
    slug = report.system.slug
    run = results / "runs" / f"{slug}.trec.gz"
    target, configuration = results / "metrics" / f"{slug}.json", results / CONFIGURATION
    make = ["snakemake", "--cores", "2", str(target), "--configfile", str(configuration)]
    if split not in EVALUATED_SPLITS or not report.queries[split]["evaluated"]:
        return NumberCommands(str(run), None, None, shlex.join(make))
    lowest = lowest_grade(report.parameters["relevance"], split)
    qrels = str(qrels_file(results, split))
    of_scores = [definition(name, lowest) for name in QRELS_MEASURES if name not in BY_RANK]
    of_ranks = shlex.join(
        ["ir_measures", qrels, "/dev/stdin", *(definition(name, lowest) for name in BY_RANK)]
    )
    return NumberCommands(
        str(run),
        shlex.join(["ir_measures", qrels, str(run), *of_scores]),
        f"zcat {shlex.quote(str(run))} | {RANKS_FOR_SCORES} | {of_ranks}",
        shlex.join(make),
    )


def with_commands(metrics: pd.DataFrame, reports: Sequence[MetricReport], results: Path) -> pd.DataFrame:
    """The frame `metrics` of dsi.report.frames with the fields of NumberCommands as columns."""
    of_system = {report.system: report for report in reports}
    commands = [
        number_commands(of_system[System.of_columns(row)], row["split"], results)
        for row in metrics.to_dict("records")
    ]
    columns = list(NumberCommands._fields)
    added = pd.DataFrame(commands, columns=columns, index=metrics.index, dtype="object")
    return pd.concat([metrics, added], axis=1)


def definition(name: str, lowest: int) -> str:
    """As ir_measures reads it; a lowest grade of 1 is what it takes by itself."""
    definition = str(MEASURES[name].definition).format(rel=lowest)
    return definition.replace("(rel=1)", "")
