"""The configuration of generated pseudo-queries: a file or a model, and a weight."""

from pathlib import Path
from typing import Any

import pytest

from plan.config.checked import checked_study
from plan.config.pseudo_queries import SAMPLING, PseudoQueries
from tests.plan.config.conftest import DEFAULT, merged, refused

MODEL = {"number": 2, "top_k": 5, "document_tokens": 8, "query_tokens": 4, "batch_size": 2, "seed": 7}


def overlay(generated: Any = None, weight: Any = None) -> dict[str, Any]:
    given = {} if generated is None else {"generated": generated}
    weights = {} if weight is None else {"weights": {"generated": weight}}
    return {"baselines": {"dsi": {"pseudo_queries": {**given, **weights}}}}


def configured(generated: Any = None, weight: Any = None) -> PseudoQueries:
    baseline = checked_study(merged(DEFAULT, overlay(generated, weight))).baselines["dsi"]
    assert baseline.task == "docid"
    return baseline.pseudo_queries


def test_a_file_and_a_model_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "queries"
    path.write_text("d1\ta\n", encoding="utf-8")
    of_file = configured({"path": str(path)}, 0.3).generated
    assert of_file is not None
    assert of_file.as_dict() == {"path": str(path)}
    assert of_file.sampling == {}
    model = {"model": "macavaney/doc2query-t5-base-msmarco", **MODEL}
    # From the command line everything is text.
    for given, weight in ((model, 0.3), (str(model), "0.3")):
        pseudo_queries = configured(given, weight)
        assert pseudo_queries.generated is not None
        assert pseudo_queries.generated.as_dict() == model
        assert pseudo_queries.generated.sampling == MODEL
        assert pseudo_queries.weights.by_kind["generated"] == 0.3


def test_without_them_they_have_no_weight() -> None:
    assert configured().generated is None
    assert set(configured().weights.by_kind) == {"first_sentence", "sentence", "chunk", "terms"}
    assert set(MODEL) == set(SAMPLING)


@pytest.mark.parametrize(
    ("generated", "weight", "message"),
    [
        (None, 0.3, ".weights.generated: found 0.3 without baselines.dsi.pseudo_queries.generated, expected"),
        (
            {"model": "m", **MODEL},
            None,
            ".generated: found a source without a weight, expected a positive one",
        ),
        ({"model": "m", **MODEL}, 0, ".generated: found a source without a weight, expected a positive one"),
        ({}, 1, ".generated: found neither path nor model, expected either, for example path: data/queries"),
        ({"path": "p", "model": "m"}, 1, ".generated: found path and model, expected either"),
        (
            {"path": "absent"},
            1,
            ".generated.path: found 'absent', which is no file; expected JSON lines or TSV",
        ),
        ({"path": "absent", "number": 3}, 1, ".generated.number: goes with model, not with path; remove it"),
        ({"model": "m"}, 1, ".generated.number: missing, for example number: 20"),
        (
            {"model": "m", **MODEL, "top_k": 0},
            1,
            ".generated.top_k: found 0, expected a whole number at least",
        ),
        ({"model": "m", **MODEL, "topk": 3}, 1, ".generated.topk: unknown key; did you mean `top_k`?"),
        ({"path": None}, 1, ".generated.path: found None, expected text, for example path: data/queries"),
    ],
)
def test_a_faulty_source_is_refused(generated: Any, weight: Any, message: str) -> None:
    assert f"baselines.dsi.pseudo_queries{message}" in refused(overlay(generated, weight))
