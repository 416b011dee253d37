"""Write what pruning buys: one page to read, and its CSV.

A file of sizes is named after its system: <results>/sizes/<slug>.json; one of latency after its baseline.

Examples:
    for system in baselines/dsi/seed1/dense recovered/dsi/seed1/magnitude-0.5; do
        python scripts compress results/$system --dense results/baselines/dsi/seed1/dense --input-length 20 \\
            --output results/compressed/$system.dsz --sizes results/sizes/$system.json
    done
    python scripts measure_rounded baselines/dsi/seed1/dense recovered/dsi/seed1/magnitude-0.5 \\
        --results results --queries results/collection/queries.parquet \\
        --qrels results/collection/qrels.parquet --relevance 1 --depth 1000 --threads 1 \\
        --output results/rounded/dsi-seed1.csv
    python scripts measure_latency recovered/dsi/seed1/magnitude-0.5 --dense baselines/dsi/seed1/dense \\
        --results results --input-length 20 --batch 64 --threads 1 --output results/latency/dsi.json
    python scripts make_benefit --results results --sizes $(find results/sizes -name '*.json') \\
        --rounded results/rounded/*.csv --latency results/latency/dsi.json \\
        --metrics results/tables/metrics.csv --sparsity results/tables/sparsity.csv \\
        --output results/trial/benefit.md --csv results/trial/benefit.csv
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.report.benefit_frame import benefit_frame, read_latency, read_rounded, read_sizes
from dsi.report.latex import write_page_tables
from dsi.report.results import read_csv, write_csv
from dsi.report.sections.benefit import benefit_report
from dsi.report.web_page import write_page
from dsi.systems import SystemNameError


class Options(NamedTuple):
    """The files to read, and those to write."""

    results: Path
    sizes: list[Path]
    latency: list[Path]
    rounded: list[Path]
    metrics: Path
    sparsity: Path
    confidence: float
    output: Path
    csv: Path


def main() -> None:
    options = parse_options()
    try:
        sizes = [read_sizes(path, options.results) for path in options.sizes]
        rounded = read_rounded(options.rounded)
        latency = {path.stem: read_latency(path) for path in options.latency}
    except SystemNameError as error:
        raise UserError(str(error)) from error
    frame = benefit_frame(sizes, rounded, latency, read_csv(options.sparsity))
    write_csv(frame, options.csv)
    page = benefit_report(frame, read_csv(options.metrics), latency, options.confidence)
    write_page(page, options.output)
    write_page_tables(page, options.csv)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--sizes", type=Path, nargs="+", required=True, help="JSON of compress")
    parser.add_argument(
        "--latency", type=Path, nargs="+", required=True, help="JSON of measure_latency: <baseline>.json"
    )
    parser.add_argument("--rounded", type=Path, nargs="+", required=True, help="CSV of measure_rounded")
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--sparsity", type=Path, required=True, help="sparsity.csv")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default 0.95)")
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
