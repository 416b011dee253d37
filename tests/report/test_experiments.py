"""A row for every evaluated checkpoint, with all that is known of it."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dsi.report.experiments import ExperimentFiles, experiments_frame, experiments_page, read_experiments
from dsi.report.results import ReportError
from tests.report.conftest import row, sparsity
from tests.report.small_results import DENSE, PRUNED, write_results

SETTINGS = {"dsi": {"task": "docid", "training": {"epochs": 4}}}


@pytest.fixture
def files(tmp_path: Path) -> ExperimentFiles:
    """Of the small study, with what was counted of one pruned model, and its recovery."""
    results = write_results(tmp_path)
    pruned = PRUNED.format(seed=1)
    recovered = results / f"metrics/{pruned.replace('pruned', 'recovered')}.json"
    recovered.parent.mkdir(parents=True)
    recovered.write_text((results / f"metrics/{pruned}.json").read_text().replace('"pruned"', '"recovered"'))
    counted = results / f"{pruned}/sparsity.json"
    counted.parent.mkdir(parents=True)
    counted.write_text(json.dumps(sparsity(0.5)._asdict()))
    sizes = results / f"sizes/{DENSE.format(seed=1)}.json"
    sizes.parent.mkdir(parents=True)
    sizes.write_text(json.dumps({"compressed_bytes": 1_500_000}))
    return ExperimentFiles(results, sorted((results / "metrics").rglob("*.json")), [counted], [sizes])


def test_a_row_has_settings_measures_digests_and_counts(files: ExperimentFiles) -> None:
    frame = experiments_frame(read_experiments(files, SETTINGS)).set_index("system")
    recovered = PRUNED.format(seed=1).replace("pruned", "recovered")
    assert list(frame.index) == [
        "bm25", DENSE.format(seed=1), PRUNED.format(seed=1), recovered,
        DENSE.format(seed=2), PRUNED.format(seed=2),
    ]  # fmt: skip
    pruned = frame.loc[PRUNED.format(seed=1)]
    assert (pruned["seed"], pruned["criterion"], pruned["rate"]) == (1, "magnitude", 0.5)
    assert json.loads(pruned["settings"]) == SETTINGS["dsi"]
    assert json.loads(pruned["parameters"]) == {"agreement_k": 2, "relevance": 1}
    assert (pruned["test/MAP"], pruned["validation/MAP"], pruned["queries/test"]) == (0.625, 1, 4)
    assert len(pruned["sha256/run"]) == 64
    assert pruned["version/ir-measures"] == "0.4.3"
    assert pruned["zeros/model"] == 0.25
    assert frame.loc[recovered, "zeros/model"] == 0.25  # recovery keeps the zeros
    assert frame["size/compressed_bytes"].dropna().to_dict() == {DENSE.format(seed=1): 1_500_000}
    assert frame["settings"].isna().to_dict()["bm25"]


def test_the_order_of_files_makes_no_difference(files: ExperimentFiles) -> None:
    one, other = (
        experiments_frame(read_experiments(files._replace(metrics=metrics), SETTINGS))
        for metrics in (files.metrics, files.metrics[::-1])
    )
    pd.testing.assert_frame_equal(one, other)


def test_the_page_shows_the_main_measures(files: ExperimentFiles) -> None:
    page = experiments_page(experiments_frame(read_experiments(files, SETTINGS)))
    assert row(page, DENSE.format(seed=1))[1:4] == ["0.8750", "0.9077", "1.0000"]
    assert max(len(line) for line in page.splitlines()) <= 110
    # A study that prunes and measures nothing has neither column's values.
    bare = experiments_page(experiments_frame(read_experiments(files._replace(sparsity=[], sizes=[]), {})))
    assert bare.count("MB") == page.count("MB")


def test_metrics_of_no_known_origin_are_named(files: ExperimentFiles) -> None:
    path = files.metrics[0]
    contents = json.loads(path.read_text())
    del contents["versions"]
    path.write_text(json.dumps(contents))
    with pytest.raises(ReportError, match="no 'versions'; expected a file that scripts evaluate wrote"):
        read_experiments(files, SETTINGS)
