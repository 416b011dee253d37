"""Queries generated for documents by a sequence-to-sequence model, by sampling from its most probable tokens.

Nogueira & Lin 2019, "From doc2query to docTTTTTquery": a T5 that was trained to give the query that a
passage answers; sampling among the k best tokens of each step gives many different ones. What is random
follows from (seed, part), so a resumed run equals an uninterrupted one.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from transformers import PreTrainedTokenizerBase
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.artefacts import read_frame
from dsi.base.files import file_digest, write_parquet
from dsi.pseudo_queries.files import COLUMNS

PART_BATCHES = 8  # batches that are kept together: what a killed run loses at most

logger = logging.getLogger(__name__)


class Sampling(NamedTuple):
    """How queries are sampled.

    number: queries of a document. top_k: tokens to draw from at each step. document_tokens, query_tokens:
    longest input and output. batch_size: documents at a time.
    """

    number: int
    top_k: int
    document_tokens: int
    query_tokens: int
    batch_size: int
    seed: int


def generation_name(documents: Path, weights: Path, sampling: Sampling, threads: int, code: str) -> str:
    """A name for the finished parts of a run: another for any other documents, model, setting or code.

    Args:
        documents, weights: the files.
        code: a digest of what generates.
    """
    identity = {
        "inputs": [file_digest(documents), file_digest(weights)],
        "sampling": sampling._asdict(),
        "threads": threads,
        "code": code,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def generate_queries(
    model: T5ForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    documents: pd.DataFrame,
    sampling: Sampling,
    state: Path,
) -> pd.DataFrame:
    """Sampled queries of every document, going on from `state` if a killed run left parts there.

    Args:
        model: on the device that is to generate.
        documents: docid, text.
        state: a folder for the finished parts; the caller removes it at the end.

    Returns:
        docid, query: in the order of the documents; empty queries are left out.
    """
    model.eval()
    parts = list(_parts(documents, sampling.batch_size))
    frames = []
    for number, part in enumerate(parts):
        path = state / f"{number}.parquet"
        if not path.is_file():
            torch.manual_seed(sampling.seed * 100_003 + number)
            write_parquet(_queries_of(model, tokenizer, part, sampling), path)
            logger.info("part %d/%d", number + 1, len(parts))  # dsi.base.progress reads it
        frames.append(read_frame(path))
    place = {docid: row for row, docid in enumerate(documents["docid"])}
    return pd.concat(frames).sort_values(
        "docid", key=lambda docids: docids.map(place), kind="stable", ignore_index=True
    )


def _parts(documents: pd.DataFrame, batch_size: int) -> Iterator[pd.DataFrame]:
    """The documents in parts, longest first: little padding, and too large a batch shows at once."""
    order = documents["text"].str.len().sort_values(ascending=False, kind="stable").index
    size = batch_size * PART_BATCHES
    for start in range(0, len(order), size):
        yield documents.loc[order[start : start + size]]


def _queries_of(
    model: T5ForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    documents: pd.DataFrame,
    sampling: Sampling,
) -> pd.DataFrame:
    rows = []
    for start in range(0, len(documents), sampling.batch_size):
        batch = documents.iloc[start : start + sampling.batch_size]
        texts = _sampled(model, tokenizer, list(batch["text"]), sampling)
        owners = batch["docid"].repeat(sampling.number)
        rows += [(docid, text) for docid, text in zip(owners, texts, strict=True) if text]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)


@torch.inference_mode()
def _sampled(
    model: T5ForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    sampling: Sampling,
) -> list[str]:
    """The sampled queries, empty ones among them: `number` of the first text, then of the second, …"""
    encoded = tokenizer(
        list(texts), max_length=sampling.document_tokens, truncation=True, padding=True, return_tensors="pt"
    ).to(model.device)
    tokens = model.generate(
        input_ids=encoded["input_ids"],
        attention_mask=encoded["attention_mask"],
        do_sample=True,
        num_beams=1,
        temperature=1.0,
        top_p=1.0,
        top_k=sampling.top_k,
        max_new_tokens=sampling.query_tokens,
        num_return_sequences=sampling.number,
    )
    return [" ".join(text.split()) for text in tokenizer.batch_decode(tokens, skip_special_tokens=True)]
