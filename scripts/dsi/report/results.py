"""Files of a study's results, read into records: metric JSONs, values per query, sparsity."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.artefacts import ArtefactError, read_frame, read_object
from dsi.base.files import replacing
from dsi.systems import ARMS, System

# Columns of names in the CSV files of results: text, also where all of them are numbers or one is `null`.
NAME_COLUMNS = ("baseline", "arm", "criterion", "split", "system", "sublayer", "measure", "control", "qid")
SLUG_PARTS = 4  # of every slug but a reference's: pruned/<baseline>/seed<n>/<criterion>-<rate>


CONFIGURATION = "configuration.json"  # of the study, in the folder of its results


class ReportError(ValueError):
    """The results do not fit together; the message names the system or file and what is wrong."""


class MetricReport(NamedTuple):
    """What `evaluate` wrote about a system.

    measures: by split, values by measure, None where the system has none. queries: by split, counts of
    queries. parameters: of the evaluation. published: the published study's measures of a model that
    writes lists, by split, with its k and batch_size.
    """

    system: System
    measures: Mapping[str, Mapping[str, float | None]]
    queries: Mapping[str, Mapping[str, int]]
    parameters: Mapping[str, Any]
    published: Mapping[str, Any] | None


class Provenance(NamedTuple):
    """What a metric JSON says of its origin.

    parameters: of the evaluation. inputs: SHA-256 of the files that it is made of. versions: of packages.
    """

    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    versions: Mapping[str, str]


class Sparsity(NamedTuple):
    """Shares of zeros of a pruned model, and how many weights are left.

    linears: in its Linear layers; effective: in those of their weights that can change a ranking; model: in
    all weights. nonzero: weights that are not zero.
    """

    linears: float
    effective: float
    model: float
    nonzero: float


def read_metrics(path: Path) -> MetricReport:
    """The contents of a metric JSON.

    Raises:
        ReportError: a key is missing, or the arm is unknown.
    """
    contents = _read_json(path)
    for key in ("system", "measures", "queries", "parameters"):
        if key not in contents:
            raise ReportError(f"{path}: no {key!r}; expected a file that scripts evaluate wrote")
    system = System(**contents["system"])
    if system.arm not in ARMS:
        raise ReportError(f"{path}: unknown arm {system.arm!r}; expected one of {', '.join(ARMS)}")
    published = contents.get("study")
    return MetricReport(system, contents["measures"], contents["queries"], contents["parameters"], published)


def read_system(path: Path) -> System:
    """The system that a metric JSON is about.

    Raises:
        ReportError: it is no such file.
    """
    try:
        return System(**_read_json(path)["system"])
    except (ArtefactError, KeyError, TypeError) as error:
        raise ReportError(
            f"{path}: found no metrics of a system; expected a file that scripts evaluate wrote"
        ) from error


def read_provenance(path: Path) -> Provenance:
    """What a metric JSON says of its origin.

    Raises:
        ReportError: it says nothing of it.
    """
    contents = _read_json(path)
    for key in Provenance._fields:
        if key not in contents:
            raise ReportError(f"{path}: no {key!r}; expected a file that scripts evaluate wrote")
    return Provenance(*(contents[key] for key in Provenance._fields))


def read_per_query(paths: Iterable[Path], measure: str) -> Iterator[tuple[System, pd.DataFrame]]:
    """Of metric JSONs, sorted, each system with its values of a measure: qid, split, measure, value.

    The values lie beside the JSON: x.per_query.parquet for x.json.
    """
    for path in sorted(paths):
        values = read_frame(path.with_suffix(".per_query.parquet"), filters=[("measure", "==", measure)])
        yield read_system(path), values


def read_sparsity(path: Path, results: Path) -> tuple[System, Sparsity]:
    """Of a sparsity.json, the system in whose folder it lies, and its shares of zeros.

    Args:
        results: the folder of the study, which slugs are relative to.

    Raises:
        ReportError: the file does not lie there, or lacks a share.
        SystemNameError: its folder names no system.
    """
    folder = path.absolute().parent
    if not folder.is_relative_to(results.absolute()):
        raise ReportError(f"{path}: expected a file below {results}, the folder of the study's results")
    contents = _read_json(path)
    system = System.parse(folder.relative_to(results.absolute()).as_posix())
    for key in Sparsity._fields:
        if key not in contents:
            raise ReportError(f"{path}: no {key!r}; expected a file that scripts prune wrote; prune again")
    return system, Sparsity(*(contents[name] for name in Sparsity._fields))


def system_at_end(path: Path) -> System:
    """The trained system whose slug ends a path: …/baselines/dsi/seed1/dense.

    Raises:
        SystemNameError: the path ends in no slug.
    """
    return System.parse("/".join(path.absolute().parts[-SLUG_PARTS:]))


def read_csv(path: Path) -> pd.DataFrame:
    """A frame that `write_csv` wrote: names are text, and nothing but an empty cell is missing."""
    names = dict.fromkeys(NAME_COLUMNS, "str")
    return pd.read_csv(path, dtype=names, keep_default_na=False, na_values=[""])


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame with every digit, without its index."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def _read_json(path: Path) -> dict[str, Any]:
    return read_object(path)
