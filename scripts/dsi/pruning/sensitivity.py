"""What each sublayer of a dense model is worth: one at a time pruned by magnitude, without recovery."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import pandas as pd
import torch

from dsi.collection.relevance import Relevance, relevant_documents
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.model.checkpoint import Checkpoint
from dsi.model.masks import Tensors, apply_masks
from dsi.model.scoring import score_batches
from dsi.model.t5 import untie_head
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.layers import prunable_names, sublayers
from dsi.pruning.thresholds import layerwise_masks
from dsi.ranking.scores import measures_of_ranks, ranks_of_columns


class Sensitivity(NamedTuple):
    """The quality of a model of which one sublayer is pruned; of the dense model, sublayer and rate are None.

    weights: how many the sublayer has, 0 of the dense model. MAP: over the split's judged queries.
    """

    sublayer: str | None
    rate: float | None
    weights: int
    split: str
    MAP: float


def sublayer_sensitivity(
    checkpoint: Checkpoint,
    queries: pd.DataFrame,
    qrels: pd.DataFrame,
    relevance: Relevance,
    rates: Sequence[float],
) -> pd.DataFrame:
    """A row per sublayer, rate and split, after those of the dense model; columns as of `Sensitivity`.

    Every attention and feed-forward sublayer, the embedding and the output head, which is untied from it.
    The model's weights are afterwards as they were.

    Args:
        checkpoint: with atomic docids.
        queries: qid, text, split.
        qrels: qid, docid, grade.
    """
    untie_head(checkpoint.model)
    judged = _judged_queries(queries, qrels, relevance, checkpoint.docids)
    return pd.DataFrame(_rows(checkpoint, judged, rates), columns=list(Sensitivity._fields))


def _judged_queries(
    queries: pd.DataFrame, qrels: pd.DataFrame, relevance: Relevance, docids: Sequence[str]
) -> pd.DataFrame:
    """The evaluated queries that have a relevant document: text, split, columns (its documents' numbers)."""
    relevant = relevant_documents(qrels, queries, relevance)
    column = {docid: number for number, docid in enumerate(docids)}
    rows = queries[queries["split"].isin(EVALUATED_SPLITS)]
    found = [
        sorted(column[docid] for docid in relevant.get(qid, ()) if docid in column) for qid in rows["qid"]
    ]
    return rows.assign(columns=pd.Series(found, index=rows.index))[[bool(columns) for columns in found]]


def _rows(checkpoint: Checkpoint, judged: pd.DataFrame, rates: Sequence[float]) -> Iterator[Sensitivity]:
    parameters = dict(checkpoint.model.named_parameters())
    weights = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    for split, quality in _quality(checkpoint, judged):
        yield Sensitivity(None, None, 0, split, quality)
    for sublayer, names in sublayers(prunable_names(weights, lm_head=True, embedding=True)).items():
        dense = {name: weights[name] for name in names}
        size = sum(weight.numel() for weight in dense.values())
        for rate in rates:
            _put(parameters, apply_masks(dense, layerwise_masks(magnitude_importances(dense), rate)))
            for split, quality in _quality(checkpoint, judged):
                yield Sensitivity(sublayer, rate, size, split, quality)
        _put(parameters, dense)


def _quality(checkpoint: Checkpoint, judged: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """The MAP of each evaluated split that has judged queries."""
    batches = score_batches(checkpoint, list(judged["text"]))
    rows = chain.from_iterable(scores.cpu().numpy() for scores in batches)
    ranks = pd.Series(ranks_of_columns(rows, list(judged["columns"])), index=judged.index, dtype=object)
    for split in EVALUATED_SPLITS:
        there = judged["split"] == split
        if there.any():
            yield split, measures_of_ranks(list(ranks[there]), list(judged.loc[there, "columns"]))["MAP"]


@torch.no_grad()
def _put(parameters: dict[str, torch.nn.Parameter], weights: Tensors) -> None:
    for name, weight in weights.items():
        parameters[name].copy_(weight)
