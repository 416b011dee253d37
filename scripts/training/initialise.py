"""Write the model with which a docid retriever's training begins, and rank with it: what no training gives.

The options are those of the command train in phase E1. Of the collection it reads documents, queries and
judgements.

Examples:
    python scripts initialise --phase E1 --seed 1 --threads 1 --settings @docs/examples/docid.json \\
        --collection results/collection --docids results/baselines/dsi/docids.parquet \\
        --tokenizer results/baselines/dsi/tokenizer --output results/trial/initial \\
        --run results/trial/initial.trec.gz --outputs results/trial/initial.outputs.parquet
"""

from pathlib import Path

from dsi.base.command import UserError, run
from dsi.model.lsa import ModelSettingsError
from dsi.training.arguments import parsed, training_parser
from dsi.training.docid_data import add_generated
from dsi.training.docid_model import DocidArguments, write_initial
from dsi.training.docid_settings import docid_settings
from dsi.training.settings import SettingsError


def main() -> None:
    parser = training_parser(__doc__, docid_settings)
    parser.add_argument("--docids", type=Path, required=True, help="parquet: docid, tokens")
    add_generated(parser)
    arguments = parsed(parser, DocidArguments)
    if arguments.phase != "E1":
        parser.error("--phase: found E2, expected E1, with which a model begins")
    try:
        write_initial(arguments)
    except (ModelSettingsError, SettingsError) as error:
        raise UserError(str(error)) from error


if __name__ == "__main__":
    run(main)
