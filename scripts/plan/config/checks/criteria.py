"""Checks of the criteria: rates, layers and baselines that do not fit, a recovery too long, a patience."""

from collections.abc import Iterator, Mapping

from dsi.pruning.registry import calibrated, rates_of
from plan.config.baseline import Baseline, DocidBaseline
from plan.config.collection import Collection, DatasetCollection, PydocsCollection
from plan.config.study import Study


def criteria_problems(study: Study) -> Iterator[str]:
    """A patience where there can be none, and what does not fit the criteria, if any baseline is pruned."""
    for name, baseline in study.selected_baselines.items():
        yield from _patience_problems(name, baseline, study)
    pruned = {name: baseline for name, baseline in study.selected_baselines.items() if baseline.prune}
    if not pruned:
        return
    for criterion in study.criteria:
        yield from _criterion_problems(criterion, study, pruned)
    yield from _removal_problems(study)
    if study.recovery.rewind:
        yield from _rewind_problems(study.recovery.epochs, pruned)


def _patience_problems(name: str, baseline: Baseline, study: Study) -> Iterator[str]:
    """Arms of E2 train for the same epochs, and what is waited for is a validation loss."""
    patience, path = baseline.training.patience, f"baselines.{name}"
    if patience is None:
        return
    if baseline.prune:
        yield (
            f"{path}.training.patience: found {patience} with prune: true, expected null, as the arms that "
            "pruning compares train for the same epochs, and masks that grow have to reach their rate, for "
            "example patience: null, or prune: false"
        )
    if study.collection in study.collections and not _has_validation_queries(study.selected_collection):
        yield (
            f"{path}.training.patience: found {patience} with the collection {study.collection}, which has "
            "no validation queries to wait for; expected null or such queries, for example patience: null or "
            "split: {train: 0.7, validation: 0.1, test: 0.2}"
        )


def _has_validation_queries(collection: Collection) -> bool:
    if not isinstance(collection, DatasetCollection) and collection.split is not None:
        return collection.split.validation > 0
    if isinstance(collection, PydocsCollection) or collection.splits is None:
        return True
    return collection.splits.validation is not None


def _criterion_problems(criterion: str, study: Study, pruned: Mapping[str, Baseline]) -> Iterator[str]:
    if not rates_of(criterion, study.rates):
        yield (
            f"criteria: found {criterion} with rates {list(study.rates)}, expected among them the only one "
            "that it has, for example rates: [0.5]"
        )
    for name, baseline in pruned.items():
        atomic = isinstance(baseline, DocidBaseline) and baseline.docids.scheme == "atomic"
        if calibrated(criterion) and not atomic:
            yield (
                f"criteria: found {criterion} with the baseline {name}, expected baselines of task docid "
                "with atomic docids, for example run: [dsi]"
            )


def _removal_problems(study: Study) -> Iterator[str]:
    """Units are removed from all feed-forward layers alike."""
    stacks, kinds = study.pruning.stacks, study.pruning.kinds
    whole = {"encoder", "decoder"} <= set(stacks) and "feed_forward" in kinds
    if "ffn" in study.criteria and not whole:
        yield (
            f"criteria: found ffn with stacks {list(stacks)} and kinds {list(kinds)}, expected all "
            "feed-forward layers, as a T5 has one d_ff, for example stacks: [encoder, decoder]"
        )


def _rewind_problems(epochs: int, pruned: Mapping[str, Baseline]) -> Iterator[str]:
    for name, baseline in pruned.items():
        if epochs > baseline.training.epochs:
            yield (
                f"recovery.rewind: found {epochs} epochs of recovery, expected at most the "
                f"{baseline.training.epochs} of {name}'s training, for example epochs: 3"
            )
