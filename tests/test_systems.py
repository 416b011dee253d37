"""The one place for the name of a system: slugs there and back, columns, rates, arms."""

import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsi.systems import (
    ARMS,
    CONTROL_OF,
    DENSE_ARMS,
    INITIAL,
    JUDGING_CONTROLS,
    PRUNED_ARMS,
    REFERENCES,
    SMALL_ARMS,
    System,
    SystemNameError,
    spell_rate,
)
from tests.conftest import SCRIPTS

EXAMPLES = {
    "bm25": System(None, None, "bm25", None, None),
    "random": System(None, None, "random", None, None),
    "baselines/dsi/seed1/dense": System("dsi", 1, "dense", None, None),
    "baselines/dsi-small/seed12/dense-continued": System("dsi-small", 12, "dense-continued", None, None),
    "pruned/dsi/seed1/magnitude-0.2": System("dsi", 1, "pruned", "magnitude", 0.2),
    "recovered/16/seed0/magnitude-global-0.25": System("16", 0, "recovered", "magnitude-global", 0.25),
    "recovered/dsi/seed1/2of4-0.5": System("dsi", 1, "recovered", "2of4", 0.5),
}


@pytest.mark.parametrize("slug", EXAMPLES)
def test_a_slug_and_its_system_name_each_other(slug: str) -> None:
    assert System.parse(slug) == EXAMPLES[slug]
    assert EXAMPLES[slug].slug == slug


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "bm25/dsi",
        "baselines/dsi/seed1/pruned",
        "baselines/dsi/seed/dense",
        "baselines/Dsi/seed1/dense",
        "pruned/dsi/seed1/magnitude",
        "pruned/dsi/seed1/magnitude-0.20",
        "pruned/dsi/seed1/magnitude-.2",
        "pruned/dsi/seed1/magnitude-1.0",
        "pruned/dsi/seed1/magnitude-0.2/sparsity.json",
    ],
)
def test_what_names_no_system_is_refused_with_an_example(slug: str) -> None:
    with pytest.raises(SystemNameError, match=r"expected bm25, .* example pruned/dsi/seed1/magnitude-0.2"):
        System.parse(slug)


@given(rate=st.integers(1, 9999))
def test_every_rate_has_one_spelling_that_a_slug_gives_back(rate: int) -> None:
    system = System("dsi", 1, "recovered", "magnitude", rate / 10_000)
    assert System.parse(system.slug) == system


@pytest.mark.parametrize(("rate", "text"), [(0.5, "0.5"), (0.50, "0.5"), (1e-4, "0.0001"), (0.125, "0.125")])
def test_a_rate_is_spelled_without_exponent_and_without_zeros_at_its_end(rate: float, text: str) -> None:
    assert spell_rate(rate) == text


def test_columns_and_systems_name_each_other_even_where_pandas_has_no_value() -> None:
    frame = pd.DataFrame([system._asdict() for system in EXAMPLES.values()])
    frame = frame.astype({"seed": "Int64", "rate": "float64"})
    assert [System.of_columns(row) for row in frame.to_dict("records")] == list(EXAMPLES.values())


def test_every_arm_is_of_one_kind_and_controls_are_arms() -> None:
    assert {*REFERENCES, INITIAL, *DENSE_ARMS, *PRUNED_ARMS, *SMALL_ARMS} == set(ARMS)
    assert set(CONTROL_OF) | set(CONTROL_OF.values()) <= set(ARMS)
    assert set(JUDGING_CONTROLS) <= set(DENSE_ARMS)
    assert System("dsi", 1, "restart", None, None).words == "restart (rate 0)"


def test_the_snakefile_pays_for_nothing_but_the_standard_library() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); before = set(sys.modules); import dsi.systems; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} "
        "- set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert done.stdout.split() == ["dsi"]
