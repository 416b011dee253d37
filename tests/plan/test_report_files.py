"""What stands in report.html."""

from collections.abc import Callable
from pathlib import Path

import pytest
from snakemake.io import get_flag_value

from plan.config.study import Study
from plan.report_files import FIGURES, PAGES, figure, page
from plan.results_of_study import EXPLORER, figures, texts
from tests.plan.conftest import ROOT

RULES = ROOT / "rules"


def test_a_figure_is_shown_as_svg_with_its_kind_baseline_and_criterion() -> None:
    files = figure("rates-{baseline}-{criterion}")
    assert files == {
        "svg": "<results>/figures/rates-{baseline}-{criterion}.svg",
        "png": "<results>/figures/rates-{baseline}-{criterion}.png",
    }
    shown = get_flag_value(files["svg"], "report")
    assert shown.labels == {
        "figure": "quality against rate", "baseline": "{baseline}", "criterion": "{criterion}"
    }  # fmt: skip
    assert get_flag_value(figure("ablation")["svg"], "report").labels["baseline"] == "–"


@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_of_figure_has_its_caption(kind: str) -> None:
    name = "{figure,reproduction-[a-z0-9]+}" if kind == "reproduction" else f"{kind}-{{baseline}}"
    caption = Path(get_flag_value(figure(name)["svg"], "report").caption)
    assert len((RULES / caption).read_text(encoding="utf-8").split()) > 20


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_its_caption(name: str) -> None:
    file = page(name)
    assert file == f"<results>/{name}.html"
    assert (RULES / get_flag_value(file, "report").caption).is_file()


def test_every_figure_and_page_of_a_study_is_of_a_known_kind(study_of: Callable[..., Study]) -> None:
    report = {"benefit": True, "sensitivity": True}
    study = study_of("smoke", run=["smoke"], report=report, criteria=["magnitude", "wanda"])
    assert {name.partition("-")[0] for name in figures(study)} <= set(FIGURES)
    assert {Path(path).stem for path in [*texts(study), EXPLORER]} <= set(PAGES)
