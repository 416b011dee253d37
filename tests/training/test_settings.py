"""Settings from JSON: sections become records, what is missing is named, the rest may be absent."""

import json
from argparse import ArgumentTypeError

import pytest

from dsi.bm25.parameters import Bm25Parameters
from dsi.training.docid_settings import docid_settings
from dsi.training.list_settings import list_settings
from tests.conftest import SHAPE
from tests.training.conftest import RECOVERY, TRAINING, settings_json

LISTS = {
    "k": 5,
    "training": {**TRAINING, "batch_size": 16, "accumulate": 2},
    "count_padding": True,
    "track_test": False,
    "generation": {"method": "constrained", "length": "k"},
    "depth": 1000,
}


def test_sections_of_a_docid_baseline_become_records() -> None:
    settings = docid_settings(settings_json("semantic", bm25={"k1": 1.2, "b": 0.75}))
    assert settings.model is not None
    assert (settings.model.d_model, settings.embeddings) == (SHAPE["d_model"], "lsa")
    assert settings.training.gradient_clip == 1.0
    assert settings.pseudo_queries.lengths == {"chunk": [5, 12], "terms": [4, 12]}
    assert settings.bm25 == Bm25Parameters(1.2, 0.75)
    assert settings.recovery is not None
    assert settings.recovery.learning_rate == RECOVERY["learning_rate"]


def test_what_does_not_apply_may_be_absent_or_null() -> None:
    absent = ("model", "recovery", "bm25", "untie", "prefixes_at_a_time")
    without = {key: value for key, value in json.loads(settings_json("atomic")).items() if key not in absent}
    settings = docid_settings(json.dumps(without))
    assert (settings.model, settings.recovery, settings.untie) == (None, None, False)
    assert (settings.bm25, settings.embeddings) == (Bm25Parameters(), "random")
    assert docid_settings(json.dumps({**without, **dict.fromkeys(absent)})) == settings


def test_a_ranked_list_baseline_needs_no_architecture() -> None:
    settings = list_settings(json.dumps({**LISTS, "architecture": None}))
    assert settings.architecture is None
    assert settings.training.rows_per_batch == 8
    random_start = list_settings(json.dumps({**LISTS, "architecture": SHAPE}))
    assert random_start.architecture is not None


def test_a_missing_key_is_named() -> None:
    short = json.dumps({**LISTS, "training": {"epochs": 1}})
    with pytest.raises(
        ArgumentTypeError,
        match=r"settings: training: found no batch_size, .*; expected the keys epochs, batch_size",
    ):
        list_settings(short)
    with pytest.raises(ArgumentTypeError, match=r"settings: found no training, pseudo_queries, .*"):
        docid_settings("{}")
