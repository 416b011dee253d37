"""Keep the judged documents of a collection and a random sample of the others.

    python scripts scope_documents --corpus results/mine/collection/corpus.parquet \\
        --qrels results/mine/collection/qrels.parquet --sample 10000 --seed 42 \\
        --documents results/mine/collection/documents.parquet --counts results/mine/collection/scope.json
"""

import logging
from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_json
from dsi.collection.scope import scope_documents
from dsi.collection.usable_texts import WordlessError

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """What to keep of which corpus, and where to write it."""

    corpus: Path
    qrels: Path
    sample: int
    seed: int
    documents: Path
    counts: Path


def main() -> None:
    options = parse_options()
    judged = set(read_frame(options.qrels, columns=["docid"])["docid"])
    try:
        counts = scope_documents(options.corpus, judged, options.sample, options.seed, options.documents)
    except WordlessError as error:
        raise UserError(str(error)) from error
    logger.info("%d of %d documents: %d judged, %d sampled", counts.documents, counts.corpus, *counts[2:])
    write_json(counts._asdict(), options.counts)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="parquet: docid, text of all documents")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: docid")
    parser.add_argument("--sample", type=int, required=True, help="number of documents without judgement")
    parser.add_argument("--seed", type=int, required=True, help="of the sample")
    parser.add_argument("--documents", type=Path, required=True, help="parquet to write: docid, text")
    parser.add_argument("--counts", type=Path, required=True, help="JSON to write")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
