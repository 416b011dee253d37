"""One row for every evaluated checkpoint, with all that is known of it: derived from the metric JSONs.

Frame
    experiments  system (its slug), the fields of System, settings and parameters (JSON; settings of the
                 baseline, missing for references), and columns `kind/name`: queries/test, test/MAP,
                 zeros/model, size/compressed_bytes, sha256/run, version/pandas. No times: they would differ
                 from run to run.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.evaluation.measures import MEASURES
from dsi.report.benefit_frame import read_sizes
from dsi.report.frames import metrics_frame
from dsi.report.markdown import ABSENT, paragraph, percent, pipe_table
from dsi.report.narrow import narrow_tables
from dsi.report.results import (
    MetricReport,
    Provenance,
    Sparsity,
    read_metrics,
    read_provenance,
    read_sparsity,
)
from dsi.systems import PRUNED_ARMS, System

SHOWN = ("test/MAP", "test/nDCG@10", "test/R@10", "validation/MAP")
DIGEST = 8  # hex digits of a digest on the page


class ExperimentFiles(NamedTuple):
    """Files of a study: its folder, metric JSONs, and of pruned or measured models sparsity and sizes."""

    results: Path
    metrics: Sequence[Path]
    sparsity: Sequence[Path]
    sizes: Sequence[Path]


class Experiment(NamedTuple):
    """What is known of one checkpoint; zeros and size by name, empty where nothing was counted."""

    report: MetricReport
    provenance: Provenance
    zeros: Mapping[str, float]
    size: Mapping[str, float]
    settings: Mapping[str, Any] | None


def read_experiments(files: ExperimentFiles, settings: Mapping[str, Any]) -> list[Experiment]:
    """Every evaluated checkpoint, in the order of all tables.

    Args:
        settings: of the baselines, by name.

    Raises:
        ReportError: a file lacks something, or a system comes twice.
        SystemNameError: a file's place names no system.
    """
    found = [(read_metrics(path), read_provenance(path)) for path in files.metrics]
    zeros = dict(read_sparsity(path, files.results) for path in files.sparsity)
    sizes = dict(read_sizes(path, files.results) for path in files.sizes)
    ordered = metrics_frame(report for report, _ in found)
    systems = [System.of_columns(row) for row in ordered.to_dict("records")]
    of_system = {report.system: (report, provenance) for report, provenance in found}
    return [
        Experiment(
            *of_system[system],
            _zeros(system, zeros),
            sizes.get(system, {}),
            settings.get(system.baseline or ""),
        )
        for system in dict.fromkeys(systems)
    ]


def experiments_frame(experiments: Sequence[Experiment]) -> pd.DataFrame:
    """The frame `experiments`; columns are in the order in which rows have them."""
    rows = [_row(experiment) for experiment in experiments]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    types = {"seed": "Int64", "rate": "float64"}
    return pd.DataFrame(rows, columns=columns).astype(types)


def experiments_page(frame: pd.DataFrame) -> str:
    """The page: the main measures of each checkpoint, and by which run they come."""
    zeros = frame.get("zeros/model", pd.Series(float("nan"), index=frame.index))
    sizes = frame.get("size/compressed_bytes", pd.Series(float("nan"), index=frame.index))
    rows = [
        [
            row["system"],
            *(ABSENT if pd.isna(row[name]) else f"{row[name]:.4f}" for name in SHOWN),
            percent(share),
            ABSENT if pd.isna(size) else f"{size / 1e6:.2f}",
            row["sha256/run"][:DIGEST],
        ]
        for row, share, size in zip(frame.to_dict("records"), zeros, sizes, strict=True)
    ]
    header = [
        "system",
        *(name.replace("test/", "").replace("/", " ") for name in SHOWN),
        "zeros",
        "MB",
        "run",
    ]
    words = paragraph(
        "One row for every evaluated checkpoint; measures without a split are of the test queries. zeros: "
        "share of all weights; MB: the compressed file; both where they were counted. run: the first digits "
        "of the SHA-256 of its TREC run. experiments.parquet has every measure and digit, the settings of "
        "the baseline, digests of what was evaluated, and versions; tables/metrics.csv the commands behind "
        "each number."
    )
    return narrow_tables(f"# Experiments\n\n{words}\n\n{pipe_table(header, rows)}\n")


def _zeros(system: System, zeros: Mapping[System, Sparsity]) -> dict[str, float]:
    """Its own, or those of the pruned model that it is the recovery of, which it keeps."""
    own = [one for one in (system, system._replace(arm="pruned")) if one in zeros]
    return zeros[own[0]]._asdict() if own and system.arm in PRUNED_ARMS else {}


def _row(experiment: Experiment) -> dict[str, Any]:
    report, provenance = experiment.report, experiment.provenance
    settings = experiment.settings
    measures = {
        f"{split}/{name}": values[name] for split, values in report.measures.items() for name in MEASURES
    }
    return {
        "system": report.system.slug,
        **report.system._asdict(),
        "settings": None if settings is None else json.dumps(settings, sort_keys=True),
        "parameters": json.dumps(provenance.parameters, sort_keys=True),
        **{f"queries/{split}": counts["evaluated"] for split, counts in report.queries.items()},
        **{name: float("nan") if value is None else value for name, value in measures.items()},
        **{f"zeros/{name}": value for name, value in experiment.zeros.items()},
        **{f"size/{name}": value for name, value in experiment.size.items()},
        **{f"sha256/{name}": digest for name, digest in provenance.inputs.items()},
        **{f"version/{name}": version for name, version in provenance.versions.items()},
    }
