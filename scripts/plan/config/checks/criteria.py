"""Checks of what is pruned: criteria that do not fit, a recovery too long, a patience."""

from collections.abc import Iterator
from contextlib import suppress

from dsi.pruning.registry import CRITERIA, calibrated, rates_of, units_left
from plan.config.baseline import Baseline, DocidBaseline
from plan.config.study import Study
from plan.config.training import Architecture
from plan.config.unknown import UnknownValueError, as_far_as_known

GROUP = 4  # inputs of which 2of4 drops half


def criteria_problems(study: Study) -> Iterator[str]:
    """What does not fit the criteria, if any baseline is pruned."""
    pruned = dict(_pruned(study))
    if not pruned:
        return
    yield from _rates_problems(study)
    for name, baseline in pruned.items():
        yield from _baseline_problems(study, name, baseline)
        yield from _rewind_problems(study, name, baseline)
        yield from _patience_problems(name, baseline)
        yield from _groups_problems(study, name, baseline)
        yield from _units_problems(study, name, baseline)
    yield from _removal_problems(study)
    yield from _small_problems(study)
    for name, baseline in pruned.items():
        yield from _small_shape_problems(study, name, baseline)
    yield from _part_problems(study)
    yield from _movement_problems(study)


def _pruned(study: Study) -> Iterator[tuple[str, Baseline]]:
    """Baselines that are run and pruned, as far as that is known."""
    with suppress(UnknownValueError):
        for name, baseline in study.selected_baselines.items():
            with suppress(UnknownValueError):
                if baseline.prune:
                    yield name, baseline


@as_far_as_known
def _rates_problems(study: Study) -> Iterator[str]:
    for criterion in study.criteria:
        if not rates_of(criterion, study.rates):
            yield (
                f"criteria: found {criterion} with rates {list(study.rates)}, expected among them the only "
                "one that it has, for example rates: [0.5]"
            )


@as_far_as_known
def _baseline_problems(study: Study, name: str, baseline: Baseline) -> Iterator[str]:
    """Criteria that look at data see that of one docid task."""
    for criterion in filter(calibrated, study.criteria):
        if not (isinstance(baseline, DocidBaseline) and baseline.docids.scheme == "atomic"):
            yield (
                f"criteria: found {criterion} with the baseline {name}, expected baselines of task docid "
                "with atomic docids, for example run: [dsi]"
            )


@as_far_as_known
def _groups_problems(study: Study, name: str, baseline: Baseline) -> Iterator[str]:
    """2:4 takes the inputs of every Linear four at a time."""
    shape = _shape(study, baseline)
    if shape is None or "2of4" not in study.criteria:
        return
    widths = {"d_model": shape.d_model}
    if "attention" in study.pruning.kinds:
        widths["num_heads × d_kv"] = shape.num_heads * shape.d_kv
    if "feed_forward" in study.pruning.kinds:
        widths["d_ff"] = shape.d_ff
    for width, inputs in widths.items():
        if inputs % GROUP:
            yield (
                f"criteria: found 2of4 with the baseline {name}, whose {width} is {inputs}, expected a "
                f"multiple of {GROUP}, for example d_model: 128"
            )


@as_far_as_known
def _units_problems(study: Study, name: str, baseline: Baseline) -> Iterator[str]:
    """Something is left of a feed-forward layer."""
    shape = _shape(study, baseline)
    if shape is None or "ffn" not in study.criteria:
        return
    none = [rate for rate in study.rates if units_left(shape.d_ff, rate) == 0]
    if none:
        yield (
            f"criteria: found ffn with rates {none}, which leave none of {name}'s {shape.d_ff} units, "
            "expected lower ones, for example rates: [0.5]"
        )


def _shape(study: Study, baseline: Baseline) -> Architecture | None:
    """The shape of a model, None where a pre-trained one has it."""
    if isinstance(baseline, DocidBaseline):
        return baseline.model
    return study.models[baseline.model].architecture if baseline.model in study.models else None


@as_far_as_known
def _removal_problems(study: Study) -> Iterator[str]:
    """Units are removed from all feed-forward layers alike."""
    stacks, kinds = study.pruning.stacks, study.pruning.kinds
    whole = {"encoder", "decoder"} <= set(stacks) and "feed_forward" in kinds
    if "ffn" in study.criteria and not whole:
        yield (
            f"criteria: found ffn with stacks {list(stacks)} and kinds {list(kinds)}, expected all "
            "feed-forward layers, as a T5 has one d_ff, for example stacks: [encoder, decoder]"
        )


@as_far_as_known
def _small_problems(study: Study) -> Iterator[str]:
    """Small models stand beside the recovered ones of the criterion and rate whose shape they have."""
    small = study.controls.small
    if small and "ffn" not in study.criteria:
        yield (
            f"controls.small: found {list(small)} with criteria {list(study.criteria)}, expected ffn among "
            "them, whose models they stand beside, for example criteria: [magnitude, ffn]"
        )
    absent = [rate for rate in small if rate not in study.rates]
    if absent:
        yield (
            f"controls.small: found {absent}, expected some of the rates {list(study.rates)}, for example "
            f"small: [{study.rates[0]}]"
        )
    if small and study.pruning.lm_head:
        yield (
            "controls.small: found rates with pruning.lm_head: true, expected false, as recovered models "
            "then have an output head of their own and more weights, for example small: []"
        )


@as_far_as_known
def _small_shape_problems(study: Study, name: str, baseline: Baseline) -> Iterator[str]:
    """What teaches has a distribution over documents, and some units are left."""
    if not study.controls.small:
        return
    if not (isinstance(baseline, DocidBaseline) and baseline.docids.scheme == "atomic"):
        yield (
            f"controls.small: found rates with the baseline {name}, expected baselines of task docid with "
            "atomic docids, for example run: [dsi]"
        )
        return
    units = baseline.model.d_ff
    for rate in study.controls.small:
        if units_left(units, rate) == 0:
            yield (
                f"controls.small: found {rate}, which leaves none of {name}'s {units} units, expected a "
                "lower rate, for example small: [0.5]"
            )


@as_far_as_known
def _part_problems(study: Study) -> Iterator[str]:
    """A criterion of one part needs weights of that part to prune."""
    stacks, kinds = study.pruning.stacks, study.pruning.kinds
    for criterion in study.criteria:
        part = CRITERIA[criterion].part
        stack = "decoder" if part == "cross" else part
        if part and (stack not in stacks or (part == "cross" and "attention" not in kinds)):
            yield (
                f"criteria: found {criterion} with stacks {list(stacks)} and kinds {list(kinds)}, which "
                "leave it nothing to prune, expected all of both, for example stacks: [encoder, decoder]"
            )


@as_far_as_known
def _movement_problems(study: Study) -> Iterator[str]:
    settings = study.pruning.movement
    if "movement" in study.criteria and settings.warmup + settings.cooldown >= 1:
        yield (
            f"pruning.movement: found warmup {settings.warmup} and cooldown {settings.cooldown}, expected "
            "less than 1 together, as the masks grow between them, for example {warmup: 0.1, cooldown: 0.2}"
        )


@as_far_as_known
def _rewind_problems(study: Study, name: str, baseline: Baseline) -> Iterator[str]:
    epochs = study.recovery.epochs
    if study.recovery.rewind and epochs > baseline.training.epochs:
        yield (
            f"recovery.rewind: found {epochs} epochs of recovery, expected at most the "
            f"{baseline.training.epochs} of {name}'s training, for example epochs: 3"
        )


@as_far_as_known
def _patience_problems(name: str, baseline: Baseline) -> Iterator[str]:
    """Arms of E2 train for the same epochs."""
    patience = baseline.training.patience
    if patience is not None:
        yield (
            f"baselines.{name}.training.patience: found {patience} with prune: true, expected null, as the "
            "arms that pruning compares train for the same epochs, and masks that grow have to reach their "
            "rate, for example patience: null, or prune: false"
        )
