"""Measure the latency of one query and the throughput of a batch, dense against pruned, in one run.

    python scripts measure_latency results/recovered/dsi/seed1/magnitude-0.9 \\
        --dense results/baselines/dsi/seed1/dense --input-length 20 --batch 64 --threads 1 \\
        --rounds 50 --output results/latency/dsi/seed1.json

Several pruned checkpoints may be given; they are told apart by their folders' names.
"""

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_json
from dsi.docids.embeddings import DocidError
from dsi.docids.schemes import atomic_count
from dsi.efficiency.sparse_kernels import (
    BreakEven,
    Scorer,
    csr_break_even,
    docid_scorer,
    semi_structured,
    semi_structured_obstacle,
    sparse_shapes,
    with_csr,
)
from dsi.efficiency.timing import gain, hardware, interleaved, speedup, spread
from dsi.model.checkpoint import CheckpointError, load_t5

WARMUP = 5

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="folders of pruned checkpoints")
    parser.add_argument("--dense", type=Path, required=True, help="folder of the dense one")
    parser.add_argument("--input-length", type=int, required=True, help="tokens of a query")
    parser.add_argument("--batch", type=int, required=True, help="queries of a batch")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--rounds", type=int, default=50, help="rounds that count, after some that do not")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    twice = [
        name for name, count in Counter(path.name for path in arguments.checkpoints).items() if count > 1
    ]
    if twice:
        raise UserError(
            f"checkpoints: found two folders named {twice[0]}, expected different names, for example "
            "magnitude-0.8 and magnitude-0.9"
        )
    try:
        documents = atomic_count(arguments.dense)
    except DocidError as error:
        raise UserError(str(error)) from error
    try:
        dense = load_t5(arguments.dense).eval()
        pruned = {path.name: load_t5(path).eval() for path in arguments.checkpoints}
    except CheckpointError as error:
        raise UserError(str(error)) from error
    workloads = {"query": 1, "batch": arguments.batch}
    report: dict[str, Any] = {
        "hardware": hardware(),
        "input_length": arguments.input_length,
        "rounds": arguments.rounds,
        "warmup": WARMUP,
    }
    for workload, batch in workloads.items():
        report[workload] = measure(dense, pruned, documents, batch, arguments.input_length, arguments.rounds)
        for name, entry in report[workload]["checkpoints"].items():
            logger.info("%s of %d, %s: %s", workload, batch, name, entry["gain"])
    write_json(report, arguments.output)


def measure(
    dense: T5ForConditionalGeneration,
    pruned: dict[str, T5ForConditionalGeneration],
    documents: int,
    batch: int,
    length: int,
    rounds: int,
) -> dict[str, Any]:
    """Time a batch of queries of random tokens with every model and every way to run it."""
    ids = torch.randint(
        3, dense.config.vocab_size - documents, (batch, length), generator=torch.Generator().manual_seed(0)
    )
    needed = set().union(*(sparse_shapes(model, documents, batch, length) for model in pruned.values()))
    measured = [csr_break_even(*shape) for shape in sorted(needed)]
    scorers: dict[str, dict[str, Scorer]] = {"dense": {"dense": docid_scorer(dense, documents)}}
    skipped: dict[str, dict[str, str]] = {}
    for name, model in pruned.items():
        scorers[name], skipped[name] = ways(model, documents, measured, batch, length)
    calls = {
        f"{name}/{way}": _call(scorer, ids, on_gpu=way in ("fp16", "2:4"))
        for name, entries in scorers.items()
        for way, scorer in entries.items()
    }
    samples = interleaved(calls, rounds, WARMUP)
    return {
        "batch": batch,
        "break_even": [entry._asdict() for entry in measured],
        "dense": _described(samples["dense/dense"], batch),
        "checkpoints": {
            name: _compared(name, list(scorers[name]), samples, batch, skipped[name]) for name in pruned
        },
    }


def ways(
    model: T5ForConditionalGeneration, documents: int, measured: list[BreakEven], batch: int, length: int
) -> tuple[dict[str, Scorer], dict[str, str]]:
    """The ways a pruned model can run here, and why it cannot in the others."""
    scorers = {"dense": docid_scorer(model, documents)}
    skipped = {}
    csr = with_csr(model, documents, measured, batch, length)
    if csr is None:
        skipped["csr"] = "no matrix is as sparse as its break-even"
    else:
        scorers["csr"] = csr
    obstacle = semi_structured_obstacle(model)
    if obstacle is None:
        scorers["fp16"], scorers["2:4"] = semi_structured(model, documents)
    else:
        skipped["2:4"] = obstacle
    return scorers, skipped


def _call(scorer: Scorer, ids: torch.Tensor, on_gpu: bool) -> Any:
    ids = ids.cuda() if on_gpu else ids
    mask = torch.ones_like(ids)
    return lambda: scorer(ids, mask)


def _compared(
    name: str, found: list[str], samples: dict[str, list[float]], batch: int, skipped: dict[str, str]
) -> dict[str, Any]:
    """Times and speed-ups of one pruned checkpoint; 2:4 is compared with the same model in float16."""
    # The same model in float16 is a reference, not a gain of pruning.
    references = {way: f"{name}/fp16" if way == "2:4" else "dense/dense" for way in found if way != "fp16"}
    speedups = {way: speedup(samples[other], samples[f"{name}/{way}"]) for way, other in references.items()}
    kernels = {
        way: {**_described(samples[f"{name}/{way}"], batch), "speedup": speedups[way]._asdict()}
        for way in references
    }
    return {"kernels": kernels, "skipped": skipped, "gain": f"{gain(speedups.values()):.1f}×"}


def _described(samples: list[float], batch: int) -> dict[str, Any]:
    seconds = spread(samples)
    return {"seconds": seconds._asdict(), "queries_per_second": batch / seconds.median}


if __name__ == "__main__":
    run(main)
