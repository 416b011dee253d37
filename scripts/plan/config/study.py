"""The whole configuration of a study; config.yaml has the defaults."""

import posixpath
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dsi.pruning.registry import CRITERIA
from plan.config.baseline import Baseline
from plan.config.collection import Collection
from plan.config.published import PublishedRow
from plan.config.section import (
    NUMBER,
    Distinct,
    DistinctOrNone,
    Flag,
    Listed,
    Named,
    Number,
    OneOf,
    Positive,
    Section,
    Seed,
    TextOrNull,
    WholeNumber,
    expected,
)
from plan.config.starting_model import StartingModel

RATE_DECIMALS = 4


def _short(rate: float) -> float:
    if -int(Decimal(repr(rate)).as_tuple().exponent) > RATE_DECIMALS:
        raise expected(f"at most {RATE_DECIMALS} decimals")
    return rate


def _ascending(rates: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(rates))


def _one_spelling(folder: str) -> str:
    """Snakemake compares paths as they are written: `./x` is another target than `x`."""
    plain = posixpath.normpath(folder)
    if plain != folder.rstrip("/"):
        raise expected(f"its shortest form {plain!r}")
    return folder


Rate = Annotated[float, Field(gt=0, lt=1), NUMBER, AfterValidator(_short)]
Criterion = Annotated[str, OneOf(CRITERIA)]


class BM25(Section):
    """Lucene's BM25: the baseline, and the teacher of the distillation."""

    k1: Number = Field(description="term-frequency saturation", examples=[0.9], ge=0)
    b: Number = Field(description="length normalisation, 0 (none) to 1 (full)", examples=[0.4], ge=0, le=1)
    depth: WholeNumber = Field(description="length of the ranked lists", examples=[1000], ge=1000)


class Evaluation(Section):
    """How rankings are evaluated."""

    depth: WholeNumber = Field(
        description="length of every evaluated ranking; at least 1000 for R@1000", examples=[1000], ge=1000
    )
    agreement_k: WholeNumber = Field(
        description="BM25-MAP is against BM25's first K documents", examples=[10], ge=1, le=1000
    )
    prefixes_at_a_time: Positive = Field(
        description="prefixes of naive and semantic docids decoded at a time; bounds memory",
        examples=[1024],
    )


class Calibration(Section):
    """Data for wanda, sparsegpt and fisher."""

    queries: Positive = Field(
        description="texts of the recovery's first epoch that these criteria see",
        examples=[4096],
    )


class Gradual(Section):
    """How the masks of gradual grow in the recovery."""

    until: Number = Field(
        description="fraction of the recovery's steps after which the rate is reached",
        examples=[0.6],
        gt=0,
        le=1,
    )
    every: Positive = Field(description="steps between two changes of its masks", examples=[10])


class Iterative(Section):
    """How the recovery is cut into rounds of pruning."""

    rounds: Positive = Field(
        description="each takes the same share of what is left; equal parts of the recovery follow them",
        examples=[3],
    )


class Movement(Section):
    """When the scores that the recovery learns begin to decide, and when the rate is reached."""

    warmup: Number = Field(
        description="fraction of the recovery's steps before anything is pruned", examples=[0.1], ge=0, lt=1
    )
    cooldown: Number = Field(
        description="fraction of the recovery's steps after the rate is reached", examples=[0.2], ge=0, lt=1
    )


class Pruning(Section):
    """Which weights are pruned, and what criteria besides magnitude need."""

    stacks: Distinct[Literal["encoder", "decoder"]] = Field(
        description="whose Linear layers are pruned", examples=[["encoder", "decoder"]]
    )
    kinds: Distinct[Literal["attention", "feed_forward"]] = Field(
        description="which of their Linear layers; attention includes cross-attention",
        examples=[["attention", "feed_forward"]],
    )
    lm_head: Flag = Field(
        description="also prune the output head, which then gets weights of its own in E2", examples=[False]
    )
    embedding: Flag = Field(description="also prune the embedding", examples=[False])
    calibration: Calibration = Field(description="data for wanda, sparsegpt and fisher")
    gradual: Gradual = Field(description="how masks grow during the recovery")
    iterative: Iterative = Field(description="magnitude in rounds during the recovery")
    movement: Movement = Field(description="scores learnt during the recovery (Sanh et al. 2020)")


class Recovery(Section):
    """Training after pruning, and of the continued and restart controls."""

    epochs: Positive = Field(
        description="E2: epochs after pruning, and of the continued and restart controls",
        examples=[3],
    )
    learning_rate: Number = Field(
        description="peak of a schedule of its own, from warm-up", examples=[0.001], gt=0
    )
    warmup: Number = Field(description="fraction of E2's steps that warm up", examples=[0.05], ge=0, lt=1)
    rewind: Flag = Field(
        description="true: repeat the learning rates of E1's last epochs instead",
        examples=[False],
    )


class Teaching(Section):
    """What the dense model teaches a small one."""

    weight: Number = Field(
        description="share of the target that is the dense model's distribution over documents",
        examples=[0.5],
        gt=0,
        le=1,
    )
    temperature: Number = Field(description="of the softmax over its scores", examples=[1.0], gt=0)


class Controls(Section):
    """Models that pruned ones are held against, besides those of E2."""

    initial: Flag = Field(description="also evaluate docid models before their first step", examples=[True])
    small: Annotated[DistinctOrNone[Rate], AfterValidator(_ascending)] = Field(
        description="rates of `ffn` at which dense models of the shape that it leaves are trained from the "
        "start, alone and taught by dense; []: none",
        examples=[[0.5, 0.8]],
    )
    teaching: Teaching = Field(description="what the dense model teaches a small one")


class Report(Section):
    """Tables and figures."""

    dpi: WholeNumber = Field(
        description="of the PNG figures; the SVG ones have none", examples=[150], ge=50, le=600
    )
    confidence: Number = Field(
        description="of intervals; verdicts are given at 1 minus it", examples=[0.95], gt=0, lt=1
    )
    margin: Number = Field(
        description="differences below this share of dense MAP count as equivalent",
        examples=[0.02],
        gt=0,
        lt=1,
    )
    looked_at_seeds: Listed[Seed] = Field(
        description="of `seeds`, those whose results were seen before others were added: in no verdict",
        examples=[[1, 2, 3]],
    )
    benefit: Flag = Field(
        description="also make benefit.md: compressed files and latency, which take minutes",
        examples=[False],
    )
    sensitivity: Flag = Field(
        description="also prune one sublayer at a time and draw what that costs", examples=[False]
    )
    reference: TextOrNull = Field(
        description="a docid baseline to compare the others with, in ablation.md; null: none",
        examples=["dsi"],
    )


class Study(Section):
    """The configuration of a study; see config.yaml for the defaults."""

    rates: Annotated[Distinct[Rate], AfterValidator(_ascending)] = Field(
        description="pruning rates: fraction of each prunable layer's weights set to zero",
        examples=[[0.2, 0.5]],
    )
    seeds: Distinct[Seed] = Field(
        description="one whole experiment per seed: dense, continued, restart, every rate",
        examples=[[1, 2, 3]],
    )
    criteria: Distinct[Criterion] = Field(
        description="how weights are chosen; see `pruning` for the others", examples=[["magnitude"]]
    )
    collection: str = Field(
        description="the collection to use, by its name under `collections`", examples=["pydocs"]
    )
    run: Distinct[str] = Field(
        description="the baselines to train, by their names under `baselines`", examples=[["dsi"]]
    )
    results: Annotated[str, AfterValidator(_one_spelling)] = Field(
        description="the folder that receives everything; studies use `results/<study>`",
        examples=["results/cacm"],
        pattern=r"^([./][./+-]*)?\w[\w./+-]*$",
    )
    threads: WholeNumber = Field(
        description="CPU threads of one training job; another number gives other weights",
        examples=[1],
        ge=1,
        le=1024,
    )
    collections: Named[Collection] = Field(
        description="definitions; `collection` selects one",
        examples=["{pydocs: {kind: pydocs, …}}"],
        min_length=1,
    )
    bm25: BM25 = Field(description="the Lucene baseline and the teacher of the distillation")
    evaluation: Evaluation = Field(description="how rankings are evaluated")
    baselines: Named[Baseline] = Field(
        description="definitions; `run` selects", examples=["{dsi: {task: docid, …}}"], min_length=1
    )
    models: Named[StartingModel] = Field(
        description="where models of `task: ranked-list` start",
        examples=["{t5-small: {hub: google-t5/t5-small}}"],
    )
    pruning: Pruning = Field(description="which weights are pruned, and what criteria besides magnitude need")
    recovery: Recovery = Field(
        description="training after pruning, and of the continued and restart controls"
    )
    controls: Controls = Field(description="models that pruned ones are held against, besides those of E2")
    report: Report = Field(description="tables and figures")
    published: Listed[PublishedRow] = Field(
        description="published rows to show beside the measured ones: studies/msmarco.yaml", examples=[[]]
    )

    @property
    def selected_collection(self) -> Collection:
        """The definition of the collection that is used."""
        return self.collections[self.collection]

    @property
    def selected_baselines(self) -> Mapping[str, Baseline]:
        """The definitions of the baselines that are trained, in the order of `run`."""
        return {name: self.baselines[name] for name in self.run if name in self.baselines}
