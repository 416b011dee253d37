"""From metric JSONs to frames, Markdown, CSV and figures, with numbers worked by hand.

Two seeds and two rates. MAP on the test queries:

             seed 1  seed 2   mean  sd (n - 1)
    dense      0.50    0.60   0.55  0.070711
    continued  0.55    0.63   0.59
    restart    0.52    0.60   0.56
    pruned 0.5   0.30  0.50   0.40  0.141421    minus dense: -0.20, -0.10
    recovered 0.5 0.50 0.62   0.56              minus restart: -0.02, +0.02; mean 0, sd 0.028284
"""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.evaluation.measures import MEASURES
from dsi.report.frames import (
    ReportError,
    check_complete,
    differences,
    metrics_frame,
    paired_differences,
    rates_table,
    sparsity_frame,
    summarise,
)
from dsi.report.markdown import Spread, percent, plus_minus
from dsi.report.sections.introduction import describe_study
from dsi.report.summary import Group, spreads
from dsi.systems import System

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
FACTS = {"collection": "toy", "e1": {"dsi": 4}, "e2": 2, "agreement_k": 10}
MAP = {
    ("dense", None): (0.50, 0.60),
    ("dense-continued", None): (0.55, 0.63),
    ("restart", None): (0.52, 0.60),
    ("pruned", 0.5): (0.30, 0.50),
    ("recovered", 0.5): (0.50, 0.62),
    ("pruned", 0.25): (0.45, 0.55),
    ("recovered", 0.25): (0.51, 0.61),
}

Report = dict[str, Any]


def report(arm: str, value: float, seed: int | None = None, rate: float | None = None) -> Report:
    """A metric JSON whose measures are all `value`, on validation 0.1 more."""
    baseline = None if seed is None else "dsi"
    criterion = None if rate is None else "magnitude"
    system = System(baseline, seed, arm, criterion, rate)
    counts = {"evaluated": 20, "without_relevant": 0, "missing_from_run": 0}

    def measures(number: float) -> dict[str, float | None]:
        return dict.fromkeys(MEASURES, number) | ({} if baseline else {"loss": None})

    return {
        "system": system._asdict(),
        "measures": {"test": measures(value), "validation": measures(value + 0.1)},
        "queries": {"test": counts, "validation": counts | {"evaluated": 10}},
        "parameters": {"relevance": 1, "agreement_k": 10},
    }


def all_reports() -> list[Report]:
    models = [
        report(arm, values[seed - 1], seed, rate) for (arm, rate), values in MAP.items() for seed in (2, 1)
    ]
    return [*models, report("random", 0.01), report("bm25", 0.6)]


def all_sparsity() -> pd.DataFrame:
    return sparsity_frame(
        (System("dsi", seed, "pruned", "magnitude", rate), {"linears": rate, "model": rate / 2})
        for seed in (1, 2)
        for rate in (0.25, 0.5)
    )


# --- frames


def test_metrics_have_the_documented_columns_and_order() -> None:
    frame = metrics_frame(all_reports())
    assert ",".join(frame.columns) == (
        "baseline,seed,arm,criterion,rate,split,"
        "MAP,MRR@10,nDCG@10,R@10,R@100,R@1000,BM25-MAP,BM25-R@1000,loss"
    )
    test = frame[frame["split"] == "test"]
    assert list(test["arm"])[:7] == [
        "bm25", "random", "dense", "dense-continued", "restart", "pruned", "pruned"
    ]  # fmt: skip
    assert list(test["rate"])[5:9] == [0.25, 0.5, 0.25, 0.5]
    assert list(frame["split"])[:2] == ["test", "validation"]
    assert len(frame) == 2 * 16


def test_the_order_of_the_reports_makes_no_difference() -> None:
    pd.testing.assert_frame_equal(metrics_frame(all_reports()), metrics_frame(list(reversed(all_reports()))))


def test_means_and_deviations_worked_by_hand() -> None:
    summary = summarise(metrics_frame(all_reports()))
    values = spreads(summary[summary["split"] == "test"])
    assert values[Group("dsi", "dense"), "MAP"] == pytest.approx((0.55, 0.0707107), abs=1e-7)
    pruned = values[Group("dsi", "pruned", "magnitude", 0.5), "MAP"]
    assert pruned == pytest.approx((0.40, 0.1414214), abs=1e-7)
    assert set(summary.loc[summary["arm"] == "dense", "n"]) == {2}


def test_one_value_has_a_mean_and_no_deviation() -> None:
    values = spreads(summarise(metrics_frame([report("bm25", 0.6)])))
    mean, deviation = values[Group(None, "bm25"), "MAP"]
    assert math.isnan(deviation)
    assert (Group(None, "bm25"), "loss") not in values
    assert mean in (0.6, 0.7)


def test_differences_are_taken_within_each_seed() -> None:
    metrics = metrics_frame(all_reports())
    changes = spreads(differences(metrics[metrics["split"] == "test"]))
    # Unpaired, the deviation would be that of (0.50, 0.62) and (0.52, 0.60): three times as large.
    recovered = changes[Group("dsi", "recovered", "magnitude", 0.5), "MAP"]
    assert recovered == pytest.approx((0.0, 0.0282843), abs=1e-7)
    continued = changes[Group("dsi", "dense-continued"), "MAP"]
    assert continued == pytest.approx((0.03, 0.0), abs=1e-12)


def test_each_arm_has_its_own_control() -> None:
    metrics = metrics_frame(all_reports())
    rows = paired_differences(metrics[metrics["split"] == "test"])
    at_half = rows[(rows["arm"] == "pruned") & (rows["rate"] == 0.5) & (rows["measure"] == "MAP")]
    assert set(at_half["control"]) == {"dense"}
    assert sorted(at_half["value"]) == pytest.approx([-0.20, -0.10])


def test_rates_table_joins_zeros_and_differences() -> None:
    metrics = metrics_frame(all_reports())
    table = rates_table(summarise(metrics), differences(metrics), all_sparsity())
    chosen = table.query("arm == 'pruned' and rate == 0.5 and split == 'test' and measure == 'MAP'")
    row = chosen.iloc[0]
    assert len(chosen) == 1
    assert (row["zeros_linears"], row["zeros_model"], row["control"]) == (0.5, 0.25, "dense")
    assert row["difference_mean"] == pytest.approx(-0.15)


# --- what does not fit together


def without(slug: str) -> list[Report]:
    reports = all_reports()
    kept = [item for item in reports if System(**item["system"]).slug != slug]
    assert len(kept) == len(reports) - 1
    return kept


@pytest.mark.parametrize(
    "slug",
    [
        "recovered/dsi/seed2/magnitude-0.5",
        "pruned/dsi/seed1/magnitude-0.25",
        "baselines/dsi/seed2/restart",
        "bm25",
        "random",
    ],
)
def test_a_missing_system_is_named(slug: str) -> None:
    with pytest.raises(ReportError, match=f"the metrics of {slug} are missing"):
        check_complete(metrics_frame(without(slug)), all_sparsity())


def test_a_missing_control_is_named() -> None:
    reports = [item for item in all_reports() if item["system"]["arm"] != "restart"]
    with pytest.raises(ReportError, match=r"baselines/dsi/seed1/restart are missing: .*recovered"):
        check_complete(metrics_frame(reports), all_sparsity())


def test_a_missing_value_is_named() -> None:
    reports = all_reports()
    chosen = next(item for item in reports if item["system"]["arm"] == "restart")  # seed 2
    chosen["measures"]["test"]["nDCG@10"] = None
    with pytest.raises(ReportError, match=r"nDCG@10 of baselines/dsi/seed2/restart \(test queries"):
        check_complete(metrics_frame(reports), all_sparsity())


def test_a_missing_sparsity_is_named() -> None:
    sparsity = all_sparsity().query("not (seed == 2 and rate == 0.5)")
    with pytest.raises(ReportError, match=r"sparsity.json of pruned/dsi/seed2/magnitude-0.5 is"):
        check_complete(metrics_frame(all_reports()), sparsity)


def test_whole_results_are_accepted() -> None:
    check_complete(metrics_frame(all_reports()), all_sparsity())


def test_a_system_that_comes_twice_is_named() -> None:
    with pytest.raises(ReportError, match="two metric files are about random"):
        metrics_frame([*all_reports(), report("random", 0.02)])


def test_an_absent_measure_and_an_unknown_arm_are_named() -> None:
    broken = report("bm25", 0.6)
    del broken["measures"]["test"]["R@10"]
    with pytest.raises(ReportError, match="test metrics of bm25 lack R@10"):
        metrics_frame([broken])
    with pytest.raises(ReportError, match="unknown arm 'sparse'; expected one of bm25, "):
        metrics_frame([report("sparse", 0.6)])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda item: item["queries"]["test"].update(evaluated=19), "queries"),
        (lambda item: item["parameters"].update(agreement_k=5), "parameters"),
    ],
)
def test_systems_evaluated_differently_do_not_share_a_table(
    change: Callable[[Report], None], what: str
) -> None:
    reports = json.loads(json.dumps(all_reports()))
    change(next(item for item in reports if item["system"]["arm"] == "bm25"))
    with pytest.raises(ReportError, match=f"bm25 was evaluated with other {what} than baselines/"):
        describe_study(FACTS, 50, reports)


def test_folders_name_pruned_systems() -> None:
    system = System.parse("recovered/dsi-small/seed12/magnitude-global-0.25")
    assert system == System("dsi-small", 12, "recovered", "magnitude-global", 0.25)
    assert system.slug == "recovered/dsi-small/seed12/magnitude-global-0.25"
    with pytest.raises(ReportError, match=r"for example pruned/dsi/seed1/magnitude-0\.2"):
        System.parse("baselines/dsi/seed1/dense")


# --- Markdown


def test_cells() -> None:
    assert plus_minus(Spread(0.60123, 0.00336)) == "0.6012 ± 0.0034"
    assert plus_minus(Spread(0.60123, math.nan)) == "0.6012"
    assert plus_minus(Spread(0.02, 0.01), signed=True) == "+0.0200 ± 0.0100"
    assert plus_minus(None) == "–"
    assert plus_minus(Spread(math.nan, math.nan)) == "–"
    assert percent(0.1456) == "14.56 %"


def row(markdown: str, start: str) -> list[str]:
    """Cells of the first table row that begins so."""
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def per_query(item: dict[str, Any]) -> pd.DataFrame:
    """As many queries as the report counts, each with the report's mean."""
    rows = [
        (f"{split}{number}", split, "MAP", item["measures"][split]["MAP"])
        for split, counts in item["queries"].items()
        for number in range(counts["evaluated"])
    ]
    return pd.DataFrame(rows, columns=["qid", "split", "measure", "value"])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A study's metric, per-query and sparsity files."""
    for item in all_reports():
        path = tmp_path / "metrics" / f"{System(**item['system']).slug}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(item))
        per_query(item).to_parquet(path.with_suffix(".per_query.parquet"))
    for seed in (1, 2):
        for rate in (0.25, 0.5):
            path = tmp_path / f"pruned/dsi/seed{seed}/magnitude-{rate}/sparsity.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({"nominal": rate, "linears": rate, "model": rate / 2}))
    pd.DataFrame({"docid": [f"d{n}" for n in range(2000)]}).to_parquet(tmp_path / "docs.parquet")
    return tmp_path


def run_script(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS), name, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def make_tables(results: Path, out: Path, reverse: bool = False) -> subprocess.CompletedProcess[str]:
    metrics = sorted((results / "metrics").rglob("*.json"), reverse=reverse)
    sparsity = sorted((results / "pruned").rglob("sparsity.json"), reverse=reverse)
    return run_script(
        "make_tables.py", "--metrics", *metrics, "--sparsity", *sparsity,
        "--documents", results / "docs.parquet", "--facts", json.dumps(FACTS),
        "--confidence", "0.95", "--margin", "0.02", "--output", out / "tables.md", "--csv", out / "tables",
    )  # fmt: skip


def test_tables_state_the_numbers_worked_by_hand(results: Path) -> None:
    made = make_tables(results, results)
    assert made.returncode == 0, made.stderr
    text = (results / "tables.md").read_text()
    assert "2,000 documents; 20 test and 10 validation queries evaluated" in text
    assert "before pruning (dsi 4), and E2, the epochs after it (2)" in text
    assert "R@1000 0.5000 and R@100 0.0500" in text
    assert "the MAP of dense E1 is 91.7 % of BM25's" in text
    assert row(text, "dsi, dense E1 ")[1] == "0.5500 ± 0.0707"
    assert row(text, "rate 0.5")[1:6] == [
        "50.00 %", "25.00 %", "0.4000 ± 0.1414", "0.5600 ± 0.0849", "+0.0000 ± 0.0283"
    ]  # fmt: skip
    pruned = text.split("## Pruned and recovered: dsi, magnitude")[1]
    assert row(pruned, "restart")[3:6] == ["0.5500 ± 0.0707", "0.5600 ± 0.0566", "–"]
    assert row(pruned, "BM25")[3:6] == ["0.6000", "0.6000", "–"]


def test_a_study_that_prunes_nothing_has_its_table_of_baselines(results: Path, tmp_path: Path) -> None:
    shutil.rmtree(results / "pruned")
    for path in (results / "metrics").rglob("*.json"):
        if not path.stem.startswith(("dense", "bm25", "random")) or path.stem == "dense-continued":
            path.unlink()
    done = make_tables(results, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out/tables.md").read_text()
    assert row(text, "dsi, dense E1 ")[1] == "0.5500 ± 0.0707"
    assert "Nothing was pruned in this study, so there is nothing to judge." in text
    assert (
        tmp_path / "out/tables/sparsity.csv"
    ).read_text() == "baseline,seed,criterion,rate,linears,model\n"


def test_csv_files_hold_every_digit_and_leave_empty_what_does_not_apply(results: Path) -> None:
    make_tables(results, results)
    lines = (results / "tables" / "metrics.csv").read_text().splitlines()
    assert lines[1] == ",,bm25,,,test" + ",0.6" * 8 + ","
    assert lines[2].startswith(f",,bm25,,,validation,{0.6 + 0.1!r},")
    assert f"dsi,1,pruned,magnitude,0.25,test{',0.45' * 9}" in lines
    for name in ("baselines", "rates", "sparsity"):
        assert (results / "tables" / f"{name}.csv").read_text().count("\n") > 4


def test_equal_inputs_in_another_order_give_equal_files(results: Path, tmp_path: Path) -> None:
    make_tables(results, tmp_path / "a")
    make_tables(results, tmp_path / "b", reverse=True)
    made = sorted(path for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(made) == 6
    for path in made:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_partial_study_is_one_clear_error_and_leaves_no_table(results: Path) -> None:
    (results / "metrics/recovered/dsi/seed2/magnitude-0.5.json").unlink()
    made = make_tables(results, results)
    assert made.returncode == 1
    assert made.stderr.splitlines()[-1] == (
        "error: the metrics of recovered/dsi/seed2/magnitude-0.5 are missing (test queries): "
        "found seeds [1], expected [1, 2]"
    )
    assert not (results / "tables.md").exists()


# --- figures


def draw_rates(results: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run_script(
        "plot_rates.py", "--metrics", results / "tables/metrics.csv",
        "--sparsity", results / "tables/sparsity.csv", "--baseline", "dsi",
        "--criterion", "magnitude", "--svg", out / "r.svg", "--png", out / "r.png",
        "--dpi", "50", *more,
    )  # fmt: skip


def histories(folder: Path, seeds: tuple[int, ...]) -> list[str]:
    """ARM=FILE of made-up trainings: E1 of two epochs, E2 of one."""
    named = []
    for arm, epochs in (("dense", (1, 2)), ("restart", (3,)), ("recovered-0.5", (3,))):
        for seed in seeds:
            frame = pd.DataFrame({"epoch": epochs, "phase": "E1" if arm == "dense" else "E2"})
            for column in ("train_loss", "validation_loss", "validation_MAP"):
                frame[column] = frame["epoch"] / 10 + seed / 100
            frame["validation_R@10"] = frame["validation_R@1000"] = frame["validation_MAP"]
            path = folder / f"{arm}-{seed}.parquet"
            frame.to_parquet(path)
            named.append(f"{arm}={path}")
    return named


def draw_curves(named: list[str], out: Path) -> subprocess.CompletedProcess[str]:
    return run_script(
        "plot_curves.py", "--history", *named, "--title", "dsi",
        "--svg", out / "c.svg", "--png", out / "c.png", "--dpi", "50",
    )  # fmt: skip


def test_figures_of_equal_inputs_are_equal_files(results: Path) -> None:
    make_tables(results, results)
    named = histories(results, (1, 2))
    for out, order in ((results / "a", named), (results / "b", named[::-1])):
        for made in (draw_rates(results, out), draw_curves(order, out)):
            assert made.returncode == 0, made.stderr
    for name in ("r.svg", "r.png", "c.svg", "c.png"):
        assert (results / "a" / name).read_bytes() == (results / "b" / name).read_bytes()
    text = (results / "a" / "r.svg").read_text()
    assert "<dc:date>" not in text
    for words in ("restart (rate 0)", "BM25", "random", "zeros in the whole model (%)"):
        assert words in text


def test_one_seed_has_no_interval_and_the_title_says_so(results: Path) -> None:
    for path in results.rglob("*.json"):
        if "seed2" in str(path):
            path.unlink()
    assert make_tables(results, results).returncode == 0
    made = draw_rates(results, results)
    assert made.returncode == 0, made.stderr
    assert "Warning" not in made.stderr
    assert "one seed, no intervals" in (results / "r.svg").read_text()
    drawn = draw_curves(histories(results, (1,)), results)
    assert drawn.returncode == 0, drawn.stderr
    assert "(one seed)" in (results / "c.svg").read_text()


def test_what_cannot_be_drawn_is_one_clear_error(results: Path) -> None:
    make_tables(results, results)
    made = draw_rates(results, results, "--split", "dev")
    assert made.returncode == 1
    assert "no recovered system of baseline 'dsi', criterion 'magnitude' and split 'dev'" in (made.stderr)
    drawn = draw_curves(["recovered=x.parquet"], results)
    assert drawn.returncode == 1
    assert "found 'recovered=x.parquet', expected ARM=FILE" in drawn.stderr
