"""Documents and a tokenizer of single characters, whose ids are known by heart."""

import pandas as pd
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

DIGITS_AND_LETTERS = "0123456789abc"  # 0 is piece 3, 1 is 4, …; a is 13, b is 14


def documents(*docids: str) -> pd.DataFrame:
    return pd.DataFrame({"docid": list(docids), "text": [f"text of {docid}" for docid in docids]})


def tokenizer_of(characters: str) -> Tokenizer:
    """Lower-cases; pieces are single characters, from id 3 on; others are unknown, 2."""
    pieces = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", -9.0),
        *((character, -1.0) for character in characters),
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
    return tokenizer


def lists(frame: pd.DataFrame) -> list[list[int]]:
    return [tokens.tolist() for tokens in frame["tokens"]]
