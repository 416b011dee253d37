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
    *("query_ms", "query_gain", "batch_qps", "batch_gain", "small_map"),
)
MB = 1e6
# 2:4 runs in float16 on a GPU: its times are compared with that, and stand in no column beside the others.
KERNELS = ("dense", "csr")
SYSTEM = ["baseline", "seed", "criterion", "rate"]


class Times(NamedTuple):
    """Milliseconds of one query, queries a second in a batch; gains: how many times as fast as dense."""

    query_ms: float
    query_gain: float
    batch_qps: float
    batch_gain: float


class Latency(NamedTuple):
    """What `measure_latency` found of a baseline.

    hardware: as `dsi.efficiency.timing.hardware`; input_length: tokens of a query; batch: queries of a
    batch; times: by criterion and rate, of dense by None and None.
    """

    hardware: Mapping[str, Any]
    input_length: int
    batch: int
    times: Mapping[tuple[str | None, float | None], Times]


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
    dense = Times(1000 * _seconds([query["dense"]]), 1.0, batch["batch"] / _seconds([batch["dense"]]), 1.0)
    times: dict[tuple[str | None, float | None], Times] = {(None, None): dense}
    for slug in query["checkpoints"]:
        system = System.parse(slug)
        one, many = query["checkpoints"][slug], batch["checkpoints"][slug]
        times[system.criterion, system.rate] = Times(
            1000 * _seconds(_kernels(one)),
            one["gain"],
            batch["batch"] / _seconds(_kernels(many)),
            many["gain"],
        )
    return Latency(report["hardware"], report["input_length"], batch["batch"], times)


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


def _kernels(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [entry["kernels"][name] for name in KERNELS if name in entry["kernels"]]


def _seconds(kernels: Iterable[Mapping[str, Any]]) -> float:
    """The median of the fastest kernel."""
    return min(float(kernel["seconds"]["median"]) for kernel in kernels)
