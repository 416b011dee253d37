"""Write a study's pruned retriever as a folder to hand on, which transformers loads without this project.

The study is that of results/, or one named by its file or by its results folder.

Of each pruned docid baseline the checkpoint is chosen on the validation queries: the recovered one with the
fewest weights whose MAP, a mean over seeds, is within the margin (report.margin) of the dense one's; of its
seeds the best. --system names another one. <results>/export/<baseline>/ gets the checkpoint, its compressed
form, docids and tokenizer, TREC runs (its own, of its dense counterpart and of BM25) with qrels, and
README.md, the model card: what it is, how good, how to load it. The study has to be finished; `make export`
finishes it first.

Examples:
    python scripts export results --system recovered/dsi/seed1/magnitude-0.5 --output results/trial/half
"""

import logging
from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.efficiency.compressed_files import CompressionError
from dsi.evaluation.paired_values import PairingError
from dsi.model.checkpoint import CheckpointError
from dsi.report.comparison.sides import SideError
from dsi.report.export.choice import choices
from dsi.report.export.folder import CARD, default_folder, export
from dsi.report.export.source import ExportError, read_source, results_folder
from dsi.report.results import ReportError
from dsi.systems import SystemNameError

ERRORS = (
    ExportError,
    ReportError,
    SystemNameError,
    SideError,
    PairingError,
    CheckpointError,
    CompressionError,
)
logger = logging.getLogger(__name__)


class Arguments(NamedTuple):
    study: Path
    system: str | None
    output: Path | None


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument(
        "study", type=Path, nargs="?", default=Path("results"), help="results folder or study file (results)"
    )
    parser.add_argument("--system", help="a checkpoint by name: <arm>/<baseline>/seed<n>/<criterion>-<rate>")
    parser.add_argument("--output", type=Path, help="folder to write (<results>/export/<baseline>)")
    arguments = Arguments(**vars(parser.parse_args()))
    try:
        source = read_source(results_folder(arguments.study))
        for choice in choices(source, arguments.system, arguments.output):
            folder = arguments.output or default_folder(source, choice)
            logger.info(choice.reason)
            export(source, choice, folder)
            print(f"{choice.system.slug} → {folder}; its card: {folder / CARD}")
    except ERRORS as error:
        raise UserError(str(error)) from error


if __name__ == "__main__":
    run(main)
