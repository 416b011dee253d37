"""What rounding to float16 costs: the MAP of checkpoints with the weights of their compressed files."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch

from dsi.collection.relevance import Relevance, lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.efficiency.compressed_files import load_compressed
from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures
from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from dsi.ranking.ranker import Ranker
from dsi.systems import System

logger = logging.getLogger(__name__)


class Evaluation(NamedTuple):
    """On what checkpoints are judged.

    queries: qid, text, split; qrels: qid, docid, grade; relevance: the lowest relevant grade; depth:
    documents that are ranked for a query.
    """

    queries: pd.DataFrame
    qrels: pd.DataFrame
    relevance: Relevance
    depth: int


class RoundedQuality(NamedTuple):
    """The MAP of a system (its slug) on a split's queries, with the values of its compressed file."""

    system: str
    split: str
    MAP: float


def measure_rounded(
    results: Path, systems: Sequence[System], files: Sequence[Path], evaluation: Evaluation
) -> pd.DataFrame:
    """A row per system and split that has judged queries; columns as of `RoundedQuality`.

    Args:
        results: the folder below which each system's slug names its checkpoint, with atomic docids.
        files: the compressed file of each system, in the same order.

    Raises:
        CheckpointError: a checkpoint is incomplete, or its file is of another model.
        CompressionError: a file is damaged.
    """
    rows = []
    for system, file in zip(systems, files, strict=True):
        checkpoint = with_weights(results / system.slug, file)
        for split, value in split_quality(checkpoint, evaluation):
            rows.append(RoundedQuality(system.slug, split, value))
            logger.info("%s, %s: MAP %.4f", system.slug, split, value)
    return pd.DataFrame(rows, columns=list(RoundedQuality._fields))


def with_weights(folder: Path, file: Path) -> Checkpoint:
    """The checkpoint of a folder with the weights of a compressed file instead of its own.

    Raises:
        CheckpointError: one of the two is of another model.
        CompressionError: the file is damaged.
    """
    checkpoint = load_checkpoint(folder)
    parameters = dict(checkpoint.model.named_parameters())
    weights = load_compressed(file)
    for name in sorted(parameters.keys() | weights.keys()):
        found, expected = (
            tuple(tensors[name].shape) if name in tensors else "none" for tensors in (weights, parameters)
        )
        if found != expected:
            raise CheckpointError(
                f"{file}: found {name} of shape {found}, expected {expected} as in {folder}; give each "
                "checkpoint's own file"
            )
    with torch.no_grad():
        for name, weight in weights.items():
            parameters[name].copy_(weight)
    return checkpoint


def split_quality(checkpoint: Checkpoint, evaluation: Evaluation) -> Iterator[tuple[str, float]]:
    """Each evaluated split that has judged queries, and its MAP."""
    queries, qrels, relevance, depth = evaluation
    ranker = Ranker(checkpoint, prefixes_at_a_time=None)
    for split in EVALUATED_SPLITS:
        rows = queries[queries["split"] == split]
        judgements = as_judgements(qrels[qrels["qid"].isin(rows["qid"])])
        threshold = lowest_grade(relevance, split)
        if not any(max(grades.values()) >= threshold for grades in judgements.values()):
            continue
        rankings = as_rankings(ranker.rank(list(rows["qid"]), list(rows["text"]), depth))
        values = qrels_measures(rankings, judgements, threshold)
        yield split, float(values.loc[values["measure"] == "MAP", "value"].mean())
