"""What pruning buys, as a table: parameters, zeros, bytes, operations, measured latency.

Pure functions on what scripts compress, scripts measure_latency and the tables say. Does not know
where files lie, nor how anything was measured.

Frame
    benefit  one row per checkpoint: BENEFIT_COLUMNS. Dense ones have no criterion, rate nor shares of
             zeros; times are those of the one seed that is measured, the same in every seed's row.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from dsi.report.markdown import ABSENT, percent, pipe_table
from dsi.systems import System

KEYS = ["baseline", "criterion", "rate"]
BENEFIT_COLUMNS = (
    *("baseline", "seed", "criterion", "rate", "linears", "model", "size_nz", "parameters"),
    *("compression_ratio", "theoretical_speedup", "dense_mb", "exact_mb", "small_mb"),
    *("query_ms", "query_gain", "batch_qps", "batch_gain", "small_map"),
)
MB = 1e6
# 2:4 runs in float16 on a GPU: its times are compared with that, and stand in no column beside the others.
KERNELS = ("dense", "csr")


def benefit_frame(
    sizes: Iterable[tuple[System, Mapping[str, Any]]],
    rounded: Mapping[System, float],
    latency: Mapping[str, Mapping[str, Any]],
    sparsity: pd.DataFrame,
) -> pd.DataFrame:
    """The frame `benefit`.

    Args:
        sizes: systems, each with what scripts compress wrote of it.
        rounded: their test MAP with weights rounded to float16, as scripts measure_rounded measured it;
            missing where no test query is judged.
        latency: by baseline, what scripts measure_latency wrote.
        sparsity: as dsi.report.frames.sparsity_frame.
    """
    rows = []
    for system, values in sizes:
        times = _times(latency[str(system.baseline)], system)
        rows.append(
            {name: system._asdict()[name] for name in ("baseline", "seed", "criterion", "rate")}
            | {name: values[name] for name in ("size_nz", "parameters", "compression_ratio")}
            | {"theoretical_speedup": values["theoretical_speedup"], "dense_mb": values["dense_bytes"] / MB}
            | {"exact_mb": values["compressed_bytes"] / MB, "small_mb": values["small_bytes"] / MB}
            | times
            | {"small_map": rounded.get(system)}
        )
    frame = pd.DataFrame(rows).astype({"rate": "float64", "small_map": "float64"})
    frame = frame.merge(sparsity, how="left", on=["baseline", "seed", "criterion", "rate"])
    order = frame.sort_values(["baseline", "criterion", "rate", "seed"], na_position="first", kind="stable")
    return order.reset_index(drop=True)[list(BENEFIT_COLUMNS)]


def benefit_report(
    frame: pd.DataFrame, metrics: pd.DataFrame, latency: Mapping[str, Mapping[str, Any]]
) -> str:
    """The page benefit.md: a legend, and for every baseline a table with the quality beside each saving.

    Args:
        frame: as `benefit_frame` returns it.
        metrics: as dsi.report.frames.metrics_frame, or read back from its CSV.
    """
    parts = [LEGEND]
    for baseline, rows in frame.groupby("baseline"):
        machine = latency[str(baseline)]["hardware"]
        tokens = latency[str(baseline)]["input_length"]
        parts.append(
            f"## {baseline}\n\n"
            f"Latency on {machine['processor']} ({machine['threads']} of {machine['cores']} cores, GPU: "
            f"{machine['gpu']}, torch {machine['torch']}), queries of {tokens} tokens, a batch of "
            f"{latency[str(baseline)]['batch']['batch']}. Dense: {_dense_times(rows)}.\n\n"
            + benefit_table(rows, metrics[metrics["split"] == "test"])
        )
    return "\n\n".join(parts) + "\n"


LEGEND = """# What pruning buys

A row per criterion and rate, means over the seeds. MAP is of the recovered model on the test queries: with
the exact file's weights, and with those rounded to float16. Zeros, and weights that were removed, are counted
in the recovered checkpoint.

- *compression*: weights of the dense model / weights that are not zero.
- *MB*: of the file, the dense model's safetensors first; then a file that keeps every bit (a bitmask and the
  values under it, where that is smaller), and one with values rounded to float16 and compressed with zstd.
  In brackets the share of the dense file.
- *operations*: floating-point operations of one query, dense / pruned, if zeros cost nothing.
- *query*, *batch*: measured, how many times as fast as dense with the best kernel of this machine; 1.0× where
  nothing is surely gained. Dense kernels multiply zeros as well."""


def benefit_table(rows: pd.DataFrame, metrics: pd.DataFrame) -> str:
    """A row per criterion and rate of one baseline, the dense model first.

    Args:
        metrics: of the test queries.
    """
    header = ["", "zeros in Linears", "zeros in model", "parameters", "non-zeros", "compression"]
    header += ["MB exact", "MB float16 + zstd", "operations", "query", "batch", "MAP exact", "MAP float16"]
    cells = []
    for _, group in rows.groupby(KEYS, dropna=False, sort=False):
        first, mean = group.iloc[0], group.mean(numeric_only=True)
        dense = pd.isna(first["criterion"])
        models = metrics[(metrics["baseline"] == first["baseline"]) & (metrics["arm"] == "dense")]
        if not dense:
            models = metrics.merge(group[KEYS].drop_duplicates(), on=KEYS)
            models = models[models["arm"] == "recovered"]
        cells.append(
            [
                f"dense E1 ({mean['dense_mb']:.2f} MB)"
                if dense
                else f"{first['criterion']} {first['rate']:g}",
                ABSENT if dense else percent(mean["linears"]),
                ABSENT if dense else percent(mean["model"]),
                f"{mean['parameters']:,.0f}",
                f"{mean['size_nz']:,.0f}",
                f"{mean['compression_ratio']:.2f}×",
                *(_megabytes(mean[name], mean["dense_mb"]) for name in ("exact_mb", "small_mb")),
                f"{mean['theoretical_speedup']:.2f}×",
                *(f"{mean[name]:.1f}×" for name in ("query_gain", "batch_gain")),
                *(_quality(value) for value in (models["MAP"].mean(), mean["small_map"])),
            ]
        )
    return pipe_table(header, cells)


def _times(report: Mapping[str, Any], system: System) -> dict[str, float]:
    """Milliseconds of one query, queries a second in a batch, and the gains; of dense: 1."""
    times = {}
    for workload, column in (("query", "query_ms"), ("batch", "batch_qps")):
        part = report[workload]
        if system.criterion is None:
            kernels: Sequence[Mapping[str, Any]] = [part["dense"]]
            gain = 1.0
        else:
            entry = part["checkpoints"][f"{system.criterion}-{system.rate:g}"]
            kernels = [entry["kernels"][name] for name in KERNELS if name in entry["kernels"]]
            gain = float(entry["gain"].removesuffix("×"))
        seconds = min(kernel["seconds"]["median"] for kernel in kernels)
        times[column] = 1000 * seconds if workload == "query" else part["batch"] / seconds
        times[f"{workload}_gain"] = gain
    return times


def _dense_times(rows: pd.DataFrame) -> str:
    dense = rows[rows["criterion"].isna()].iloc[0]
    return f"{dense['query_ms']:.2f} ms a query, {dense['batch_qps']:,.0f} queries a second in a batch"


def _quality(value: float) -> str:
    return ABSENT if pd.isna(value) else f"{value:.4f}"


def _megabytes(value: float, dense: float) -> str:
    return f"{value:.2f} ({value / dense:.2f})"
