"""Write the documents in random order for each validation and test query as a TREC run.

    python scripts rank_random --queries results/collection/queries.parquet \\
        --documents results/collection/documents.parquet --depth 1000 --seed 42 \\
        --run results/runs/random.trec.gz
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.evaluation.runs import RunFormatError
from dsi.ranking.references import write_random_run


class Arguments(NamedTuple):
    """queries, documents: parquet files; depth: documents per query; run: the file to write."""

    queries: Path
    documents: Path
    depth: int
    seed: int
    run: Path


def main() -> None:
    arguments = parse_arguments()
    queries = read_frame(arguments.queries)
    documents = read_frame(arguments.documents, columns=["docid"])
    try:
        write_random_run(queries, documents, arguments.depth, arguments.seed, arguments.run)
    except RunFormatError as error:
        raise UserError(str(error)) from error


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, split")
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid")
    parser.add_argument("--depth", type=int, required=True, help="documents per query")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
