"""The Lightning module: masks that hold and grow, accumulation, the epochs and learning rates of a phase."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch.nn.utils import parametrize, prune

from dsi.model.masks import Growth, MaskedParameters, hold_masks
from dsi.model.t5 import build_model
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.gradual import GradualSettings
from dsi.pruning.in_training import PruningInTraining
from dsi.pruning.iterative import IterativeSettings
from dsi.pruning.layers import linear_names
from dsi.pruning.movement import MovementGrowth, MovementSettings
from dsi.pruning.thresholds import layerwise_masks
from dsi.training import retriever as retrievers
from dsi.training.loop import HISTORY, train
from dsi.training.objectives.docid import DocidObjective
from dsi.training.objectives.examples import VALIDATION_MEASURES, Batch
from dsi.training.optimisation import make_optimiser
from dsi.training.phase import Optimisation
from dsi.training.retriever import MaskError, Retriever
from dsi.training.shares import Share
from dsi.training.start import Start
from tests.conftest import PIECES, SHAPE, TEXTS
from tests.training.conftest import PHASE, docid_objective, killed_in, retriever

IN_TRAINING = [
    PruningInTraining("gradual", 0.8, GradualSettings(until=0.5, every=3)),
    PruningInTraining("iterative", 0.8, IterativeSettings(rounds=3)),
    PruningInTraining("movement", 0.8, MovementSettings(warmup=0.1, cooldown=0.2)),
]


def cut_to_the_same_length(batches: list[Batch]) -> list[Batch]:
    """The first four rows of each batch, as long as the shortest."""
    width = min(batch.input_ids.shape[1] for batch in batches)
    return [
        Batch(batch.input_ids[:4, :width], batch.attention_mask[:4, :width], batch.targets[:4])
        for batch in batches
    ]


class GivenBatches:
    """An objective on some batches, with the loss of atomic docids."""

    measures = VALIDATION_MEASURES
    validated = False

    def __init__(self, batches: list[Batch], folder: Path) -> None:
        self.examples = sum(len(batch.input_ids) for batch in batches)
        self.loss = docid_objective(folder).loss
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def batches(self, _: int) -> Iterator[Batch]:
        return iter(self._batches)

    def validate(self, _: object) -> dict[str, float]:
        return {}


def test_accumulated_gradients_are_those_of_the_whole_batch(tokenizer_folder: Path, tmp_path: Path) -> None:
    chosen = cut_to_the_same_length(list(docid_objective(tokenizer_folder).batches(1))[:3])
    whole = [torch.cat(part) for part in zip(*chosen, strict=True)]  # 12 rows
    after = []
    for accumulate, rows in ((1, 12), (2, 6)):
        parts = [Batch(*(part[first : first + rows] for part in whole)) for first in range(0, 12, rows)]
        model = build_model(SHAPE, PIECES, len(TEXTS), seed=1)
        step = PHASE._replace(accumulate=accumulate, schedule="constant", warmup=0.0)
        module = Retriever(Start(model), step, GivenBatches(parts, tokenizer_folder))
        train(module, tmp_path / str(rows))
        after.append(model.shared.weight.detach().clone())
    assert torch.allclose(after[0], after[1], atol=1e-6)
    assert not torch.equal(after[0], build_model(SHAPE, PIECES, len(TEXTS), seed=1).shared.weight)


def test_masks_are_held_and_nothing_else_is_zeroed(tokenizer_folder: Path, tmp_path: Path) -> None:
    start = retriever(tokenizer_folder).model
    weights = {name: value.detach().clone() for name, value in start.named_parameters()}
    masks = layerwise_masks(
        magnitude_importances({name: weights[name] for name in linear_names(weights)}), 0.5
    )
    pruned = retriever(tokenizer_folder, PHASE._replace(epochs=2), masks=masks)
    with torch.no_grad():
        for name, mask in masks.items():
            dict(pruned.model.named_parameters())[name].mul_(mask)
    history, _ = train(pruned, tmp_path / "state")
    after = dict(pruned.model.named_parameters())
    for name, mask in masks.items():
        assert not after[name][~mask].any()
        assert after[name][mask].count_nonzero() == mask.sum()
    assert not torch.equal(after["shared.weight"], weights["shared.weight"])
    assert list(history.columns) == [*HISTORY, *DocidObjective.measures]
    assert list(history["epoch"]) == [1, 2]
    assert history.notna().all().all()


def test_masks_that_do_not_hold_end_the_training(
    tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding = retriever(tokenizer_folder).model.shared.weight
    masks = {"shared.weight": torch.zeros_like(embedding, dtype=torch.bool)}
    broken = retriever(tokenizer_folder, masks=masks)
    monkeypatch.setattr(retrievers, "hold_masks", lambda masked: None)
    with pytest.raises(MaskError, match="after epoch 1 a pruned weight is not zero"):
        train(broken, tmp_path)


def growing(folder: Path, pruning: PruningInTraining) -> Retriever:
    """A retriever that is pruned during four epochs."""
    masks = pruning.first_masks(dict(retriever(folder).model.named_parameters()))
    return retriever(folder, PHASE._replace(epochs=4), pruning.growth(), masks=masks)


@pytest.mark.parametrize("pruning", IN_TRAINING, ids=lambda pruning: pruning.criterion)
def test_pruning_in_training_ends_with_the_rate_and_bears_a_kill(
    tokenizer_folder: Path, tmp_path: Path, pruning: PruningInTraining
) -> None:
    whole = growing(tokenizer_folder, pruning)
    history, _ = train(whole, tmp_path / "whole")
    weights = dict(whole.model.named_parameters())
    for name, mask in whole.masks.items():
        assert int((~mask).sum()) == round(0.8 * mask.numel()), name
        assert not weights[name][~mask].any(), name

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(killed_in(growing(tokenizer_folder, pruning), epoch=3), tmp_path / "killed")
    resumed = growing(tokenizer_folder, pruning)
    again, _ = train(resumed, tmp_path / "killed")
    assert again.equals(history)
    for name, mask in whole.masks.items():
        assert torch.equal(resumed.masks[name], mask), name
    for name, value in weights.items():
        assert torch.equal(dict(resumed.model.named_parameters())[name], value), name


class Recorded:
    """Masks that change, and what they were after each step; else as the growth that it wraps."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth
        self._masked: MaskedParameters = []
        self.begin_last = 0
        self.steps: list[int] = []
        self.masks: list[list[torch.Tensor]] = []
        self.weigh, self.state, self.load = growth.weigh, growth.state, growth.load

    def begin(self, masked: MaskedParameters, last: int) -> Sequence[dict[str, Any]]:
        self._masked, self.begin_last = masked, last
        return self._growth.begin(masked, last)

    def change(self, step: int) -> None:
        self._growth.change(step)
        self.steps.append(step)
        self.masks.append([mask.clone() for _, mask in self._masked])


def test_growth_is_told_the_start_each_step_and_the_last_one(tokenizer_folder: Path, tmp_path: Path) -> None:
    growth = Recorded(IN_TRAINING[0].growth())
    module = retriever(tokenizer_folder, PHASE._replace(epochs=2), growth)
    train(module, tmp_path)
    last = 2 * len(module.objective)
    assert growth.begin_last == last
    assert growth.steps == list(range(last + 1))


def test_validation_sees_masked_weights(tokenizer_folder: Path, tmp_path: Path) -> None:
    """After each epoch the measures are those of the weights times the masks, although more are kept."""
    module = growing(tokenizer_folder, IN_TRAINING[2])
    measured = []
    validate = module.objective.validate

    def noted(model: torch.nn.Module) -> dict[str, float]:
        measured.append([(weight == 0).sum().item() for weight, _ in module.masked])
        return validate(model)  # type: ignore[arg-type]

    module.objective.validate = noted  # type: ignore[method-assign]
    train(module, tmp_path)
    gone = [[round(0.8 * mask.numel()) for _, mask in module.masked]] * 4
    assert len(measured) == 4
    assert measured[-1] == gone[-1]
    assert all(zeros < full for zeros, full in zip(measured[0], gone[0], strict=True))


def test_recovery_goes_on_with_the_epochs_that_follow(
    tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    batches = DocidObjective.batches

    def recorded(self: DocidObjective, epoch: int) -> Iterator[Batch]:
        drawn.append(epoch)
        yield from batches(self, epoch)

    monkeypatch.setattr(DocidObjective, "batches", recorded)
    second = retriever(tokenizer_folder, PHASE._replace(name="E2", first_epoch=4, epochs=2))
    history, _ = train(second, tmp_path)
    assert drawn == [4, 5]
    assert list(history["epoch"]) == [4, 5]
    assert list(history["phase"]) == ["E2", "E2"]


def learning_rates(module: Retriever) -> list[float]:
    """Of every step of a phase."""
    configured = module.configure_optimizers()
    optimiser, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(len(module.objective) * module.phase.epochs):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return rates


def test_rewound_recovery_repeats_the_last_learning_rates(tokenizer_folder: Path) -> None:
    first = retriever(tokenizer_folder, PHASE._replace(epochs=3))
    rewound = PHASE._replace(name="E2", first_epoch=4, epochs=2, rewound=1)
    expected = learning_rates(first)[len(first.objective) :]
    assert learning_rates(retriever(tokenizer_folder, rewound)) == pytest.approx(expected)


def test_a_last_group_that_is_not_full_is_a_mean_of_what_it_has(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    """Ten equal batches in groups of 4, 4 and 2: with weights that stay, three equal gradients."""
    [batch] = cut_to_the_same_length(list(docid_objective(tokenizer_folder).batches(1))[:1])
    still = PHASE._replace(accumulate=4, learning_rate=0.0)
    model = build_model(SHAPE, PIECES, len(TEXTS), seed=1)
    module = Retriever(Start(model), still, GivenBatches([batch] * 10, tokenizer_folder))
    norms = []

    def noted(_: object) -> None:
        norms.append(
            torch.nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
        )

    module.on_before_optimizer_step = noted  # type: ignore[method-assign]
    history, _ = train(module, tmp_path)
    assert len(norms) == 3
    assert [norm.item() for norm in norms] == pytest.approx([norms[0].item()] * 3, rel=1e-5)
    with torch.no_grad():
        assert history["train_loss"].iloc[0] == pytest.approx(
            module.objective.loss(model, batch).item(), rel=1e-5
        )


@pytest.mark.parametrize("name", ["adam", "adamw", "adafactor"])
def test_masked_training_is_that_of_torchs_own_pruning(
    tokenizer_folder: Path, tmp_path: Path, name: Literal["adam", "adamw", "adafactor"]
) -> None:
    """Eight clipped steps at 0.8, bit for bit: torch's masks keep gradients of pruned weights at zero."""
    limit = 0.5
    optimisation = Optimisation(name, (0.9, 0.999), 1e-8, weight_decay=0.1, gradient_clip=limit)
    phase = PHASE._replace(schedule="constant", warmup=0.0, optimisation=optimisation)
    batches = list(docid_objective(tokenizer_folder).batches(1))
    ours, torchs = (build_model(SHAPE, PIECES, len(TEXTS), seed=1) for _ in range(2))
    weights = dict(ours.named_parameters())
    masks = layerwise_masks(
        magnitude_importances({name: weights[name] for name in linear_names(weights)}), 0.8
    )
    for model in (ours, torchs):
        hold_masks([(dict(model.named_parameters())[name], mask) for name, mask in masks.items()])
    module = Retriever(Start(ours, masks), phase, GivenBatches(batches, tokenizer_folder))
    train(module, tmp_path)

    for masked, mask in masks.items():
        prune.custom_from_mask(torchs.get_submodule(masked.removesuffix(".weight")), "weight", mask)
    optimiser = make_optimiser(torchs, optimisation, phase.learning_rate)
    norms = []
    for batch in batches:
        optimiser.zero_grad()
        module.objective.loss(torchs.train(), batch).backward()  # type: ignore[no-untyped-call]
        norms.append(torch.nn.utils.clip_grad_norm_(torchs.parameters(), limit).item())
        optimiser.step()
    assert len(norms) == 8
    assert min(norms) > limit
    for masked in masks:
        prune.remove(torchs.get_submodule(masked.removesuffix(".weight")), "weight")
    theirs = dict(torchs.named_parameters())
    assert theirs.keys() == weights.keys()
    for parameter, weight in weights.items():
        assert torch.equal(weight, theirs[parameter]), parameter
    assert not torch.equal(weights["shared.weight"], build_model(SHAPE, PIECES, len(TEXTS), 1).shared.weight)


class TopScores(torch.autograd.Function):
    """1 where a score is among the top share, else 0; backward straight through (Sanh et al. 2020)."""

    @staticmethod
    def forward(_: Any, scores: torch.Tensor, rate: float) -> torch.Tensor:  # type: ignore[override]
        kept = torch.ones(scores.numel())
        kept[scores.flatten().topk(round(rate * scores.numel()), largest=False).indices] = 0
        return kept.view_as(scores)

    @staticmethod
    def backward(_: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0], None


class Scored(torch.nn.Module):
    """A parametrisation W → W ⊙ M(S)."""

    def __init__(self, shape: torch.Size) -> None:
        super().__init__()
        self.scores = torch.nn.Parameter(torch.zeros(shape))
        self.rate = 0.0

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        mask: torch.Tensor = TopScores.apply(self.scores, self.rate)
        return weight * mask


def published_rate(step: int, steps: int, warm: int, cool: int, final: float) -> float:
    """The cubic between warm-up and cool-down, as in the authors' `schedule_threshold`."""
    if step <= warm:
        return 0.0
    if step > steps - cool:
        return final
    left = 1 - (step - warm) / (steps - cool - warm)
    return 1 - ((1 - final) + final * left**3)


def test_movement_is_that_of_a_plain_reference_implementation(tokenizer_folder: Path, tmp_path: Path) -> None:
    """Masks of 40 steps that T5's Linears, parametrised by autograd, get too: identical; weights equal."""
    optimisation = Optimisation("adamw", (0.9, 0.999), 1e-8, weight_decay=0.1, gradient_clip=0.5)
    phase = PHASE._replace(epochs=5, schedule="constant", warmup=0.0, optimisation=optimisation)
    batches = list(docid_objective(tokenizer_folder).batches(1))
    ours, theirs = (build_model(SHAPE, PIECES, len(TEXTS), seed=1) for _ in range(2))
    pruning = PruningInTraining("movement", 0.8, MovementSettings(warmup=0.1, cooldown=0.2))
    names = linear_names(dict(ours.named_parameters()))
    growth = Recorded(pruning.growth())
    masks = pruning.first_masks(dict(ours.named_parameters()))
    module = Retriever(Start(ours, masks), phase, GivenBatches(batches, tokenizer_folder), growth)
    train(module, tmp_path)

    scored = []
    for name in names:
        linear = theirs.get_submodule(name.removesuffix(".weight"))
        scored.append(Scored(linear.weight.shape))  # type: ignore[arg-type,union-attr]
        parametrize.register_parametrization(linear, "weight", scored[-1])
    scores = [part.scores for part in scored]
    rest = [parameter for key, parameter in theirs.named_parameters() if not key.endswith(".scores")]
    matrices = [parameter for parameter in rest if parameter.dim() > 1]
    vectors = [parameter for parameter in rest if parameter.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": 0.1},
            {"params": vectors, "weight_decay": 0.0},
            {"params": scores, "weight_decay": 0.0, "lr": 1e-2},
        ],
        lr=phase.learning_rate,
    )
    returned = 0
    for step, batch in enumerate(batches * 5, start=1):
        optimiser.zero_grad()
        module.objective.loss(theirs.train(), batch).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*rest, *scores], 0.5)
        optimiser.step()
        for part in scored:
            part.rate = published_rate(step, 40, 4, 8, 0.8)
        for part, mask, before in zip(scored, growth.masks[step], growth.masks[step - 1], strict=True):
            assert torch.equal(TopScores.apply(part.scores, part.rate) == 1, mask), step
            returned += int((mask & ~before).sum())
    assert step == 40
    assert returned > 100
    for name in names:
        linear = theirs.get_submodule(name.removesuffix(".weight"))
        torch.testing.assert_close(dict(ours.named_parameters())[name], linear.weight)


def test_the_peak_of_the_scores_learning_rate_decides_no_mask(tokenizer_folder: Path, tmp_path: Path) -> None:
    settings = MovementSettings(warmup=0.1, cooldown=0.2)
    ended = []
    for factor in (1.0, 1 / 64, 64.0):
        start = retriever(tokenizer_folder).model
        masks = PruningInTraining("movement", 0.8, settings).first_masks(dict(start.named_parameters()))
        growth = MovementGrowth(0.8, settings, learning_rate=0.01 * factor)
        module = retriever(tokenizer_folder, PHASE._replace(epochs=4), growth, masks=masks)
        train(module, tmp_path / str(factor))
        ended.append(module.masks)
    for masks in ended[1:]:
        assert all(torch.equal(masks[name], mask) for name, mask in ended[0].items())


def test_a_step_reads_nothing_from_the_device(
    tokenizer_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = retriever(tokenizer_folder)
    batch = next(iter(module.objective.batches(1)))

    def waits(_: torch.Tensor) -> float:
        raise AssertionError("waits for the device")

    monkeypatch.setattr(torch.Tensor, "item", waits)
    monkeypatch.setattr(torch.Tensor, "tolist", waits)
    module.training_step(Share(batch, 8, 1.0), 0).backward()  # type: ignore[no-untyped-call]
