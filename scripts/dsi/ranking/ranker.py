"""Ranking the documents of a collection with a docid checkpoint of any scheme, and writing its run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from dsi.base.artefacts import read_frame
from dsi.base.command import json_object
from dsi.base.files import replacing, write_parquet
from dsi.base.process import compute_device
from dsi.base.records import read_record
from dsi.collection.relevance import Relevance, relevant_documents
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.docids.trie import build_trie
from dsi.evaluation.runs import write_run
from dsi.model.checkpoint import Checkpoint, load_checkpoint
from dsi.model.scoring import pad_batch, score_batches, score_pairs
from dsi.ranking.scores import ScoreRanker, query_losses
from dsi.ranking.trie_search import TrieRanker


@dataclass(frozen=True)
class RankingSettings:
    """relevance: lowest relevant grade; depth: documents per query; prefixes_at_a_time: as of `Ranker`."""

    relevance: Relevance
    depth: int
    prefixes_at_a_time: int | None = None


def ranking_settings(text: str) -> RankingSettings:
    """An argparse type: JSON, or @FILE.

    Raises:
        ArgumentTypeError: it is not JSON, or lacks a key.
    """
    return read_record(RankingSettings, json_object(text), "settings")


class Ranker:
    """Ranks texts with a docid checkpoint of any scheme.

    Args:
        checkpoint: its model is moved to the device.
        prefixes_at_a_time: of identifiers, that go through the decoder together; bounds the memory. None
            with atomic docids.
        device: None for `compute_device`.
    """

    def __init__(
        self, checkpoint: Checkpoint, prefixes_at_a_time: int | None, device: torch.device | None = None
    ) -> None:
        self._checkpoint = checkpoint
        self._device = device or compute_device()
        self._by_score = ScoreRanker(checkpoint.docids)
        self._trie_ranker = None
        if checkpoint.identifiers is not None:
            assert prefixes_at_a_time is not None
            model = checkpoint.model.to(self._device)
            trie = build_trie(checkpoint.identifiers)
            self._trie_ranker = TrieRanker(model, trie, checkpoint.docids, prefixes_at_a_time)

    def rank(self, qids: Sequence[str], texts: Sequence[str], depth: int) -> pd.DataFrame:
        """The best `depth` documents of each text: qid, rank, docid, score (log P(docid | text))."""
        if self._trie_ranker is None:
            return self._rank_by_scores(qids, texts, [[]] * len(qids), depth)[0]
        encoded = self._checkpoint.tokenizer.encode_batch(list(texts))
        input_ids, mask = pad_batch([entry.ids for entry in encoded])
        return self._trie_ranker.rank(qids, input_ids, mask, depth)

    def rank_with_losses(
        self, qids: Sequence[str], texts: Sequence[str], columns: Sequence[Sequence[int]], depth: int
    ) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
        """As `rank`, and minus the mean log P of each query's relevant documents, NaN without any.

        Args:
            columns: the numbers of each query's relevant documents.
        """
        if self._trie_ranker is None:
            return self._rank_by_scores(qids, texts, columns, depth)
        losses = _pair_losses(self._checkpoint, texts, columns, self._device)
        return self.rank(qids, texts, depth), losses

    def _rank_by_scores(
        self, qids: Sequence[str], texts: Sequence[str], columns: Sequence[Sequence[int]], depth: int
    ) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
        """As `rank_with_losses`, with atomic docids; scores are held of a batch of queries at a time."""
        runs, losses, first = [], [np.empty(0)], 0
        for scores in score_batches(self._checkpoint, texts, device=self._device):
            batch = slice(first, first + len(scores))
            runs.append(self._by_score.rank(scores, qids[batch], depth))
            losses.append(query_losses(scores, columns[batch]))
            first = batch.stop
        return pd.concat(runs, ignore_index=True), np.concatenate(losses)


def rank_with_losses(
    checkpoint: Checkpoint,
    queries: pd.DataFrame,
    relevant: Mapping[str, Iterable[str]],
    depth: int,
    prefixes_at_a_time: int | None,
    device: torch.device | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The run of some queries and their losses: qid, rank, docid, score; and qid, loss.

    Args:
        queries: qid, text.
        relevant: qid → docids; those that the checkpoint lacks count for nothing.
        prefixes_at_a_time, device: as of `Ranker`.
    """
    qids, texts = list(queries["qid"]), list(queries["text"])
    column = {docid: number for number, docid in enumerate(checkpoint.docids)}
    columns = [sorted(column[docid] for docid in relevant.get(qid, ()) if docid in column) for qid in qids]
    ranker = Ranker(checkpoint, prefixes_at_a_time, device)
    run, losses = ranker.rank_with_losses(qids, texts, columns, depth)
    return run, pd.DataFrame({"qid": qids, "loss": losses})


def rank_collection(
    folder: Path, collection: Path, settings: RankingSettings, run_path: Path, outputs_path: Path
) -> None:
    """Rank a collection's validation and test queries with a checkpoint, as `rank_and_write`.

    Args:
        folder: of the checkpoint.
        collection: folder of queries and qrels.
    """
    rank_and_write(
        load_checkpoint(folder),
        read_frame(collection / "queries.parquet"),
        read_frame(collection / "qrels.parquet"),
        relevance=settings.relevance,
        depth=settings.depth,
        prefixes_at_a_time=settings.prefixes_at_a_time,
        run_path=run_path,
        outputs_path=outputs_path,
    )


def rank_and_write(
    checkpoint: Checkpoint,
    queries: pd.DataFrame,
    qrels: pd.DataFrame,
    *,
    relevance: Relevance,
    depth: int,
    prefixes_at_a_time: int | None,
    run_path: Path,
    outputs_path: Path,
) -> None:
    """Rank the validation and test queries; write the TREC run and each query's loss.

    Args:
        queries: qid, text, split.
        qrels: qid, docid, grade.
        depth: documents per query.
        prefixes_at_a_time: as of `Ranker`.
        run_path: gzipped TREC run.
        outputs_path: parquet: qid, loss.
    """
    evaluated = queries[queries["split"].isin(EVALUATED_SPLITS)]
    relevant = relevant_documents(qrels, queries, relevance)
    run, losses = rank_with_losses(checkpoint, evaluated, relevant, depth, prefixes_at_a_time)
    with replacing(run_path) as path:
        write_run(run, path, tag="dsi")
    write_parquet(losses, outputs_path)


def _pair_losses(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    columns: Sequence[Sequence[int]],
    device: torch.device,
) -> npt.NDArray[np.float64]:
    """Minus the mean log P of each query's relevant documents, which alone are scored; NaN without any.

    Args:
        columns: the numbers of each query's relevant documents.
    """
    numbers = [number for number, wanted in enumerate(columns) for _ in wanted]
    scores = score_pairs(
        checkpoint,
        [texts[number] for number in numbers],
        [document for wanted in columns for document in wanted],
        device=device,
    )
    totals = np.bincount(numbers, weights=scores, minlength=len(texts))
    counts = np.array([len(wanted) for wanted in columns])
    with np.errstate(invalid="ignore"):  # NaN without relevant documents
        return np.asarray(-totals / counts, dtype=np.float64)
