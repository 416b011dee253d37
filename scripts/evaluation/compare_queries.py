"""Compare two systems of a study query by query: where does one of them fail?

    python scripts compare_queries results/cacm baselines/dsi/seed1/dense bm25 --worst 8

Systems are named as under metrics/. Prints the mean average precision of both by the length of the query and
by its number of relevant documents, and the queries at which the first falls behind the second most.
"""

from pathlib import Path

import pandas as pd

from dsi.base.command import UserError, command_parser, run

MEASURE = "MAP"
BINS = {"words": [0, 10, 20, 1000], "relevant": [0, 5, 15, 100_000]}


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("results", type=Path, help="folder of a study")
    parser.add_argument("system", help="for example baselines/dsi/seed1/dense")
    parser.add_argument("other", help="for example bm25")
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--relevance", type=int, default=1, help="lowest relevant grade (default 1)")
    parser.add_argument("--worst", type=int, default=10, help="queries to list (default 10)")
    arguments = parser.parse_args()

    first, second = (
        average_precision(arguments.results, name, arguments.split)
        for name in (arguments.system, arguments.other)
    )
    queries = pd.read_parquet(arguments.results / "collection/queries.parquet").set_index("qid")
    qrels = pd.read_parquet(arguments.results / "collection/qrels.parquet")
    table = compared(first, second, queries["text"], qrels[qrels["grade"] >= arguments.relevance])
    print(f"first: {arguments.system}, second: {arguments.other}\n")
    for column, bins in BINS.items():
        print(by_bin(table, column, bins).to_string(), "\n")
    worst = table.sort_values("difference").head(arguments.worst)
    for qid, row in worst.iterrows():
        print(f"{qid}  {row['first']:.3f}  {row['second']:.3f}  {row['text'][:110]}")


def average_precision(results: Path, system: str, split: str) -> "pd.Series[float]":
    path = results / f"metrics/{system}.per_query.parquet"
    if not path.is_file():
        raise UserError(f"{path}: not found; expected a system under {results}/metrics, for example bm25")
    frame = pd.read_parquet(path, filters=[("measure", "==", MEASURE), ("split", "==", split)])
    return frame.set_index("qid")["value"]


def compared(
    first: "pd.Series[float]", second: "pd.Series[float]", texts: "pd.Series[str]", qrels: pd.DataFrame
) -> pd.DataFrame:
    """A row per query that both have: first, second, difference, text, words, relevant.

    Args:
        first, second: average precision by qid.
        texts: by qid.
        qrels: relevant judgements: qid, docid.
    """
    table = pd.DataFrame({"first": first, "second": second}).dropna()
    table["difference"] = table["first"] - table["second"]
    table["text"] = texts
    table["words"] = table["text"].map(lambda text: len(text.split()))
    table["relevant"] = qrels.groupby("qid").size()
    return table


def by_bin(table: pd.DataFrame, column: str, bins: list[int]) -> pd.DataFrame:
    """Means of both systems, their ratio and the number of queries; bins hold their upper end."""
    groups = table.groupby(pd.cut(table[column], bins), observed=True)
    means = groups[["first", "second"]].mean()
    return means.assign(ratio=means["first"] / means["second"], queries=groups.size()).round(3)


if __name__ == "__main__":
    run(main)
