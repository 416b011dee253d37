"""A smaller collection: the judged documents and a random sample of the others."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dsi.base.artefacts import read_frame
from dsi.collection.files import write_documents
from dsi.collection.usable_texts import with_words


class ScopeCounts(NamedTuple):
    """Documents of the corpus and of what is kept of it, and of those the judged and the sampled ones."""

    corpus: int
    documents: int
    judged: int
    sampled: int


def scope_documents(corpus: Path, judged: set[str], sample: int, seed: int, output: Path) -> ScopeCounts:
    """Write the kept documents of a corpus, in its order.

    Args:
        corpus: parquet: docid, text.
        judged, sample, seed: as of `scope`.
        output: parquet to write: docid, text.

    Raises:
        WordlessError: most of the kept documents have no usable word.
    """
    docids = read_frame(corpus, columns=["docid"])["docid"]
    kept = _selected(corpus, scope(docids, judged, sample, seed))
    documents = write_documents(with_words(kept, f"scope of {corpus}"), output)
    found = int(docids.isin(judged).sum())
    return ScopeCounts(len(docids), documents, found, documents - found)


def scope(docids: pd.Series, judged: set[str], sample: int, seed: int) -> npt.NDArray[np.bool_]:
    """Which documents a smaller collection keeps: the judged ones and a random sample of the others.

    Args:
        docids: of the whole collection.
        judged: docids with a judgement of any grade.
        sample: the number of other documents; all of them where there are fewer.

    Returns:
        True where a document is kept.
    """
    kept = docids.isin(judged).to_numpy(dtype=bool, copy=True)
    others = np.flatnonzero(~kept)
    kept[np.random.default_rng(seed).choice(others, size=min(sample, len(others)), replace=False)] = True
    return kept


def _selected(corpus: Path, kept: npt.NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    """The kept documents of a parquet file, batch by batch."""
    start = 0
    for batch in pq.ParquetFile(corpus).iter_batches(columns=["docid", "text"]):
        yield batch.filter(pa.array(kept[start : start + batch.num_rows]))
        start += batch.num_rows
