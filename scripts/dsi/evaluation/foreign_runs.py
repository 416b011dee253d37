"""TREC runs that other programs wrote."""

import csv
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from dsi.evaluation.runs import COLUMNS, EXPECTED, RunFormatError, ranked


def read_foreign_run(path: Path) -> pd.DataFrame:
    """Read a TREC run of any other program, ranked anew by its scores, as trec_eval does: as `read_run`.

    Columns may be parted by tabs or more blanks, ranks count from anything, and lines stand in any order.

    Raises:
        RunFormatError: a line has not six fields, a score is no number, or a document comes twice.
    """
    types = {"qid": str, "docid": str, "score": np.float64, "tag": str}
    try:
        lines = pd.read_csv(
            path, sep=r"\s+", header=None, names=COLUMNS, dtype=types, na_filter=False, quoting=csv.QUOTE_NONE
        )
    except (OSError, EOFError, zlib.error) as error:
        raise RunFormatError(f"{path}: found a file that cannot be read ({error}); {EXPECTED}") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise RunFormatError(f"{path}: not a TREC run ({error}); {EXPECTED}") from error
    if lines.empty:
        raise RunFormatError(f"{path}: found nothing in it; {EXPECTED}")
    wrong = np.flatnonzero((lines["tag"] == "") | ~np.isfinite(lines["score"]))
    if isinstance(lines.index, pd.MultiIndex) or len(wrong):
        found = " ".join(map(str, lines.iloc[wrong[0] if len(wrong) else 0])).strip()
        raise RunFormatError(f"{path}: found `{found}`; {EXPECTED}")
    twice = lines[lines.duplicated(["qid", "docid"])]
    if len(twice):
        qid, docid = twice.iloc[0][["qid", "docid"]]
        raise RunFormatError(f"{path}: found {docid} twice for query {qid}, expected every document once")
    return ranked(lines[["qid", "docid", "score"]])
