"""The dense model that teaches a smaller one: loaded, once it fits what it teaches."""

from pathlib import Path

from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from dsi.training.docid_settings import DocidSettings
from dsi.training.objectives.taught import ModelTeacher
from dsi.training.settings import SettingsError


def load_teacher(folder: Path | None, settings: DocidSettings, taught: Checkpoint) -> ModelTeacher | None:
    """The model in a folder, that teaches as `settings.teaching` says; None without a folder.

    Raises:
        CheckpointError: it is no docid checkpoint, or of other docids or pieces than the taught one.
        SettingsError: the settings do not say how it teaches, or the docids are not atomic.
    """
    teaching = settings.teaching
    if folder is None:
        if teaching is not None:
            raise SettingsError("settings: found teaching without --teacher, expected the folder of a model")
        return None
    if teaching is None:
        raise SettingsError(
            "settings: found no teaching with --teacher, expected its weight and temperature, for example "
            '{"weight": 0.5, "temperature": 1.0}'
        )
    if taught.identifiers is not None:
        raise SettingsError(
            f"settings.scheme: found {settings.scheme} with --teacher, expected atomic, as only one decoder "
            "step gives a distribution over all documents"
        )
    teacher = load_checkpoint(folder)
    pieces = (teacher.tokenizer.get_vocab(), taught.tokenizer.get_vocab())
    if teacher.identifiers is not None or teacher.docids != taught.docids or pieces[0] != pieces[1]:
        raise CheckpointError(
            f"{folder}: found a model of other docids or pieces than those of the model that it teaches; "
            "expected the same, for example the dense model of the same baseline"
        )
    return ModelTeacher(teacher.model, teaching.weight, teaching.temperature)
