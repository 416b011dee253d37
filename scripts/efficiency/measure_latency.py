"""Measure the latency of one query and the throughput of a batch: dense, pruned and in int8, in one run.

Several pruned systems may be given. The dense model, and those whose matrices have other shapes, are timed by
onnxruntime as well, in float32 and in int8. For baselines with atomic docids.

Examples:
    python scripts measure_latency recovered/dsi/seed1/magnitude-0.5 --dense baselines/dsi/seed1/dense \\
        --results results --input-length 20 --batch 64 --threads 1 --rounds 50 \\
        --output results/trial/latency.json
"""

import logging
from pathlib import Path
from typing import NamedTuple

import torch

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_json
from dsi.docids.identifiers import DocidError
from dsi.efficiency.latency import measure_latency
from dsi.model.checkpoint import CheckpointError
from dsi.systems import System, SystemNameError

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """Which systems, how they are timed, and where to write it."""

    systems: list[str]
    dense: str
    results: Path
    input_length: int
    batch: int
    threads: int
    rounds: int
    output: Path


def main() -> None:
    options = parse_options()
    torch.set_num_threads(options.threads)
    try:
        report = measure_latency(
            options.results,
            System.parse(options.dense),
            [System.parse(slug) for slug in options.systems],
            input_length=options.input_length,
            batch=options.batch,
            rounds=options.rounds,
        )
    except (SystemNameError, CheckpointError, DocidError) as error:
        raise UserError(str(error)) from error
    for workload in ("query", "batch"):
        for slug, entry in report[workload]["checkpoints"].items():
            for kernel, times in entry["kernels"].items():
                about = (workload, report[workload]["batch"], slug, kernel)
                logger.info("%s of %d, %s, %s: %.2f×", *about, times["speedup"]["median"])
        for slug, entry in report[workload]["runtime"].items():
            for kernel, times in entry.items():
                about = (workload, report[workload]["batch"], slug, f"{kernel} by {report['runtime']}")
                logger.info("%s of %d, %s, %s: %.2f×", *about, times["speedup"]["median"])
    write_json(report, options.output)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("systems", nargs="+", metavar="SLUG", help="of pruned models")
    parser.add_argument("--dense", required=True, metavar="SLUG", help="of the dense model")
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--input-length", type=int, required=True, help="tokens of a query")
    parser.add_argument("--batch", type=int, required=True, help="queries of a batch")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--rounds", type=int, default=50, help="rounds that count, after some that do not")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
