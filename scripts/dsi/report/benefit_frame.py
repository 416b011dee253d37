"""What pruning and rounding save, gathered from the files of the commands that measured it.

Frame
    benefit  one row per checkpoint: BENEFIT_COLUMNS. Dense ones have no criterion, rate nor shares of
             zeros; times are those of the one seed that is measured, the same in every seed's row. int8_mb
             and int8_map are of weights in 8 bits; int8_model_… of a model whose products are in 8 bits,
             which is measured of the dense one and of those whose matrices are smaller.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.artefacts import read_object
from dsi.report.results import read_csv
from dsi.systems import System, SystemNameError

BENEFIT_COLUMNS = (
    *("baseline", "seed", "criterion", "rate", "linears", "model", "size_nz", "parameters"),
    *("compression_ratio", "theoretical_speedup", "dense_mb", "exact_mb", "small_mb"),
    *("int8_mb", "int4_mb"),
    *("query_ms", "query_gain", "query_gain_lower", "query_gain_upper"),
    *("batch_qps", "batch_gain", "batch_gain_lower", "batch_gain_upper", "small_map"),
    *("int8_map", "int4_map", "int8_model_map", "int8_model_query_ms", "int8_model_query_gain"),
    *("int8_model_batch_qps", "int8_model_batch_gain"),
)
MB = 1e6
# On the CPU. 2:4 runs in float16 on a GPU and is compared with that: it stands in no column beside these.
KERNELS, TWO_OF_FOUR = ("dense", "csr"), "2:4"
# Bits of the weights and of the inputs of a product → the field of RoundedMap.
ROUNDED_COLUMNS = {
    (16, 32): "small_map",
    (8, 32): "int8_map",
    (4, 32): "int4_map",
    (8, 8): "int8_model_map",
}
SYSTEM = ["baseline", "seed", "criterion", "rate"]

Key = tuple[str | None, float | None]  # criterion and rate, None and None of dense
Measured = Mapping[str, Any]  # of a kernel in a report: seconds and speedup, each median, lower, upper


class Times(NamedTuple):
    """Milliseconds of one query, queries a second in a batch, each of the kernel that is fastest at it.

    Gains: how many times as fast as the reference this kernel is, below 1 if slower: the median over the
    rounds, and its quartiles.
    """

    query_ms: float
    query_gain: float
    query_gain_lower: float
    query_gain_upper: float
    batch_qps: float
    batch_gain: float
    batch_gain_lower: float
    batch_gain_upper: float


class Gain(NamedTuple):
    """How many times as fast: the median over the rounds, and its quartiles."""

    median: float
    lower: float
    upper: float


class RuntimeTimes(NamedTuple):
    """One model by onnxruntime on the CPU.

    float32, int8: times, with gains over the dense model by torch in float32; query, batch: gains of int8
    over the same model in float32 by onnxruntime; file_mb: of the int8 model.
    """

    float32: Times
    int8: Times
    query: Gain
    batch: Gain
    file_mb: float


class RoundedMap(NamedTuple):
    """The test MAP of one system, None where not measured: weights in 16, 8 and 4 bits, and an int8 model."""

    small_map: float | None = None
    int8_map: float | None = None
    int4_map: float | None = None
    int8_model_map: float | None = None


class Latency(NamedTuple):
    """What `measure_latency` found of a baseline.

    hardware: as `dsi.efficiency.timing.hardware`; input_length: tokens of a query; batch: queries of a
    batch; times: on the CPU by criterion and rate, of dense by None and None; two_of_four: on the GPU, where
    2:4 kernels ran, against the same model with dense ones in float16 there; runtime: onnxruntime's name and
    version; in_runtime: by criterion and rate what ran in it.
    """

    hardware: Mapping[str, Any]
    input_length: int
    batch: int
    times: Mapping[Key, Times]
    two_of_four: Mapping[Key, Times]
    runtime: str
    in_runtime: Mapping[Key, RuntimeTimes]


def read_sizes(path: Path, results: Path) -> tuple[System, dict[str, Any]]:
    """A file of `compress` and the system that it is about: it lies at <results>/sizes/<slug>.json.

    Raises:
        SystemNameError: it lies elsewhere, or its path names no system.
    """
    folder = results / "sizes"
    if not path.is_relative_to(folder):
        raise SystemNameError(f"{path}: expected a file below {folder}, for example {folder}/<slug>.json")
    slug = path.relative_to(folder).as_posix().removesuffix(".json")
    return System.parse(slug), read_object(path)


def read_latency(path: Path) -> Latency:
    """A file of `measure_latency`."""
    report = read_object(path)
    query, batch = report["query"], report["batch"]
    size, as_fast = batch["batch"], {"speedup": {"median": 1.0, "lower": 1.0, "upper": 1.0}}
    times: dict[Key, Times] = {(None, None): _times(query["dense"] | as_fast, batch["dense"] | as_fast, size)}
    two_of_four: dict[Key, Times] = {}
    for slug in query["checkpoints"]:
        system = System.parse(slug)
        one, many = (workload["checkpoints"][slug]["kernels"] for workload in (query, batch))
        times[system.criterion, system.rate] = _times(_fastest(one), _fastest(many), size)
        if TWO_OF_FOUR in one and TWO_OF_FOUR in many:
            two_of_four[system.criterion, system.rate] = _times(one[TWO_OF_FOUR], many[TWO_OF_FOUR], size)
    return Latency(
        hardware=report["hardware"],
        input_length=report["input_length"],
        batch=size,
        times=times,
        two_of_four=two_of_four,
        runtime=report["runtime"],
        in_runtime=dict(_in_runtime(report)),
    )


def read_rounded(paths: Iterable[Path]) -> dict[System, RoundedMap]:
    """The test MAP of every system in files of `measure_rounded`; missing where no test query is judged."""
    frame = pd.concat([read_csv(path) for path in paths], ignore_index=True).query("split == 'test'")
    found: dict[System, RoundedMap] = {}
    for slug, bits, activations, value in zip(
        *(frame[name].tolist() for name in ("system", "bits", "activations", "MAP")), strict=True
    ):
        system = System.parse(slug)
        column = ROUNDED_COLUMNS[bits, activations]
        found[system] = found.get(system, RoundedMap())._replace(**{column: value})
    return found


def benefit_frame(
    sizes: Iterable[tuple[System, Mapping[str, Any]]],
    rounded: Mapping[System, RoundedMap],
    latency: Mapping[str, Latency],
    sparsity: pd.DataFrame,
) -> pd.DataFrame:
    """The frame `benefit`.

    Args:
        sizes: systems, each with what `compress` wrote of it.
        rounded: their test MAP with rounded weights, as `read_rounded` returns it.
        latency: by baseline.
        sparsity: as dsi.report.frames.sparsity_frame.
    """
    rows = []
    for system, values in sizes:
        times = latency[str(system.baseline)].times[system.criterion, system.rate]
        in_runtime = latency[str(system.baseline)].in_runtime.get((system.criterion, system.rate))
        rows.append(
            {name: system._asdict()[name] for name in SYSTEM}
            | {name: values[name] for name in ("size_nz", "parameters", "compression_ratio")}
            | {"theoretical_speedup": values["theoretical_speedup"], "dense_mb": values["dense_bytes"] / MB}
            | {"exact_mb": values["compressed_bytes"] / MB, "small_mb": values["small_bytes"] / MB}
            | {f"int{bits}_mb": values[f"int{bits}_bytes"] / MB for bits in (8, 4)}
            | times._asdict()
            | rounded.get(system, RoundedMap())._asdict()
            | _int8_model(in_runtime)
        )
    frame = pd.DataFrame(rows)
    maps = [*ROUNDED_COLUMNS.values(), *(name for name in frame.columns if name.startswith("int8_model"))]
    frame = frame.astype(dict.fromkeys(["rate", *maps], "float64"))
    frame = frame.merge(sparsity, how="left", on=SYSTEM)
    order = frame.sort_values(["baseline", "criterion", "rate", "seed"], na_position="first", kind="stable")
    return order.reset_index(drop=True)[list(BENEFIT_COLUMNS)]


def _in_runtime(report: Mapping[str, Any]) -> Iterator[tuple[Key, RuntimeTimes]]:
    """Criterion and rate of each model that onnxruntime ran, and its times."""
    size = report["batch"]["batch"]
    for slug, files in report["runtime_bytes"].items():
        one, many = (report[workload]["runtime"][slug] for workload in ("query", "batch"))
        system = System.parse(slug)
        yield (
            (system.criterion, system.rate),
            RuntimeTimes(
                float32=_times(one["float32"], many["float32"], size),
                int8=_times(one["int8"], many["int8"], size),
                query=Gain(**one["int8"]["over_float32"]),
                batch=Gain(**many["int8"]["over_float32"]),
                file_mb=files["int8"] / MB,
            ),
        )


def _int8_model(found: RuntimeTimes | None) -> dict[str, float | None]:
    """Its columns; nothing where it was not measured."""
    times = None if found is None else found.int8
    names = ("query_ms", "query_gain", "batch_qps", "batch_gain")
    return {f"int8_model_{name}": None if times is None else getattr(times, name) for name in names}


def _fastest(kernels: Mapping[str, Measured]) -> Measured:
    """Of the kernels on the CPU, the one with the lowest median."""
    measured = [kernels[name] for name in KERNELS if name in kernels]
    return min(measured, key=lambda kernel: kernel["seconds"]["median"])


def _times(query: Measured, many: Measured, batch: int) -> Times:
    """Of one kernel's times of a query, and one's of a batch of so many queries."""
    one, several = (kernel["speedup"] for kernel in (query, many))
    return Times(
        query_ms=1000 * query["seconds"]["median"],
        query_gain=one["median"],
        query_gain_lower=one["lower"],
        query_gain_upper=one["upper"],
        batch_qps=batch / many["seconds"]["median"],
        batch_gain=several["median"],
        batch_gain_lower=several["lower"],
        batch_gain_upper=several["upper"],
    )
