"""The docids that a generated list names, whatever normalisation made of their characters.

Tokenizers rewrite text before they split it (NFKC: `²` to `2`, a letter and its accent to one character), and
have no piece for some characters, so that the decoded text of a docid's tokens may be another than the docid.
"""

from collections.abc import Sequence
from itertools import chain

from tokenizers import Tokenizer

from dsi.docids.identifiers import DocidError
from dsi.docids.tokenizer import EOS_ID, PAD_ID, WORD_START

_AT_A_TIME = 2**16  # docids that are encoded together


class DocidNames:
    """Reads generated tokens as docids.

    Args:
        docids: every docid.
        tokenizer: of the lists, not truncating.

    Raises:
        DocidError: the tokenizer cannot tell two docids apart, or one has no tokens or holds an end.
    """

    def __init__(self, docids: Sequence[str], tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Only docids that do not come back as they are: of most collections there are none.
        self._by_tokens: dict[tuple[int, ...], str] = {}
        for first in range(0, len(docids), _AT_A_TIME):
            self._add_changed(docids[first : first + _AT_A_TIME])
        self._by_text = self._texts(set(docids) if self._by_tokens else set())
        self._longest = max((len(self._words(tokens)) for tokens in self._by_tokens), default=0)

    def text(self, tokens: Sequence[int]) -> str:
        """The decoded text of a list, in which each docid is spelled as the collection spells it."""
        if not self._by_tokens:
            return str(self._tokenizer.decode(tokens))
        words, names = self._words(tokens), []
        while words:
            sizes = range(min(self._longest, len(words)), 0, -1)
            size = next((n for n in sizes if tuple(chain(*words[:n])) in self._by_tokens), 0)
            if size:
                names.append(self._by_tokens[tuple(chain(*words[:size]))])
            else:
                text = str(self._tokenizer.decode(words[0]))
                names.append(self._by_text.get(text, text))
            words = words[size or 1 :]
        return " ".join(name for name in names if name)

    def _add_changed(self, docids: Sequence[str]) -> None:
        rows = [entry.ids for entry in self._tokenizer.encode_batch(list(docids), add_special_tokens=False)]
        for docid, ids, text in zip(docids, rows, self._tokenizer.decode_batch(rows), strict=True):
            if text == docid:
                continue
            if not ids or EOS_ID in ids or PAD_ID in ids:
                raise DocidError(
                    f"docid {docid!r}: found the tokens {ids}, which no list can hold; expected at least "
                    "one, and no end or padding among them: name the document otherwise, for example doc1"
                )
            other = self._by_tokens.setdefault(tuple(ids), docid)
            if other != docid:
                raise _alike(other, docid)

    def _texts(self, docids: set[str]) -> dict[str, str]:
        """The docid of each decoded text that is no docid itself and stands for one docid only."""
        found: dict[str, list[str]] = {}
        for tokens, docid in self._by_tokens.items():
            text = str(self._tokenizer.decode(tokens))
            if text not in docids:
                found.setdefault(text, []).append(docid)
            elif tuple(self._tokenizer.encode(text, add_special_tokens=False).ids) == tokens:
                raise _alike(text, docid)
        return {text: names[0] for text, names in found.items() if len(names) == 1}

    def _words(self, tokens: Sequence[int]) -> list[list[int]]:
        """Tokens, divided before each that starts with a space."""
        words: list[list[int]] = []
        for token in tokens:
            piece = self._tokenizer.id_to_token(token)
            if not words or (piece is not None and piece.startswith(WORD_START)):
                words.append([])
            words[-1].append(token)
        return words


def _alike(one: str, other: str) -> DocidError:
    return DocidError(
        f"docids {one!r} and {other!r}: found the same tokens for both, so no list can tell them apart; "
        "expected docids that differ after normalisation (NFKC), for example a1 and a2"
    )
