"""The text tokenizer: trained on a collection, stored as Hugging Face files, loaded without transformers.

Its conventions are T5's: a unigram model, ids 0, 1, 2 for padding, end of sequence and unknown, and an
end-of-sequence token behind every text.
"""

import io
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from dsi.base.artefacts import ArtefactError, unreadable

logger = logging.getLogger(__name__)

PAD, EOS, UNKNOWN = "<pad>", "</s>", "<unk>"
PAD_ID, EOS_ID, UNKNOWN_ID = 0, 1, 2
WORD_START = "▁"  # with which a piece starts that has a space before it
FILES = ("tokenizer.json", "tokenizer_config.json")


class VocabularyError(ValueError):
    """No tokenizer can be trained: too few pieces for the characters, or no text; the message says which."""


def train_tokenizer(
    texts: Iterable[str], vocabulary: int, cased: bool = False, required: str = ""
) -> Tokenizer:
    """A unigram tokenizer of at most `vocabulary` pieces, special ones included, lower-casing unless cased.

    Digits and punctuation never join words, so `x[i]` and `x` share a piece. Texts that give fewer pieces
    give all of theirs, and a line of the log says how many.

    Args:
        required: text whose characters, normalised, become pieces however rare they are.

    Raises:
        VocabularyError: the texts have more characters than that, or none.
    """
    lowering = [] if cased else [normalizers.Lowercase()]
    normalizer = normalizers.Sequence(
        [normalizers.NFKC(), *lowering, normalizers.Replace(Regex(r"\s+"), " ")]
    )
    texts = list(texts)
    if not any(text.strip() for text in texts):
        raise VocabularyError("tokenizer: found no text in the documents and queries, expected some words")
    characters = "".join(sorted(set("".join(normalizer.normalize_str(required).split()))))
    learned = _learned_pieces(lambda: map(normalizer.normalize_str, texts), vocabulary, characters)
    tokenizer = Tokenizer(models.Unigram(learned, unk_id=UNKNOWN_ID))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([PAD, EOS, UNKNOWN])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", special_tokens=[(EOS, EOS_ID)]
    )
    return tokenizer


def tokenizer_of_collection(
    documents: pd.DataFrame, queries: pd.DataFrame, vocabulary: int, *, cased: bool, with_docids: bool
) -> Tokenizer:
    """A tokenizer trained on documents (docid, text) and training queries (text).

    Args:
        cased: tell upper from lower case.
        with_docids: learn pieces of docids too; each of their characters becomes one, as a docid with an
            unknown character could neither be learnt nor generated.

    Raises:
        VocabularyError: the texts have more characters than that, or none.
    """
    docids = list(documents["docid"]) if with_docids else []
    texts = [*documents["text"], *queries["text"], *docids]
    return train_tokenizer(texts, vocabulary, cased, required=" ".join(docids))


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the two files that Hugging Face's `AutoTokenizer` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "eos_token": EOS,
        "unk_token": UNKNOWN,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True))


def load_tokenizer(folder: Path, max_tokens: int | None = None) -> Tokenizer:
    """The tokenizer of a folder, cutting texts to `max_tokens` tokens, the last of them the end.

    Raises:
        ArtefactError: tokenizer.json is missing or cannot be read.
    """
    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no other class
        raise ArtefactError(unreadable(path, error)) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if max_tokens is not None:
        tokenizer.enable_truncation(max_tokens)
    return tokenizer


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy the tokenizer's files from one folder to another."""
    for name in FILES:
        shutil.copyfile(source / name, target / name)


def piece_counts(tokenizer: Tokenizer, texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each piece occurs in each text, (vocabulary, len(texts)) float64; untruncated."""
    tokenizer.no_truncation()
    rows: list[int] = []
    columns: list[int] = []
    for column, encoded in enumerate(tokenizer.encode_batch(list(texts), add_special_tokens=False)):
        rows.extend(encoded.ids)
        columns.extend([column] * len(encoded.ids))
    shape = (tokenizer.get_vocab_size(), len(texts))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def _learned_pieces(
    texts: Callable[[], Iterator[str]], vocabulary: int, required: str
) -> list[tuple[str, float]]:
    """Pieces and their scores by SentencePiece, which made T5's own vocabulary.

    The trainer of `tokenizers` gives other pieces at each run.

    Args:
        texts: gives them from the first on, once more where fewer pieces are to be had.
    """
    try:
        return _trained_pieces(texts(), vocabulary, required)
    except RuntimeError as error:
        # Both numbers are known only to SentencePiece, and only to its messages.
        largest = re.search(r"set it to a value <= (\d+)", str(error))
        least = re.search(r"smaller than required_chars\. \d+ vs (\d+)", str(error))
        if least is not None:
            raise VocabularyError(
                f"tokenizer.vocabulary: found {vocabulary}, expected at least {least[1]}, a piece for every "
                f"character of this collection, for example vocabulary: {2 * int(least[1])}"
            ) from error
        if largest is None:
            raise
    logger.info("of %d pieces asked for, this collection gives all it has: %s", vocabulary, largest[1])
    return _trained_pieces(texts(), int(largest[1]), required)


def _trained_pieces(texts: Iterator[str], vocabulary: int, required: str) -> list[tuple[str, float]]:
    """As `_learned_pieces`.

    Raises:
        RuntimeError: SentencePiece's own, where the texts do not give exactly that many pieces.
    """
    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=texts,
        model_writer=model,
        vocab_size=vocabulary,
        model_type="unigram",
        pad_id=PAD_ID,
        eos_id=EOS_ID,
        unk_id=UNKNOWN_ID,
        bos_id=-1,
        normalization_rule_name="identity",
        split_digits=True,
        max_sentence_length=1_000_000,
        required_chars=required,
        num_threads=1,
        minloglevel=2,
    )
    pieces = SentencePieceProcessor(model_proto=model.getvalue())
    return [(pieces.id_to_piece(i), pieces.get_score(i)) for i in range(pieces.vocab_size())]
