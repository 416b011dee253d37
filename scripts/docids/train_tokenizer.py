"""Train a tokenizer on a collection's documents and training queries.

For lists of docids as text, --cased keeps upper case, and --docids has the docids among the texts.

    python scripts train_tokenizer --documents results/collection/documents.parquet \\
        --queries results/collection/queries.parquet --vocabulary 2048 \\
        --output results/baselines/dsi/tokenizer
"""

import logging
from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing_files
from dsi.collection.splits import TRAIN
from dsi.docids.tokenizer import FILES, VocabularyError, save_tokenizer, tokenizer_of_collection

logger = logging.getLogger(__name__)


class Arguments(NamedTuple):
    """documents, queries: parquet files; output: a folder."""

    documents: Path
    queries: Path
    vocabulary: int
    cased: bool
    docids: bool
    output: Path


def main() -> None:
    arguments = parse_arguments()
    queries = read_frame(arguments.queries)
    try:
        tokenizer = tokenizer_of_collection(
            read_frame(arguments.documents),
            queries[queries["split"] == TRAIN],
            arguments.vocabulary,
            cased=arguments.cased,
            with_docids=arguments.docids,
        )
    except VocabularyError as error:
        raise UserError(str(error)) from error
    with replacing_files(arguments.output) as folder:
        save_tokenizer(tokenizer, folder)
    logger.info("%d pieces in %s", tokenizer.get_vocab_size(), ", ".join(FILES))


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text, split")
    parser.add_argument("--vocabulary", type=int, required=True, help="number of pieces")
    parser.add_argument("--cased", action="store_true", help="tell upper from lower case")
    parser.add_argument("--docids", action="store_true", help="learn pieces of docids, too")
    parser.add_argument("--output", type=Path, required=True, help="folder for the tokenizer")
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
