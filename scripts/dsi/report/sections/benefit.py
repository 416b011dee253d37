"""The page benefit.md: what pruning and fewer bits save, with the quality beside each saving."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dsi.report.benefit_frame import Latency, RuntimeTimes
from dsi.report.byte_frontier import (
    average_points,
    beaten_by,
    model_name,
    precision_points,
    steps_along,
)
from dsi.report.markdown import ABSENT, percent, pipe_table
from dsi.systems import spell_rate

KEYS = ["baseline", "criterion", "rate"]
LEGEND = """# What pruning buys

A row per criterion and rate, means over the seeds. MAP is of the recovered model on the test queries: with
the exact file's weights, and with those rounded to float16, and to 8 and 4 bits: to the nearest, whole
multiples of a scale for each row of every matrix, the embedding included, without any training.

Zeros, compression and bytes have one base: the checkpoint of dense E1 as it is stored, where a tied output
head and embedding are one tensor. An output head that was untied to be pruned comes on top of it.

- *zeros*: the share of the base's weights that are gone, zero or removed; in the model 1 - 1 / compression.
- *compression*: weights of the base / weights that are not zero.
- *MB*: of the file, the dense model's safetensors first; then a file that keeps every bit (a bitmask and the
  values under it, where that is smaller), and those with values rounded to 16, 8 and 4 bits and compressed
  with zstd. In brackets the share of the dense file.
- *operations*: floating-point operations of one query, dense / pruned, if zeros cost nothing.
- *query*, *batch*: measured on the CPU, how many times as fast as dense with the kernel that is fastest there
  (dense ones, which multiply zeros as well, or CSR); below 1 is slower. In brackets where 1 lies between the
  quartiles of the rounds: as fast as dense, as far as these tell."""
HEADER = (
    *("", "zeros in Linears", "zeros in model", "parameters", "non-zeros", "compression"),
    *("MB exact", "MB float16 + zstd", "MB 8 bits", "MB 4 bits", "operations", "query", "batch"),
    *("MAP exact", "MAP float16", "MAP 8 bits", "MAP 4 bits"),
)
FILES = ("exact_mb", "small_mb", "int8_mb", "int4_mb")
ROUNDED = ("small_map", "int8_map", "int4_map")
RUNTIME_LEGEND = """### Computed in 8 bits

By {runtime} on the CPU, timed in turn with the others: times, in brackets how many times as fast as dense
E1 in float32 by torch, and what int8 gains over float32 by the same runtime. Weights are in int8 and so are
the inputs of every product; the embedding is looked up in float32. Of dense E1 and of models whose matrices
are smaller: in others zeros cost as much as other weights, in int8 too."""
RUNTIME_HEADER = (
    *("", "float32, query", "float32, batch", "int8, query", "int8, batch", "int8 / float32, query"),
    *("int8 / float32, batch", "MB of the int8 model", "MAP exact", "MAP int8"),
)
STEP_HEADER = ("", "MB", "MAP", "more than the row above")


def benefit_report(
    frame: pd.DataFrame, metrics: pd.DataFrame, latency: Mapping[str, Latency], confidence: float
) -> str:
    """The whole page: a legend, and for every baseline tables of savings, of bytes and of int8 models.

    Args:
        frame: as dsi.report.benefit_frame.benefit_frame returns it.
        metrics: as dsi.report.frames.metrics_frame, or read back from its CSV.
        latency: by baseline.
        confidence: of the intervals of means over seeds.
    """
    test = metrics[metrics["split"] == "test"]
    parts = [LEGEND]
    for baseline, rows in frame.groupby("baseline"):
        parts.append(f"## {baseline}\n\n{_measurement(latency[str(baseline)], rows)}")
        parts.append(benefit_table(rows, test))
        parts.append(bytes_section(rows, confidence))
        parts.append(int8_section(rows, test, latency[str(baseline)]))
    return "\n\n".join(parts) + "\n"


def benefit_table(rows: pd.DataFrame, metrics: pd.DataFrame) -> str:
    """A row per criterion and rate of one baseline, the dense model first.

    Args:
        metrics: of the test queries.
    """
    groups = rows.groupby(KEYS, dropna=False, sort=False)
    return pipe_table(HEADER, [_cells(group, metrics) for _, group in groups])


def _cells(group: pd.DataFrame, metrics: pd.DataFrame) -> list[str]:
    first, mean = group.iloc[0], group.mean(numeric_only=True)
    if pd.isna(first["criterion"]):
        name, zeros = f"dense E1 ({mean['dense_mb']:.2f} MB)", [ABSENT, ABSENT]
    else:
        name = f"{first['criterion']} {spell_rate(first['rate'])}"
        zeros = [percent(mean["linears"]), percent(mean["model"])]
    return [
        name,
        *zeros,
        f"{mean['parameters']:,.0f}",
        f"{mean['size_nz']:,.0f}",
        f"{mean['compression_ratio']:.2f}×",
        *(f"{mean[file]:.2f} ({mean[file] / mean['dense_mb']:.2f})" for file in FILES),
        f"{mean['theoretical_speedup']:.2f}×",
        *(_gain(*mean[[gain, f"{gain}_lower", f"{gain}_upper"]]) for gain in ("query_gain", "batch_gain")),
        *map(_quality, (_exact_map(group, metrics), *mean[list(ROUNDED)])),
    ]


def _exact_map(group: pd.DataFrame, metrics: pd.DataFrame) -> float:
    """The mean MAP of one criterion and rate, or of dense, as it was trained."""
    first = group.iloc[0]
    if pd.isna(first["criterion"]):
        models = metrics[(metrics["baseline"] == first["baseline"]) & (metrics["arm"] == "dense")]
    else:
        models = metrics.merge(group[KEYS].drop_duplicates(), on=KEYS)
        models = models[models["arm"] == "recovered"]
    return float(models["MAP"].mean())


def _quality(value: float) -> str:
    return ABSENT if pd.isna(value) else f"{value:.4f}"


def bytes_section(rows: pd.DataFrame, confidence: float) -> str:
    """Where pruning lies among the files of one baseline, alone and with fewer bits."""
    points = precision_points(rows)
    averages = average_points(points, confidence)
    pruned = averages[averages["criterion"].notna()]
    if pruned.empty:
        return "### As many bytes\n\nNo pruned model was ranked on test queries."
    halves = pruned[pruned["bits"] == 16]
    dense = averages[averages["criterion"].isna()].sort_values("bits", ascending=False)
    beaten = {bits: beaten_by(averages, bits) for bits in (8, 4)}
    either = halves.index.difference(beaten[8].index.union(beaten[4].index))
    best = steps_along(points, averages, confidence)
    return "\n\n".join(
        (
            "### As many bytes",
            f"Fewer bits alone: {'; '.join(map(_point, dense.itertuples()))}. Pruning alone: of "
            f"{_models(len(halves))} in float16, the dense one in 8 bits is as small or smaller and as good "
            f"or better on average than {len(beaten[8])}, in 4 bits than {len(beaten[4])}. "
            f"{_left(averages.loc[either])}",
            f"Both together, dense and pruned in 16, 8 and 4 bits: of {len(averages)} files these are best, "
            f"no other being as small and as good. {_pruned_share(best)} The last column is the mean "
            f"difference in MAP within the seeds{_about_interval(best, confidence)}; where it may be 0 the "
            "smaller file may be as good.",
            pipe_table(STEP_HEADER, [_step(row) for row in best.itertuples()]),
        )
    )


def _models(count: int) -> str:
    return f"{count} pruned model{'' if count == 1 else 's'}"


def _left(models: pd.DataFrame) -> str:
    """Which pruned models in float16 neither beats."""
    if models.empty:
        return "By these means none is left that neither beats."
    names = "; ".join(map(_point, models.sort_values("mb").itertuples()))
    start = "One is" if len(models) == 1 else f"{len(models)} are"
    return f"{start} left that neither beats: {names}."


def _pruned_share(best: pd.DataFrame) -> str:
    pruned = best[best["criterion"].notna()]
    by_bits = ", ".join(f"{(pruned['bits'] == bits).sum()} in {bits} bits" for bits in (16, 8, 4))
    return f"{len(pruned)} of the {len(best)} are pruned: {by_bits}."


def _about_interval(best: pd.DataFrame, confidence: float) -> str:
    return f" with its {confidence:.0%} interval" if best["lower"].notna().any() else ", of one seed here"


def _point(row: Any) -> str:
    """`wanda 0.5 in 16 bits (1.30 MB, MAP 0.5831 [0.5700, 0.5962])`."""
    return f"{model_name(row.criterion, row.rate, row.bits)} ({row.mb:.2f} MB, MAP {_with_interval(row)})"


def _with_interval(row: Any) -> str:
    return f"{row.MAP:.4f}" + ("" if pd.isna(row.lower) else f" [{row.lower:.4f}, {row.upper:.4f}]")


def _step(row: Any) -> list[str]:
    gain = ABSENT if pd.isna(row.gain) else f"{row.gain:+.4f}"
    if not pd.isna(row.gain_lower):
        gain += f" [{row.gain_lower:+.4f}, {row.gain_upper:+.4f}]"
    return [model_name(row.criterion, row.rate, row.bits), f"{row.mb:.2f}", _with_interval(row), gain]


def int8_section(rows: pd.DataFrame, metrics: pd.DataFrame, latency: Latency) -> str:
    """Models whose products are computed in 8 bits: latency, and what that costs in quality."""
    lines = []
    for _, group in rows.groupby(KEYS, dropna=False, sort=False):
        first = group.iloc[0]
        dense = bool(pd.isna(first["criterion"]))
        times = latency.in_runtime.get((None, None) if dense else (first["criterion"], first["rate"]))
        if times is not None:
            name = "dense E1" if dense else f"{first['criterion']} {spell_rate(first['rate'])}"
            maps = (_exact_map(group, metrics), group["int8_model_map"].mean())
            lines.append([name, *_runtime_cells(times), *map(_quality, maps)])
    return f"{RUNTIME_LEGEND.format(runtime=latency.runtime)}\n\n{pipe_table(RUNTIME_HEADER, lines)}"


def _runtime_cells(found: RuntimeTimes) -> list[str]:
    """Times of a query in ms and queries a second of a batch, in float32 and int8; gains; MB."""
    cells = []
    for times in (found.float32, found.int8):
        cells.append(f"{times.query_ms:.2f} ms ({times.query_gain:.2f}×)")
        cells.append(f"{times.batch_qps:,.0f} a second ({times.batch_gain:.2f}×)")
    return [*cells, _gain(*found.query), _gain(*found.batch), f"{found.file_mb:.2f}"]


def _gain(median: float, lower: float, upper: float) -> str:
    """`1.84×`, `0.75×`; `(1.02×)` where the quartiles do not tell it from 1."""
    told = lower > 1 or upper < 1 or lower == upper
    return f"{median:.2f}×" if told else f"({median:.2f}×)"


def _two_of_four(latency: Latency) -> str:
    """What 2:4 kernels gain on the GPU; nothing where they did not run."""
    found = [
        f"{criterion} {spell_rate(rate)} {times.query_ms:.2f} ms a query ({_gain(*times[1:4])}), "
        f"{times.batch_qps:,.0f} queries a second in a batch ({_gain(*times[5:])})"
        for (criterion, rate), times in latency.two_of_four.items()
        if rate is not None
    ]
    if not found:
        return ""
    start = f" 2:4 kernels in float16 on {latency.hardware['gpu']}"
    return f"{start}, against the same model with dense ones there: {'; '.join(found)}."


def _measurement(latency: Latency, rows: pd.DataFrame) -> str:
    """On what, and with what, the times were measured."""
    machine = latency.hardware
    dense = rows[rows["criterion"].isna()].iloc[0]
    return (
        f"Latency on {machine['processor']} ({machine['threads']} of {machine['cores']} cores, GPU: "
        f"{machine['gpu']}, torch {machine['torch']}), queries of {latency.input_length} tokens, a batch of "
        f"{latency.batch}. Dense: {dense['query_ms']:.2f} ms a query, {dense['batch_qps']:,.0f} queries a "
        f"second in a batch.{_two_of_four(latency)}"
    )
