"""Baselines that extend others."""

from typing import Any

import pytest

from plan.config.checked import checked_study
from plan.config.extension import extended
from tests.plan.config.conftest import DEFAULT, merged, refused


def test_a_baseline_extends_another() -> None:
    variants = {
        "plain": {"extends": "dsi", "distillation": {"weight": 0}},
        "plainer": {"extends": "plain", "training": {"epochs": 3}},
    }
    baselines = checked_study(merged(DEFAULT, {"baselines": variants})).as_dict()["baselines"]
    dsi = baselines["dsi"]
    assert baselines["plain"] == {**dsi, "distillation": {**dsi["distillation"], "weight": 0}}
    assert baselines["plainer"] == {**baselines["plain"], "training": {**dsi["training"], "epochs": 3}}


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        (
            {"mine": {"extends": "dis"}},
            "baselines.mine.extends: found 'dis', expected a baseline that does not extend it: dsi, study",
        ),
        (
            {"a": {"extends": "b"}, "b": {"extends": "a"}},
            "baselines.b.extends: found 'a', expected a baseline that does not extend it: dsi, study",
        ),
    ],
)
def test_a_baseline_that_extends_nothing_or_itself_is_refused(
    definitions: dict[str, Any], message: str
) -> None:
    assert message in refused({"baselines": definitions})


def test_a_faulty_extension_hides_no_other_problem() -> None:
    message = refused({"threads": 0, "baselines": {"mine": {"extends": "dis"}}})
    assert "baselines.mine.extends: found 'dis'" in message
    assert "threads: found 0" in message


def test_a_definition_that_is_text_is_extended_too() -> None:
    whole, problems = extended({"base": {"a": {"b": 1, "c": 2}}, "mine": "{extends: base, a: {c: 3}}"})
    assert whole["mine"] == {"a": {"b": 1, "c": "3"}}
    assert not problems
