"""tables.md and its CSV files, as the command makes them."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.report.conftest import Command, row


def test_tables_state_the_numbers_worked_by_hand(results: Path, make_tables: Command) -> None:
    made = make_tables(results, results)
    assert made.returncode == 0, made.stderr
    text = (results / "tables.md").read_text()
    assert text.splitlines()[2].startswith("- **dsi, magnitude**: ")  # the answer, below the title
    assert "2,000 documents; 20 test and 10 validation queries evaluated" in text
    assert "before pruning (dsi 4), and E2, the epochs after it (2)" in text
    assert "R@1000 0.5000 and R@100 0.0500" in text
    assert "the MAP of dense E1 is 91.7 % of BM25's" in text
    assert row(text, "dsi, dense E1 ")[1] == "0.5500 ± 0.0707"
    # Before and after recovery, and minus restart.
    assert row(text, "rate 0.5")[1:] == ["0.4000 ± 0.1414", "0.5600 ± 0.0849", "+0.0000 ± 0.0283"]
    pruned = text.split("## Pruned and recovered: dsi, magnitude")[1]
    assert row(pruned, "restart")[1:] == ["0.5500 ± 0.0707", "0.5600 ± 0.0566", "–"]
    assert row(pruned, "BM25")[1:] == ["0.6000", "0.6000", "–"]


def test_a_study_that_prunes_nothing_has_its_table_of_baselines(
    results: Path, tmp_path: Path, make_tables: Command
) -> None:
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
    ).read_text() == "baseline,seed,criterion,rate,linears,effective,model,nonzero\n"


def test_no_table_is_wider_than_a_page(results: Path, make_tables: Command, command: Command) -> None:
    wide = f"| column | what it says |\n|:--|:--|\n| x | {'word ' * 30}|\n"
    (results / "more.md").write_text(wide)
    done = command(*make_tables(results, results).args[2:], "--reproduction", results / "more.md")
    assert done.returncode == 0, done.stderr
    lines = (results / "tables.md").read_text().splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert len(tables) > 60
    assert [line for line in tables if len(line) > 100] == []


def test_definitions_stand_behind_the_tables(results: Path, make_tables: Command) -> None:
    make_tables(results, results)
    headings = [
        line[3:] for line in (results / "tables.md").read_text().splitlines() if line.startswith("## ")
    ]
    assert headings == [
        "Baselines", "Verdict", "Pruned and recovered: dsi, magnitude", "Agreement with BM25", "The words"
    ]  # fmt: skip


def test_csv_files_hold_every_digit_and_leave_empty_what_does_not_apply(
    results: Path, make_tables: Command
) -> None:
    make_tables(results, results)
    lines = (results / "tables" / "metrics.csv").read_text().splitlines()
    assert lines[1].startswith(",,bm25,,,test" + ",0.6" * 9 + f",,{results}/runs/bm25.trec.gz,ir_measures ")
    assert lines[2].startswith(f",,bm25,,,validation,{0.6 + 0.1!r},")
    assert any(line.startswith(f"dsi,1,pruned,magnitude,0.25,test{',0.45' * 10},") for line in lines)
    for name in ("baselines", "rates", "sparsity"):
        assert (results / "tables" / f"{name}.csv").read_text().count("\n") > 4


def test_each_number_has_its_command(results: Path, make_tables: Command) -> None:
    make_tables(results, results)
    first = pd.read_csv(results / "tables/metrics.csv").iloc[0]
    assert first["run"] == f"{results}/runs/bm25.trec.gz"
    assert first["evaluate"].startswith(
        f"ir_measures {results}/qrels/test.txt {results}/runs/bm25.trec.gz AP "
    )
    assert first["make"].endswith(f"{results}/metrics/bm25.json --configfile {results}/configuration.json")


def test_equal_inputs_in_another_order_give_equal_files(
    results: Path, tmp_path: Path, make_tables: Command
) -> None:
    make_tables(results, tmp_path / "a")
    make_tables(results, tmp_path / "b", reverse=True)
    made = sorted(path for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len([path for path in made if path.suffix != ".tex"]) == 12
    assert tmp_path / "a/tables/latex/tables/references-dsi-map.tex" in made
    for path in made:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_partial_study_is_one_clear_error_and_leaves_no_table(results: Path, make_tables: Command) -> None:
    (results / "metrics/recovered/dsi/seed2/magnitude-0.5.json").unlink()
    made = make_tables(results, results)
    assert made.returncode == 1
    assert made.stderr.splitlines()[-1] == (
        "error: the metrics of recovered/dsi/seed2/magnitude-0.5 are missing (test queries): "
        "found seeds [1], expected [1, 2]"
    )
    assert not (results / "tables.md").exists()


def test_what_stands_in_another_file_is_appended(
    results: Path, make_tables: Command, command: Command
) -> None:
    assert make_tables(results, results).returncode == 0
    alone = (results / "tables.md").read_text()
    (results / "more.md").write_text("## More\n")
    arguments = make_tables(results, results).args
    done = command(*arguments[2:], "--reproduction", results / "more.md")
    assert done.returncode == 0, done.stderr
    tables, rule, footer = alone.rpartition("---\n\nConfiguration `0b1c2d3e4f5a`. ")
    assert (results / "tables.md").read_text() == f"{tables}## More\n\n{rule}{footer}"


def test_the_answer_stands_alone_and_on_top_of_the_page(results: Path, make_tables: Command) -> None:
    assert make_tables(results, results).returncode == 0
    answer = (results / "answer.md").read_text()
    assert answer.startswith("- **dsi, magnitude**: ")
    assert answer in (results / "tables.md").read_text().partition("## ")[0]
    assert "<li><strong>dsi, magnitude</strong>: " in (results / "tables.html").read_text()


def test_one_test_query_is_written_without_a_verdict(results: Path, make_tables: Command) -> None:
    for path in (results / "metrics").rglob("*.per_query.parquet"):
        values = pd.read_parquet(path)
        values[(values["split"] == "validation") | (values["qid"] == "test0")].to_parquet(path)
    made = make_tables(results, results)
    assert made.returncode == 0, made.stderr
    assert "Warning" not in made.stderr
    assert "**No verdict.** There are fewer than 2 judged test queries" in (results / "tables.md").read_text()
    assert (results / "tables/verdicts.csv").read_text().count("\n") == 1


def test_the_loss_is_judged_beside_map_and_seeds_looked_at_are_not(
    results: Path, make_tables: Command, command: Command
) -> None:
    for path in (results / "metrics").rglob("*.per_query.parquet"):
        values = pd.read_parquet(path)
        if path.stem.split(".")[0] not in ("bm25", "random"):
            quality = values[values["measure"] == "MAP"]
            noise = [0.1 * (number % 3) for number in range(len(quality))]
            of_loss = quality.assign(measure="loss", value=3 - quality["value"] + noise)
            pd.concat([values, of_loss]).to_parquet(path)
    done = make_tables(results, results)
    assert done.returncode == 0, done.stderr
    text = (results / "tables.md").read_text()
    assert "**The same for the test loss**, in nats" in text
    loss, quality = (pd.read_csv(results / f"tables/{name}.csv") for name in ("verdicts-loss", "verdicts"))
    assert list(loss) == list(quality) and len(loss) == len(quality)
    # Of a loss of 3 - MAP the difference is that of MAP with the other sign, and MAP's better is its better.
    assert loss["difference"].to_numpy() == pytest.approx(-quality["difference"].to_numpy())
    assert loss["margin"].isna().all()

    fresh = command(*done.args[2:], "--looked-at-seeds", "1")
    assert fresh.returncode == 0, fresh.stderr
    assert set(pd.read_csv(results / "tables/verdicts.csv")["seeds"]) == {1}
    assert "**Fresh seeds only.** Seeds 1 had been looked at" in (results / "tables.md").read_text()
