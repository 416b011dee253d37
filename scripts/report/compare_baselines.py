"""Compare baselines with one of them: a table to read, a CSV to compute with, and a figure.

The page's tables for papers (LaTeX, booktabs) lie beside the CSV, in latex/ablation/.
--settings is JSON: the settings of each baseline by its name. Per-query values are read from beside each
metric JSON: x.per_query.parquet for x.json.

Examples:
    python scripts compare_baselines --reference dsi --confidence 0.95 \\
        --metrics results/metrics/baselines/*/seed*/dense.json \\
        --settings '{
        "dsi": {"training": {"epochs": 20}, "pseudo_queries": {"per_document": 4, "distinct": null}},
        "study": {"training": {"epochs": 25}, "pseudo_queries": {"per_document": 0, "distinct": null}}}' \\
        --output results/trial/ablation.md --csv results/trial/ablation.csv \\
        --svg results/trial/ablation.svg --png results/trial/ablation.png
"""

from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.evaluation.paired_values import PairingError, per_query_values
from dsi.report.figures.ablation import ablation_figure
from dsi.report.figures.style import add_figure_files, save_figure
from dsi.report.latex import write_page_tables
from dsi.report.results import read_per_query, write_csv
from dsi.report.sections.ablation import MEASURES, ablation_section, comparison
from dsi.report.web_page import write_page


class Arguments(NamedTuple):
    reference: str
    metrics: list[Path]
    settings: dict[str, Any]
    confidence: float
    output: Path
    csv: Path
    svg: Path
    png: Path
    dpi: int


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--reference", required=True, help="the baseline that the others are compared with")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, metavar="JSON", help="of dense E1")
    parser.add_argument("--settings", type=json_object, required=True, help="JSON, or @FILE")
    parser.add_argument("--confidence", type=float, required=True, help="of the intervals")
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    add_figure_files(parser)
    arguments = Arguments(**vars(parser.parse_args()))
    reference, metrics, settings, confidence, *_ = arguments
    if reference not in settings:
        known = ", ".join(sorted(settings))
        raise UserError(f"--reference: found {reference!r}, expected one of {known}")

    try:
        values = {name: per_query_values(read_per_query(metrics, name), name) for name in MEASURES}
        frame = comparison(values, settings, reference, confidence)
    except PairingError as error:
        raise UserError(str(error)) from error
    write_csv(frame, arguments.csv)
    page = ablation_section(frame, reference, confidence)
    write_page(page, arguments.output)
    write_page_tables(page, arguments.csv)
    figure = ablation_figure(frame, settings, reference, confidence)
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


if __name__ == "__main__":
    run(main)
