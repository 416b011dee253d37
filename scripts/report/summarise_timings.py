"""Sum the measurements of every job: where a study's time went, and what part was start-up.

Wall time and memory are Snakemake's, <benchmarks>/<rule>/<job>.tsv. CPU times are those that the command
itself measured, <logs>/<rule>/<job>.log.times (Snakemake samples CPU time too seldom for short jobs);
start-up is the CPU time it had used when its imports were done. A job without such a file counts 0.

The page also says where the results come from: commit, command, machine, versions and date; x.html beside
x.md is the same for a browser. All this differs from run to run and stands in files of its own; every other
result is reproducible.

Examples:
    python scripts summarise_timings --benchmarks results/benchmarks --logs results/logs \\
        --csv results/trial/timings.csv --markdown results/trial/timings.md
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import command_parser, run
from dsi.base.files import replacing
from dsi.report.origin import origin_words
from dsi.report.timings import read_jobs, summarise, timings_page
from dsi.report.web_page import write_page


class Arguments(NamedTuple):
    benchmarks: Path
    logs: Path
    csv: Path
    markdown: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of <rule>/<job>.tsv")
    parser.add_argument("--logs", type=Path, required=True, help="folder of <rule>/<job>.log.times")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write, one row per rule")
    parser.add_argument("--markdown", type=Path, required=True, help="Markdown to write")
    arguments = Arguments(**vars(parser.parse_args()))

    table = summarise(read_jobs(arguments.benchmarks, arguments.logs))
    with replacing(arguments.csv) as path:
        table.to_csv(path, index=False, float_format="%.2f")
    write_page(timings_page(table, origin_words(arguments.markdown.parent)), arguments.markdown)


if __name__ == "__main__":
    run(main)
