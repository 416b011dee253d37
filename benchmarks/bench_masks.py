"""What does it cost to hold masks while training goes on?

    python benchmarks/bench_masks.py                    # the default study's shape, and t5-small's
    python benchmarks/bench_masks.py --quick            # the default study's shape only

One optimiser step of recovery (forward, backward, clipping, AdamW) on random queries and targets: dense;
with masks re-applied after the step as dsi.training.retriever does; and under `torch.nn.utils.prune`, which
computes each weight from a copy and a mask in every forward pass. The three take turns in one run, each with
a model of its own. `share` is the median over rounds of a step's time over the dense one's in the same round;
`upkeep_ms` are the masks alone, timed right after; `bytes` are of all tensors that the model holds and of the
masks. Writes masks.md and masks.csv under --output and prints the table.
"""

import argparse
import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch.nn.utils import prune

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from dsi.base.files import replacing, write_text
from dsi.efficiency.timing import hardware, interleaved, quartiles
from dsi.model.masks import Tensors, hold_masks
from dsi.model.scoring import docid_logits
from dsi.model.t5 import Shape, build_model
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.layers import linear_names
from dsi.pruning.thresholds import layerwise_masks
from dsi.training.objectives.docid import soft_cross_entropy
from dsi.training.phase import Optimisation, Phase, resolve_precision
from dsi.training.retriever import Retriever
from dsi.training.start import Start

RATE = 0.5
WARMUP = 3
OPTIMISATION = Optimisation("adamw", (0.9, 0.999), 1e-8, weight_decay=0.1, gradient_clip=1.0)


class Workload(NamedTuple):
    """A model's shape and a batch: rows × length tokens, scored against `documents`."""

    shape: Shape
    vocabulary: int
    documents: int
    rows: int
    length: int


WORKLOADS = {
    "default": Workload(
        Shape(
            d_model=128,
            d_kv=32,
            d_ff=512,
            num_heads=4,
            num_layers=1,
            num_decoder_layers=1,
            dropout=0.0,
            feed_forward="gated-gelu",
            embedding_std=0.1,
        ),
        vocabulary=2048,
        documents=1319,
        rows=128,
        length=20,
    ),
    "t5-small": Workload(
        Shape(
            d_model=512,
            d_kv=64,
            d_ff=2048,
            num_heads=8,
            num_layers=6,
            num_decoder_layers=6,
            dropout=0.1,
            feed_forward="relu",
            embedding_std=0.05,
        ),
        vocabulary=31_128,
        documents=1000,
        rows=16,
        length=20,
    ),
}


class RandomQueries:
    """A dsi.training.objective.Objective: one batch of random tokens and targets, the same in every epoch."""

    measures = ("validation_loss",)
    validated = False

    def __init__(self, workload: Workload) -> None:
        generator = torch.Generator().manual_seed(0)
        self.examples = workload.rows
        self._documents = workload.documents
        ids = torch.randint(3, workload.vocabulary, (workload.rows, workload.length), generator=generator)
        targets = torch.rand(workload.rows, workload.documents, generator=generator).softmax(dim=1)
        self.batch = (ids, torch.ones_like(ids), targets)

    def __len__(self) -> int:
        return 1

    def batches(self, _: int) -> Iterator[Any]:
        """The batch."""
        yield self.batch

    def loss(self, model: Any, batch: Any) -> torch.Tensor:
        """As of the task `docid`."""
        input_ids, attention_mask, targets = batch
        return soft_cross_entropy(docid_logits(model, input_ids, attention_mask, self._documents), targets)

    def validate(self, _: Any) -> dict[str, float]:
        """Nothing."""
        return {}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the default study's shape only")
    parser.add_argument("--rounds", type=int, default=15, help="steps of each that count")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("results/bench"), help="folder (results/bench)")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    names = ["default"] if arguments.quick else list(WORKLOADS)
    frame = pd.DataFrame([row for name in names for row in measure(name, arguments.rounds)])
    text = described(frame, arguments.rounds)
    write_text(text, arguments.output / "masks.md")
    with replacing(arguments.output / "masks.csv") as path:
        frame.to_csv(path, index=False, float_format="%.6g")
    print(text)


def measure(name: str, rounds: int) -> list[dict[str, Any]]:
    """A row for each way to train."""
    workload = WORKLOADS[name]
    model = build_model(workload.shape, workload.vocabulary, workload.documents, seed=1)
    parameters = {key: value.detach() for key, value in model.named_parameters()}
    masks = layerwise_masks(
        magnitude_importances({key: parameters[key] for key in linear_names(parameters)}), RATE
    )
    dense, masked = retriever(model, workload, {}), retriever(model, workload, masks)
    reparametrised = retriever(model, workload, {})
    for key, mask in masks.items():
        module = reparametrised.model.get_submodule(key.removesuffix(".weight"))
        prune.custom_from_mask(module, "weight", mask)
    modules = {"dense": dense, "masks re-applied": masked, "torch.nn.utils.prune": reparametrised}
    samples = interleaved({key: stepper(module) for key, module in modules.items()}, rounds, WARMUP)
    upkeep = interleaved({"masks": lambda: hold_masks(masked.masked)}, rounds, WARMUP)["masks"]
    rows = []
    for key, module in modules.items():
        share = quartiles([one / other for one, other in zip(samples[key], samples["dense"], strict=True)])
        seconds = quartiles(samples[key])
        rows.append(
            {
                "model": name,
                "step": key,
                "ms": seconds.median * 1e3,
                "ms_lower": seconds.lower * 1e3,
                "ms_upper": seconds.upper * 1e3,
                "share": share.median,
                "upkeep_ms": quartiles(upkeep).median * 1e3 if module is masked else 0.0,
                "bytes": kept_bytes(module),
            }
        )
    return rows


def retriever(model: Any, workload: Workload, masks: Tensors) -> Retriever:
    """Recovery's module with a copy of the model, as it stands when the first step begins."""
    precision = resolve_precision("auto")
    phase = Phase("E2", 1, 1, 5e-4, 0.0, "constant", OPTIMISATION, 1, False, None, precision, 1)
    module = Retriever(Start(copy.deepcopy(model), masks), phase, RandomQueries(workload))
    module.on_fit_start()
    module.train()
    return module


def stepper(module: Retriever) -> Callable[[], None]:
    """One step of training: what Lightning does with the module, without Lightning."""
    optimiser = module.configure_optimizers()["optimizer"]
    objective = module.objective
    assert isinstance(objective, RandomQueries)
    bf16 = resolve_precision("auto") == "bf16"

    def step() -> None:
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = objective.loss(module.model, objective.batch)
        loss.backward()
        module.on_before_optimizer_step(optimiser)
        optimiser.step()

    return step


def kept_bytes(module: Retriever) -> int:
    """Bytes of every tensor that hangs on the model, once each, and of the masks; no gradients."""
    tensors = [mask for _, mask in module.masked]
    for part in module.model.modules():
        plain = [value for value in vars(part).values() if isinstance(value, torch.Tensor)]
        tensors += [*part.parameters(recurse=False), *part.buffers(recurse=False), *plain]
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())


def described(frame: pd.DataFrame, rounds: int) -> str:
    """The Markdown table, and what it was measured on."""
    machine = hardware()
    lines = [
        f"One step of training at rate {RATE}, medians of {rounds} interleaved rounds (quartiles in "
        f"brackets); {machine['processor']}, {machine['threads']} of {machine['cores']} cores, torch "
        f"{machine['torch']}, {resolve_precision('auto')}.",
        "",
        "| model | step | ms | times dense | masks alone, ms | MB of weights and masks |",
        "|---|---|---|---|---|---|",
    ]
    for row in frame.itertuples():
        upkeep = f"{row.upkeep_ms:.2f}" if row.upkeep_ms else "–"
        lines.append(
            f"| {row.model} | {row.step} | {row.ms:.1f} [{row.ms_lower:.1f}, {row.ms_upper:.1f}] "
            f"| {row.share:.3f} | {upkeep} | {row.bytes / 1e6:.1f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
