"""What trainings need of a machine: processes, and their memory."""

from pathlib import Path

from plan.config.baseline import RankedListBaseline
from plan.config.study import Study
from plan.settings import pretrained

PARAMETERS = {"t5-small": 77, "t5-base": 248, "t5-large": 771}  # millions, with an untied head


def devices(study: Study, baseline: str) -> int:
    """Processes that train a baseline together, each on a device of its own."""
    return study.baselines[baseline].training.devices or 1


def training_memory(study: Study, baseline: str) -> int:
    """MB that the processes of a training may need together."""
    return devices(study, baseline) * model_memory(study, baseline)


def model_memory(study: Study, baseline: str) -> int:
    """MB that one process may need with a model: 3,000, and 25 bytes for each weight of a pre-trained T5.

    Weights, gradients and Adam's moments in fp32, and masks, are 17 of them (docs/results/reproduction.md);
    the others are for activations and what is in the air. A model that is not known by name counts as the
    largest; one from scratch is small.
    """
    settings = study.baselines[baseline]
    if not isinstance(settings, RankedListBaseline) or not pretrained(study, baseline):
        return 3000
    written = study.models[settings.model]
    name = Path(written.path or written.hub or "").name
    return 3000 + 25 * PARAMETERS.get(name, max(PARAMETERS.values()))
