"""The latency of one query and the throughput of a batch: dense, pruned and in int8, timed in turn."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.identifiers import atomic_count
from dsi.efficiency.int8_model import RuntimeModels, runtime_models, runtime_name, shapes_of
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
from dsi.efficiency.timing import hardware, interleaved, quartiles, speedup
from dsi.model.checkpoint import load_t5
from dsi.systems import System

WARMUP = 5  # rounds that do not count
DENSE = "dense"
# Kernels: 2:4 runs in float16 on the GPU only, and the same model with dense kernels is its reference.
FP16, TWO_OF_FOUR = "fp16", "2:4"
# By onnxruntime, of the dense model and of those whose matrices are smaller: in others zeros cost as much.
FLOAT32, INT8 = "float32", "int8"
KERNELS = (DENSE, "csr", TWO_OF_FOUR)

Call = tuple[str, str]  # of which model (a slug, or DENSE), by which kernel


class Workload(NamedTuple):
    """batch: queries at a time; length: tokens of each; documents: N, scored for each; rounds: that count."""

    batch: int
    length: int
    documents: int
    rounds: int


def measure_latency(
    results: Path, dense: System, pruned: Sequence[System], *, input_length: int, batch: int, rounds: int
) -> dict[str, Any]:
    """The report as JSON.

    hardware; runtime: onnxruntime's version; runtime_bytes: by slug of the files that it runs, in float32
    and int8; input_length; rounds; warmup; and for `query` (one at a time) and `batch` each: batch,
    break_even, dense, checkpoints, and runtime.
    checkpoints: by slug kernels (seconds, queries_per_second, and speedup: how many times as fast as its
    reference, below 1 if slower) and skipped (why a kernel was not measured). The reference is the dense
    model on the CPU, of 2:4 the same pruned model on the GPU in float16.
    runtime: by slug float32 and int8, each as a kernel; of int8 over_float32, too: how many times as fast
    as the same model in float32 by the same runtime.

    Args:
        results: the folder below which each system's slug names its checkpoint, with atomic docids.
        input_length: tokens of a query.
        batch: queries of a batch.
        rounds: rounds that count, after WARMUP.

    Raises:
        CheckpointError: a checkpoint is incomplete.
        DocidError: the docids are not atomic.
    """
    documents = atomic_count(results / dense.slug)
    reference = load_t5(results / dense.slug).eval()
    models = {system.slug: load_t5(results / system.slug).eval() for system in pruned}
    exported = _exported({dense.slug: reference} | models, documents)
    files = {
        slug: {FLOAT32: both.float32.file_bytes, INT8: both.int8.file_bytes}
        for slug, both in exported.items()
    }
    return {
        "hardware": hardware(),
        "runtime": runtime_name(),
        "runtime_bytes": files,
        "input_length": input_length,
        "rounds": rounds,
        "warmup": WARMUP,
        "query": _measured(reference, models, exported, Workload(1, input_length, documents, rounds)),
        "batch": _measured(reference, models, exported, Workload(batch, input_length, documents, rounds)),
    }


def _exported(models: Mapping[str, T5ForConditionalGeneration], documents: int) -> dict[str, RuntimeModels]:
    """By onnxruntime, the first model and those with other shapes."""
    first, *_ = (shapes_of(model) for model in models.values())
    return {
        slug: runtime_models(model, documents, torch.get_num_threads())
        for place, (slug, model) in enumerate(models.items())
        if place == 0 or shapes_of(model) != first
    }


def _measured(
    dense: T5ForConditionalGeneration,
    pruned: Mapping[str, T5ForConditionalGeneration],
    exported: Mapping[str, RuntimeModels],
    workload: Workload,
) -> dict[str, Any]:
    """Time a batch of queries of random tokens with every model and every kernel."""
    batch, length, documents, rounds = workload
    pieces = dense.config.vocab_size - documents
    ids = torch.randint(3, pieces, (batch, length), generator=torch.Generator().manual_seed(0))
    shapes = set().union(*(sparse_shapes(model, documents, batch, length) for model in pruned.values()))
    measured = [csr_break_even(*shape) for shape in sorted(shapes)]
    calls = {(DENSE, DENSE): _call(docid_scorer(dense, documents), ids, on_gpu=False)}
    skipped: dict[str, dict[str, str]] = {}
    for name, model in pruned.items():
        scorers, skipped[name] = _kernels(model, measured, workload)
        for kernel, scorer in scorers.items():
            calls[name, kernel] = _call(scorer, ids, on_gpu=kernel in (FP16, TWO_OF_FOUR))
    for name, both in exported.items():
        calls[name, FLOAT32] = _call(both.float32.scorer, ids, on_gpu=False)
        calls[name, INT8] = _call(both.int8.scorer, ids, on_gpu=False)
    samples = interleaved(calls, rounds, WARMUP)
    return {
        "batch": batch,
        "break_even": [entry._asdict() for entry in measured],
        "dense": _described(samples[DENSE, DENSE], batch),
        "checkpoints": {
            name: {**_compared(name, samples, batch), "skipped": skipped[name]} for name in pruned
        },
        "runtime": {name: _in_runtime(name, samples, batch) for name in exported},
    }


def _kernels(
    model: T5ForConditionalGeneration, measured: Sequence[BreakEven], workload: Workload
) -> tuple[dict[str, Scorer], dict[str, str]]:
    """The kernels that a pruned model can run with here, and why it cannot with the others."""
    scorers = {DENSE: docid_scorer(model, workload.documents)}
    skipped = {}
    csr = with_csr(model, workload.documents, measured, workload.batch, workload.length)
    if csr is None:
        skipped["csr"] = "no matrix is as sparse as its break-even"
    else:
        scorers["csr"] = csr
    obstacle = semi_structured_obstacle(model)
    if obstacle is None:
        scorers[FP16], scorers[TWO_OF_FOUR] = semi_structured(model, workload.documents)
    else:
        skipped[TWO_OF_FOUR] = obstacle
    return scorers, skipped


def _call(scorer: Scorer, ids: torch.Tensor, on_gpu: bool) -> Callable[[], torch.Tensor]:
    ids = ids.cuda() if on_gpu else ids
    mask = torch.ones_like(ids)
    return lambda: scorer(ids, mask)


def _compared(name: str, samples: Mapping[Call, Sequence[float]], batch: int) -> dict[str, Any]:
    """Times and speed-ups of one pruned model; 2:4 is compared with the same model in float16."""
    kernels = {}
    for kernel in (kernel for model, kernel in samples if model == name and kernel in KERNELS):
        reference = (name, FP16) if kernel == TWO_OF_FOUR else (DENSE, DENSE)
        faster = speedup(samples[reference], samples[name, kernel])
        kernels[kernel] = {**_described(samples[name, kernel], batch), "speedup": faster._asdict()}
    return {"kernels": kernels}


def _in_runtime(name: str, samples: Mapping[Call, Sequence[float]], batch: int) -> dict[str, Any]:
    """Times of one model by onnxruntime, and speed-ups over the dense one by torch in float32."""
    found = {}
    for kernel in (FLOAT32, INT8):
        faster = speedup(samples[DENSE, DENSE], samples[name, kernel])
        found[kernel] = {**_described(samples[name, kernel], batch), "speedup": faster._asdict()}
    found[INT8]["over_float32"] = speedup(samples[name, FLOAT32], samples[name, INT8])._asdict()
    return found


def _described(samples: Sequence[float], batch: int) -> dict[str, Any]:
    seconds = quartiles(samples)
    return {"seconds": seconds._asdict(), "queries_per_second": batch / seconds.median}
