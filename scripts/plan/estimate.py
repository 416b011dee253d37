"""About how long a plan will take, by the measurements of jobs that ran before."""

from collections.abc import Mapping
from pathlib import Path

TOTAL = "total"  # Snakemake counts all jobs under this name, beside those of each rule


def time_words(jobs: Mapping[str, int], benchmarks: Path, at_once: int) -> str:
    """`About 12 minutes, with 2 jobs at a time, by 136 measured in results/benchmarks; …`.

    Args:
        jobs: how many are planned, by rule.
        benchmarks: the folder of <rule>/<job>.tsv, as Snakemake measures.
        at_once: how many jobs may run side by side.

    Returns:
        Empty where no planned rule was ever measured.
    """
    planned = {rule: count for rule, count in jobs.items() if rule not in (TOTAL, "all")}
    measured = {rule: seconds for rule in planned if (seconds := _seconds(benchmarks / rule))}
    if not measured:
        return ""
    total = sum(planned[rule] * sum(each) / len(each) for rule, each in measured.items())
    count = sum(map(len, measured.values()))
    side_by_side = f"with {at_once} jobs at a time" if at_once > 1 else "one job after the other"
    words = f"About {_spell(total / at_once)}, {side_by_side}, by {count} measured in {benchmarks}"
    unknown = sorted(set(planned) - set(measured))
    return f"{words}; never measured there: {', '.join(unknown)}" if unknown else words


def _seconds(folder: Path) -> list[float]:
    """Wall seconds of every job of a rule."""
    found = []
    for path in sorted(folder.rglob("*.tsv")):
        header, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        found += [float(row[header.index("s")]) for row in rows]
    return found


def _spell(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{seconds / 3600:.1f} hours" if seconds > 2 * 3600 else f"{seconds / 60:.0f} minutes"
