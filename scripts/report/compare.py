"""Compare two studies, systems or TREC runs: differences with significance, wins and losses, lost queries.

A and B are results folders, metric JSONs, TREC runs, or systems as paths below a results folder. Patterns
(seed*) stand in quotes. Differences are B minus A. Of several seeds intervals are for training once more,
with seeds and queries both as samples; of one seed for these very models. --worst lists the queries that B
loses most, by the first measure, with both lists side by side. Prints Markdown, or JSON with --json.

Examples:
    python scripts compare 'results/baselines/dsi/seed*/dense' 'results/pruned/dsi/seed*/magnitude-0.5'
    python scripts compare results/metrics/bm25.json results/metrics/baselines/dsi/seed1/dense.json --worst 5
    python scripts compare results/runs/bm25.trec.gz results/runs/random.trec.gz \\
        --qrels results/qrels/test.txt --measure MAP R@100 --json
"""

import json
from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, at_least_one, command_parser, run
from dsi.evaluation.measures import MEASURES
from dsi.evaluation.paired_values import PairingError
from dsi.evaluation.runs import RunFormatError
from dsi.report.comparison.document import Wanted, as_json, comparison, markdown
from dsi.report.comparison.judged import Asked
from dsi.report.comparison.sides import SideError, read_side
from dsi.report.results import ReportError
from dsi.systems import SystemNameError

DEFAULT_MEASURES = ("MAP", "nDCG@10", "R@10")


class Arguments(NamedTuple):
    sides: list[str]
    measure: list[str]
    split: str
    qrels: Path | None
    relevance: int
    confidence: float
    worst: int
    top: int
    groups: bool
    no_overlap: bool
    json: bool


def main() -> None:
    arguments = parse_arguments()
    asked = Asked(tuple(arguments.measure), arguments.split, arguments.qrels, arguments.relevance)
    wanted = Wanted(arguments.worst, arguments.top, arguments.groups, not arguments.no_overlap)
    try:
        a, b = map(read_side, arguments.sides)
        found = comparison(a, b, asked, arguments.confidence, wanted)
    except (SideError, PairingError, RunFormatError, ReportError, SystemNameError) as error:
        raise UserError(str(error)) from error
    if arguments.json:
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(markdown(found), end="")


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("sides", nargs="+", metavar="A B", help="what to compare; see above")
    parser.add_argument(
        "--measure", nargs="+", choices=MEASURES, default=DEFAULT_MEASURES, metavar="NAME",
        help=f"of {', '.join(MEASURES)} (default {', '.join(DEFAULT_MEASURES)})",
    )  # fmt: skip
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--qrels", type=Path, help="judgements of TREC runs outside a results folder")
    parser.add_argument(
        "--relevance", type=at_least_one, default=1, help="lowest relevant grade, with --qrels (default 1)"
    )
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default 0.95)")
    parser.add_argument("--worst", type=int, default=0, help="lost queries to list (default none)")
    parser.add_argument("--top", type=at_least_one, default=5, help="documents of their lists (default 5)")
    parser.add_argument("--groups", action="store_true", help="means by length of the query, too")
    parser.add_argument("--no-overlap", action="store_true", help="read no runs: no RBO, sooner done")
    parser.add_argument("--json", action="store_true", help="JSON instead of Markdown")
    arguments = Arguments(**vars(parser.parse_args()))
    if len(arguments.sides) != 2:
        parser.error(
            f"found {len(arguments.sides)} things to compare, expected 2: put a pattern in quotes, 'seed*'"
        )
    if not 0 < arguments.confidence < 1:
        parser.error(f"--confidence: found {arguments.confidence}, expected between 0 and 1, such as 0.95")
    return arguments


if __name__ == "__main__":
    run(main)
