"""What a training of the task `docid` is set to: the JSON that --settings gives, as records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dsi.base.command import json_object
from dsi.base.records import read_sections
from dsi.bm25.parameters import Bm25Parameters
from dsi.collection.relevance import Relevance
from dsi.model.t5 import Shape
from dsi.training.settings import RecoverySettings, TrainingSettings


@dataclass(frozen=True)
class PseudoQuerySettings:
    """Section `pseudo_queries`: how an epoch's texts are drawn.

    weights, lengths, noise: as of `dsi.pseudo_queries.sampler.PseudoQuerySampler`. per_document: in one
    epoch. distinct: pseudo-queries that a document has, drawn once; None for new ones every epoch.
    training_queries: share of an epoch's examples that are training queries.
    """

    weights: Mapping[str, float]
    lengths: Mapping[str, Sequence[int]]
    noise: float
    per_document: int
    training_queries: float
    distinct: int | None = None


@dataclass(frozen=True)
class DistillationSettings:
    """Section `distillation`: the share `weight` of a target is softmax(BM25 scores / temperature)."""

    weight: float
    temperature: float


@dataclass(frozen=True)
class TeachingSettings:
    """Section `teaching`: the share `weight` of a target is softmax(a model's logits / temperature)."""

    weight: float
    temperature: float


@dataclass(frozen=True)
class CalibrationSettings:
    """Section `calibration`: how many texts a criterion sees that looks at data."""

    queries: int


@dataclass(frozen=True)
class DocidSettings:
    """All of them. What a phase does not use may be None.

    relevance: lowest relevant grade. scheme: of the docids. prefixes_at_a_time: prefixes of identifiers that
    are decoded together in validation and ranking, which bounds the memory; None with atomic docids.
    depth: of the ranking. model: the shape in E1; embeddings: how they start, where lsa (latent semantic
    analysis) weighs counts by bm25. untie: whether E2 gives the output head weights of its own.
    """

    training: TrainingSettings
    pseudo_queries: PseudoQuerySettings
    distillation: DistillationSettings
    relevance: Relevance
    scheme: str
    depth: int
    prefixes_at_a_time: int | None = None
    bm25: Bm25Parameters = field(default_factory=Bm25Parameters)
    model: Shape | None = None
    embeddings: Literal["lsa", "random"] = "random"
    recovery: RecoverySettings | None = None
    calibration: CalibrationSettings | None = None
    teaching: TeachingSettings | None = None
    untie: bool = False


def docid_settings(text: str) -> DocidSettings:
    """An argparse type: JSON, or @FILE.

    Raises:
        ArgumentTypeError: it is not JSON, or lacks a key.
    """
    sections = {
        "training": TrainingSettings,
        "pseudo_queries": PseudoQuerySettings,
        "distillation": DistillationSettings,
        "bm25": Bm25Parameters,
        "model": Shape,
        "recovery": RecoverySettings,
        "calibration": CalibrationSettings,
        "teaching": TeachingSettings,
    }
    given = json_object(text)
    embeddings = (given.get("model") or {}).get("embeddings")
    return read_sections(DocidSettings, {**given, "embeddings": embeddings}, "settings", sections)
