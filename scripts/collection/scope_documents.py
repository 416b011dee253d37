"""Keep the judged documents of a collection and a random sample of the others.

    python scripts scope_documents --corpus results/mine/collection/corpus.parquet \\
        --qrels results/mine/collection/qrels.parquet --sample 10000 --seed 42 \\
        --documents results/mine/collection/documents.parquet --counts results/mine/collection/scope.json
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dsi.base.command import command_parser, run
from dsi.base.files import write_json
from dsi.collection.files import write_documents
from dsi.collection.splits import scope

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="parquet: docid, text of all documents")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: docid")
    parser.add_argument("--sample", type=int, required=True, help="number of documents without judgement")
    parser.add_argument("--seed", type=int, required=True, help="of the sample")
    parser.add_argument("--documents", type=Path, required=True, help="parquet to write: docid, text")
    parser.add_argument("--counts", type=Path, required=True, help="JSON to write")
    arguments = parser.parse_args()

    docids = pd.read_parquet(arguments.corpus, columns=["docid"])["docid"]
    judged = set(pd.read_parquet(arguments.qrels, columns=["docid"])["docid"])
    kept = scope(docids, judged, arguments.sample, arguments.seed)
    documents = write_documents(selected(arguments.corpus, kept), arguments.documents)
    found = int(docids.isin(judged).sum())
    counts = {"corpus": len(docids), "documents": documents, "judged": found, "sampled": documents - found}
    logger.info("%(documents)d of %(corpus)d documents: %(judged)d judged, %(sampled)d sampled", counts)
    write_json(counts, arguments.counts)


def selected(corpus: Path, kept: npt.NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    """The kept documents of a parquet file, batch by batch."""
    start = 0
    for batch in pq.ParquetFile(corpus).iter_batches(columns=["docid", "text"]):
        yield batch.filter(pa.array(kept[start : start + batch.num_rows]))
        start += batch.num_rows


if __name__ == "__main__":
    run(main)
