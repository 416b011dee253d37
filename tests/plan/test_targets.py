"""Targets that no rule makes: whose they may be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from plan.config.study import Study
from plan.targets import hint, target_without_rule
from tests.plan.conftest import ROOT


def test_the_target_is_read_from_snakemakes_message() -> None:
    said = "MissingRuleException:\nNo rule to produce results/a b/tables.md (if you use input functions"
    assert target_without_rule(said) == "results/a b/tables.md"
    assert target_without_rule("Nothing to be done") is None


@pytest.mark.parametrize("target", ["results/smoke/tables.md", "results/smoke/runs/bm25.trec.gz"])
def test_a_target_of_another_study_names_its_file(study_of: Callable[..., Study], target: str) -> None:
    """Asked for without --configfile, or with another one."""
    for given in ((), ("frontier",)):
        assert hint(target, study_of(*given), ROOT).endswith(": --configfile studies/smoke.yaml")


def test_a_study_of_ones_own_is_found_too(study_of: Callable[..., Study], tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    (tmp_path / "mine.yaml").write_text("results: results/man\n")
    (tmp_path / "studies/outer.yaml").write_text("results: results\n")
    (tmp_path / "studies/broken.yaml").write_text("results: [\n")
    (tmp_path / "studies/list.yaml").write_text("- results: results/man\n")
    said = hint("results/man/tables.md", study_of(), tmp_path)
    assert said.startswith("It lies in the results folder of another study, whose file has to be appended")
    assert said.endswith(": --configfile mine.yaml")


def test_without_such_a_file_the_hint_says_what_to_append(
    study_of: Callable[..., Study], tmp_path: Path
) -> None:
    said = hint("results/man/tables.md", study_of(), tmp_path)
    assert "The results of this study lie in results, for example results/tables.md; a target" in said
    assert said.endswith("appended: --configfile studies/NAME.yaml")


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("results/smoke/figures/rates-smoke-magnitud.svg", "results/smoke/figures/rates-smoke-magnitude.svg"),
        ("al", "all"),
    ],
)
def test_a_mistyped_target_is_answered_with_the_nearest(
    study_of: Callable[..., Study], target: str, meant: str
) -> None:
    assert hint(target, study_of("smoke"), ROOT).startswith(f"Did you mean {meant}? ")
