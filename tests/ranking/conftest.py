"""Tiny decoders of any shape, identifiers, queries, and the reference that exact ranking must agree with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tokenizers import Tokenizer
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.tokenizer import EOS_ID, PAD_ID, load_tokenizer
from dsi.docids.trie import alphabet
from tests.ranking.studies import make_study
from tests.ranking.tiny_lists import write_tokenizer

Scores = npt.NDArray[np.float32]
VOCABULARY = 24


def make_model(seed: int = 1, **changes: Any) -> T5ForConditionalGeneration:
    """Tiny, of any shape, with the peaked probabilities of large weights."""
    torch.manual_seed(seed)
    config = T5Config(
        **{
            "vocab_size": VOCABULARY,
            "d_model": 16,
            "d_kv": 6,
            "d_ff": 20,
            "num_heads": 3,
            "num_layers": 1,
            "num_decoder_layers": 2,
            "dropout_rate": 0.3,
            "relative_attention_num_buckets": 6,
            "relative_attention_max_distance": 8,
            "decoder_start_token_id": PAD_ID,
            **changes,
        }
    )
    model = T5ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.rand_like(weight) + 0.5 if "norm" in name else torch.randn_like(weight) * 0.4)
    return model


def make_queries(number: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Texts of 1 to 6 tokens, padded on the right."""
    rng = np.random.default_rng(seed)
    inputs = torch.from_numpy(rng.integers(3, VOCABULARY, (number, 6)))
    lengths = torch.from_numpy(rng.integers(1, 7, number))
    mask = (torch.arange(6) < lengths[:, None]).long()
    return inputs * mask, mask


def make_identifiers(number: int, seed: int, letters: int = 6, longest: int = 6) -> list[list[int]]:
    """Different identifiers of random lengths, each with an end token."""
    rng = np.random.default_rng(seed)
    found: dict[tuple[int, ...], None] = {}
    while len(found) < number:
        tokens = rng.integers(2, 2 + letters, rng.integers(0, longest)).tolist()
        found[(*tokens, EOS_ID)] = None
    return [list(tokens) for tokens in found]


@torch.inference_mode()
def teacher_forced(
    model: T5ForConditionalGeneration,
    identifiers: Sequence[list[int]],
    inputs: torch.Tensor,
    mask: torch.Tensor,
    known: Sequence[list[int]] | None = None,
) -> Scores:
    """(Q, N) log P of every identifier by transformers' own forward pass, one pair at a time.

    `known`: whose tokens the softmax is over, if not those of `identifiers`.
    """
    tokens_of_docids = torch.from_numpy(alphabet(known or identifiers))
    scores = np.empty((len(inputs), len(identifiers)), dtype=np.float32)
    for row, (text, real) in enumerate(zip(inputs, mask, strict=True)):
        for column, tokens in enumerate(identifiers):
            labels = torch.tensor([tokens])
            logits = model(input_ids=text[None], attention_mask=real[None], labels=labels).logits[0]
            others = torch.ones(logits.shape[-1], dtype=torch.bool).index_fill(0, tokens_of_docids, False)
            logits = logits.masked_fill(others, -torch.inf)
            steps = logits.log_softmax(dim=-1)[torch.arange(len(tokens)), labels[0]]
            scores[row, column] = steps.sum()
    return scores


def names(number: int) -> list[str]:
    return [f"d{document}" for document in range(number)]


@pytest.fixture(scope="session")
def list_tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cased tokenizer of the collection in tests/ranking/lists.py."""
    folder = tmp_path_factory.mktemp("list-tokenizer")
    write_tokenizer(folder)
    return folder


@pytest.fixture
def list_tokenizer(list_tokenizer_folder: Path) -> Tokenizer:
    return load_tokenizer(list_tokenizer_folder)


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of tests/ranking/studies.py; tests write nothing there but the index."""
    return make_study(tmp_path_factory.mktemp("search") / "results")
