"""Training speed of the ranked-list task, against the study's own way, on the same model and batch.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/bench_training.py

The study pads inputs and labels to the longest of the data set, counts padding in the loss and trains in
fp32. Here batches hold queries of similar length, padding is masked, arithmetic is bf16 where the processor
has it, and freed memory is kept for the next step; the rows of the table take these steps one by one. All
get the same queries, summary lines of docstrings, with lists of five documents' names drawn at random.

Each measurement is a process of its own; the ways take turns, so that a busy machine slows them alike. The
table gives the median over turns. Writes training.md and training.csv under --output and prints the table.
"""

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from dsi.base.files import replacing, write_text
from dsi.base.process import prepare_torch
from dsi.collection.docstrings import read_packages
from dsi.docids.tokenizer import train_tokenizer
from dsi.model.t5 import Shape, build_t5
from dsi.ranking.list_names import ListNames
from dsi.ranking.lists import Generation, Lengths, make_examples
from dsi.training.objectives.ranked_list import (
    LabelledBatch,
    ListExamples,
    ListObjective,
    ListTraining,
)
from dsi.training.optimisation import make_optimiser
from dsi.training.phase import Optimisation, resolve_precision

K, BATCH_SIZE, WARM_UP = 5, 8, 3
SHAPE = Shape(
    d_model=128,
    d_kv=32,
    d_ff=512,
    num_heads=4,
    num_layers=1,
    num_decoder_layers=1,
    dropout=0.1,
    feed_forward="relu",
    embedding_std=0.05,
)


class Way(NamedTuple):
    """How a step is done."""

    name: str
    count_padding: bool
    precision: str
    keep_memory: bool


WAYS = (
    Way("the study's: padded to the longest and counted, fp32", True, "fp32", False),
    Way("padding masked, batches of similar length", False, "fp32", False),
    Way("and bf16 where the processor has it", False, "auto", False),
    Way("and freed memory kept: this project's", False, "auto", True),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=30, help="optimiser steps timed (default 30)")
    parser.add_argument("--turns", type=int, default=3, help="measurements of each way (default 3)")
    parser.add_argument("--vocabulary", type=int, default=32128, help="rows of the embedding (default T5's)")
    parser.add_argument("--output", type=Path, default=Path("results/bench"), help="folder (results/bench)")
    parser.add_argument("--way", type=int, help=argparse.SUPPRESS)  # what a process of its own is told
    arguments = parser.parse_args()
    if arguments.way is not None:
        print(json.dumps(examples_per_second(WAYS[arguments.way], arguments.steps, arguments.vocabulary)))
        return

    found: dict[int, list[float]] = {number: [] for number in range(len(WAYS))}
    for _, number in itertools.product(range(arguments.turns), found):
        found[number].append(measured(number, arguments))
    medians = [statistics.median(values) for values in found.values()]
    frame = pd.DataFrame(
        {
            "way": [way.name for way in WAYS],
            "examples/s": medians,
            "times the study's": [median / medians[0] for median in medians],
        }
    )
    with replacing(arguments.output / "training.csv") as temporary:
        frame.to_csv(temporary, index=False)
    text = (
        f"Training of the ranked-list task: d_model {SHAPE.d_model}, 1 + 1 layers, "
        f"{arguments.vocabulary:,} pieces, batch {BATCH_SIZE}, K {K};\n{torch.get_num_threads()} thread(s), "
        f"{resolve_precision('auto')} found by auto, median of {arguments.turns} turns.\n\n"
        f"{frame.to_markdown(index=False, floatfmt='.2f')}\n"
    )
    write_text(text, arguments.output / "training.md")
    print(text)


def measured(number: int, arguments: argparse.Namespace) -> float:
    """Examples per second of one way, in a process of its own."""
    command = [sys.executable, __file__, "--way", str(number)]
    options = ["--steps", str(arguments.steps), "--vocabulary", str(arguments.vocabulary)]
    done = subprocess.run([*command, *options], text=True, capture_output=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def examples_per_second(way: Way, steps: int, vocabulary: int) -> float:
    """Examples per second over the steps that follow the warm-up."""
    if way.keep_memory:
        prepare_torch(torch.get_num_threads())
    objective = list_objective(way)
    model = build_t5(SHAPE, vocabulary, seed=1).train()
    settings = Optimisation("adam", (0.9, 0.98), 1e-9, weight_decay=0.0, gradient_clip=None)
    optimiser = make_optimiser(model, settings, 0.001)
    bf16 = resolve_precision(way.precision) == "bf16"
    batches = padded(objective) if way.count_padding else endless(objective)
    begin = 0.0
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            begin = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = objective.loss(model, next(batches))
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    return steps * BATCH_SIZE / (time.perf_counter() - begin)


def list_objective(way: Way) -> ListObjective:
    """Summary lines of numpy's and networkx's docstrings, each with five names at random."""
    docstrings = read_packages(["networkx", "numpy"])
    names = [docstring.name for docstring in docstrings]
    queries = pd.DataFrame({"qid": names, "text": [docstring.summary for docstring in docstrings]})
    draw = random.Random(1)
    rows = [(qid, rank, docid) for qid in names for rank, docid in enumerate(draw.sample(names, K), start=1)]
    topk = pd.DataFrame(rows, columns=["qid", "rank", "docid"])
    texts = [docstring.body for docstring in docstrings]
    tokenizer = train_tokenizer([*texts, *queries["text"], *names], 2048, cased=True)
    examples = make_examples(queries, topk, K, tokenizer, tokenizer)
    longest = max(len(example.label_ids) for example in examples)
    called = ListNames(pd.DataFrame({"docid": names}), tokenizer)
    return ListObjective(
        ListExamples(examples, [], []),
        Generation(tokenizer, Lengths(longest, longest), None, called),
        topk,
        ListTraining(K, BATCH_SIZE, BATCH_SIZE, way.count_padding, seed=1),
    )


def endless(objective: ListObjective) -> Iterator[LabelledBatch]:
    for epoch in itertools.count(1):
        yield from objective.batches(epoch)


def padded(objective: ListObjective) -> Iterator[LabelledBatch]:
    """Inputs padded to the longest of the data set, as labels are already."""
    longest = max(batch.input_ids.shape[1] for batch in objective.batches(1))
    for batch in endless(objective):
        missing = longest - batch.input_ids.shape[1]
        widened = (torch.nn.functional.pad(part, (0, missing)) for part in batch[:2])
        yield LabelledBatch(*widened, batch.labels, batch.counted)


if __name__ == "__main__":
    main()
