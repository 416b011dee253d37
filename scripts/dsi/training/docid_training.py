"""A phase of training a docid retriever: from scratch (E1), or onwards from a checkpoint (E2)."""

from functools import partial
from pathlib import Path

from dsi.base.process import prepare_torch
from dsi.training.devices import begin_beside_the_first
from dsi.training.docid_data import DocidFiles, Judged, docid_objective
from dsi.training.docid_model import DocidArguments, rank_with_checkpoint, starting_point, write_checkpoint
from dsi.training.docid_teacher import load_teacher
from dsi.training.phase import describe_phase
from dsi.training.run_phase import run_phase
from dsi.training.start import start_of
from dsi.training.state import MODEL_FILES, state_key


def train_docids(arguments: DocidArguments) -> None:
    """Train, and write the checkpoint, its run and its outputs.

    Raises:
        CheckpointError: the start is no docid checkpoint, or the teacher one of other docids.
        ModelSettingsError: the model does not fit the collection.
        PruningError: the weights that --prune selects are not there.
        SettingsError: a section is missing that the phase needs, or a model teaches that cannot.
    """
    settings = arguments.settings
    begin_beside_the_first()
    prepare_torch(arguments.threads)
    files = DocidFiles(arguments.collection, arguments.generated, arguments.generated_words)
    judged = Judged.read(arguments.collection)
    phase = describe_phase(arguments.phase, settings.training, settings.recovery, arguments.seed)
    checkpoint = starting_point(arguments, judged.documents)
    taught = load_teacher(arguments.teacher, settings, checkpoint)
    run_phase(
        start_of(checkpoint.model, arguments, settings.untie),
        phase,
        docid_objective(files, judged, checkpoint, settings, arguments.seed, taught),
        pruning=arguments.prune,
        state=arguments.state / state_key(arguments, settings, phase, inputs(arguments, files)),
        keep=arguments.keep,
        output=arguments.output,
        write=partial(write_checkpoint, arguments, checkpoint.model),
        rank=partial(rank_with_checkpoint, arguments, judged),
        ranked=(arguments.run, arguments.outputs),
    )


def inputs(arguments: DocidArguments, files: DocidFiles) -> list[Path]:
    """The files that a training depends on, besides those that `state_key` adds itself."""
    teacher = [arguments.teacher / name for name in MODEL_FILES] if arguments.teacher else []
    return [*files.paths(), arguments.docids, *teacher]
