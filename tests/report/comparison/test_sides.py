"""What arguments name, and which systems of two sides are compared."""

import shutil
from pathlib import Path

import pytest

from dsi.report.comparison.sides import Side, SideError, label_of, pair_up, read_side
from tests.report.small_results import DENSE, PRUNED


def named(side: Side) -> list[tuple[str, int]]:
    return [(ranking.system.arm, ranking.seed) for ranking in side.rankings]


def test_a_results_folder_is_all_that_was_evaluated(study: Path) -> None:
    side = read_side(str(study))
    assert side.whole
    assert named(side) == [("dense", 1), ("dense", 2), ("bm25", 0), ("pruned", 1), ("pruned", 2)]
    assert all(ranking.run and ranking.results == study for ranking in side.rankings)


@pytest.mark.parametrize(
    "text",
    [f"metrics/{PRUNED}.json", f"runs/{PRUNED}.trec.gz", PRUNED],
    ids=["metrics", "runs", "systems"],
)
def test_patterns_name_the_seeds_of_a_system(study: Path, text: str) -> None:
    side = read_side(str(study / text.format(seed="*")))
    assert named(side) == [("pruned", 1), ("pruned", 2)]
    assert label_of(side.rankings) == PRUNED.format(seed="*")
    assert label_of(side.rankings[1:]) == PRUNED.format(seed=2)
    metrics = study / f"metrics/{PRUNED.format(seed=1)}.json"
    assert [side.rankings[0].evaluated, side.rankings[0].results] == [metrics, study]


def test_a_checkpoints_folder_and_a_reference_name_their_metrics(study: Path) -> None:
    (study / DENSE.format(seed=1)).mkdir(parents=True)
    assert named(read_side(str(study / DENSE.format(seed=1)))) == [("dense", 1)]
    assert named(read_side(str(study / "bm25"))) == [("bm25", 0)]


def test_runs_of_other_programs_have_the_seed_that_their_names_say(study: Path, tmp_path: Path) -> None:
    for name in ("mine-seed1.trec.gz", "mine-seed2.trec.gz"):
        shutil.copy(study / "runs/bm25.trec.gz", tmp_path / name)
    side = read_side(str(tmp_path / "mine-*.trec.gz"))
    assert [ranking.seed for ranking in side.rankings] == [1, 2]
    assert label_of(side.rankings) == str(tmp_path / "mine-seed*.trec.gz")
    assert {ranking.results for ranking in side.rankings} == {None}
    shutil.copy(tmp_path / "mine-seed1.trec.gz", tmp_path / "mine-seed1-again.trec.gz")
    assert len(read_side(str(tmp_path / "mine-*.trec.gz")).rankings) == 3  # another name, another system
    with pytest.raises(SideError, match="no metric JSON and no TREC run; expected a results folder"):
        read_side(str(tmp_path / "gone"))


def test_two_files_for_one_seed_are_refused(study: Path) -> None:
    metrics = study / f"metrics/{DENSE.format(seed=1)}.json"
    shutil.copy(metrics, metrics.with_name("copy.json"))
    with pytest.raises(SideError, match=r"two files for one system and seed, .*copy\.json and .*dense\.json"):
        read_side(str(study))


def test_of_two_folders_what_both_have_is_compared(study: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(study, other)
    (other / "metrics/bm25.json").unlink()
    found = pair_up(read_side(str(study)), read_side(str(other)))
    assert [label_of(pair.a) for pair in found.pairs] == [DENSE.format(seed="*"), PRUNED.format(seed="*")]
    assert (found.only_a, found.only_b) == (["bm25"], [])


def test_one_system_meets_each_of_the_others(study: Path) -> None:
    found = pair_up(read_side(str(study / "bm25")), read_side(str(study / "*" / "dsi" / "seed1" / "*")))
    assert [label_of(pair.b) for pair in found.pairs] == [DENSE.format(seed=1), PRUNED.format(seed=1)]


def test_criteria_meet_rate_by_rate(study: Path) -> None:
    metrics = study / "metrics/pruned/dsi/seed1"
    text = (metrics / "magnitude-0.5.json").read_text()
    for criterion, rate in (("magnitude", "0.2"), ("wanda", "0.2"), ("wanda", "0.5"), ("wanda", "0.9")):
        changed = text.replace('"magnitude"', f'"{criterion}"').replace('"rate": 0.5', f'"rate": {rate}')
        (metrics / f"{criterion}-{rate}.json").write_text(changed)
    sides = [read_side(str(metrics / f"{criterion}-*.json")) for criterion in ("magnitude", "wanda")]
    found = pair_up(*sides)
    assert [label_of(pair.b) for pair in found.pairs] == [
        f"pruned/dsi/seed1/wanda-{rate}" for rate in (0.2, 0.5)
    ]
    assert found.only_b == ["pruned/dsi/seed1/wanda-0.9"]
    with pytest.raises(SideError, match="have no system in common"):
        pair_up(
            sides[0], read_side(str(study / "metrics/baselines/dsi/seed*/dense.json"))._replace(whole=True)
        )
