"""What the pages say about their study."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from plan.config.study import Study
from plan.provenance import configuration_digest, facts
from tests.plan.conftest import LISTS

StudyOf = Callable[..., Study]


def test_the_introduction_states_collection_epochs_and_k(study_of: StudyOf) -> None:
    study = study_of("smoke")
    assert json.loads(facts(study)) == {
        "collection": "smoke",
        "e1": {"smoke": 2, LISTS: 2},
        "e2": 1,
        "agreement_k": 10,
        "configuration": configuration_digest(study),
    }


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ({"results": "elsewhere"}, True),
        ({"report": {"dpi": 300, "sensitivity": True}}, True),
        ({"report": {"margin": 0.05}}, False),
        ({"seeds": [1, 2, 3]}, False),
        ({"run": ["smoke"]}, False),
        ({"bm25": {"k1": 1.7}}, False),
    ],
)
def test_the_digest_is_of_what_changes_numbers(study_of: StudyOf, values: dict[str, Any], same: bool) -> None:
    before = configuration_digest(study_of("smoke"))
    assert (configuration_digest(study_of("smoke", **values)) == before) == same
    assert len(before) == 12
