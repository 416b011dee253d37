"""TREC runs: ranked lists of documents per query, as data frames and as files.

A run frame has qid, docid, rank (from 1), score. Its order is trec_eval's: score descending, equal
scores by docid descending, compared as trec_eval compares them, as 32-bit floats.
"""

import csv
import gzip
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dsi.base.artefacts import ArtefactError, read_frame, unreadable, way_out

COLUMNS = ["qid", "Q0", "docid", "rank", "score", "tag"]
ROWS = 2**16  # of a run, joined to lines at a time
EXPECTED = "expected lines `qid Q0 docid rank score tag`, for example `q00001 Q0 numpy.rot90 1 -0.25 dsi`"


class RunFormatError(ValueError):
    """A run file is not in TREC form; the message names file and line."""


def ranked(scores: pd.DataFrame) -> pd.DataFrame:
    """Rank the documents of each query: qid, docid, score → qid, rank, docid, score.

    Queries keep the order in which they first appear.
    """
    order = {qid: position for position, qid in enumerate(dict.fromkeys(scores["qid"]))}
    run = scores.assign(score=scores["score"].astype(np.float32), _query=scores["qid"].map(order))
    run = run.sort_values(["_query", "score", "docid"], ascending=[True, False, False], ignore_index=True)
    run["rank"] = run.groupby("_query", sort=False).cumcount() + 1
    return run[["qid", "rank", "docid", "score"]]


def ranked_docids(run: pd.DataFrame) -> dict[str, list[str]]:
    """qid → docids in the order of a run: qid, docid, the best first."""
    lists: dict[str, list[str]] = {}
    # Through object arrays: iterating Arrow strings one by one is ten times slower.
    qids, docids = (run[name].to_numpy(dtype=object) for name in ("qid", "docid"))
    for qid, docid in zip(qids, docids, strict=True):
        lists.setdefault(qid, []).append(docid)
    return lists


def random_run(
    qids: Sequence[str], docids: Sequence[str], depth: int, rng: np.random.Generator
) -> pd.DataFrame:
    """The documents in random order for each query; scores count down to 1."""
    depth = min(depth, len(docids))
    names = np.asarray(docids, dtype=object)
    # Copies: a slice would keep the whole permutation, and all together a matrix of queries by documents.
    rows = [rng.permutation(len(names))[:depth].copy() for _ in qids]
    return pd.DataFrame(
        {
            "qid": np.repeat(np.asarray(qids, dtype=object), depth),
            "rank": np.tile(np.arange(1, depth + 1), len(qids)),
            "docid": names[np.concatenate(rows)],
            "score": np.tile(np.arange(depth, 0, -1, dtype=np.float32), len(qids)),
        }
    )


def write_run(run: pd.DataFrame, path: Path, tag: str) -> None:
    """Write a run as gzipped TREC lines `qid Q0 docid rank score tag`.

    Scores have the digits that give back the same 32-bit float. Equal runs are equal files. Lines are
    joined by Arrow, ten times as fast as pandas writes them.

    Raises:
        RunFormatError: a qid or docid is empty or holds white space, which would end it.
    """
    table = pa.Table.from_pandas(run[["qid", "docid", "rank", "score"]], preserve_index=False)
    for name in ("qid", "docid"):
        _check_ids(name, table[name])
    # A header without name and time: the file's temporary name would differ at every run.
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,
    ):
        for rows in table.to_batches(max_chunksize=ROWS):
            packed.write(_lines(rows, tag))


def read_run(path: Path) -> pd.DataFrame:
    """Read a TREC run, gzipped if its name ends in .gz: qid, rank, docid, score in file order.

    Raises:
        RunFormatError: a line has not six fields, rank or score is no number, or the order of the
            lines is not that of ranks and scores.
    """
    if path.suffix == ".gz" and path.is_file() and path.stat().st_size == 0:  # gzip of nothing has 20 bytes
        raise RunFormatError(unreadable(path, EOFError("an empty file is no gzip file")))
    try:
        with warnings.catch_warnings():
            # A line with more fields than COLUMNS would be cut.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            lines = pd.read_csv(
                path,
                sep=r" ",
                header=None,
                names=COLUMNS,
                dtype={"qid": str, "docid": str, "rank": np.int64, "score": np.float32},
                index_col=False,
                na_filter=False,
                quoting=csv.QUOTE_NONE,
            )
    except pd.errors.EmptyDataError:  # no system found anything for any query
        return pd.DataFrame(columns=["qid", "rank", "docid", "score"])
    except (OSError, EOFError, zlib.error) as error:
        raise RunFormatError(unreadable(path, error)) from error
    except (ValueError, OverflowError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise RunFormatError(f"{path}: not a TREC run ({error}); {EXPECTED}") from error
    short = np.flatnonzero(lines["tag"] == "")
    if len(short):
        found = " ".join(map(str, lines.iloc[short[0]])).strip()
        raise RunFormatError(f"{path}, line {short[0] + 1}: found `{found}`; {EXPECTED}")
    unordered = np.flatnonzero(~_in_order(lines))
    if len(unordered):
        raise RunFormatError(
            f"{path}, line {unordered[0] + 1}: found `{' '.join(map(str, lines.iloc[unordered[0]]))}`, "
            "expected each query's lines together, ranks counting from 1, scores falling and equal "
            "scores by descending docid"
        )
    return lines[["qid", "rank", "docid", "score"]]


def read_outputs(path: Path) -> pd.DataFrame:
    """What a model made of each query, beside its run: qid, loss (nats), of lists also their texts.

    Raises:
        ArtefactError: the file cannot be read, or has no loss.
    """
    outputs = read_frame(path)
    if "loss" not in outputs:
        found = ", ".join(map(str, outputs))
        raise ArtefactError(f"{path}: found the columns {found}, expected loss among them: {way_out(path)}")
    return outputs


def _check_ids(name: str, column: pa.ChunkedArray) -> None:
    for found in pc.unique(column).to_pylist():
        if not found or found.split() != [found]:
            raise RunFormatError(
                f"{name}: found {found!r}, expected one without white space, which separates the columns of "
                "runs and judgements"
            )


def _lines(rows: pa.RecordBatch, tag: str) -> pa.Buffer:
    """The lines of a batch of qid, docid, rank, score; UTF-8."""
    qid, docid, rank, score = (column.cast(pa.string()) for column in rows.columns)
    lines = pc.binary_join_element_wise(qid, "Q0", docid, rank, score, f"{tag}\n", " ")
    (text,) = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "")
    return text.as_buffer()


def _in_order(lines: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each line may follow the one before it."""
    qids, docids = (lines[name].to_numpy(dtype=object) for name in ("qid", "docid"))
    ranks, scores = lines["rank"].to_numpy(), lines["score"].to_numpy()
    first = np.ones(len(lines), dtype=bool)
    first[1:] = qids[1:] != qids[:-1]
    follows = np.zeros(len(lines), dtype=bool)
    tied = scores[1:] == scores[:-1]
    falling = scores[1:] < scores[:-1]
    falling[tied] = docids[1:][tied] < docids[:-1][tied]
    follows[1:] = falling & (ranks[1:] == ranks[:-1] + 1)
    again = pd.Series(qids[first]).duplicated().to_numpy()
    starts = np.flatnonzero(first)
    valid = np.where(first, ranks == 1, follows)
    valid[starts[again]] = False
    return np.asarray(valid, dtype=bool)
