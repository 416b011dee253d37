"""Pseudo-queries: short texts drawn from documents, in place of queries that they may answer.

A retriever that generates docids learns its documents from such texts. Five kinds are drawn anew every
epoch: the first sentence, any sentence, a chunk of consecutive words, a bag of terms drawn by inverse
document frequency, and a query of those that were generated for the document elsewhere (Nogueira & Lin
2019, "From doc2query to docTTTTTquery").
"""

import random
from collections.abc import Mapping, Sequence
from itertools import accumulate

from dsi.base.words import text_words

KINDS = ("first_sentence", "sentence", "chunk", "terms", "generated")


class PseudoQuerySampler:
    """Draws pseudo-queries from documents, as lists of words.

    Args:
        texts: of the documents.
        idf: inverse document frequency of a word; words with none are never drawn as terms.
        weights: relative frequency of each of KINDS; one that is absent is never drawn.
        lengths: fewest and most words of a `chunk` and of a bag of `terms`, evenly drawn; sentences and
            generated queries have their own.
        generated: queries of each text, by its place in `texts`; texts without any may be absent.
        noise: share of the pseudo-queries into which further words are inserted, up to as many again, drawn
            by their frequency in all texts: as long questions have words besides those they ask about.
    """

    def __init__(
        self,
        texts: Sequence[str],
        idf: Mapping[str, float],
        weights: Mapping[str, float],
        lengths: Mapping[str, Sequence[int]],
        generated: Mapping[int, Sequence[str]] | None = None,
        noise: float = 0.0,
    ) -> None:
        self._chunk_words = tuple(lengths["chunk"])
        self._term_count = tuple(lengths["terms"])
        self._weights = [weights.get(kind, 0.0) for kind in KINDS]
        # Whole, unlike words of documents: these are queries already.
        self._generated = {
            document: [query.split() for query in queries] for document, queries in (generated or {}).items()
        }
        self._noise = noise
        self._words: list[list[str]] = []
        self._sentences: list[list[list[str]]] = []
        self._terms: list[list[str]] = []
        self._term_weights: list[list[float]] = []
        known: dict[str, str] = {}  # each word once, whichever texts have it
        for found in map(text_words, texts):
            terms = [known.setdefault(term, term) for term in found.terms if idf.get(term, 0.0) > 0]
            self._words.append([known.setdefault(word, word) for word in found.words])
            self._sentences.append(
                [[known.setdefault(word, word) for word in sentence] for sentence in found.sentences]
            )
            self._terms.append(terms)
            self._term_weights.append([idf[term] for term in terms])
        self._until = list(accumulate(map(len, self._words)))  # words up to and with each text

    def sample(self, document: int, rng: random.Random) -> list[str]:
        """One pseudo-query of a document, of a kind drawn by weight.

        A document without the drawn kind (no sentence, no term, no generated query) gives a chunk; one
        without any usable word (an empty one, say) gives an empty list.
        """
        words = self._plain_sample(document, rng)
        # With noise 0 nothing is drawn here, so that the other draws are as without this option.
        if self._noise and words and rng.random() < self._noise:
            words = list(words)
            for _ in range(rng.randint(1, len(words))):
                words.insert(rng.randint(0, len(words)), self._any_word(rng))
        return words

    def _plain_sample(self, document: int, rng: random.Random) -> list[str]:
        kind = rng.choices(KINDS, self._weights)[0]
        if kind == "terms" and self._terms[document]:
            count = min(rng.randint(*self._term_count), len(self._terms[document]))
            return rng.choices(self._terms[document], self._term_weights[document], k=count)
        if kind == "first_sentence" and self._sentences[document]:
            return self._sentences[document][0]
        if kind == "sentence" and self._sentences[document]:
            return rng.choice(self._sentences[document])
        if kind == "generated" and self._generated.get(document):
            return rng.choice(self._generated[document])
        return self._chunk(document, rng)

    def _any_word(self, rng: random.Random) -> str:
        [words] = rng.choices(self._words, cum_weights=self._until)
        return rng.choice(words)

    def _chunk(self, document: int, rng: random.Random) -> list[str]:
        words = self._words[document]
        length = rng.randint(*self._chunk_words)
        start = rng.randint(0, max(0, len(words) - length))
        return words[start : start + length]
