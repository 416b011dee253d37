"""Files of a study's results as records, and what is wrong with one."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dsi.report.results import (
    ReportError,
    Sparsity,
    read_csv,
    read_metrics,
    read_per_query,
    read_sparsity,
    system_at_end,
    write_csv,
)
from dsi.systems import System, SystemNameError
from tests.report.conftest import report, written


def test_a_metric_file_comes_back_as_it_was_written(results: Path) -> None:
    assert read_metrics(results / "metrics/bm25.json") == report("bm25", 0.6)


def test_values_per_query_lie_beside_their_metrics(results: Path) -> None:
    paths = [results / "metrics/random.json", results / "metrics/bm25.json"]
    found = list(read_per_query(paths, "MAP"))
    assert [system.slug for system, _ in found] == ["bm25", "random"]
    assert set(found[0][1].query("split == 'test'")["value"]) == {0.6}


def test_a_missing_key_and_an_unknown_arm_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    contents = written(report("bm25", 0.6))
    path.write_text(json.dumps({key: value for key, value in contents.items() if key != "queries"}))
    with pytest.raises(ReportError, match=r"x.json: no 'queries'; expected a file that scripts evaluate"):
        read_metrics(path)
    path.write_text(json.dumps(written(report("sparse", 0.6))))
    with pytest.raises(ReportError, match="unknown arm 'sparse'; expected one of bm25, "):
        read_metrics(path)


def test_a_sparsity_is_that_of_the_folder_it_lies_in(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = results / "pruned/dsi/seed1/magnitude-0.5/sparsity.json"
    expected = (System("dsi", 1, "pruned", "magnitude", 0.5), Sparsity(0.5, 0.625, 0.25, 750.0))
    assert read_sparsity(path, results) == expected
    monkeypatch.chdir(results)
    assert read_sparsity(path.relative_to(results), Path()) == expected


def test_a_sparsity_elsewhere_is_refused(results: Path) -> None:
    path = results / "pruned/dsi/seed1/magnitude-0.5/sparsity.json"
    with pytest.raises(ReportError, match=r"sparsity\.json: expected a file below .*metrics"):
        read_sparsity(path, results / "metrics")
    with pytest.raises(SystemNameError, match=r"for example pruned/dsi/seed1/magnitude-0\.2"):
        read_sparsity(path, results / "pruned")


def test_a_path_that_ends_in_a_slug_names_its_system() -> None:
    path = Path("results/recovered/dsi-small/seed12/magnitude-global-0.25")
    system = system_at_end(path)
    assert system == System("dsi-small", 12, "recovered", "magnitude-global", 0.25)
    assert system.slug == "recovered/dsi-small/seed12/magnitude-global-0.25"
    with pytest.raises(SystemNameError, match="names no system"):
        system_at_end(Path("results/dsi/seed1/dense"))


@pytest.mark.parametrize("names", [("16", "32"), ("1e3", "01"), ("null", "nan"), ("true", "false")])
def test_names_in_a_csv_are_text_whatever_they_look_like(names: tuple[str, str], tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"baseline": [*names, None], "criterion": [None, None, "ffn"], "rate": [None, 0.5, 0.25], "seed": 1}
    )
    write_csv(frame, tmp_path / "frame.csv")
    found = read_csv(tmp_path / "frame.csv")
    assert found["baseline"].tolist()[:2] == list(names)
    assert found["baseline"].isna().tolist() == [False, False, True]
    assert found["criterion"].isna().tolist() == [True, True, False]
    assert found["rate"].dropna().tolist() == [0.5, 0.25]
    assert found["seed"].tolist() == [1, 1, 1]
