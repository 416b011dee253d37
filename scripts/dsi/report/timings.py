"""Where a study's time went: every job's measurements, and their sums by rule."""

import json
from pathlib import Path

import pandas as pd

from dsi.report.markdown import ABSENT

COLUMNS = ["rule", "wall_s", "cpu_s", "start_up_cpu_s", "peak_mb"]
# Of a job's CPU times, beside the name of its log.
TIMES_SUFFIX = ".log.times"


def read_jobs(benchmarks: Path, logs: Path) -> pd.DataFrame:
    """One row per finished job: rule, wall seconds, CPU seconds, start-up CPU seconds, peak MB.

    Args:
        benchmarks: folder of <rule>/<job>.tsv, as Snakemake measures.
        logs: folder of <rule>/<job>.log.times, {"start_up": s, "total": s} as commands measure; both are
            0 where there is no such file.
    """
    jobs = []
    for path in sorted(benchmarks.rglob("*.tsv")):
        name = path.relative_to(benchmarks)
        measured = pd.read_csv(path, sep="\t", na_values="-").iloc[0]
        beside = logs / name.with_suffix(TIMES_SUFFIX)
        times = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
        cpu, start_up = (float(times.get(key, 0)) for key in ("total", "start_up"))
        jobs.append((name.parts[0], measured["s"], cpu, start_up, measured["max_rss"]))
    return pd.DataFrame(jobs, columns=COLUMNS)


def summarise(jobs: pd.DataFrame) -> pd.DataFrame:
    """Totals per rule, the longest first, and a last row for all."""
    totals = {
        "jobs": ("wall_s", "size"),
        "wall_s": ("wall_s", "sum"),
        "cpu_s": ("cpu_s", "sum"),
        "start_up_cpu_s": ("start_up_cpu_s", "sum"),
        "peak_mb": ("peak_mb", "max"),
    }
    table = jobs.groupby("rule").agg(**totals).reset_index()
    table = table.sort_values("wall_s", ascending=False, ignore_index=True)
    everything = jobs.assign(rule="all").groupby("rule").agg(**totals).reset_index()
    return pd.concat([table, everything], ignore_index=True)


def timings_page(table: pd.DataFrame, origin: str) -> str:
    """The table below a paragraph that states the start-up's share, and one about where results come from."""
    total = table.iloc[-1]
    share = total["start_up_cpu_s"] / total["cpu_s"] if total["cpu_s"] else 0.0
    shown = table.round({"wall_s": 1, "cpu_s": 1, "start_up_cpu_s": 1, "peak_mb": 0})
    if shown.isna().any(axis=None):  # jobs too short to be measured
        shown = shown.astype("object").where(shown.notna(), ABSENT)
    shown.columns = ["rule", "jobs", "wall (s)", "CPU (s)", "start-up CPU (s)", "peak (MB)"]
    return (
        "# Where the time went\n\n"
        f"{int(total['jobs'])} jobs used {total['cpu_s']:.0f} CPU-seconds; start-up (Python's imports) was "
        f"{share:.0%} of them. Jobs run side by side, so the clock shows less than the sum of wall times.\n\n"
        f"{origin}\n\n"
        f"{shown.to_markdown(index=False, floatfmt='.1f')}\n"
    )
