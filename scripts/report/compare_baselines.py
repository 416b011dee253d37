"""Compare baselines with one of them: a table to read, a CSV to compute with, and a figure.

    python scripts compare_baselines --reference dsi \\
        --metrics $(find results/ablation/metrics/baselines -name 'dense.json') \\
        --benchmarks results/ablation/benchmarks/dense \\
        --settings @settings.json --confidence 0.95 \\
        --output results/ablation/ablation.md --csv results/ablation/tables/ablation.csv \\
        --svg results/ablation/figures/ablation.svg --png results/ablation/figures/ablation.png

--settings is JSON: the settings of each baseline by its name. Per-query values are read from beside each
metric JSON: x.per_query.parquet for x.json. --benchmarks holds Snakemake's measurements of E1,
<baseline>-seed<n>.tsv.
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import replacing, write_text
from dsi.evaluation.verdicts import VerdictError, per_query_values
from dsi.report.figures.style import COLOURS, save_figure, use_theme
from dsi.report.sections.ablation import MEASURES, ablation_section, changes, comparison
from dsi.systems import System

BENCHMARK = re.compile(r"(?P<baseline>[a-z0-9-]+)-seed\d+")
NUMBER_KEY = "pseudo_queries.distinct"


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--reference", required=True, help="the baseline that the others are compared with")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="of dense E1")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of <baseline>-seed<n>.tsv")
    parser.add_argument("--settings", type=json_object, required=True, help="JSON, or @FILE")
    parser.add_argument("--confidence", type=float, required=True, help="of the intervals")
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    arguments = parser.parse_args()
    if arguments.reference not in arguments.settings:
        known = ", ".join(sorted(arguments.settings))
        raise UserError(f"--reference: found {arguments.reference!r}, expected one of {known}")

    try:
        values = {measure: read_values(arguments.metrics, measure) for measure in MEASURES}
        frame = comparison(values, arguments.settings, arguments.reference, arguments.confidence)
    except VerdictError as error:
        raise UserError(str(error)) from error
    seconds = cpu_seconds(sorted(arguments.benchmarks.glob("*.tsv")))
    with replacing(arguments.csv) as path:
        frame.to_csv(path, index=False, lineterminator="\n")
    write_text(ablation_section(frame, arguments.reference, arguments.confidence, seconds), arguments.output)
    draw(frame, arguments)


def read_values(metrics: Iterable[Path], measure: str) -> pd.DataFrame:
    """Per-query values of the systems of some metric JSONs."""
    return per_query_values(
        (
            (
                System(**pd.read_json(path, typ="series")["system"]),
                pd.read_parquet(path.with_suffix(".per_query.parquet"), filters=[("measure", "==", measure)]),
            )
            for path in sorted(metrics)
        ),
        measure,
    )


def cpu_seconds(benchmarks: Iterable[Path]) -> dict[str, float]:
    """Mean processor time by baseline."""
    found: dict[str, list[float]] = defaultdict(list)
    for path in benchmarks:
        match = BENCHMARK.fullmatch(path.stem)
        if match is None:
            raise UserError(f"{path}: found the name {path.stem}, expected for example dsi-seed1")
        found[match["baseline"]].append(float(pd.read_csv(path, sep="\t")["cpu_time"].iloc[0]))
    return {name: sum(times) / len(times) for name, times in found.items()}


def draw(frame: pd.DataFrame, arguments: argparse.Namespace) -> None:
    """Left, each variant's difference with its interval; right, quality by number of pseudo-queries."""
    use_theme()
    rows = frame[frame["measure"] == MEASURES[0]]
    numbers = of_numbers(rows, arguments.settings, arguments.reference)
    several = len(numbers) > 1
    figure, axes = plt.subplots(
        1, 2 if several else 1, figsize=(12 if several else 7, 1.6 + 0.36 * len(rows)), layout="constrained"
    )
    left = axes[0] if several else axes
    draw_differences(left, rows, arguments.reference, arguments.confidence)
    if several:
        draw_numbers(axes[1], numbers)
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def draw_differences(axis: Axes, rows: pd.DataFrame, reference: str, confidence: float) -> None:
    variants = rows[rows["baseline"] != reference].sort_values("difference", ascending=False)
    places = range(len(variants))
    axis.axvline(0, color=COLOURS["dense"], linewidth=1)
    axis.errorbar(
        variants["difference"],
        places,
        xerr=[variants["difference"] - variants["lower"], variants["upper"] - variants["difference"]],
        fmt="o",
        color=COLOURS["restart"],
        capsize=3,
    )
    axis.set_yticks(list(places), list(variants["baseline"]))
    axis.invert_yaxis()
    axis.set_xlabel(f"test MAP minus that of {reference} (left: worse), {confidence:.0%} interval")
    axis.set_title(f"one choice of {reference} changed at a time")


def draw_numbers(axis: Axes, numbers: pd.DataFrame) -> None:
    ordered = numbers.sort_values("shown")
    for split, colour in (("validation", COLOURS["restart"]), ("test", COLOURS["recovered"])):
        axis.errorbar(
            ordered["shown"],
            ordered[f"{split}_mean"],
            yerr=ordered[f"{split}_sd"].fillna(0),
            marker="o",
            color=colour,
            capsize=3,
            label=f"{split} queries",
        )
    axis.set_xscale("log", base=2)
    axis.set_xticks(list(ordered["shown"]), [str(number) for number in ordered["shown"]])
    axis.set_xlabel("different pseudo-queries of a document (log scale)")
    axis.set_ylabel("MAP (0–1, higher is better)")
    axis.set_title("quality against the number of pseudo-queries")
    axis.legend(frameon=False)


def of_numbers(rows: pd.DataFrame, settings: Mapping[str, Any], reference: str) -> pd.DataFrame:
    """The reference and the variants that differ from it in the number of pseudo-queries alone."""
    alike = [
        name
        for name in rows["baseline"]
        if {change.key for change in changes(settings[name], settings[reference])} <= {NUMBER_KEY}
    ]
    return rows[rows["baseline"].isin(alike)]


if __name__ == "__main__":
    run(main)
