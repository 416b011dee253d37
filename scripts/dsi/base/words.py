"""Words of a text in any script: what a query could hold, where a sentence ends, how words become a text.

Most scripts put blanks between words. Chinese, Japanese, Thai, Lao, Khmer and Burmese do not: their runs are
cut into pieces of two characters, as by Lucene's CJKAnalyzer, but without overlap, so that the pieces put
together are the text again. A run of Katakana is one word, as for Lucene's StandardTokenizer.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

# Longer "words" are code, paths and LaTeX: dozens of tokens that no query holds.
MAX_WORD_CHARACTERS = 29
MIN_SENTENCE_WORDS = 3

# Han, Hiragana and Bopomofo; Katakana, full and half width; what is written without blanks in South-East
# Asia: Thai, Lao, Burmese, Khmer, and the blocks of their neighbours.
_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u3105-\u312f"
    "\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_BLOCKS = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17D3),
    (0x1950, 0x19DF),
    (0x1A20, 0x1AAF),
    (0x1B00, 0x1B7F),
    (0xA980, 0xA9FF),
    (0xAA60, 0xAADF),
)
_ASIAN = [chr(code) for start, end in _BLOCKS for code in range(start, end + 1)]
_LETTERS = _CJK + "".join(char for char in _ASIAN if unicodedata.category(char)[0] == "L")
# Vowel signs, tones and accents belong to the letter before them; so do variation selectors. Of Thai and Lao
# some vowels are letters to Unicode: those behind their consonant, and those that are written before it.
_MARKS = "".join(char for char in _ASIAN if unicodedata.category(char)[0] == "M")
_MARKS += "\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3"
_MARKS += "\u0300-\u036f\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
_BEFORE = "\u0e40-\u0e44\u0ec0-\u0ec4"
# Between words as a blank is, though no white space: zero-width space, Tibetan and Ethiopic dividers.
_DIVIDERS = "\u200b\u0f0b\u0f0c\u1361"
_PUNCTUATION = "\u3001-\u3004\u3008-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"

_CLUSTER = f"[{_BEFORE}]*[{_LETTERS}][{_MARKS}]*"
_TO_CUT = re.compile(f"[{_LETTERS}{_KATAKANA}{_DIVIDERS}]")
_PIECE = re.compile(
    rf"(?:[{_KATAKANA}][{_MARKS}]*){{1,{MAX_WORD_CHARACTERS}}}|{_CLUSTER}(?:{_CLUSTER})?"
    rf"|[^{_LETTERS}{_KATAKANA}{_DIVIDERS}{_PUNCTUATION}]+"
)
_PAIR = re.compile(f"(?=({_CLUSTER}{_CLUSTER}))")
_SEAM = re.compile(f"(?<=[{_LETTERS}{_KATAKANA}{_MARKS}]) (?=[{_LETTERS}{_KATAKANA}])")

_PARAGRAPH = re.compile(r"\n\s*\n")
# Sentence ends of other scripts need no blank behind them; closing quotes and brackets stay before the cut.
_ENDS = "。！？｡．؟۔।॥။។៕።።፧։༎༏᠃᠉꓿"
_SENTENCE_END = re.compile(
    rf"(?<=[.!?])\s+|(?<=[{_ENDS}])(?![{_ENDS}」』”’）】》])\s*|(?<=[{_ENDS}][」』”’）】》])\s*"
)
_ASCII_LETTER = re.compile(r"[A-Za-z]")
_LATIN_END = "\u024f"  # the last of Latin's accented letters


class TextWords(NamedTuple):
    """words: in their order. sentences: those of at least MIN_SENTENCE_WORDS words. terms: distinct, sorted.

    Terms are the words and, of text without blanks, the pairs of characters that two pieces share.
    """

    words: list[str]
    sentences: list[list[str]]
    terms: list[str]


def text_words(text: str) -> TextWords:
    """The words of a text that a query could hold: with a letter, and of MAX_WORD_CHARACTERS at most.

    Where no word has a letter, as in a table, those with a digit count, long ones in parts. A word of a
    script other than Latin is never too long: it is a compound or a text without blanks, but no code.
    """
    words = list(filter(_is_word, _cut(text)))
    if words:
        sentences = [list(filter(_is_word, _cut(sentence))) for sentence in _sentences(text)]
    else:
        words = list(_numbers(text))
        sentences = [list(_numbers(sentence)) for sentence in _sentences(text)]
    pairs = _PAIR.findall(text) if _TO_CUT.search(text) else []
    long_enough = [sentence for sentence in sentences if len(sentence) >= MIN_SENTENCE_WORDS]
    return TextWords(words, long_enough, sorted({*words, *pairs}))


def query_words(text: str) -> list[str]:
    """The words alone."""
    return text_words(text).words


def all_words(text: str) -> set[str]:
    """Every word that a query made of a text may hold: the text's own between blanks, and its terms."""
    words = set(text.split())
    if any(map(_is_word, words)) and not _TO_CUT.search(text):
        return words  # which the terms are among
    return {*words, *text_words(text).terms}


def joined_words(words: list[str]) -> str:
    """Words as a text: with blanks, but none where scripts have none."""
    return _SEAM.sub("", " ".join(words))


def _cut(text: str) -> list[str]:
    words = text.split()
    if not _TO_CUT.search(text):
        return words
    return [piece for word in words for piece in _PIECE.findall(word)]


def _is_word(word: str) -> bool:
    if _ASCII_LETTER.search(word):
        return len(word) <= MAX_WORD_CHARACTERS or _characters(word) <= MAX_WORD_CHARACTERS
    if word.isascii():
        return False
    letters = [char for char in word if char.isalpha()]
    # A single accented letter (`à`) is none: as such words of Latin scripts have always been left out here.
    return len(letters) > 1 or any(letter > _LATIN_END for letter in letters)


def _characters(word: str) -> int:
    """Without combining marks: an accent counts the same whether it is composed with its letter or not."""
    return sum(unicodedata.category(char)[0] != "M" for char in word)


def _numbers(text: str) -> Iterator[str]:
    for word in text.split():
        if any(char.isalnum() for char in word):
            yield from (
                word[start : start + MAX_WORD_CHARACTERS]
                for start in range(0, len(word), MAX_WORD_CHARACTERS)
            )


def _sentences(text: str) -> Iterator[str]:
    for paragraph in _PARAGRAPH.split(text):
        yield from _SENTENCE_END.split(paragraph.strip())
