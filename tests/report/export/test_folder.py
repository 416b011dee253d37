"""An exported folder: whole, loaded by transformers alone, and what it finds is what was evaluated."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from huggingface_hub import ModelCard
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM

from dsi.base.command import UserError
from dsi.docids.identifiers import ATOMIC
from dsi.evaluation.runs import read_run
from dsi.report.export.choice import choices, named
from dsi.report.export.folder import export
from dsi.report.export.source import ExportError, read_source, results_folder
from dsi.systems import System
from ranking import search
from report import export as export_command
from tests.ranking.studies import DOCIDS
from tests.report.conftest import Command
from tests.report.export.studies import DENSE, QUERIES, RECOVERED, finished_study, validated

KINDS = {"atomic": (ATOMIC, False), "naive": ("naive", False), "untied": (ATOMIC, True)}
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The recovered checkpoint of a study of a kind, exported outside of it."""
    made: dict[str, Path] = {}

    def of_kind(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            source = read_source(finished_study(folder / "results", *KINDS[kind]))
            export(source, named(source, RECOVERED), folder / "handed-on")
            made[kind] = folder / "handed-on"
        return made[kind]

    return of_kind


def snippet(folder: Path) -> str:
    (code,) = SNIPPET.findall((folder / "README.md").read_text(encoding="utf-8"))
    return str(code)


def evaluated(folder: Path, qid: str) -> list[tuple[str, float]]:
    run = read_run(folder / "runs/model.trec.gz")
    rows = run[run["qid"] == qid].sort_values("rank")
    return list(zip(rows["docid"], rows["score"], strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_the_cards_program_finds_as_it_is_written_what_was_evaluated(
    kind: str, exported: Callable[[str], Path], tmp_path: Path
) -> None:
    """In a process that sees no module of this project."""
    folder = exported(kind)
    program = tmp_path / "program.py"
    program.write_text(snippet(folder), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(program)], cwd=folder, text=True, capture_output=True, check=True
    )
    printed = [line.split() for line in done.stdout.splitlines()]
    (asked,) = re.findall(r"in search\((.*)\):", snippet(folder))
    qid = next(qid for qid, text in QUERIES.items() if repr(text) == asked)
    assert [docid for _, docid in printed] == [docid for docid, _ in evaluated(folder, qid)]
    assert [float(score) for score, _ in printed] == pytest.approx(
        [score for _, score in evaluated(folder, qid)], abs=1e-4
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_query_gets_the_list_that_was_evaluated(
    kind: str, exported: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exported(kind))
    names: dict[str, Any] = {}
    exec(snippet(Path()), names)
    for qid, text in QUERIES.items():
        found = names["search"](text)
        assert [docid for docid, _ in found] == [docid for docid, _ in evaluated(Path(), qid)]
        scores = [score for _, score in evaluated(Path(), qid)]
        assert [score for _, score in found] == pytest.approx(scores, abs=1e-5)
    assert len(names["search"]("matrix", k=2)) == 2


def test_equal_scores_stand_as_in_the_evaluation(
    exported: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By descending docid, which a model without preferences shows."""
    monkeypatch.chdir(exported("atomic"))
    names: dict[str, Any] = {}
    exec(snippet(Path()), names)
    with torch.no_grad():
        names["model"].lm_head.weight.zero_()
    assert [docid for docid, _ in names["search"]("matrix")] == sorted(DOCIDS, reverse=True)


def test_the_folder_is_whole(exported: Callable[[str], Path]) -> None:
    folder = exported("atomic")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "README.md", "config.json", "generation_config.json", "model.safetensors", "model.dsz",
        "tokenizer.json", "tokenizer_config.json", "docids.json", "docids.parquet", "retriever.json",
        "runs/model.trec.gz", "runs/dense.trec.gz", "runs/bm25.trec.gz", "qrels/test.txt",
        "qrels/validation.txt",
    }  # fmt: skip
    results = folder.parent / "results"
    same = {"model": RECOVERED, "dense": DENSE, "bm25": "bm25"}
    for name, slug in same.items():
        run = (folder / f"runs/{name}.trec.gz").read_bytes()
        assert run == (results / f"runs/{slug}.trec.gz").read_bytes()
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".")]


def test_decompressed_weights_are_those_of_the_checkpoint(
    exported: Callable[[str], Path], command: Command, tmp_path: Path
) -> None:
    folder = exported("atomic")
    done = command("decompress", folder / "model.dsz", "--output", tmp_path / "model.safetensors")
    assert done.returncode == 0, done.stderr
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    ours, theirs = (load_file(path / "model.safetensors") for path in (tmp_path, folder))
    assert all(torch.equal(ours[name], theirs[name]) for name in {**ours, **theirs})
    loaded = AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    assert torch.equal(loaded.shared.weight, theirs["shared.weight"])


@pytest.mark.parametrize("kind", ["atomic", "naive"])
def test_search_takes_the_folder(
    kind: str,
    exported: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its texts lie elsewhere, or are not shown."""

    def searched(*arguments: object) -> list[list[str]]:
        monkeypatch.setattr(sys, "argv", ["search.py", *map(str, arguments)])
        search.main()
        return [line.split() for line in capsys.readouterr().out.splitlines()[1:] if line]

    folder, query = exported(kind), QUERIES["q2"]
    lines = searched(folder, query, "--no-texts", "--k", 3)
    assert lines[0] == ["rank", "score", "docid"]
    assert [row[2:] for row in lines[1:]] == [[docid] for docid, _ in evaluated(folder, "q2")[:3]]
    assert searched(folder, query, "--collection", folder.parent / "results/collection")[0][3] == "text"
    with pytest.raises(UserError, match=r"or --no-texts$"):
        searched(folder, query)


def test_the_card_says_what_it_is_and_how_good(exported: Callable[[str], Path]) -> None:
    text = (exported("atomic") / "README.md").read_text(encoding="utf-8")
    for words in (
        "# dsi, seed 1: magnitude at 0.5, recovered, collection mine",
        "- **collection**: mine (files): 5 documents",
        "- **queries**: 3 test, 1 validation",
        "- **weights that are not 0**: 750",
        "- **zeros**: 50.00 % of the Linear layers, 25.00 % of the model",
        "On 3 test queries, with 95 % intervals over the queries",
        "- It finds the 5 documents that it was trained on and no other",
        "- Queries are cut to 8 tokens.",
        "    ir_measures qrels/test.txt runs/model.trec.gz AP nDCG@10 R@10",
    ):
        assert words in text, words
    metrics = pd.read_parquet(exported("atomic").parent / f"results/metrics/{RECOVERED}.per_query.parquet")
    values = metrics[(metrics["split"] == "test") & (metrics["measure"] == "MAP")]["value"]
    half = 4.302653 * values.std() / 3**0.5  # Student's t of 2 degrees of freedom
    ends = max(values.mean() - half, 0), min(values.mean() + half, 1)
    assert f"| this checkpoint | {values.mean():.4f} [{ends[0]:.4f}, {ends[1]:.4f}] |" in re.sub(
        " +", " ", text
    )


def test_hugging_face_reads_the_cards_head(exported: Callable[[str], Path]) -> None:
    card = ModelCard.load(exported("naive") / "README.md")
    assert card.data.library_name == "transformers"
    assert {result.metric_type for result in card.data.eval_results} == {"MAP", "nDCG@10", "R@10"}
    assert {result.dataset_name for result in card.data.eval_results} == {"mine"}


def test_ir_measures_gives_the_cards_numbers(exported: Callable[[str], Path]) -> None:
    folder = exported("atomic")
    text = (folder / "README.md").read_text(encoding="utf-8")
    (asked,) = re.findall(r"^    ir_measures (.*)$", text, re.MULTILINE)
    program = Path(sys.executable).with_name("ir_measures")
    done = subprocess.run([program, *asked.split()], cwd=folder, text=True, capture_output=True, check=True)
    printed = [float(line.split()[1]) for line in done.stdout.splitlines()]
    shown = [
        round(result.metric_value, 4) for result in ModelCard.load(folder / "README.md").data.eval_results
    ]
    assert printed == shown


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return finished_study(tmp_path / "results", ATOMIC)


def test_the_command_exports_what_validation_chooses_and_replaces_what_it_exported(
    study: Path, command: Command, tmp_path: Path
) -> None:
    validated(study, RECOVERED, 1.0)
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(yaml.safe_dump({"results": str(study)}))
    folder = study / "export/dsi"
    source = read_source(results_folder(overlay))
    export(source, named(source, DENSE), folder)
    done = command("export", overlay)
    assert done.returncode == 0, done.stderr
    assert f"{RECOVERED} → {folder}" in done.stdout
    assert "magnitude at 0.5, recovered" in (folder / "README.md").read_text(encoding="utf-8")
    assert (folder / "runs/dense.trec.gz").is_file()  # which the export of before did not have


def test_the_dense_model_may_be_exported(study: Path, tmp_path: Path) -> None:
    source = read_source(study)
    export(source, named(source, DENSE), tmp_path / "out")
    text = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert not (tmp_path / "out/runs/dense.trec.gz").exists()
    assert "this − dense" not in text
    assert "pruned" not in ModelCard.load(tmp_path / "out/README.md").data.tags


def test_what_is_no_finished_study_is_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"configuration.json: no such file; expected the results folder"):
        read_source(tmp_path)
    with pytest.raises(ExportError, match=r"absent.yaml: .*No such file.*for example studies/smoke.yaml"):
        results_folder(tmp_path / "absent.yaml")
    (study / "qrels/test.txt").unlink()
    with pytest.raises(ExportError, match=r"test.txt: no such file; expected a finished study; for example"):
        read_source(study)


def test_results_of_an_earlier_configuration_are_not_of_the_study(study: Path) -> None:
    assert System.parse(RECOVERED) in read_source(study).reports
    path = study / "configuration.json"
    path.write_text(path.read_text(encoding="utf-8").replace("0.5", "0.4"), encoding="utf-8")
    assert [system.arm for system in read_source(study).reports] == ["dense", "bm25"]


def test_files_of_others_are_not_replaced(study: Path, tmp_path: Path) -> None:
    source = read_source(study)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/thesis.tex").touch()
    with pytest.raises(ExportError, match=r"--output: found other files in .*other; expected"):
        export(source, named(source, RECOVERED), tmp_path / "other")
    assert (tmp_path / "other/thesis.tex").exists()


def test_what_is_wrong_is_told_without_a_traceback(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    validated(study, RECOVERED, 0.0)
    monkeypatch.setattr(sys, "argv", ["export.py", str(study)])
    with pytest.raises(UserError, match="dsi: found no pruned and recovered model whose validation MAP"):
        export_command.main()


def test_a_run_that_changed_since_it_was_evaluated_is_refused(study: Path, tmp_path: Path) -> None:
    source = read_source(study)
    (study / f"runs/{RECOVERED}.trec.gz").write_bytes((study / f"runs/{DENSE}.trec.gz").read_bytes())
    with pytest.raises(ExportError, match=r"found another run than the one that .*json is about"):
        export(source, choices(source, RECOVERED, None)[0], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_that_writes_lists_is_refused(study: Path, tmp_path: Path) -> None:
    source = read_source(study)
    (study / RECOVERED / "retriever.json").write_text('{"task": "ranked-list"}')
    with pytest.raises(ExportError, match="found the task ranked-list, whose lists of docids are text"):
        export(source, named(source, RECOVERED), tmp_path / "out")
