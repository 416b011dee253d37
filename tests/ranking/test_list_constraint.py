"""The constraint on lists: existing docids, none twice, exactly what continues a list."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from dsi.docids.tokenizer import load_tokenizer
from dsi.model.scoring import pad_batch
from dsi.ranking.list_constraint import ListConstraint
from dsi.ranking.lists import generate_tokens
from tests.ranking.tiny_lists import DOCIDS, model, write_tokenizer


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> Tokenizer:
    return load_tokenizer(tokenizer_folder)


@pytest.mark.parametrize("seed", range(5))
def test_constrained_lists_hold_existing_docids_once(tokenizer: Tokenizer, seed: int) -> None:
    t5 = model(tokenizer, seed)
    for limit in (1, 3, len(DOCIDS), 99):
        allowed = ListConstraint(DOCIDS, tokenizer, limit)
        tokens = generate_tokens(t5, *pad_batch([[5, 6, 1], [9, 1]]), 80, allowed)
        for row in tokens:
            ids = tokenizer.decode(row).split()
            assert len(ids) == len(set(ids)) == min(limit, len(DOCIDS))
            assert set(ids) <= set(DOCIDS)


def test_a_constraint_allows_exactly_what_continues_a_list(tokenizer: Tokenizer) -> None:
    """Against every list of two docids written out."""
    allowed = ListConstraint(DOCIDS, tokenizer, 2)
    lists = [
        tokenizer.encode(f"{first} {second}").ids for first in DOCIDS for second in DOCIDS if first != second
    ]
    for tokens in lists:
        for cut in range(len(tokens)):
            prefix = tokens[:cut]
            expected = {other[cut] for other in lists if other[:cut] == prefix}
            assert set(allowed(0, torch.tensor([0, *prefix]))) == expected
        assert allowed(0, torch.tensor([0, *tokens])) == [0]  # padding after the end


def test_constraints_of_many_docids_stay_fast(tokenizer: Tokenizer) -> None:
    docids = [str(number) for number in np.random.default_rng(1).choice(10**6, 20_000, replace=False)]
    allowed = ListConstraint(docids, tokenizer, 5)
    (row,) = generate_tokens(model(tokenizer), *pad_batch([[5, 1]]), 60, allowed)
    ids = tokenizer.decode(row).split()
    assert len(set(ids)) == 5
    assert set(ids) <= set(docids)
