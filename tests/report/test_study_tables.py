"""The study's tables, the evidence on its claims, and seen targets, with numbers worked by hand."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.evaluation.published_measures import STUDY_MEASURES
from dsi.report.frames import ReportError
from dsi.report.reproduction.descent_claim import descent_claim, long_run
from dsi.report.reproduction.epochs_claim import epochs_claim, turning_points
from dsi.report.reproduction.pruning_claim import (
    AHEAD,
    BEHIND,
    UNTOLD,
    Comparison,
    comparisons,
    dense_row,
    pruning_claim,
)
from dsi.report.reproduction.seen_targets import seen_section, seen_targets
from dsi.report.reproduction.tables import (
    PublishedRow,
    lists_section,
    published_rows,
    published_table,
    study_frame,
    study_tables,
)
from dsi.systems import System

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

Report = dict[str, Any]


def entry(baseline: str = "small-k5", **changes: Any) -> dict[str, Any]:
    return {
        "table": 2,
        "name": "t5-small",
        "baseline": baseline,
        "arm": "dense",
        "criterion": None,
        "rate": None,
        "K": 5,
        "batch": 8,
        "epochs": "25",
        "learning_rate": 0.001,
        "patience": None,
        "loss": 9.339,
        "MAP": 0.00119,
        "R@1000": 0.00002,
        "best": True,
        **changes,
    }


def pruned_entry(rate: float, **changes: Any) -> dict[str, Any]:
    pruned = {"arm": "recovered", "criterion": "magnitude", "rate": rate, "table": 3, "epochs": "10 + 15"}
    return entry("small-k5-pruned", **{**pruned, "best": False, **changes})


def report(baseline: str, arm: str, seed: int = 1, rate: float | None = None, **changes: float) -> Report:
    """A metric JSON: on validation 0 everywhere, on test as given."""
    nothing: dict[str, float] = dict.fromkeys(STUDY_MEASURES, 0.0)
    test = {**nothing, "R@1000-ceiling": 0.005, "queries": 1400, **changes}
    criterion = None if rate is None else "magnitude"
    return {
        "system": System(baseline, seed, arm, criterion, rate)._asdict(),
        "study": {"k": 5, "batch_size": 8, "test": test, "validation": nothing},
    }


def pruned_reports(seed: int, at_02: float, at_03: float) -> list[Report]:
    """Dense and restart have 0.001 of both measures, recovered what is given."""
    names = ("MAP-published", "R@1000-published")
    return [
        report("small-k5", "dense", seed, **dict.fromkeys(names, 0.001)),
        report("small-k5-pruned", "restart", seed, **dict.fromkeys(names, 0.001)),
        report("small-k5-pruned", "recovered", seed, 0.2, **dict.fromkeys(names, at_02)),
        report("small-k5-pruned", "recovered", seed, 0.3, **dict.fromkeys(names, at_03)),
    ]


def claimed_rows() -> list[PublishedRow]:
    return published_rows([entry(), pruned_entry(0.2, MAP=0.00214), pruned_entry(0.3, MAP=0.00211)])


def history(loss: list[float], quality: list[float], **more: list[float]) -> pd.DataFrame:
    columns = {"validation_loss": loss, "validation_MAP-published": quality, **more}
    return pd.DataFrame({"epoch": range(1, len(loss) + 1), "phase": "E1", **columns})


# Tables


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arm": "dens"}, "found arm 'dens', expected one of"),
        ({"LR": 1}, "'LR' is not known"),
    ],
)
def test_a_wrong_row_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReportError, match=f"published row 2: {message}"):
        published_rows([entry(), entry("other", **changes)])


def test_a_missing_key_and_a_row_twice_are_errors() -> None:
    short = entry("other")
    del short["patience"]
    with pytest.raises(ReportError, match="published row 1: 'patience' is missing; for example"):
        published_rows([short])
    with pytest.raises(ReportError, match="published row 2: a row before it"):
        published_rows([entry(), entry()])


def test_published_and_measured_values_stand_side_by_side() -> None:
    rows = published_rows([entry(), entry("small-k10", K=10, best=False, loss=None, **{"R@1000": None})])
    frame = study_frame(
        [
            report("small-k5", "dense", 1, **{"loss-published": 9.0, "MAP-published": 0.001}),
            report("small-k5", "dense", 2, **{"loss-published": 9.2, "MAP-published": 0.003}),
            {"system": System(None, None, "bm25", None, None)._asdict()},
        ]
    )
    _, _, best, other = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in published_table(rows, frame).splitlines()
    )
    # Means and standard deviations: (9.0, 9.2) has 0.141421, (0.001, 0.003) has 0.00141421.
    expected = ["t5-small", "5", "8", "25", "0.001", "∞", "9.339", "9.100 ± 0.141", "0.00119"]
    assert best == [
        f"**{cell}**" for cell in [*expected, "0.00200 ± 0.00141", "0.00002", "0.00000 ± 0.00000"]
    ]
    assert other[1] == "10"
    assert other[6:] == ["–", "–", "0.00119", "–", "–", "–"]


def test_a_frame_has_a_row_for_each_system_and_split() -> None:
    frame = study_frame(pruned_reports(1, 0.002, 0.002))
    assert len(frame) == 8
    assert list(frame["arm"].unique()) == ["dense", "restart", "recovered"]
    assert set(frame["k"]) == {5}


def test_reports_that_do_not_fit_are_refused() -> None:
    one = report("small-k5", "dense")
    with pytest.raises(ReportError, match="two metric files"):
        study_frame([one, one])
    with pytest.raises(ReportError, match="no metric file holds"):
        study_frame([{"system": one["system"]}])
    del one["study"]["test"]["repeated"]
    with pytest.raises(ReportError, match="baselines/small-k5/seed1/dense lack repeated"):
        study_frame([one])


def test_tables_show_controls_and_say_what_was_not_run() -> None:
    rows = [*claimed_rows(), *published_rows([entry("large", name="t5-large", table=1, MAP=None)])]
    text = study_tables(rows, study_frame(pruned_reports(1, 0.002, 0.002)))
    assert text.index("### Table 1: dense t5-large") < text.index("### Table 3: pruned t5-small")
    assert "Not run." in text
    assert "t5-small, K 5, restart (rate 0)" in text
    assert "0 of 1,400" in text
    assert "One run per row" in text


# Claim 1


def test_without_published_rows_lists_are_measured_all_the_same() -> None:
    reports = [
        report("lists", "dense", 1, **{"MAP-published": 0.2, "repeated": 0.5}),
        report("lists", "dense", 2, **{"MAP-published": 0.4, "repeated": 0.5}),
        report("lists", "recovered", 1, 0.5, **{"MAP-published": 0.125}),
    ]
    lines = lists_section(study_frame(reports)).splitlines()
    (dense,) = (line for line in lines if "lists, dense E1 " in line)
    cells = [cell.strip() for cell in dense.strip("|").split("|")]
    assert cells[:3] == ["lists, dense E1", "5", "0.3000 ± 0.1414"]
    assert "0.00500 ± 0.00000" in cells  # the ceiling of 5 ids among 1,000
    assert any(line.startswith("| lists, recovered, magnitude 0.5 ") and "0.1250" in line for line in lines)


def test_turns_are_the_epochs_of_lowest_loss_and_first_best_map() -> None:
    rows = published_rows([entry(), entry("short", epochs="2"), entry("k10", K=10), entry("absent", K=3)])
    histories = {
        ("small-k5", 1): history([3, 2, 1, 2], [0, 0.1, 0.3, 0.3]),
        ("short", 1): history([3, 2], [0, 0.1]),  # the same training, cut: only the longest counts
        ("k10", 1): history([3, 1, 2, 2], [0, 0, 0, 0]),
    }
    turns = turning_points(rows, histories)
    found = [(turn.row.baseline, turn.epochs, turn.lowest_loss, turn.best_map) for turn in turns]
    assert found == [("small-k5", 4, 3, 3), ("k10", 4, 2, None)]
    text = " ".join(epochs_claim(rows, histories).split())
    assert (
        "**Lowest validation loss**: of 1 pairs with the same batch size the larger K reached it earlier in 1"
        in text
    )
    assert "**Best validation MAP**: no pair to compare." in text
    assert "always 0" in text
    assert "One run per row" in text


def test_pairs_of_other_models_seeds_and_batch_sizes_are_kept_apart() -> None:
    rows = published_rows([entry(), entry("k25", K=25, batch=16), entry("base", name="t5-base", K=25)])
    early, late = history([1, 2], [0.2, 0.1]), history([2, 1], [0.1, 0.2])
    text = " ".join(epochs_claim(rows, {("small-k5", 1): early, ("k25", 1): late, ("base", 1): late}).split())
    assert "same batch size the" not in text
    assert "of 1 pairs with different batch sizes the larger K reached it earlier in 0, later in 1" in text
    assert "In 2 of 3 runs the best MAP is that of the last epoch" in text
    assert "no pair" in epochs_claim(rows[:2], {("small-k5", 1): early, ("k25", 2): late})
    assert epochs_claim(rows, {}).startswith("Not run")


# Claim 2


def long_history() -> pd.DataFrame:
    """Lowest loss at epoch 2; then up to epoch 5, and back by half of the rise of 4."""
    quality = [0.5, 0.1, 0.3, 0.2, 0.4, 0.5]
    loss = [3.0, 1.0, 2.0, 3.0, 5.0, 3.0]
    test = {"test_loss": loss, "test_MAP-published": quality, "test_R@1000-published": [0.0] * 6}
    return history(loss, quality, **test)


def test_a_long_run_after_its_lowest_loss() -> None:
    """Epochs 2 to 6: ranks of loss 1, 2, 3.5, 5, 3.5; of MAP 1, 3, 2, 4, 5 (Σd² = 2, ρ = 1 - 12/120)."""
    run = long_run(long_history())
    assert (run.lowest, run.peak, run.last) == ((2, 1.0), (5, 5.0), (6, 3.0))
    assert run.quality == (0.1, 0.5)
    assert run.average_precision == pytest.approx(0.9)
    # Pearson's of 1…5 and the ranks: Σ = (-2)(-2) + (-1)(-1) + 0 + 1 · 2 + 2 · 0.5 = 8 over √(10 · 9.5).
    assert run.loss == pytest.approx(8 / math.sqrt(95))
    assert math.isnan(run.recall)


def test_the_second_claim_in_words() -> None:
    rows = published_rows([entry()])
    text = " ".join(descent_claim(rows, {("small-k5", 1): long_history()}).split())
    assert "agrees with the claim on MAP; it does not on Recall@1000" in text
    assert "by 50.00 % of what it had risen" in text
    falling = long_history().assign(test_loss=[6.0, 5, 4, 3, 2, 1])
    text = " ".join(descent_claim(rows, {("small-k5", 1): falling}).split())
    assert "lowest, 1.000, after the last epoch, 6: it does not rise, so the claim cannot be tested" in text
    assert descent_claim(rows, {("small-k5", 1): history([1], [0])}).startswith("Not run")


# Claim 3


def test_differences_are_taken_within_seeds_and_counted_in_lists() -> None:
    frame = study_frame([*pruned_reports(1, 0.002, 0.001), *pruned_reports(2, 0.004, 0.001)])
    found = {(item.rate, item.control, item.measure): item for item in comparisons(claimed_rows(), frame)}
    item = found[0.2, "dense, 25 epochs", "MAP"]
    assert item.differences == [0.001, 0.003]
    assert item.mean == 0.002
    assert item.published == 0.00095
    # 1,400 queries: 0.002 is 2.8 perfect lists. One perfect list has Recall@1000 0.005.
    assert item.mean * item.lists == pytest.approx(2.8)
    recall = found[0.2, "dense, 25 epochs", "R@1000"]
    assert recall.mean * recall.lists == pytest.approx(2.8 / 0.005)
    assert found[0.2, "restart (rate 0)", "MAP"].published is None
    assert (0.2, "dense E1 + E2", "MAP") not in found


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.001], UNTOLD),
        ([0.001, 0.001], UNTOLD),  # equal by rounding
        ([0.001, 0.0012, 0.0011], AHEAD),
        ([-0.001, -0.0012, -0.0011], BEHIND),
        ([-0.001, 0.0012, 0.0011], UNTOLD),
        ([0.001, 0.003], UNTOLD),  # t(1) = 12.7: 0.002 ± 0.0127
    ],
)
def test_a_verdict_needs_an_interval_beyond_zero(differences: list[float], verdict: str) -> None:
    assert Comparison(0.2, "dense", "MAP", None, differences, 1400).verdict == verdict


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([(0.002, 0.003)], "cannot be told, for one run per row has no interval. 4 of the 4"),
        ([(0.002, 0.003), (0.0021, 0.0031), (0.0022, 0.0032)], "the evidence of 3 seeds supports the claim"),
        ([(0.002, 0.0), (0.0021, 0.0001), (0.0022, 0.0002)], "the evidence of 3 seeds contradicts the claim"),
        ([(0.002, 0.0), (0.0021, 0.003), (0.0022, 0.0002)], "cannot be told from 3 seeds"),
    ],
)
def test_the_third_claim_in_words(values: list[tuple[float, float]], answer: str) -> None:
    reports = [one for seed, pair in enumerate(values, start=1) for one in pruned_reports(seed, *pair)]
    text = " ".join(pruning_claim(claimed_rows(), study_frame(reports)).split())
    assert "**Here, against dense, 25 epochs, rates 0.2 and 0.3**: " in text
    assert text.count(answer) == 2  # the dense row and restart have the same values
    # 0.00214 - 0.00119 = 0.00095, of 1,400 queries 1.33; Recall@1000 is equal in the published rows.
    assert "MAP is above the dense row's at 2 of the claimed rates, by 1.3 lists at most" in text
    assert "Recall@1000 is above the dense row's at 0 of the claimed rates" in text


def test_a_rate_that_was_not_run_leaves_the_claim_untested() -> None:
    reports = [one for one in pruned_reports(1, 0.002, 0.003) if one["system"]["rate"] != 0.3]
    assert "not tested" in pruning_claim(claimed_rows(), study_frame(reports))
    assert pruning_claim(claimed_rows(), study_frame(reports[:1])).startswith("Not run")


def test_the_dense_row_to_beat_is_the_best_of_model_and_k() -> None:
    pruned = claimed_rows()[1]
    rows = published_rows([entry("k10", K=10), entry(), entry("later", best=False, epochs="30")])
    assert dense_row(rows, pruned) == rows[1]
    assert dense_row([row._replace(best=False) for row in rows], pruned) == rows[2]._replace(best=False)
    assert dense_row(rows[:1], pruned) is None


# Seen targets


def collection() -> dict[str, pd.DataFrame]:
    """K = 2. Training targets: a, b, c. Test: t1 a x, t2 b c, t3 x y, t4 nothing found.

    Judged relevant: d for the training query and t1, e (grade 0) for it and t2, f for t3 alone.
    """
    lists = {"r1": "a b z", "r2": "c", "v1": "x y", "t1": "a x", "t2": "b c", "t3": "x y a"}
    ranks = [(qid, n, docid) for qid, ids in lists.items() for n, docid in enumerate(ids.split(), start=1)]
    grades = [("r1", "d", 1), ("r1", "e", 0), ("t1", "d", 1), ("t2", "e", 1), ("t3", "f", 1), ("t3", "d", 0)]
    splits = {"r": "train", "v": "validation", "t": "test"}
    qids = ["r1", "r2", "v1", "t1", "t2", "t3", "t4"]
    return {
        "queries": pd.DataFrame({"qid": qids, "split": [splits[qid[0]] for qid in qids]}),
        "topk": pd.DataFrame(ranks, columns=["qid", "rank", "docid"]),
        "qrels": pd.DataFrame(grades, columns=["qid", "docid", "grade"]),
    }


def test_seen_targets_by_hand() -> None:
    seen = seen_targets(**collection(), k=2, relevance=1)
    assert list(seen["qid"]) == ["t1", "t2", "t3", "t4"]
    assert list(seen["share"][:3]) == [0.5, 1, 0]
    assert math.isnan(seen["share"][3])
    assert list(seen["relevant"]) == [True, True, True, False]
    assert list(seen["relevant_seen"]) == [True, False, False, False]
    # Grade 0 counts as relevant now: e is, for r1 and t2, and d for t3.
    assert list(seen_targets(**collection(), k=2, relevance=0)["relevant_seen"]) == [True, True, True, False]


def test_queries_are_grouped_by_their_seen_share() -> None:
    seen = seen_targets(**collection(), k=2, relevance=1)
    measured = pd.DataFrame(
        {"qid": seen["qid"], "MAP-published": [1, 0.5, 0, 0], "MAP-defined": [0.5, 0.25, 0, math.nan]}
    )
    text = seen_section(seen, measured, "dense", 2)
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    assert cells[2:] == [
        ["none", "1", "0.00000", "0.00000"],
        ["up to half", "1", "0.50000", "1.00000"],
        ["more than half", "0", "–", "–"],
        ["all", "1", "0.25000", "0.50000"],
    ]
    assert "documents of BM25, 50.00 % are" in text
    assert "For 1 test queries BM25 finds nothing" in text
    assert "1 of the 3 test queries with a relevant document" in text


# Commands


def command(script: str, *options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, SCRIPTS, script, *map(str, options)], text=True, capture_output=True, check=False
    )


def test_the_command_writes_markdown_and_csv(tmp_path: Path) -> None:
    for number, one in enumerate(pruned_reports(1, 0.002, 0.003)):
        (tmp_path / f"{number}.json").write_text(json.dumps(one))
    (tmp_path / "rows.json").write_text(json.dumps([entry(), pruned_entry(0.2), pruned_entry(0.3)]))
    for name, frame in collection().items():
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    trained = tmp_path / "baselines/small-k5/seed1/dense/history.parquet"
    generated = tmp_path / "runs/baselines/small-k5/seed1/dense.outputs.parquet"
    for path in (trained, generated):
        path.parent.mkdir(parents=True)
    long_history().to_parquet(trained, index=False)
    qids = ["v1", "t1", "t2", "t3", "t4"]
    lists = ["x y", "a x", "", "z", "a"]
    pd.DataFrame({"qid": qids, "padded_loss": 1.0, "k_list": lists, "full_list": lists}).to_parquet(generated)
    options = [
        *("--metrics", *sorted(tmp_path.glob("[0-9].json")), "--rows", f"@{tmp_path / 'rows.json'}"),
        *("--collection", tmp_path, "--relevance", 1),
        *("--output", tmp_path / "study.md", "--csv", tmp_path / "study.csv"),
    ]
    done = command("make_study_tables.py", *options, "--histories", trained, "--outputs", generated)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "study.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## The study's tables",
        "## The study's claims",
    ]
    # t1 has both of its targets, x though not seen in training.
    assert "| up to half" in text
    assert len(pd.read_csv(tmp_path / "study.csv")) == 8

    wrong = command("make_study_tables.py", *options, "--outputs", tmp_path / "0.json")
    assert wrong.returncode == 1
    assert "expected …/runs/<system>.outputs.parquet" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_figures_are_drawn_the_same_every_time(tmp_path: Path) -> None:
    first = long_history().assign(train_loss=1.0, **{"validation_R@1000-published": 0.0})
    second = first.assign(epoch=first["epoch"] + 6, phase="E2")
    first.to_parquet(tmp_path / "e1.parquet")
    second.to_parquet(tmp_path / "e2.parquet")
    dense, pruned = f"dense={tmp_path}/e1.parquet", f"rate 0.2={tmp_path}/e1.parquet,{tmp_path}/e2.parquet"
    for name, words in (("curves", "pruned here"), ("long", "lowest test loss"), ("again", "pruned here")):
        svg = tmp_path / f"{name}.svg"
        kind = "long" if name == "long" else "curves"
        options = ["--title", "Toy", "--svg", svg, "--png", svg.with_suffix(".png")]
        done = command("plot_study.py", kind, "--history", dense, pruned, *options)
        assert done.returncode == 0, done.stderr
        assert svg.with_suffix(".png").stat().st_size > 10_000
        assert words in svg.read_text()
        assert "rate 0.2" in svg.read_text()
    assert (tmp_path / "curves.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_a_history_without_test_measures_is_named(tmp_path: Path) -> None:
    history([1.0], [0.0]).to_parquet(tmp_path / "h.parquet")
    options = ["--title", "Toy", "--svg", tmp_path / "x.svg", "--png", tmp_path / "x.png"]
    done = command("plot_study.py", "long", "--history", f"a={tmp_path}/h.parquet", *options)
    assert done.returncode == 1
    assert "no column 'test_loss'" in done.stderr
    assert "track_test: true" in done.stderr
    done = command("plot_study.py", "curves", "--history", "h.parquet", *options)
    assert "expected NAME=FILE" in done.stderr
