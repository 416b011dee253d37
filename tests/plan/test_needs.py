"""What trainings need of a machine: by the model's size, and by the processes that share a batch."""

from collections.abc import Callable

from plan import needs
from plan.config.study import Study
from tests.plan.conftest import LISTS

StudyOf = Callable[..., Study]


def test_a_pre_trained_model_asks_for_the_memory_of_its_size(study_of: StudyOf) -> None:
    """13.1 GB are counted of the largest in E2 (docs/results/reproduction.md), 4.6 and 1.4 of the others."""
    smoke = study_of("smoke")
    assert needs.training_memory(smoke, "smoke") == needs.training_memory(smoke, LISTS) == 3000
    rows = ("t5-small-k5", "t5-base-k5-20", "t5-large-k5-pruned")
    asked = [needs.training_memory(study_of("msmarco"), row) for row in rows]
    assert asked == [3000 + 25 * 77, 3000 + 25 * 248, 3000 + 25 * 771]
    other = study_of("msmarco", models={"t5-small": {"hub": "google/mt5-small"}})
    assert needs.training_memory(other, "t5-small-k5") == asked[-1]


def test_processes_that_train_together_have_their_memory_each(study_of: StudyOf) -> None:
    study = study_of("smoke", baselines={"smoke": {"training": {"devices": 4}}})
    assert (needs.devices(study, "smoke"), needs.devices(study, LISTS)) == (4, 1)
    assert needs.training_memory(study, "smoke") == 4 * needs.model_memory(study, "smoke") == 12000
