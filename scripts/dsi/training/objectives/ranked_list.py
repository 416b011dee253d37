"""The objective of the task `ranked-list`: training queries → BM25's first K docids, by cross-entropy."""

import math
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch.nn.functional import cross_entropy
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.tokenizer import PAD_ID
from dsi.evaluation.published_measures import study_measures
from dsi.model.scoring import IGNORED, pad_batch
from dsi.ranking.lists import (
    Example,
    Generation,
    ListBatch,
    decoder_states,
    head_logits,
    list_outputs,
    padded_to,
)
from dsi.training.batches import bucketed
from dsi.training.objective import VALIDATION_LOSS

# Of the study's measures, what a history holds. The loss stands there as it is trained.
TRACKED = ("MAP-published", "R@1000-published", "MAP-defined")


class ListExamples(NamedTuple):
    """training: those that have a target; validation, test: measured after every epoch, may be empty."""

    training: Sequence[Example]
    validation: Sequence[Example]
    test: Sequence[Example]


class ListTraining(NamedTuple):
    """How lists are trained and measured.

    k: docids in a target. batch_size: rows of a batch. published_batch: queries over which the study averages
    before it averages batches. count_padding: pad labels to the longest target of the data set and count
    padding in the loss, as the study did; else pad to the longest of the batch and mask it.
    """

    k: int
    batch_size: int
    published_batch: int
    count_padding: bool
    seed: int


class LabelledBatch(NamedTuple):
    """A `ListBatch` and counted: (C,) int64, the places in the flattened labels that are in the loss.

    They are found where the batch is made: on a GPU finding them would wait for it at each step.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    counted: torch.Tensor


class ListObjective:
    """Cross-entropy on the lists of the training queries.

    Args:
        topk: qid, rank, docid of the validation and test queries; others are left out.
    """

    def __init__(
        self, examples: ListExamples, generation: Generation, topk: pd.DataFrame, settings: ListTraining
    ) -> None:
        self._training = examples.training
        self._evaluated = {"validation": examples.validation, "test": examples.test}
        # Tokens beyond the longest target are not generated after every epoch: they change no MAP.
        short = generation.lengths._replace(full_list=generation.lengths.k_list)
        self._generation = generation._replace(lengths=short)
        evaluated = {example.qid for chosen in self._evaluated.values() for example in chosen}
        self._topk = topk[topk["qid"].isin(evaluated)]
        self._settings = settings
        self.examples = len(examples.training)
        # Without padding a query for which BM25 found nothing has no loss.
        self.validated = any(example.found or settings.count_padding for example in examples.validation)
        self.measures = tuple(
            f"{split}_{name}"
            for split, chosen in self._evaluated.items()
            if chosen
            for name in ("loss", *TRACKED)
        ) or (VALIDATION_LOSS,)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return math.ceil(self.examples / self._settings.batch_size)

    def batches(self, epoch: int) -> Iterator[LabelledBatch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        rng = random.Random(f"{self._settings.seed}/{epoch}")
        order = list(range(self.examples))
        rng.shuffle(order)
        examples = [self._training[row] for row in order]
        for rows in bucketed([self._length(example) for example in examples], self._settings.batch_size, rng):
            chosen = [examples[row] for row in rows]
            input_ids, mask = pad_batch([example.input_ids for example in chosen])
            labels = self._labels(chosen)
            yield LabelledBatch(input_ids, mask, labels, _counted(labels))

    def loss(self, model: T5ForConditionalGeneration, batch: LabelledBatch) -> torch.Tensor:
        """Cross-entropy, a mean over label positions."""
        states = decoder_states(model, ListBatch(batch.input_ids, batch.attention_mask, batch.labels))
        # With T5's vocabulary the head takes most of a step's time: leave masked positions out of it.
        logits = head_logits(model, states.flatten(0, 1)[batch.counted])
        return cross_entropy(logits.float(), batch.labels.flatten()[batch.counted])

    def share(self, batch: LabelledBatch, rows: slice) -> tuple[LabelledBatch, float]:
        """Some rows of a batch, and their part of its loss, which follows from their label positions."""
        labels = batch.labels[rows]
        share = LabelledBatch(batch.input_ids[rows], batch.attention_mask[rows], labels, _counted(labels))
        return share, len(share.counted) / len(batch.counted)

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss as trained and the study's measures, of the splits that have queries."""
        measures = {}
        for split, examples in self._evaluated.items():
            if not examples:
                continue
            outputs = list_outputs(model, examples, self._generation)
            column = "padded_loss" if self._settings.count_padding else "loss"
            measures[f"{split}_loss"] = float(outputs[column].mean())
            settings = self._settings
            study = study_measures(outputs, self._topk, settings.k, settings.published_batch)
            measures |= {f"{split}_{name}": study[name] for name in TRACKED}
        return measures

    def _length(self, example: Example) -> int:
        """What batches are sorted by: tokens that are padded to the batch's longest."""
        return len(example.input_ids) + (0 if self._settings.count_padding else len(example.label_ids))

    def _labels(self, examples: Sequence[Example]) -> torch.Tensor:
        if self._settings.count_padding:
            return padded_to([example.label_ids for example in examples], self._generation.lengths.k_list)
        longest = max(len(example.label_ids) for example in examples)
        labels = padded_to([example.label_ids for example in examples], longest)
        return labels.masked_fill(labels == PAD_ID, IGNORED)


def _counted(labels: torch.Tensor) -> torch.Tensor:
    """The places in the flattened labels that are in the loss."""
    return (labels.flatten() != IGNORED).nonzero().flatten()
