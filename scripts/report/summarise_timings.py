"""Sum Snakemake's benchmark files: where a study's time went, and what part was start-up.

    python scripts summarise_timings --benchmarks results/benchmarks --logs results/logs \\
        --csv results/timings.csv --markdown results/timings.md

Start-up is the CPU time a command had used when its imports were done; it and the total are as the
command logged them (Snakemake samples CPU time too seldom for short jobs). The numbers differ from run to
run and stand in files of their own; every other result is reproducible.
"""

import re
from pathlib import Path

import pandas as pd

from dsi.base.command import command_parser, run
from dsi.base.files import replacing, write_text

STATED = {
    "start_up_cpu_s": re.compile(r"start-up took (\d+\.\d+) CPU-seconds"),
    "cpu_s": re.compile(r"finished after (\d+\.\d+) CPU-seconds"),
}


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of <rule>/….tsv")
    parser.add_argument("--logs", type=Path, required=True, help="folder of <rule>/….log")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write, one row per rule")
    parser.add_argument("--markdown", type=Path, required=True, help="Markdown to write")
    arguments = parser.parse_args()

    table = summarise(read_jobs(arguments.benchmarks, arguments.logs))
    with replacing(arguments.csv) as path:
        table.to_csv(path, index=False, float_format="%.2f")
    write_text(markdown(table), arguments.markdown)


def read_jobs(benchmarks: Path, logs: Path) -> pd.DataFrame:
    """One row per finished job: rule, wall seconds, CPU seconds, start-up CPU seconds, peak MB."""
    jobs = []
    for path in sorted(benchmarks.rglob("*.tsv")):
        name = path.relative_to(benchmarks)
        measured = pd.read_csv(path, sep="\t", na_values="-").iloc[0]
        log = logs / name.with_suffix(".log")
        text = log.read_text(encoding="utf-8") if log.is_file() else ""
        stated = {column: pattern.search(text) for column, pattern in STATED.items()}
        jobs.append(
            {
                "rule": name.parts[0],
                "wall_s": measured["s"],
                **{column: float(match[1]) if match else 0.0 for column, match in stated.items()},
                "peak_mb": measured["max_rss"],
            }
        )
    columns = ["rule", "wall_s", "cpu_s", "start_up_cpu_s", "peak_mb"]
    return pd.DataFrame(jobs, columns=columns)


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


def markdown(table: pd.DataFrame) -> str:
    """The table with a line on top that states the start-up's share."""
    total = table.iloc[-1]
    share = total["start_up_cpu_s"] / total["cpu_s"] if total["cpu_s"] else 0.0
    shown = table.round({"wall_s": 1, "cpu_s": 1, "start_up_cpu_s": 1, "peak_mb": 0})
    shown.columns = ["rule", "jobs", "wall (s)", "CPU (s)", "start-up CPU (s)", "peak (MB)"]
    return (
        "# Where the time went\n\n"
        f"{int(total['jobs'])} jobs used {total['cpu_s']:.0f} CPU-seconds; start-up (Python's imports) was "
        f"{share:.0%} of them. Jobs run side by side, so the clock shows less than the sum of wall times.\n\n"
        f"{shown.to_markdown(index=False, floatfmt='.1f')}\n"
    )


if __name__ == "__main__":
    run(main)
