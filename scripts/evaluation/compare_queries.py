"""Compare two systems of a study query by query: where does one of them fail?

    python scripts compare_queries results/cacm baselines/dsi/seed1/dense bm25 --worst 8

Systems are named as under metrics/. Prints the mean average precision of both by the length of the query and
by its number of relevant documents, and the queries at which the first falls behind the second most.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.evaluation.query_comparison import BINS, UnknownSystemError, by_bin, compare_queries


class Arguments(NamedTuple):
    results: Path
    system: str
    other: str
    split: str
    relevance: int
    worst: int


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("results", type=Path, help="folder of a study")
    parser.add_argument("system", help="for example baselines/dsi/seed1/dense")
    parser.add_argument("other", help="for example bm25")
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--relevance", type=int, default=1, help="lowest relevant grade (default 1)")
    parser.add_argument("--worst", type=int, default=10, help="queries to list (default 10)")
    arguments = Arguments(**vars(parser.parse_args()))

    results, system, other, split, relevance, _ = arguments
    try:
        table = compare_queries(results, system, other, split, relevance)
    except UnknownSystemError as error:
        raise UserError(str(error)) from error
    print(f"first: {system}, second: {other}\n")
    for column, bins in BINS.items():
        print(by_bin(table, column, bins).to_string(na_rep="–"), "\n")
    for qid, row in table.sort_values("difference").head(arguments.worst).iterrows():
        print(f"{qid}  {row['first']:.3f}  {row['second']:.3f}  {row['text'][:110]}")


if __name__ == "__main__":
    run(main)
