"""Measure the MAP of checkpoints with rounded weights, on the validation and test queries.

    python scripts measure_rounded baselines/dsi/seed1/dense --results results \\
        --queries results/collection/queries.parquet --qrels results/collection/qrels.parquet \\
        --relevance 1 --depth 1000 --threads 1 --output results/rounded/dsi-seed1.csv

Several systems may be given. The values of each file that `compress` wrote below <results>/compressed, in
16, 8 and 4 bits, replace those of the system's checkpoint; documents are ranked and judged as `prune` and
`evaluate` do it. The first system, and those whose matrices have other shapes, are also measured as int8
models, whose products are computed in 8 bits. One process for all, as starting one takes longer than a
ranking. The CSV holds system, bits of weights and of activations, split and MAP. For baselines with atomic
docids.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing
from dsi.base.process import prepare_torch
from dsi.collection.relevance import Relevance, add_relevance
from dsi.efficiency.compressed_files import CompressionError
from dsi.efficiency.rounding import Evaluation, measure_rounded
from dsi.model.checkpoint import CheckpointError
from dsi.systems import System, SystemNameError


class Options(NamedTuple):
    """Which systems, what they are judged on, and where to write it."""

    systems: list[str]
    results: Path
    queries: Path
    qrels: Path
    relevance: Relevance
    depth: int
    threads: int
    output: Path


def main() -> None:
    options = parse_options()
    prepare_torch(options.threads)
    evaluation = Evaluation(
        read_frame(options.queries), read_frame(options.qrels), options.relevance, options.depth
    )
    try:
        systems = [System.parse(slug) for slug in options.systems]
        frame = measure_rounded(options.results, systems, evaluation, options.threads)
    except (SystemNameError, CheckpointError, CompressionError) as error:
        raise UserError(str(error)) from error
    with replacing(options.output) as path:
        frame.to_csv(path, index=False, lineterminator="\n")


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("systems", nargs="+", metavar="SLUG", help="for example baselines/dsi/seed1/dense")
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text, split")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: qid, docid, grade")
    add_relevance(parser)
    parser.add_argument("--depth", type=int, required=True, help="documents per query")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
