"""Removing studies: the one that is named, and none by default."""

from pathlib import Path

import pytest

from dsi.base.locks import FileLock
from tests.report.conftest import Command


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The default study and two others in one folder of results."""
    folder = tmp_path / "results"
    for study in (folder, folder / "smoke", folder / "mine"):
        (study / "collection").mkdir(parents=True)
        (study / "runs").mkdir()
        (study / "collection/documents.parquet").write_bytes(b"0" * 2_000_000)
        (study / "configuration.json").write_text("{}")
        (study / "runs/bm25.trec.gz").touch()
    return folder


def test_by_default_they_are_listed_with_their_sizes(results: Path, command: Command) -> None:
    before = sorted(results.rglob("*"))
    assert command("clean", "--results", results).stdout.splitlines() == [
        f"{results}: 2.0 MB; `make clean STUDY=default` removes it",
        f"{results}/mine: 2.0 MB; `make clean STUDY=mine` removes it",
        f"{results}/smoke: 2.0 MB; `make clean STUDY=smoke` removes it",
    ]
    assert sorted(results.rglob("*")) == before


@pytest.mark.parametrize(
    ("study", "left"),
    [
        ("smoke", {"collection", "runs", "configuration.json", "mine"}),
        ("results/smoke", {"collection", "runs", "configuration.json", "mine"}),
        ("small.yaml", {"collection", "runs", "configuration.json", "mine"}),
        ("default", {"mine", "smoke"}),
    ],
)
def test_the_named_one_goes_alone(
    results: Path, command: Command, monkeypatch: pytest.MonkeyPatch, study: str, left: set[str]
) -> None:
    monkeypatch.chdir(results.parent)
    Path("small.yaml").write_text("results: results/smoke\nseeds: [1]\n", encoding="utf-8")
    done = command("clean", "--study", study)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in results.iterdir()} == left
    assert (results / "mine/runs/bm25.trec.gz").is_file()


def test_an_unknown_or_a_running_study_stays(results: Path, command: Command) -> None:
    done = command("clean", "--results", results, "--study", "smok")
    assert done.returncode == 1
    assert f"--study: found 'smok', expected one of those in {results}: default, mine, smoke" in done.stderr
    lock = FileLock(results / "smoke/.lock", "snakemake --cores 2")
    lock.take()
    done = command("clean", "--results", results, "--study", "smoke")
    lock.release()
    assert done.returncode == 1
    assert f"{results}/smoke: a run writes there (process " in done.stderr
    assert (results / "smoke/runs/bm25.trec.gz").is_file()


def test_without_results_there_is_nothing(tmp_path: Path, command: Command) -> None:
    assert command("clean", "--results", tmp_path / "none").stdout == f"{tmp_path}/none: no studies\n"
