"""What one card does with this project's work: training T5's sizes, ranking a million documents, 2:4, int8.

    benchmarks/gpu.sh                        # checks that everything is there, and ends after ten minutes
    benchmarks/gpu.sh --device cpu --tiny    # a rehearsal; its numbers mean nothing

Models have the true shapes of t5-small, -base and -large and random weights; queries are random pieces, as
long as those of MS MARCO, with lists of K docids of 3.7 pieces each. A training runs in this project's own
loop, Lightning and all; `the study's loop` pads to 128 pieces, counts padding, works in fp32 and reads the
loss at every step. The peak of the card is the one that it reaches in a product of two square bf16
matrices. `counted` is what benchmarks/memory.py counts. Hours are those of the trainings of
studies/msmarco.yaml with one seed, without validation and ranking.

Writes gpu.md under --output as the parts end, and prints it. A part that fails is named there, and the exit
code is 1.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
import yaml
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.utils.flop_counter import FlopCounterMode
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import memory

from dsi.base.files import write_text
from dsi.base.process import compute_device, prepare_torch
from dsi.efficiency.sparse_kernels import semi_structured, semi_structured_obstacle
from dsi.efficiency.timing import hardware
from dsi.model.checkpoint import Checkpoint
from dsi.model.scoring import docid_head, docid_logits, docid_states
from dsi.model.t5 import Shape, build_model, build_sequence_model, build_t5
from dsi.pruning.criteria.two_of_four import two_of_four_masks
from dsi.pruning.layers import linear_names
from dsi.ranking.lists import Example, Generation, Lengths
from dsi.ranking.ranker import Ranker
from dsi.training.loop import train
from dsi.training.objectives.chunked_loss import SparseTargets, chunked_cross_entropy
from dsi.training.objectives.docid import soft_cross_entropy
from dsi.training.objectives.ranked_list import LabelledBatch, ListExamples, ListObjective, ListTraining
from dsi.training.objectives.teacher import TOP
from dsi.training.optimisation import make_optimiser
from dsi.training.phase import Optimisation, Phase
from dsi.training.retriever import Retriever
from dsi.training.start import Start

QUERIES = 4886  # training queries of MS MARCO's dev subset: 0.7 of 6,980
LONGEST = 128  # pieces to which the study pads its inputs
PARTS = ("training", "beside", "grid", "docids", "ranking", "two-of-four", "int8")
WARM_UP = 5  # batches
DEPTH = 1000
PREFIXES_ON_CARD = 32768  # evaluation.prefixes_at_a_time
ADAM = Optimisation("adam", (0.9, 0.98), 1e-9, weight_decay=0.0, gradient_clip=None)


class Scale(NamedTuple):
    """How much is measured: `seconds` for each call that is repeated, `steps` of each training."""

    steps: int
    seconds: float
    vocabulary: int
    shapes: dict[str, tuple[int, int, int, int, int]]  # as memory.SHAPES
    dsi_documents: int
    atomic_documents: int
    semantic_documents: int
    side: int
    at_once: tuple[int, ...]


FULL = Scale(60, 3.0, 32128, memory.SHAPES, 60_000, 1_000_000, 100_000, 8192, (1, 2, 4))
TINY_SHAPES = dict.fromkeys(memory.SHAPES, (16, 8, 32, 2, 1))
TINY = Scale(2, 0.0, 256, TINY_SHAPES, 100, 2_000, 100, 64, (1, 2))


class Setting(NamedTuple):
    """A training as the study's rows have them; batch_size: examples of an optimiser step."""

    model: str
    k: int
    batch_size: int
    accumulate: int
    checkpointing: bool
    precision: str


class Measured(NamedTuple):
    """examples: per second. gigabytes: the most that was allocated on the card; NaN without one."""

    examples: float
    gigabytes: float


class TimedRetriever(Retriever):
    """Notes how long the batches after the first few take."""

    seconds = math.nan

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        super().on_train_batch_start(batch, batch_idx)
        if batch_idx == WARM_UP:
            wait()
            self.begun = time.perf_counter()

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.trainer.is_last_batch:
            wait()
            self.seconds = time.perf_counter() - self.begun
        super().on_train_batch_end(outputs, batch, batch_idx)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="(default cuda)")
    parser.add_argument("--tiny", action="store_true", help="everything small: a rehearsal")
    parser.add_argument("--output", type=Path, default=ROOT / "results/bench", help="folder (results/bench)")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="which parts are measured (all)"
    )
    parser.add_argument("--one", help=argparse.SUPPRESS)  # a model to train beside others; prints examples/s
    arguments = parser.parse_args()
    if arguments.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch looks for cards
    elif not torch.cuda.is_available():
        sys.exit(
            "error: found no card that torch can use; expected one, or --device cpu --tiny for a rehearsal"
        )
    scale = TINY if arguments.tiny else FULL
    prepare_torch(torch.get_num_threads())
    if arguments.one:
        print(json.dumps(trained(Setting(arguments.one, 5, 8, 1, False, "bf16"), scale).examples))
        return
    sys.exit(report(scale, arguments))


def report(scale: Scale, arguments: argparse.Namespace) -> int:
    """Measure part by part; the number of parts that failed, at most 1."""
    machine = ", ".join(f"{key}: {value}" for key, value in hardware().items())
    written = [f"# {machine}" + ("\n\nA rehearsal: numbers mean nothing." if arguments.tiny else "")]
    failed = 0
    measures: dict[str, tuple[str, Callable[[], pd.DataFrame | str]]] = {
        "training": ("Training, K 5, batch 8", lambda: trainings(scale)),
        "beside": ("Trainings side by side on one card", lambda: side_by_side(scale, arguments)),
        "grid": ("Hours of studies/msmarco.yaml", lambda: whole_grid(scale)),
        "docids": (
            f"A docid retriever of {scale.dsi_documents:,} documents, batch 128",
            lambda: docid_training(scale),
        ),
        "ranking": (f"The first {DEPTH} documents", lambda: rankings(scale)),
        "two-of-four": ("2:4", lambda: two_of_four(scale)),
        "int8": ("int8", lambda: int8_products(scale)),
    }
    for title, part in (measures[name] for name in arguments.parts):
        begin = time.perf_counter()
        try:
            found = part()
        except Exception:  # the other parts are measured all the same, and the exit code tells
            found, failed = f"Failed:\n\n```\n{traceback.format_exc()[-2000:]}```", 1
        text = found if isinstance(found, str) else found.to_markdown(index=False, floatfmt=".3g")
        written.append(f"## {title}\n\n{text}\n\n({time.perf_counter() - begin:.0f} s)")
        print(written[-1], flush=True)
        write_text("\n\n".join(written) + "\n", arguments.output / "gpu.md")
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return failed


def trainings(scale: Scale) -> pd.DataFrame:
    """Examples per second, share of the card's peak and memory of each size, beside the study's own loop."""
    peak = peak_operations(scale)
    rows = []
    for name in scale.shapes:
        setting = Setting(name, 5, 8, 1, False, "bf16")
        operations = operations_of_example(setting, scale)
        study = study_loop(setting._replace(precision="fp32"), scale)
        counted = memory.account(name, 8, 24, label_tokens(5), False, False) if scale is FULL else {}
        for precision in ("bf16", "fp32"):
            measured = trained(setting._replace(precision=precision), scale)
            rows.append(
                {
                    "model": name,
                    "precision": precision,
                    "examples/s": measured.examples,
                    "the study's loop": study,
                    "times": measured.examples / study,
                    "TFLOP/s": measured.examples * operations / 1e12,
                    "share of the peak": measured.examples * operations / peak,
                    "GB at most": measured.gigabytes,
                    "GB counted": counted.get("total, Adam", math.nan) - counted.get("masks", math.nan),
                }
            )
    return pd.DataFrame(rows)


def side_by_side(scale: Scale, arguments: argparse.Namespace) -> pd.DataFrame:
    """Trainings of the smallest model in processes of their own, all at once."""
    name = next(iter(scale.shapes))
    command = [sys.executable, __file__, "--device", arguments.device, "--one", name]
    rows = []
    for number in scale.at_once:
        started = [
            subprocess.Popen(
                [*command, *(["--tiny"] if arguments.tiny else [])], stdout=subprocess.PIPE, text=True
            )
            for _ in range(number)
        ]
        outputs = [process.communicate()[0] for process in started]
        if any(process.returncode for process in started):
            raise RuntimeError(f"of {number} trainings at once one failed: what it said stands above")
        speeds = [float(output.splitlines()[-1]) for output in outputs]
        rows.append(
            {"model": name, "at once": number, "examples/s together": sum(speeds), "slowest": min(speeds)}
        )
    return pd.DataFrame(rows)


def whole_grid(scale: Scale) -> pd.DataFrame:
    """Steps and hours of each row, the dearest first, and of all."""
    rows = list(study_rows())
    speeds = {
        setting: trained(setting, scale).examples for setting in dict.fromkeys(each for _, each, _ in rows)
    }
    frame = pd.DataFrame(
        {
            "row": name,
            "steps": examples / setting.batch_size,
            "examples/s": speeds[setting],
            "hours": examples / speeds[setting] / 3600,
        }
        for name, setting, examples in rows
    ).sort_values("hours", ascending=False)
    whole = {"row": "all", "steps": frame["steps"].sum(), "hours": frame["hours"].sum()}
    frame = pd.concat([frame, pd.DataFrame([whole])], ignore_index=True)
    return frame.assign(steps=frame["steps"].map("{:,.0f}".format))


def study_rows() -> Iterator[tuple[str, Setting, int]]:
    """Each row of the published study: its name, its training, and the examples of E1 and of every E2."""
    study = yaml.safe_load((ROOT / "studies/msmarco.yaml").read_text(encoding="utf-8"))
    for name in study["run"]:
        row = study["baselines"][name]
        training = row["training"]
        setting = Setting(
            row["model"],
            row["k"],
            training["batch_size"],
            training["accumulate"],
            training["checkpointing"],
            training["precision"],
        )
        arms = len(study["rates"]) + 2 if row["prune"] else 0  # continued and restarted without pruning
        yield name, setting, QUERIES * (training["epochs"] + arms * study["recovery"]["epochs"])


def docid_training(scale: Scale) -> pd.DataFrame:
    """The default study's step on the card alone, batches lying there.

    In chunks is how this project trains that many documents; the other way holds texts by documents.
    """
    documents = scale.dsi_documents
    draw = torch.Generator().manual_seed(1)
    targets = SparseTargets(
        torch.randint(documents, (128, TOP), generator=draw),
        torch.full((128, TOP), 1 / TOP),
        torch.zeros(128),
    )
    input_ids = torch.randint(3, scale.vocabulary, (128, 12), generator=draw)
    rows = []
    for name in ("sparse targets, in chunks", "dense targets, at once"):
        step = docid_step(scale, input_ids, targets, dense=name.startswith("dense"))
        speed, gigabytes = 128 * per_second(step, scale), math.nan
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
            step()
            gigabytes = torch.cuda.max_memory_allocated() / 1e9
        rows.append({"documents": documents, "loss": name, "examples/s": speed, "GB at most": gigabytes})
    return pd.DataFrame(rows)


def docid_step(
    scale: Scale, input_ids: torch.Tensor, targets: SparseTargets, *, dense: bool
) -> Callable[[], None]:
    """A step of a new model: with targets of every document, or with these and the softmax in chunks."""
    documents = scale.dsi_documents
    model = build_model(small_shape(scale), scale.vocabulary, documents, seed=1)
    model = model.train().to(compute_device())
    optimiser = make_optimiser(model, ADAM._replace(name="adamw"), 0.001)
    ids = input_ids.to(model.device)
    mask = torch.ones_like(ids)
    sparse = SparseTargets(*(part.to(model.device) for part in targets))
    whole = sparse.of(slice(0, documents)) if dense else None

    def step() -> None:
        with torch.autocast(model.device.type, dtype=torch.bfloat16):
            if whole is None:
                states = docid_states(model, ids, mask)
                loss = chunked_cross_entropy(states, docid_head(model, documents), sparse)
            else:
                loss = soft_cross_entropy(docid_logits(model, ids, mask, documents), whole)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def rankings(scale: Scale) -> pd.DataFrame:
    """Queries per second: atomic docids beside product and selection alone; semantic ones, on the CPU too."""
    texts = [" ".join(str(number) for number in range(first, first + 9)) for first in range(64)]
    qids = [str(number) for number in range(len(texts))]
    tokenizer, shape, rows = numbers(scale.vocabulary), small_shape(scale), []
    model = build_model(shape, scale.vocabulary, scale.atomic_documents, seed=1)
    docids = [str(number) for number in range(scale.atomic_documents)]
    ranker = Ranker(Checkpoint(model, tokenizer, docids), None)
    head = model.lm_head.weight.detach()[-scale.atomic_documents :]
    states = torch.randn(len(texts), head.shape[1], device=head.device)
    alone = per_second(lambda: torch.topk(states @ head.T, min(DEPTH, len(docids)), sorted=False), scale)
    whole = per_second(lambda: ranker.rank(qids, texts, DEPTH), scale)
    rows.append(ranking_row("atomic, product and selection alone", compute_device().type, docids, alone * 64))
    rows.append(ranking_row("atomic, ranked", compute_device().type, docids, whole * 64))
    docids = docids[: scale.semantic_documents]
    width = len(str(len(docids) - 1))
    identifiers = [[scale.vocabulary + int(digit) for digit in name.zfill(width)] for name in docids]
    model = build_sequence_model(shape, scale.vocabulary + 10, identifiers, seed=1)
    for device in dict.fromkeys([compute_device(), torch.device("cpu")]):
        prefixes = 1024 if device.type == "cpu" else PREFIXES_ON_CARD
        ranker = Ranker(Checkpoint(model, tokenizer, docids, identifiers), prefixes, device)
        speed = per_second(lambda ranker=ranker: ranker.rank(qids, texts, DEPTH), scale, warm_up=1)  # type: ignore[misc]
        rows.append(ranking_row("semantic, ranked", device.type, docids, speed * len(qids)))
    return pd.DataFrame(rows)


def ranking_row(what: str, device: str, docids: list[str], queries: float) -> dict[str, object]:
    return {"what": what, "on": device, "documents": len(docids), "queries/s": queries}


def two_of_four(scale: Scale) -> pd.DataFrame | str:
    """The largest model pruned to 2:4, in float16 by dense kernels and by sparse tensor cores."""
    model = random_t5(list(scale.shapes)[-1], scale).eval()
    weights = dict(model.named_parameters())
    chosen = {name: weights[name].detach() for name in linear_names(weights)}
    for name, mask in two_of_four_masks({name: weight.abs() for name, weight in chosen.items()}, 0.5).items():
        chosen[name].mul_(mask)
    obstacle = semi_structured_obstacle(model)
    if obstacle:
        return f"Not measured: {obstacle}."
    input_ids = torch.randint(3, scale.vocabulary, (256, 24)).cuda()
    scorers = dict(zip(("dense", "2:4"), semi_structured(model, scale.vocabulary), strict=True))
    found = {name: 256 * per_second(lambda one=one: one(input_ids, torch.ones_like(input_ids)), scale)
             for name, one in scorers.items()}  # fmt: skip
    return pd.DataFrame([{"kernels": name, "queries/s": value} for name, value in found.items()])


def int8_products(scale: Scale) -> pd.DataFrame:
    """A product of two square matrices in bf16 and in int8 (int32 sums)."""
    device, side = compute_device(), scale.side
    whole = torch.randint(-128, 127, (2, side, side), dtype=torch.int8, device=device)
    halves = whole.to(torch.bfloat16)
    calls = {"bf16": lambda: halves[0] @ halves[1], "int8": lambda: torch._int_mm(whole[0], whole[1].T)}
    return pd.DataFrame(
        [
            {"numbers": name, "TOP/s": 2 * side**3 * per_second(call, scale) / 1e12}
            for name, call in calls.items()
        ]
    )


def trained(setting: Setting, scale: Scale) -> Measured:
    """One training of a few steps in this project's loop."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    steps = WARM_UP + scale.steps
    objective = list_objective(setting, scale, steps * setting.accumulate, count_padding=True)
    phase = Phase(
        "E1", 1, 1, 0.001, 0.0, "constant", ADAM, setting.accumulate, setting.checkpointing, None,
        setting.precision, seed=1,
    )  # fmt: skip
    model = random_t5(setting.model, scale)
    module = TimedRetriever(Start(model), phase, objective)
    # The state after the epoch, three times the model, is written where memory is a folder, if anywhere.
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        train(module, Path(folder))
    micro = setting.batch_size // setting.accumulate
    timed = (len(objective) - WARM_UP) * micro
    gigabytes = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else math.nan
    return Measured(timed / module.seconds, gigabytes)


def study_loop(setting: Setting, scale: Scale) -> float:
    """Examples per second of the study's own way: everything padded and counted, each loss read at once."""
    objective = list_objective(setting, scale, WARM_UP + scale.steps, count_padding=True)
    model = random_t5(setting.model, scale).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.001, betas=ADAM.betas, eps=ADAM.eps)
    begin = 0.0
    for step, batch in enumerate(objective.batches(1)):
        if step == WARM_UP:
            wait()
            begin = time.perf_counter()
        missing = (0, LONGEST - batch.input_ids.shape[1])
        widened = (torch.nn.functional.pad(part, missing) for part in batch[:2])
        padded = LabelledBatch(*widened, batch.labels, batch.counted)
        loss = objective.loss(model, LabelledBatch(*(part.to(model.device) for part in padded)))
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        loss.item()
    wait()
    return scale.steps * setting.batch_size / (time.perf_counter() - begin)


def operations_of_example(setting: Setting, scale: Scale) -> float:
    """Operations of the matrix products of one example, forward and backward, as a mean over batches."""
    objective = list_objective(setting, scale, 8, count_padding=True)
    model = random_t5(setting.model, scale).train()
    with FlopCounterMode(display=False) as counter:
        for batch in objective.batches(1):
            objective.loss(model, LabelledBatch(*(part.to(model.device) for part in batch))).backward()
    return counter.get_total_flops() / objective.examples


def peak_operations(scale: Scale) -> float:
    """Operations per second of a product of two square bf16 matrices."""
    pair = torch.randn(2, scale.side, scale.side, device=compute_device(), dtype=torch.bfloat16)
    return 2 * scale.side**3 * per_second(lambda: pair[0] @ pair[1], scale)


def list_objective(setting: Setting, scale: Scale, batches: int, *, count_padding: bool) -> ListObjective:
    """Queries of 5 to 24 pieces and lists of K docids, all at random; nothing is validated."""
    draw = random.Random(1)

    def pieces(number: int) -> list[int]:
        return [draw.randrange(3, scale.vocabulary) for _ in range(number)]

    micro, length = setting.batch_size // setting.accumulate, label_tokens(setting.k)
    examples = [
        Example(str(number), pieces(draw.randint(5, 24)), pieces(length), True)
        for number in range(batches * micro)
    ]
    generation = Generation(numbers(scale.vocabulary), Lengths(length, length), None, None)  # type: ignore[arg-type]
    settings = ListTraining(setting.k, micro, micro, count_padding, seed=1)
    return ListObjective(ListExamples(examples, [], []), generation, pd.DataFrame({"qid": []}), settings)


def label_tokens(k: int) -> int:
    return math.ceil(memory.TOKENS_OF_DOCID * k) + 1


def random_t5(name: str, scale: Scale) -> T5ForConditionalGeneration:
    """Made on the card, where 700 million random numbers take no time."""
    with compute_device():
        return build_t5(shape_of(name, scale), scale.vocabulary, seed=1)


def shape_of(name: str, scale: Scale) -> Shape:
    d_model, d_kv, d_ff, heads, layers = scale.shapes[name]
    return Shape(d_model, d_kv, d_ff, heads, layers, layers, 0.1, "relu", 0.05)


def small_shape(scale: Scale) -> Shape:
    """The default study's retriever; in a rehearsal as small as everything."""
    if scale is TINY:
        return Shape(16, 8, 32, 2, 1, 1, 0.0, "gated-gelu", 0.1)
    return Shape(192, 32, 64, 6, 1, 1, 0.0, "gated-gelu", 0.1)


def numbers(vocabulary: int) -> Tokenizer:
    """A tokenizer whose words are numbers."""
    words = {"[PAD]": 0, "[EOS]": 1, "[UNK]": 2, **{str(number): number for number in range(3, vocabulary)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def per_second(call: Callable[[], object], scale: Scale, warm_up: int = 3) -> float:
    """Calls per second, after some that do not count."""
    for _ in range(warm_up):
        call()
    wait()
    count, begin = 0, time.perf_counter()
    while not count or time.perf_counter() - begin < scale.seconds:
        call()
        wait()
        count += 1
    return count / (time.perf_counter() - begin)


def wait() -> None:
    """Until the card has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
