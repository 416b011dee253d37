"""What rounding costs: the MAP of checkpoints with the weights of their compressed files, and in int8."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch

from dsi.collection.relevance import Relevance, lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.efficiency.compressed_files import load_compressed
from dsi.efficiency.int8_model import runtime_models, shapes_of
from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures
from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from dsi.model.scoring import pad_batch
from dsi.ranking.ranker import Ranker
from dsi.ranking.scores import ScoreRanker
from dsi.systems import ROUNDED_FILES, System

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
    """The MAP of a system (its slug) on a split's queries.

    bits: of a weight, 16, 8 or 4; activations: bits of a product's inputs, 32 where the weights alone are
    rounded (those of a compressed file), 8 in an int8 model.
    """

    system: str
    bits: int
    activations: int
    split: str
    MAP: float


def measure_rounded(
    results: Path, systems: Sequence[System], evaluation: Evaluation, threads: int
) -> pd.DataFrame:
    """A row per system, precision and split that has judged queries; columns as of `RoundedQuality`.

    Of models whose matrices are as large as in those before, int8 models take as long and are left out:
    they are of the first system and of those with other shapes.

    Args:
        results: the folder below which each system's slug names its checkpoint, with atomic docids, and its
            compressed files.
        threads: of the int8 models.

    Raises:
        CheckpointError: a checkpoint is incomplete, or a file is of another model.
        CompressionError: a file is damaged.
    """
    rows, shapes = [], None
    for system in systems:
        for bits, word in ROUNDED_FILES.items():
            file = results / "compressed" / f"{system.slug}.{word}.dsz"
            checkpoint = with_weights(results / system.slug, file)
            for split, value in split_quality(checkpoint, evaluation):
                rows.append(RoundedQuality(system.slug, bits, 32, split, value))
        checkpoint = load_checkpoint(results / system.slug)
        first, shapes = shapes is None, shapes or shapes_of(checkpoint.model)
        if first or shapes_of(checkpoint.model) != shapes:
            for split, value in int8_quality(checkpoint, evaluation, threads):
                rows.append(RoundedQuality(system.slug, 8, 8, split, value))
    frame = pd.DataFrame(rows, columns=list(RoundedQuality._fields))
    for row in frame.itertuples():
        logger.info("%s, %d bits, inputs %d bits, %s: MAP %.4f", *row[1:])
    return frame


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
    ranker = Ranker(checkpoint, prefixes_at_a_time=None)
    return _quality(ranker.rank, evaluation)


def int8_quality(checkpoint: Checkpoint, evaluation: Evaluation, threads: int) -> Iterator[tuple[str, float]]:
    """As `split_quality`, of the checkpoint's int8 model.

    One query at a time: inputs are rounded over the range that they have in all queries of a batch.
    """
    scorer = runtime_models(checkpoint.model.eval().cpu(), len(checkpoint.docids), threads).int8.scorer
    ranker = ScoreRanker(checkpoint.docids)

    def rank(qids: Sequence[str], texts: Sequence[str], depth: int) -> pd.DataFrame:
        batches = (pad_batch([checkpoint.tokenizer.encode(text).ids]) for text in texts)
        scores = torch.cat([scorer(*batch) for batch in batches])
        return ranker.rank(scores, qids, depth)

    return _quality(rank, evaluation)


def _quality(
    rank: Callable[[Sequence[str], Sequence[str], int], pd.DataFrame], evaluation: Evaluation
) -> Iterator[tuple[str, float]]:
    queries, qrels, relevance, depth = evaluation
    for split in EVALUATED_SPLITS:
        rows = queries[queries["split"] == split]
        judgements = as_judgements(qrels[qrels["qid"].isin(rows["qid"])])
        threshold = lowest_grade(relevance, split)
        if not any(max(grades.values()) >= threshold for grades in judgements.values()):
            continue
        rankings = as_rankings(rank(list(rows["qid"]), list(rows["text"]), depth))
        values = qrels_measures(rankings, judgements, threshold)
        yield split, float(values.loc[values["measure"] == "MAP", "value"].mean())
