"""The page benefit.md: what pruning saves, with the quality beside each saving."""

from collections.abc import Mapping

import pandas as pd

from dsi.report.benefit_frame import Latency
from dsi.report.markdown import ABSENT, percent, pipe_table
from dsi.systems import spell_rate

KEYS = ["baseline", "criterion", "rate"]
LEGEND = """# What pruning buys

A row per criterion and rate, means over the seeds. MAP is of the recovered model on the test queries: with
the exact file's weights, and with those rounded to float16.

Zeros, compression and bytes have one base: the checkpoint of dense E1 as it is stored, where a tied output
head and embedding are one tensor. An output head that was untied to be pruned comes on top of it.

- *zeros*: the share of the base's weights that are gone, zero or removed; in the model 1 - 1 / compression.
- *compression*: weights of the base / weights that are not zero.
- *MB*: of the file, the dense model's safetensors first; then a file that keeps every bit (a bitmask and the
  values under it, where that is smaller), and one with values rounded to float16 and compressed with zstd.
  In brackets the share of the dense file.
- *operations*: floating-point operations of one query, dense / pruned, if zeros cost nothing.
- *query*, *batch*: measured on the CPU, how many times as fast as dense with the kernel that is fastest there
  (dense ones, which multiply zeros as well, or CSR); below 1 is slower. In brackets where 1 lies between the
  quartiles of the rounds: as fast as dense, as far as these tell."""
HEADER = (
    *("", "zeros in Linears", "zeros in model", "parameters", "non-zeros", "compression"),
    *("MB exact", "MB float16 + zstd", "operations", "query", "batch", "MAP exact", "MAP float16"),
)


def benefit_report(frame: pd.DataFrame, metrics: pd.DataFrame, latency: Mapping[str, Latency]) -> str:
    """The whole page: a legend, and a table for every baseline.

    Args:
        frame: as dsi.report.benefit_frame.benefit_frame returns it.
        metrics: as dsi.report.frames.metrics_frame, or read back from its CSV.
        latency: by baseline.
    """
    test = metrics[metrics["split"] == "test"]
    parts = [LEGEND]
    for baseline, rows in frame.groupby("baseline"):
        parts.append(f"## {baseline}\n\n{_measurement(latency[str(baseline)], rows)}")
        parts.append(benefit_table(rows, test))
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
        models = metrics[(metrics["baseline"] == first["baseline"]) & (metrics["arm"] == "dense")]
    else:
        name = f"{first['criterion']} {spell_rate(first['rate'])}"
        zeros = [percent(mean["linears"]), percent(mean["model"])]
        models = metrics.merge(group[KEYS].drop_duplicates(), on=KEYS)
        models = models[models["arm"] == "recovered"]
    return [
        name,
        *zeros,
        f"{mean['parameters']:,.0f}",
        f"{mean['size_nz']:,.0f}",
        f"{mean['compression_ratio']:.2f}×",
        *(f"{mean[file]:.2f} ({mean[file] / mean['dense_mb']:.2f})" for file in ("exact_mb", "small_mb")),
        f"{mean['theoretical_speedup']:.2f}×",
        *(_gain(*mean[[gain, f"{gain}_lower", f"{gain}_upper"]]) for gain in ("query_gain", "batch_gain")),
        *(
            ABSENT if pd.isna(value) else f"{value:.4f}"
            for value in (models["MAP"].mean(), mean["small_map"])
        ),
    ]


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
