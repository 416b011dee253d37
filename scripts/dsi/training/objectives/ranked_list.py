"""The objective of the task `ranked-list`: cross-entropy on BM25's first K docids, from training queries alone."""

import math
import random
from collections.abc import Iterator, Sequence

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


class ListObjective:
    """Cross-entropy on the lists of the training queries.

    Args:
        training: examples that have a target.
        validation, test: measured after every epoch; either may be empty.
        topk: qid, rank, docid of those queries.
        k: docids in a target.
        batch_size: rows of a batch.
        published_batch: queries over which the study averages before averaging batches.
        count_padding: pad labels to the longest target of the data set and count padding in the loss,
            as the study did; else pad to the longest of the batch and mask it.
    """

    def __init__(
        self,
        training: Sequence[Example],
        validation: Sequence[Example],
        test: Sequence[Example],
        generation: Generation,
        topk: pd.DataFrame,
        *,
        k: int,
        batch_size: int,
        published_batch: int,
        count_padding: bool,
        seed: int,
    ) -> None:
        self._training = training
        self._evaluated = {"validation": validation, "test": test}
        # Tokens beyond the longest target are not generated after every epoch: they change no MAP.
        short = generation.lengths._replace(full_list=generation.lengths.k_list)
        self._generation = generation._replace(lengths=short)
        evaluated = {example.qid for examples in (validation, test) for example in examples}
        self._topk = topk[topk["qid"].isin(evaluated)]
        self._k = k
        self._batch_size = batch_size
        self._published_batch = published_batch
        self._count_padding = count_padding
        self._seed = seed
        self.examples = len(training)
        self.measures = tuple(
            f"{split}_{name}"
            for split, examples in self._evaluated.items()
            if examples
            for name in ("loss", *TRACKED)
        ) or (VALIDATION_LOSS,)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return math.ceil(self.examples / self._batch_size)

    def batches(self, epoch: int) -> Iterator[ListBatch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        rng = random.Random(f"{self._seed}/{epoch}")
        order = list(range(self.examples))
        rng.shuffle(order)
        examples = [self._training[row] for row in order]
        for rows in bucketed([self._length(example) for example in examples], self._batch_size, rng):
            chosen = [examples[row] for row in rows]
            input_ids, mask = pad_batch([example.input_ids for example in chosen])
            yield ListBatch(input_ids, mask, self._labels(chosen))

    def loss(self, model: T5ForConditionalGeneration, batch: ListBatch) -> torch.Tensor:
        """Cross-entropy, a mean over label positions."""
        # T5's vocabulary makes the head the dearest part of a step: masked positions are spared it.
        counted = batch.labels != IGNORED
        logits = head_logits(model, decoder_states(model, batch)[counted])
        return cross_entropy(logits.float(), batch.labels[counted])

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss as trained and the study's measures, of the splits that have queries."""
        measures = {}
        for split, examples in self._evaluated.items():
            if not examples:
                continue
            outputs = list_outputs(model, examples, self._generation)
            column = "padded_loss" if self._count_padding else "loss"
            measures[f"{split}_loss"] = float(outputs[column].mean())
            study = study_measures(outputs, self._topk, self._k, self._published_batch)
            measures |= {f"{split}_{name}": study[name] for name in TRACKED}
        return measures

    def _length(self, example: Example) -> int:
        """What batches are sorted by: tokens that are padded to the batch's longest."""
        return len(example.input_ids) + (0 if self._count_padding else len(example.label_ids))

    def _labels(self, examples: Sequence[Example]) -> torch.Tensor:
        if self._count_padding:
            return padded_to([example.label_ids for example in examples], self._generation.lengths.k_list)
        longest = max(len(example.label_ids) for example in examples)
        labels = padded_to([example.label_ids for example in examples], longest)
        return labels.masked_fill(labels == PAD_ID, IGNORED)
