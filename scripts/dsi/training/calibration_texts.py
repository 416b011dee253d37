"""Pruning by what data says: the first texts of the epoch that recovery begins with."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dsi.base.process import compute_device
from dsi.model.checkpoint import Checkpoint
from dsi.model.masks import Tensors
from dsi.pruning.apply import prune
from dsi.pruning.calibration import docid_batch, prune_calibrated, squared_gradients
from dsi.pruning.evidence import Evidence, Pruned
from dsi.pruning.registry import CRITERIA
from dsi.training.docid_data import DocidFiles, Judged, docid_objective
from dsi.training.docid_settings import DocidSettings
from dsi.training.objectives.docid import DocidObjective
from dsi.training.objectives.examples import Batch, SparseBatch
from dsi.training.settings import SettingsError


class CalibrationTexts(NamedTuple):
    """Where the texts come from, how they are drawn, and how many: `settings.calibration`."""

    files: DocidFiles
    settings: DocidSettings
    seed: int


def prune_by_texts(
    checkpoint: Checkpoint,
    weights: Tensors,
    names: Sequence[str],
    criterion: str,
    rate: float,
    texts: CalibrationTexts,
) -> Pruned:
    """Collect what the criterion looks at, and prune the named weights; the model itself is changed, too.

    It is collected on a GPU where there is one; the weights that are pruned stay where they are.

    Args:
        checkpoint: with atomic docids.
        weights: the checkpoint's.
        criterion: one that looks at inputs or gradients.

    Raises:
        PruningError: as `dsi.pruning.apply.prune`.
        SettingsError: `calibration` is missing.
    """
    settings = texts.settings
    if settings.calibration is None:
        raise SettingsError('settings: found no calibration, expected for example {"queries": 256}')
    model = checkpoint.model.to(compute_device())
    judged = Judged.read(texts.files.collection)
    objective = docid_objective(texts.files, judged, checkpoint, settings, texts.seed)
    assert isinstance(objective, DocidObjective)  # of atomic docids
    first_epoch = settings.training.epochs + 1
    batches = calibration_batches(objective, first_epoch, settings.calibration.queries)
    if CRITERIA[criterion].looks_at == "inputs":
        inputs = [docid_batch(model, batch.input_ids, batch.attention_mask) for batch in batches]
        return prune_calibrated(model, weights, names, criterion, rate, inputs)
    on_device = (type(batch)(*(tensor.to(model.device) for tensor in batch)) for batch in batches)
    losses = (objective.loss(model.eval(), batch) for batch in on_device)
    evidence = Evidence(fisher=squared_gradients(model, names, losses))
    return prune(weights, names, criterion, rate, evidence)


def calibration_batches(objective: DocidObjective, epoch: int, texts: int) -> Iterator[Batch | SparseBatch]:
    """The batches of an epoch until they hold so many texts."""
    seen = 0
    for batch in objective.batches(epoch):
        if seen >= texts:
            return
        yield batch
        seen += len(batch.input_ids)
