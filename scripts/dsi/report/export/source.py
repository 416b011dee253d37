"""What a study's results say about models to hand on: its configuration, measures, zeros and collection."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
import yaml

from dsi.model.checkpoint import DOCID_TASK
from dsi.report.results import CONFIGURATION, MetricReport, Sparsity, read_metrics, read_sparsity
from dsi.systems import PRUNED_ARMS, System

EXAMPLE = "for example: snakemake --cores 2"


class ExportError(ValueError):
    """There is nothing to hand on, or not what was asked for; the message says what to do."""


class Source(NamedTuple):
    """A finished study.

    results: its folder. collection, kind: name and kind of its collection. documents: how many; queries: how
    many by split. margin: share of the dense MAP that does not matter; confidence: of intervals. pruned:
    docid baselines that were pruned. reports: of every evaluated system. zeros: of pruned and recovered ones.
    """

    results: Path
    collection: str
    kind: str
    documents: int
    queries: Mapping[str, int]
    margin: float
    confidence: float
    pruned: Sequence[str]
    reports: Mapping[System, MetricReport]
    zeros: Mapping[System, Sparsity]


def results_folder(study: Path) -> Path:
    """A study's results folder: itself, or the one that its file names.

    Raises:
        ExportError: the file cannot be read.
    """
    if study.suffix not in (".yaml", ".yml"):
        return study
    try:
        overlay = yaml.safe_load(study.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ExportError(f"{study}: {error}; expected a study, for example studies/smoke.yaml") from error
    return Path(overlay.get("results", "results"))


def read_source(results: Path) -> Source:
    """Read a study's results.

    Raises:
        ExportError: they are not those of a finished study.
        ReportError, SystemNameError: a file of them is not what it should be.
    """
    configuration = _configuration(results)
    documents, queries = (results / "collection" / f"{name}.parquet" for name in ("documents", "queries"))
    for path in (documents, queries, results / "qrels" / "test.txt", results / "tables" / "verdicts.csv"):
        if not path.is_file():
            raise ExportError(f"{path}: no such file; expected a finished study; {EXAMPLE}")
    every = map(read_metrics, sorted((results / "metrics").rglob("*.json")))
    by_system = {report.system: report for report in every if _is_asked_for(report.system, configuration)}
    counts = pd.read_parquet(queries, columns=["split"])["split"].value_counts()
    name, judging = configuration["collection"], configuration["report"]
    return Source(
        results=results,
        collection=name,
        kind=configuration["collections"][name]["kind"],
        documents=pq.read_metadata(documents).num_rows,
        queries={str(split): int(count) for split, count in counts.items()},
        margin=judging["margin"],
        confidence=judging["confidence"],
        pruned=list(_pruned_docid_baselines(configuration)),
        reports=by_system,
        zeros=dict(_zeros(results, by_system)),
    )


def _configuration(results: Path) -> dict[str, Any]:
    path = results / CONFIGURATION
    if not path.is_file():
        raise ExportError(
            f"{path}: no such file; expected the results folder of a study, or the study's file, for example "
            "results/deep or studies/deep.yaml; a run of the study writes it"
        )
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _pruned_docid_baselines(configuration: Mapping[str, Any]) -> Iterator[str]:
    for name in configuration["run"]:
        settings = configuration["baselines"][name]
        if settings["task"] == DOCID_TASK and settings["prune"]:
            yield name


def _is_asked_for(system: System, configuration: Mapping[str, Any]) -> bool:
    """Whether it is of the study as it is now; results of an earlier configuration may lie beside them."""
    if system.baseline is None:
        return True
    if system.baseline not in configuration["run"] or system.seed not in configuration["seeds"]:
        return False
    of_study = system.criterion in configuration["criteria"] and system.rate in configuration["rates"]
    return of_study or system.arm not in PRUNED_ARMS


def _zeros(results: Path, systems: Mapping[System, MetricReport]) -> Iterator[tuple[System, Sparsity]]:
    """Recovered models have the zeros of the pruned ones; where recovery made the masks, their own."""
    for system in systems:
        if system.arm not in PRUNED_ARMS:
            continue
        paths = [results / system._replace(arm=arm).slug / "sparsity.json" for arm in PRUNED_ARMS]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise ExportError(f"{paths[0]}: no such file; make it: snakemake --cores 2 {paths[0]}")
        yield system, read_sparsity(path, results)[1]
