"""What pruning saves, gathered from the files of the commands that measured it.

Frame
    benefit  one row per checkpoint: BENEFIT_COLUMNS. Dense ones have no criterion, rate nor shares of
             zeros; times are those of the one seed that is measured, the same in every seed's row.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.report.results import read_csv
from dsi.systems import System, SystemNameError

BENEFIT_COLUMNS = (
    *("baseline", "seed", "criterion", "rate", "linears", "model", "size_nz", "parameters"),
    *("compression_ratio", "theoretical_speedup", "dense_mb", "exact_mb", "small_mb"),
    *("query_ms", "query_gain", "query_gain_lower", "query_gain_upper"),
    *("batch_qps", "batch_gain", "batch_gain_lower", "batch_gain_upper", "small_map"),
)
MB = 1e6
# On the CPU. 2:4 runs in float16 on a GPU and is compared with that: it stands in no column beside these.
KERNELS, TWO_OF_FOUR = ("dense", "csr"), "2:4"
SYSTEM = ["baseline", "seed", "criterion", "rate"]

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


class Latency(NamedTuple):
    """What `measure_latency` found of a baseline.

    hardware: as `dsi.efficiency.timing.hardware`; input_length: tokens of a query; batch: queries of a
    batch; times: on the CPU by criterion and rate, of dense by None and None; two_of_four: on the GPU, where
    2:4 kernels ran, against the same model with dense ones in float16 there.
    """

    hardware: Mapping[str, Any]
    input_length: int
    batch: int
    times: Mapping[tuple[str | None, float | None], Times]
    two_of_four: Mapping[tuple[str | None, float | None], Times]


def read_sizes(path: Path, results: Path) -> tuple[System, dict[str, Any]]:
    """A file of `compress` and the system that it is about: it lies at <results>/sizes/<slug>.json.

    Raises:
        SystemNameError: it lies elsewhere, or its path names no system.
    """
    folder = results / "sizes"
    if not path.is_relative_to(folder):
        raise SystemNameError(f"{path}: expected a file below {folder}, for example {folder}/<slug>.json")
    slug = path.relative_to(folder).as_posix().removesuffix(".json")
    return System.parse(slug), json.loads(path.read_text(encoding="utf-8"))


def read_latency(path: Path) -> Latency:
    """A file of `measure_latency`."""
    report = json.loads(path.read_text(encoding="utf-8"))
    query, batch = report["query"], report["batch"]
    size, as_fast = batch["batch"], {"speedup": {"median": 1.0, "lower": 1.0, "upper": 1.0}}
    times: dict[tuple[str | None, float | None], Times] = {
        (None, None): _times(query["dense"] | as_fast, batch["dense"] | as_fast, size)
    }
    two_of_four: dict[tuple[str | None, float | None], Times] = {}
    for slug in query["checkpoints"]:
        system = System.parse(slug)
        one, many = (workload["checkpoints"][slug]["kernels"] for workload in (query, batch))
        times[system.criterion, system.rate] = _times(_fastest(one), _fastest(many), size)
        if TWO_OF_FOUR in one and TWO_OF_FOUR in many:
            two_of_four[system.criterion, system.rate] = _times(one[TWO_OF_FOUR], many[TWO_OF_FOUR], size)
    return Latency(report["hardware"], report["input_length"], size, times, two_of_four)


def read_rounded(paths: Iterable[Path]) -> dict[System, float]:
    """The test MAP of every system in files of `measure_rounded`; missing where no test query is judged."""
    frame = pd.concat([read_csv(path) for path in paths], ignore_index=True).query("split == 'test'")
    return {
        System.parse(slug): value
        for slug, value in zip(frame["system"].tolist(), frame["MAP"].tolist(), strict=True)
    }


def benefit_frame(
    sizes: Iterable[tuple[System, Mapping[str, Any]]],
    rounded: Mapping[System, float],
    latency: Mapping[str, Latency],
    sparsity: pd.DataFrame,
) -> pd.DataFrame:
    """The frame `benefit`.

    Args:
        sizes: systems, each with what `compress` wrote of it.
        rounded: their test MAP with weights rounded to float16, as `read_rounded` returns it.
        latency: by baseline.
        sparsity: as dsi.report.frames.sparsity_frame.
    """
    rows = []
    for system, values in sizes:
        times = latency[str(system.baseline)].times[system.criterion, system.rate]
        rows.append(
            {name: system._asdict()[name] for name in SYSTEM}
            | {name: values[name] for name in ("size_nz", "parameters", "compression_ratio")}
            | {"theoretical_speedup": values["theoretical_speedup"], "dense_mb": values["dense_bytes"] / MB}
            | {"exact_mb": values["compressed_bytes"] / MB, "small_mb": values["small_bytes"] / MB}
            | times._asdict()
            | {"small_map": rounded.get(system)}
        )
    frame = pd.DataFrame(rows).astype({"rate": "float64", "small_map": "float64"})
    frame = frame.merge(sparsity, how="left", on=SYSTEM)
    order = frame.sort_values(["baseline", "criterion", "rate", "seed"], na_position="first", kind="stable")
    return order.reset_index(drop=True)[list(BENEFIT_COLUMNS)]


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
