"""The workflow: the smallest study end to end, and what each change makes stale."""

import csv
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import load_file

from dsi.efficiency.compressed_files import save_compressed
from dsi.efficiency.rounding import Evaluation, split_quality, with_weights
from dsi.model.checkpoint import CheckpointError
from dsi.pruning.registry import CRITERIA
from dsi.systems import REFERENCES
from plan.one_study import ResultsLock

ROOT = Path(__file__).resolve().parents[2]
TREE = ("Snakefile", "config.yaml", "report", "rules", "scripts", "schemas", "studies", "profiles", "envs")
SMOKE = ("--configfile", "studies/smoke.yaml")
COLUMNS = (
    "baseline,seed,arm,criterion,rate,split,"
    "MAP,MRR@10,nDCG@10,R@10,R@100,R@1000,BM25-MAP,BM25-R@1000,RBO,loss,run,evaluate,evaluate_mrr,make"
)
# Two baselines, one a task, with two seeds and one rate: each stage of a baseline has two jobs.
TIMINGS = {"summarise_timings": 1, "all": 1}
FIGURES = {"plot_rates": 2, "make_explorer": 1, **TIMINGS}
TABLES = dict.fromkeys(["list_experiments", "make_reproduction", "make_tables"], 1)
REPORTS = {**TABLES, "plot_lost_queries": 2, **FIGURES}
PRUNED = {"recover": 4, "evaluate": 8, "plot_curves": 2, **REPORTS}
# Appended to a module: code that does nothing, and words.
EDIT, WORDS = "\nEDITED = True\n", "\n# reworded\n"


def copy_tree(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def snakemake(folder: Path, *arguments: str, offline: bool = False) -> subprocess.CompletedProcess[str]:
    # A shell without the environment's bin: rules must find their Python by themselves.
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    if offline:  # a proxy that is not there
        environment |= dict.fromkeys(["http_proxy", "https_proxy", "all_proxy"], "http://127.0.0.1:9")
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )


def planned(folder: Path, *arguments: str) -> dict[str, int]:
    """Rule → number of jobs of a dry-run; empty if there is nothing to do."""
    done = snakemake(folder, *(arguments or ("all",)), "--dry-run", "--quiet", "host", *SMOKE)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    table = re.search(r"^job +count\n-+ +-+\n(.*?)^total", printed, re.MULTILINE | re.DOTALL)
    if table is None:
        assert "Nothing to be done" in printed, printed
        return {}
    return {name: int(count) for name, count in (line.split() for line in table[1].splitlines())}


@pytest.fixture(scope="session")
def study(smallest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "checkout"
    return Path(shutil.copytree(smallest, folder, symlinks=True))


@pytest.fixture
def edited(study: Path) -> Iterator[Path]:
    """The study, with its code as it was put back afterwards."""
    yield study
    shutil.rmtree(study / "scripts")
    shutil.copytree(ROOT / "scripts", study / "scripts", ignore=shutil.ignore_patterns("__pycache__"))


def test_every_system_is_evaluated_on_both_splits(study: Path) -> None:
    path = study / "results/smoke/tables/metrics.csv"
    assert path.read_text().splitlines()[0] == COLUMNS
    with path.open() as file:
        rows = list(csv.DictReader(file))
    arms = {(row["arm"], row["seed"], row["rate"]) for row in rows}
    trained = [
        ("dense", ""),
        ("dense-continued", ""),
        ("restart", ""),
        ("pruned", "0.5"),
        ("recovered", "0.5"),
    ]
    assert arms == {(name, "", "") for name in REFERENCES} | {
        (arm, seed, rate) for arm, rate in [("initial", ""), *trained] for seed in ("1", "2")
    }
    assert {row["baseline"] for row in rows} == {"", "smoke", "smoke-lists"}
    initial = 2  # one a seed
    assert len(rows) == 4 * (len(REFERENCES) + initial + 2 * 2 * 5)
    assert {row["split"] for row in rows} == {"validation", "test", "test-seen", "test-unseen"}
    assert all(0 <= float(row["MAP"]) <= 1 for row in rows if row["MAP"])
    whole = [row for row in rows if row["split"] in ("validation", "test")]
    assert all((row["loss"] == "") == (row["arm"] in REFERENCES) for row in whole)
    assert all((row["RBO"] == "") == (row["arm"] in (*REFERENCES, "dense")) for row in whole)
    bm25 = next(row for row in rows if row["arm"] == "bm25" and row["split"] == "test")
    assert float(bm25["BM25-MAP"]) == pytest.approx(1)


def test_tables_figures_and_timings_are_there(study: Path) -> None:
    results = study / "results/smoke"
    tables = (results / "tables.md").read_text()
    assert "| rate 0.5 " in tables
    assert "## Verdict" in tables
    assert "**Nothing can be concluded** about pruning" in tables  # two epochs teach nothing
    names = ("curves-smoke-magnitude", "rates-smoke-magnitude", "curves-smoke-lists-magnitude")
    for name in names:
        assert (results / f"figures/{name}.svg").read_text().startswith("<?xml")
        assert (results / f"figures/{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "<title>Explorer: " in (results / "explore.html").read_text(encoding="utf-8")
    timings = pd.read_csv(results / "timings.csv").set_index("rule")
    assert timings.loc["dense", "jobs"] == 4
    assert 0 < timings.loc["all", "start_up_cpu_s"] < timings.loc["all", "cpu_s"]


def test_every_checkpoint_is_an_ordinary_one(study: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM

    folders = [path.parent for path in study.glob("results/smoke/**/model.safetensors")]
    assert len(folders) == 2 * 2 * 5 + 2
    for folder in folders:
        _, report = AutoModelForSeq2SeqLM.from_pretrained(folder, output_loading_info=True)
        assert not report["missing_keys"], folder
        assert not report["unexpected_keys"], folder


def test_recovered_weights_keep_the_zeros_of_the_pruned_ones(study: Path) -> None:
    pruned = study / "results/smoke/pruned/smoke/seed1/magnitude-0.5"
    masks = load_file(pruned / "masks.safetensors")
    recovered = load_file(study / "results/smoke/recovered/smoke/seed1/magnitude-0.5/model.safetensors")
    for weights in (recovered, load_file(pruned / "model.safetensors")):
        assert not any(weights[layer][~mask].any() for layer, mask in masks.items())
    sparsity = json.loads((pruned / "sparsity.json").read_text())
    assert sparsity["linears"] == pytest.approx(0.5, abs=1e-3)


def test_the_arms_of_a_seed_share_their_data_order(study: Path) -> None:
    """The restart control and a recovery see the same epochs; a seed differs from another."""
    read = pd.read_parquet
    histories = {
        name: read(study / f"results/smoke/{name}/history.parquet")
        for name in ("baselines/smoke/seed1/restart", "recovered/smoke/seed1/magnitude-0.5")
    }
    assert {tuple(frame["epoch"]) for frame in histories.values()} == {(3,)}
    assert {tuple(frame["learning_rate"]) for frame in histories.values()} == {(0.0,)}


def test_metric_json_states_parameters_inputs_and_versions(study: Path) -> None:
    metric = json.loads(
        (study / "results/smoke/metrics/recovered/smoke/seed1/magnitude-0.5.json").read_text()
    )
    assert metric["system"] == {
        "arm": "recovered",
        "baseline": "smoke",
        "criterion": "magnitude",
        "rate": 0.5,
        "seed": 1,
    }
    run = study / "results/smoke/runs/recovered/smoke/seed1/magnitude-0.5.trec.gz"
    assert metric["inputs"]["run"] == hashlib.sha256(run.read_bytes()).hexdigest()
    assert metric["parameters"] == {"agreement_k": 10, "relevance": 1}
    assert "ir-measures" in metric["versions"]


def test_the_terminal_shows_one_line_a_job(study: Path) -> None:
    lines = (study / "terminal.txt").read_text().splitlines()
    jobs = [line for line in lines if re.match(r"\d\d:\d\d:\d\d \[ *\d+/72\] ", line)]
    assert len(jobs) == 72 + 1  # `all` among them, and the end
    assert "[72/72] done" in jobs[-1]
    assert sum("training E1" in line for line in jobs) == 4
    # One a job, and a handful about the run itself.
    assert len([line for line in lines if line.strip()]) < len(jobs) + 20


def test_a_second_run_has_nothing_to_do(study: Path) -> None:
    done = snakemake(study, "--cores", "2", *SMOKE)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout + done.stderr


def test_one_run_at_a_time_writes_into_a_results_folder(study: Path) -> None:
    """A second start is refused before any job; a plan of it is not, nor is another study."""
    documents = study / "results/smoke/collection/documents.parquet"
    again = ("results/smoke/collection/documents.parquet", "--force", *SMOKE)
    written = documents.stat().st_mtime_ns
    lock = ResultsLock(documents.parents[1], "snakemake --cores 2")
    lock.take(print)
    try:
        refused = snakemake(study, "--cores", "1", *again)
        printed = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert f"results/smoke: found another run that writes there (process {os.getpid()} on " in printed
        assert documents.stat().st_mtime_ns == written
        assert snakemake(study, "-n", *again).returncode == 0
        other = "results/other/collection/documents.parquet"
        done = snakemake(study, other, "--cores", "1", *SMOKE, "--config", "results=results/other")
        assert done.returncode == 0, done.stdout + done.stderr
        assert list((study / ".snakemake/locks").iterdir()) == []
    finally:
        lock.release()
        shutil.rmtree(study / "results/other", ignore_errors=True)


def test_the_configuration_beside_the_results_plans_the_same_study(study: Path) -> None:
    kept = "results/smoke/configuration.json"
    done = snakemake(study, "all", "--dry-run", "--configfile", kept)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_each_number_has_its_command(study: Path) -> None:
    """Three of them: a reference, a pruned and a recovered model."""
    metrics = pd.read_csv(study / "results/smoke/tables/metrics.csv")
    evaluated = metrics.dropna(subset=["evaluate"])
    assert set(evaluated["split"]) == {"validation", "test"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for arm, split in (("bm25", "test"), ("pruned", "validation"), ("recovered", "test")):
        row = evaluated[(evaluated["arm"] == arm) & (evaluated["split"] == split)].iloc[0]
        commands = f"{row['evaluate']} && {row['evaluate_mrr']}"
        done = subprocess.run(
            commands, shell=True, cwd=study, env={**os.environ, "PATH": path}, text=True, capture_output=True,
            check=True,
        )  # fmt: skip
        printed = dict(line.split("\t") for line in done.stdout.splitlines())
        values = {"AP": row["MAP"], "RR@10": row["MRR@10"]} | {
            name: row[name] for name in ("nDCG@10", "R@10", "R@100", "R@1000")
        }
        assert printed == {name: f"{value:.4f}" for name, value in values.items()}
        made = snakemake(study, *row["make"].split()[1:], "--dry-run")
        assert "Nothing to be done" in made.stdout + made.stderr


def test_a_touched_tree_reruns_nothing(study: Path) -> None:
    for path in study.rglob("*"):
        if path.is_file() and not path.is_relative_to(study / ".snakemake"):
            path.touch()
    assert planned(study) == {}


def test_a_moved_checkout_reruns_nothing(study: Path) -> None:
    elsewhere = study.with_name("moved to another place")
    study.rename(elsewhere)
    try:
        assert planned(elsewhere) == {}
    finally:
        elsewhere.rename(study)


def test_one_more_rate_costs_its_chain_and_the_tables(study: Path) -> None:
    assert planned(study, "results/smoke/tables.md", "--config", "rates=[0.5, 0.35]") == {
        "prune": 4,
        "recover": 4,
        "evaluate": 8,
        "make_reproduction": 1,
        "make_tables": 1,
    }


def test_small_models_cost_their_own_trainings(study: Path) -> None:
    """Beside the models of ffn that they are held against, of two seeds."""
    values = ("run=[smoke]", "criteria=[magnitude, ffn]", "controls={small: [0.5]}")
    assert planned(study, "results/smoke/tables.md", "--config", *values) == {
        **dict.fromkeys(["prune", "recover", "small", "small_taught"], 2),
        "evaluate": 2 * 2 + 2 * 2,
        "make_tables": 1,
    }


def test_another_spelling_of_a_rate_is_the_same_rate(study: Path) -> None:
    assert planned(study, "all", "--config", "rates=[0.50]") == {}


def test_a_recovery_setting_spares_e1_and_the_pruned_arms(study: Path) -> None:
    assert planned(study, "all", "--config", "recovery={epochs: 2}") == {
        "dense_continued": 4,
        "restart": 4,
        "recover": 4,
        "evaluate": 12,
        "plot_curves": 2,
        **REPORTS,
    }


def test_a_figures_resolution_redraws_figures(study: Path) -> None:
    assert planned(study, "all", "--config", "report={dpi: 99}") == {
        "plot_curves": 2,
        "plot_lost_queries": 2,
        "plot_rates": 2,
        **TIMINGS,
    }


def test_bm25s_parameters_rerun_what_follows_from_them(study: Path) -> None:
    jobs = planned(study, "all", "--config", "bm25={k1: 1.2}")
    assert {"search_bm25", "export_bm25", "rank_bm25", "dense"} <= set(jobs)
    kept = {"collect_pydocs", "build_index", "train_tokenizer", "assign_docids", "rank_random"}
    assert not kept & set(jobs)


def test_other_threads_retrain(study: Path) -> None:
    assert planned(study, "all", "--config", "threads=2")["dense"] == 4


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("dsi/evaluation/run_measures.py", {"evaluate": 28, **REPORTS}),
        (
            "dsi/report/figures/style.py",
            {"plot_curves": 2, "plot_lost_queries": 2, "plot_rates": 2, **TIMINGS},
        ),
        ("dsi/pruning/pruned_checkpoint.py", {"prune": 4, **PRUNED}),
        ("dsi/pruning/criteria/magnitude.py", {"prune": 4, **PRUNED}),
        (
            "dsi/training/objectives/ranked_list.py",  # of one task only
            {
                **dict.fromkeys(["dense", "dense_continued", "restart", "recover", "prune"], 2),
                "evaluate": 10,
                "plot_curves": 1,
                **REPORTS,
                "plot_lost_queries": 1,
            },
        ),
        ("dsi/report/lost_queries.py", {"plot_lost_queries": 2, **TIMINGS}),
        ("dsi/evaluation/verdicts.py", {"make_tables": 1, **FIGURES}),
        ("dsi/report/reproduction/claims.py", {"make_reproduction": 1, "make_tables": 1, **FIGURES}),
        ("report/make_explorer.py", {"make_explorer": 1, **TIMINGS}),
        ("report/summarise_timings.py", TIMINGS),
    ],
)
def test_an_edited_module_reruns_what_uses_it(edited: Path, module: str, expected: dict[str, int]) -> None:
    path = edited / "scripts" / module
    path.write_text(path.read_text() + EDIT)
    assert planned(edited) == expected


def test_edited_modules_that_no_job_uses_rerun_nothing(edited: Path) -> None:
    """A criterion not asked for, the registry of criteria, pruning in training, and the plan itself."""
    pruning = ("criteria/random_control", "registry", "in_training", "movement")
    for name in (*(f"dsi/pruning/{name}" for name in pruning), "plan/config/study", "plan/settings"):
        path = edited / f"scripts/{name}.py"
        path.write_text(path.read_text() + EDIT)
    assert planned(edited) == {}


def test_reworded_code_reruns_nothing(edited: Path) -> None:
    for path in (edited / "scripts").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"""', '"""Reworded. ', 1) + WORDS, encoding="utf-8")
    assert planned(edited) == {}


def test_a_new_criterion_costs_its_own_chain(edited: Path) -> None:
    """Pruned models of the other criteria stay as they are."""
    registry = edited / "scripts/dsi/pruning/registry.py"
    row = '    "magnitude": Criterion("magnitude"),\n'
    assert row in registry.read_text()
    registry.write_text(registry.read_text().replace(row, f'{row}    "largest": Criterion("largest"),\n'))
    criteria = registry.parent / "criteria"
    shutil.copy(criteria / "magnitude.py", criteria / "largest.py")
    assert planned(edited) == {}
    table = "results/smoke/tables.md"
    assert planned(edited, table, "--config", "criteria=[magnitude, largest]") == {
        "prune": 4,
        "recover": 4,
        "evaluate": 8,
        "make_reproduction": 1,
        "make_tables": 1,
    }


def test_an_edited_file_of_the_explorers_page_makes_it_again(edited: Path) -> None:
    path = edited / "scripts/dsi/report/explorer/page/explorer.css"
    path.write_text(path.read_text() + "p { color: black; }\n")
    assert planned(edited) == {"make_explorer": 1, **TIMINGS}


def test_a_models_folder_that_is_edited_is_fetched_again(study: Path) -> None:
    mine = study / "mine"
    shutil.copytree(study / "results/smoke/baselines/smoke-lists/seed1/dense", mine)
    target = "results/smoke/models/mine/model.safetensors"
    overlay = ("--config", "models={mine: {path: mine}}")
    done = snakemake(study, target, "--cores", "1", *SMOKE, *overlay)
    assert done.returncode == 0, done.stdout + done.stderr
    assert planned(study, target, *overlay) == {}
    (mine / "config.json").write_text((mine / "config.json").read_text() + "\n")
    assert planned(study, target, *overlay) == {"fetch_weights": 1}


def test_an_output_that_is_gone_is_made_again_alone(study: Path) -> None:
    figure = study / "results/smoke/figures/rates-smoke-magnitude.svg"
    kept = figure.read_bytes()
    figure.unlink()
    try:
        assert planned(study) == {"plot_rates": 1, **TIMINGS}
    finally:
        figure.write_bytes(kept)


def test_the_whole_study_is_planned_without_network(tmp_path: Path) -> None:
    """studies/msmarco.yaml: 11 baselines and one seed, of which three are pruned at 7 rates."""
    folder = copy_tree(tmp_path / "checkout")
    done = snakemake(
        folder,
        "results/msmarco/tables.md",
        *("--dry-run", "--quiet", "host", "--configfile", "studies/msmarco.yaml"),
        offline=True,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    table = re.search(r"^job +count\n-+ +-+\n(.*?)^total", printed, re.MULTILINE | re.DOTALL)
    assert table is not None
    jobs = {name: int(count) for name, count in (line.split() for line in table[1].splitlines())}
    assert jobs == {
        **dict.fromkeys(["fetch_index", "export_documents", "collect_topics"], 1),
        **dict.fromkeys(["search_bm25", "rank_bm25", "rank_references", "rank_random"], 1),
        "fetch_tokenizer": 3,  # small, base, large
        "fetch_weights": 3,
        "dense": 4 + 3 + 1 + 3,  # Table 1, Table 2, t5-large, and E1 of the three that are pruned
        "dense_continued": 3,
        "restart": 3,
        "prune": 3 * 7,
        "recover": 3 * 7,
        "evaluate": 6 + 11 + 3 * 2 + 3 * 14,  # references, E1, controls, pruned and recovered
        "make_reproduction": 1,
        "make_tables": 1,
    }
    drawn = snakemake(folder, "-n", "--quiet", "host", "--configfile", "studies/msmarco.yaml")
    assert re.search(r"^plot_reproduction +4$", drawn.stdout + drawn.stderr, re.MULTILINE)


def test_every_docid_scheme_is_planned(tmp_path: Path) -> None:
    """An overlay with a baseline of each; docids are made per baseline, with its tokenizer and settings."""
    study = copy_tree(tmp_path / "checkout")
    smoke = yaml.safe_load((study / "studies/smoke.yaml").read_text())["baselines"]["smoke"]
    settings = {"branching": 4, "leaf_size": 8, "embeddings": "lsa", "seed": 42}
    schemes = {"naive": {"scheme": "naive"}, "semantic": {"scheme": "semantic", **settings}}
    overlay = tmp_path / "schemes.yaml"
    baselines = {name: {**smoke, "docids": docids} for name, docids in schemes.items()}
    overlay.write_text(yaml.safe_dump({"run": list(schemes), "baselines": baselines}))
    goals = [f"results/smoke/runs/baselines/{name}/seed1/dense.trec.gz" for name in schemes]
    done = snakemake(study, *goals, "-n", "--printshellcmds", *SMOKE, str(overlay))
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert re.search(r"^assign_docids +2$", printed, re.MULTILINE)
    assert re.search(r"^dense +2$", printed, re.MULTILINE)
    folder = "results/smoke/baselines"
    assert (
        f"--tokenizer $(dirname {folder}/semantic/tokenizer/tokenizer.json) --branching 4 --embeddings lsa "
        f"--leaf-size 8 --scheme semantic --seed 42 --output {folder}/semantic/docids.parquet" in printed
    )
    assert f"--scheme naive --output {folder}/naive/docids.parquet" in printed
    assert '"prefixes_at_a_time": 1024' in printed


ALL_CRITERIA = f"[{', '.join(CRITERIA)}]"


def test_every_criterion_is_planned_with_the_rates_and_arms_that_it_has(study: Path) -> None:
    """Of all criteria at two rates: 2of4 at 0.5 only, three without a pruned arm; one is there."""
    values = [f"criteria={ALL_CRITERIA}", "rates=[0.5, 0.9]", "run=[smoke]"]
    jobs = planned(study, "all", "--config", *values, "report={benefit: true, sensitivity: true}")
    in_recovery = 3 * 2  # gradual, iterative and movement at two rates
    one_shot = (len(CRITERIA) - 4) * 2 + 1  # 2of4 has one rate
    calibrated = 3 * 2  # wanda, sparsegpt and fisher at two rates
    assert jobs["prune"] == 2 * (one_shot - 1 - calibrated)
    assert jobs["prune_calibrated"] == 2 * calibrated
    assert jobs["recover"] == 2 * (one_shot - 1)
    assert jobs["prune_in_recovery"] == 2 * in_recovery
    assert jobs["compress"] == 2 * (1 + one_shot + in_recovery)
    assert jobs["evaluate"] == 2 * (2 * (one_shot - 1) + in_recovery)
    assert jobs["measure_latency"] == jobs["make_benefit"] == jobs["plot_sensitivity"] == 1
    assert jobs["measure_sensitivity"] == jobs["measure_rounded"] == 2
    assert jobs["plot_frontier"] == 3
    assert jobs["plot_lost_queries"] == len(CRITERIA)


def test_criteria_that_see_data_or_prune_in_recovery_run(study: Path) -> None:
    folder = study / "results/smoke"
    goals = [
        f"results/smoke/recovered/smoke/seed1/{name}-0.5/model.safetensors"
        for name in ("fisher", "gradual", "iterative", "movement")
    ]
    goals += [
        f"results/smoke/pruned/smoke/seed1/{name}-0.5/model.safetensors" for name in ("wanda", "sparsegpt")
    ]
    done = snakemake(study, *goals, "--cores", "2", *SMOKE)
    assert done.returncode == 0, done.stdout + done.stderr
    for stage, name in (
        ("recovered", "gradual"),
        ("recovered", "iterative"),
        ("recovered", "movement"),
        ("pruned", "wanda"),
        ("pruned", "sparsegpt"),
        ("pruned", "fisher"),
    ):
        checkpoint = folder / stage / f"smoke/seed1/{name}-0.5"
        sparsity = json.loads((checkpoint / "sparsity.json").read_text())
        assert sparsity["linears"] == pytest.approx(0.5, abs=0.001), name
        weights, masks = (load_file(checkpoint / f"{file}.safetensors") for file in ("model", "masks"))
        for layer, mask in masks.items():
            assert not weights[layer][~mask].any(), (name, layer)
    # Wanda keeps the values of what stays, SparseGPT adapts them.
    dense = load_file(folder / "baselines/smoke/seed1/dense/model.safetensors")
    for name, adapted in (("wanda", False), ("sparsegpt", True)):
        checkpoint = folder / f"pruned/smoke/seed1/{name}-0.5"
        weights, masks = (load_file(checkpoint / f"{file}.safetensors") for file in ("model", "masks"))
        changed = [not weights[layer][mask].equal(dense[layer][mask]) for layer, mask in masks.items()]
        assert any(changed) == adapted, name


def test_what_pruning_buys_is_measured(study: Path, tmp_path: Path) -> None:
    results = study / "results/smoke"
    goals = ["benefit.md", *(f"figures/{name}-smoke.png" for name in ("sensitivity", "frontier-bytes"))]
    goals = [f"results/smoke/{name}" for name in goals]
    done = snakemake(study, *goals, "--cores", "2", *SMOKE, "--config", "report={benefit: true}")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (results / "benefit.md").read_text()
    assert "| magnitude 0.5 " in page
    assert "| dense E1 (0.06 MB) " in page
    rows = pd.read_csv(results / "tables/benefit.csv")
    assert list(rows["seed"]) == [1, 2, 1, 2]
    assert (rows["exact_mb"] <= rows["dense_mb"] * 1.03).all()
    metrics = pd.read_csv(results / "tables/metrics.csv")
    exact = metrics[(metrics["split"] == "test") & metrics["arm"].isin(["dense", "recovered"])]
    exact = rows.merge(exact, on=["baseline", "seed", "criterion", "rate"], how="left")["MAP"]
    assert list(rows["small_map"]) == pytest.approx(list(exact), abs=0.01)
    # With the weights of the exact file the same code finds the same value.
    system = "recovered/smoke/seed1/magnitude-0.5"
    checkpoint = with_weights(results / system, results / f"compressed/{system}.dsz")
    queries, qrels = (
        pd.read_parquet(results / f"collection/{name}.parquet") for name in ("queries", "qrels")
    )
    values = dict(split_quality(checkpoint, Evaluation(queries, qrels, 1, 1000)))
    assert values["test"] == pytest.approx(exact[2], rel=1e-12)
    other = tmp_path / "other.dsz"
    save_compressed({"shared.weight": torch.zeros(2, 2)}, other)
    with pytest.raises(CheckpointError, match=r"other\.dsz: found .* of shape none, expected \(\d+"):
        with_weights(results / system, other)
    for name in ("sensitivity", "frontier-bytes"):
        assert (results / f"figures/{name}-smoke.png").read_bytes().startswith(b"\x89PNG")


def test_a_word_is_no_rate(study: Path) -> None:
    done = snakemake(study, "-n", "results/smoke/pruned/smoke/seed1/magnitude-foo/model.safetensors", *SMOKE)
    assert done.returncode != 0
    assert "MissingRule" in done.stdout + done.stderr


def test_other_cores_give_the_same_metrics_byte_for_byte(
    study: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """All that is trained, ranked and measured, from the collection and docids that are there."""
    other = tmp_path_factory.mktemp("other") / "checkout"
    made = ("runs", "metrics", "pruned", "recovered", "seed1", "seed2")
    shutil.copytree(study, other, ignore=shutil.ignore_patterns(*made))
    names = [
        f"results/smoke/metrics/{slug}.json"
        for slug in ("bm25", "baselines/smoke/seed1/restart", "recovered/smoke/seed1/magnitude-0.5")
    ]
    done = snakemake(other, *names, "--cores", "1", *SMOKE)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        assert (other / name).read_bytes() == (study / name).read_bytes(), name


def test_a_broken_run_gives_one_clear_error(study: Path) -> None:
    """A message about the file and the line, not a traceback."""
    broken = study / "broken.trec"
    broken.write_text("q1 Q0 d1 1 0.5 t\nq1 Q0 d2 3 0.4 t\n")
    done = subprocess.run(
        [
            sys.executable,
            "scripts",
            "evaluate",
            *("--run", str(broken), "--system", "bm25", "--collection", "results/smoke/collection"),
            *("--relevance", "1", "--agreement-k", "10", "--output", "x.json", "--per-query", "x.parquet"),
        ],
        cwd=study,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "broken.trec, line 2: found" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (study / "x.json").exists()


def test_a_bad_configuration_is_refused_before_any_job(tmp_path: Path) -> None:
    """All that is wrong at once; what is said of each key stands in tests/plan/config."""
    folder = copy_tree(tmp_path / "checkout")
    overlay = {
        "recover": {"epochs": 1},
        "rates": ["abc"],
        "seeds": [],
        "collections": {"pydocs": {"packages": ["numpi"]}},
    }
    (folder / "bad.yaml").write_text(yaml.safe_dump(overlay))
    done = snakemake(folder, "--cores", "1", "--configfile", "bad.yaml")
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    for words in (
        "recover: unknown key; did you mean `recovery`?",
        "rates: found 'abc', expected a number above 0 and below 1, for example rates: [0.2, 0.5]",
        "seeds: found []",
        "collections.pydocs.packages: package 'numpi' is not installed",
    ):
        assert words in printed
    assert not (folder / "results").exists()


def test_a_target_without_its_study_is_refused_with_the_studys_file(study: Path) -> None:
    done = snakemake(study, "-n", "results/smoke/tables.md")  # --configfile forgotten
    assert done.returncode != 0
    assert "whose file has to be appended: --configfile studies/smoke.yaml" in done.stdout + done.stderr


def test_values_of_the_command_line_are_coerced(study: Path) -> None:
    done = snakemake(study, "-n", "--config", "rates=[abc]", "--configfile", "studies/smoke.yaml")
    assert done.returncode != 0
    assert "rates: found 'abc'" in done.stdout + done.stderr
    assert planned(study, "all", "--config", "rates=[0.5]", "seeds=[1, 2]") == {}


@pytest.mark.parametrize("option", ["--dag", "--rulegraph"])
def test_the_graph_can_be_drawn(study: Path, option: str) -> None:
    done = snakemake(study, option, *SMOKE)
    assert done.stdout.startswith("digraph")
    if shutil.which("dot") is None:
        pytest.skip("graphviz is not installed: the drawing itself is not tried")
    drawn = subprocess.run(["dot", "-Tsvg"], input=done.stdout, text=True, capture_output=True, check=True)
    assert "<svg" in drawn.stdout


def test_an_index_from_a_server_without_training_queries(tmp_path: Path) -> None:
    """CACM whole: fetched, verified, searched; a model of documents alone; no validation queries."""
    data = os.environ.get("DSI_TEST_DATA")
    if not data:
        pytest.skip("DSI_TEST_DATA names no folder of test collections")
    archive = "lucene-index.cacm.20221005.252b5e.tar.gz"
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(Path(data) / "cacm"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = copy_tree(tmp_path / "checkout")
    overlay = {
        "run": ["smoke"],
        "seeds": [1],
        "rates": [0.5],
        "collections": {
            "cacm": {
                "index": {"url": f"http://127.0.0.1:{server.server_port}/{archive}"},
                "topics": {"path": f"{data}/cacm/topics.cacm.txt"},
                "qrels": {"path": f"{data}/cacm/qrels.cacm.txt"},
            }
        },
    }
    (folder / "overlay.yaml").write_text(yaml.safe_dump(overlay))
    studies = ("studies/smoke.yaml", "studies/cacm.yaml", "overlay.yaml")
    try:
        done = snakemake(folder, "results/cacm/tables.md", "--cores", "2", "--configfile", *studies)
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = pd.read_csv(folder / "results/cacm/tables/metrics.csv")
    test = metrics[metrics["split"] == "test"].set_index("arm")
    # Pyserini's own value is 0.3114; ties stand in another order here.
    assert test.loc["bm25", "MAP"] == pytest.approx(0.311, abs=0.002)
    assert metrics.loc[metrics["split"] == "validation", "MAP"].isna().all()
    assert test.loc["dense", "MAP"] > test.loc["random", "MAP"]
    log = (folder / "results/cacm/logs/collect_topics/cacm.log").read_text()
    assert "judgements are of 46 documents that the collection lacks, for example CACM-756" in log


# Last: it leaves a stage that has to be made again.
def test_a_failing_stage_says_why_and_keeps_the_rest(edited: Path) -> None:
    script = edited / "scripts/docids/assign_docids.py"
    script.write_text(script.read_text().replace("def main() -> None:", "def main() -> None:\n    1 / 0"))
    docids = edited / "results/smoke/baselines/smoke/docids.parquet"
    done = snakemake(edited, str(docids.relative_to(edited)), "--cores", "1", *SMOKE)
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert "ZeroDivisionError" in printed
    log = edited / "results/smoke/logs/assign_docids/smoke.log"
    assert "Traceback" in log.read_text()
    assert (edited / "results/smoke/collection/documents.parquet").is_file()
    assert (edited / "results/smoke/baselines/smoke/seed1/dense/model.safetensors").is_file()
