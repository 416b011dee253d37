"""Prune one sublayer of a dense model at a time, by magnitude and without recovery, and measure the MAP.

    python scripts measure_sensitivity results/baselines/dsi/seed1/dense --rates 0.5 0.9 \\
        --queries results/collection/queries.parquet --qrels results/collection/qrels.parquet \\
        --relevance 1 --threads 1 --output results/sensitivity/dsi-seed1.csv

Every attention and feed-forward sublayer, the embedding and the output head, which is untied from it. One
process for all, as pruning takes a moment and starting a process seconds. The CSV holds sublayer, rate,
weights, split and MAP; of the dense model the sublayer is empty. For baselines with atomic docids.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing
from dsi.base.process import prepare_torch
from dsi.collection.relevance import Relevance, add_relevance
from dsi.model.checkpoint import CheckpointError, load_checkpoint
from dsi.pruning.sensitivity import sublayer_sensitivity


class Options(NamedTuple):
    """What to measure, on which queries, and where to write it."""

    checkpoint: Path
    rates: list[float]
    queries: Path
    qrels: Path
    relevance: Relevance
    threads: int
    output: Path


def main() -> None:
    options = parse_options()
    prepare_torch(options.threads)
    try:
        checkpoint = load_checkpoint(options.checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    queries, qrels = read_frame(options.queries), read_frame(options.qrels)
    frame = sublayer_sensitivity(checkpoint, queries, qrels, options.relevance, options.rates)
    with replacing(options.output) as path:
        frame.to_csv(path, index=False, lineterminator="\n")


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the dense checkpoint")
    parser.add_argument("--rates", type=float, nargs="+", required=True)
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text, split")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: qid, docid, grade")
    add_relevance(parser)
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
