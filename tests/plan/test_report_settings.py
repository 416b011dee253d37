"""What the commands of the report are told."""

import json
from collections.abc import Callable

from plan import report_settings
from plan.config.study import Study

StudyOf = Callable[..., Study]


def test_compared_baselines_come_with_all_their_settings(study_of: StudyOf) -> None:
    found = json.loads(report_settings.of_baselines(study_of("smoke"), ["smoke"]))
    assert list(found) == ["smoke"]
    assert {"docids", "tokenizer", "model", "training"} <= set(found["smoke"])


def test_published_rows_keep_their_names_of_columns(study_of: StudyOf) -> None:
    rows = json.loads(report_settings.published_rows(study_of("msmarco")))
    assert rows[0]["R@1000"] == 0
    assert rows[0]["baseline"] == "t5-base-k25"


def test_make_tables_is_told_which_seeds_were_looked_at(study_of: StudyOf) -> None:
    assert report_settings.judging(study_of()) == "--confidence 0.95 --margin 0.02"
    looked = study_of(seeds=[1, 2, 3], report={"looked_at_seeds": [1, 2]})
    assert report_settings.judging(looked) == "--confidence 0.95 --margin 0.02 --looked-at-seeds 1 2"
