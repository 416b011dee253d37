"""Texts made from the documents, on which a docid retriever is trained."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from plan.config.section import (
    NUMBER,
    WHOLE,
    Listed,
    MayBeAbsent,
    Number,
    OrNull,
    Positive,
    Section,
    Seed,
    Text,
)

# What a model is told besides where it is, each key with an example: with `model`, all of them are there.
SAMPLING = {
    "number": 20,
    "top_k": 10,
    "document_tokens": 512,
    "query_tokens": 64,
    "batch_size": 16,
    "seed": 42,
}


class Weights(Section):
    """How often each kind of pseudo-query is drawn."""

    first_sentence: Number = Field(description="how the document begins", examples=[0.25], ge=0)
    sentence: Number = Field(description="any sentence", examples=[0.25], ge=0)
    chunk: Number = Field(description="consecutive words from anywhere", examples=[0.25], ge=0)
    terms: Number = Field(description="words drawn by inverse document frequency", examples=[0.25], ge=0)
    generated: MayBeAbsent[Annotated[float, Field(ge=0), NUMBER]] = Field(
        default=None, description="queries of `generated`; absent: none", examples=[0.3]
    )

    @property
    def by_kind(self) -> Mapping[str, float]:
        """The weight of each kind; generated queries only if they have one."""
        return self.as_dict()


class Lengths(Section):
    """Fewest and most words of the kinds whose length the document does not give."""

    chunk: Listed[Positive] = Field(
        description="of consecutive words", examples=[[5, 12]], min_length=2, max_length=2
    )
    terms: Listed[Positive] = Field(
        description="of words drawn by inverse document frequency",
        examples=[[4, 12]],
        min_length=2,
        max_length=2,
    )

    @property
    def by_kind(self) -> Mapping[str, tuple[int, ...]]:
        """Fewest and most words of each kind."""
        return {"chunk": self.chunk, "terms": self.terms}


class GeneratedQueries(Section):
    """Queries that were generated for the documents: of a file (path), or of a model, with its sampling."""

    path: MayBeAbsent[Text] = Field(
        default=None,
        description="JSON lines with id and queries (or predicted_queries), or `docid<TAB>query`; gzip too",
        examples=["data/queries.jsonl"],
    )
    model: MayBeAbsent[Text] = Field(
        default=None,
        description="a T5 that writes queries: a repository of the Hugging Face hub, or a local folder",
        examples=["macavaney/doc2query-t5-base-msmarco"],
    )
    revision: MayBeAbsent[Text] = Field(
        default=None,
        description="a commit of the repository",
        examples=["df1b051c49625cf57a3d0d8d3863ed4d13564fe4"],
    )
    number: MayBeAbsent[Positive] = Field(
        default=None,
        description="queries that the model writes for a document",
        examples=[SAMPLING["number"]],
    )
    top_k: MayBeAbsent[Positive] = Field(
        default=None,
        description="most probable tokens that each next one is drawn from",
        examples=[SAMPLING["top_k"]],
    )
    document_tokens: MayBeAbsent[Annotated[int, Field(ge=2), WHOLE]] = Field(
        default=None,
        description="tokens of a document that the model reads",
        examples=[SAMPLING["document_tokens"]],
    )
    query_tokens: MayBeAbsent[Annotated[int, Field(ge=2), WHOLE]] = Field(
        default=None, description="longest query, in tokens", examples=[SAMPLING["query_tokens"]]
    )
    batch_size: MayBeAbsent[Positive] = Field(
        default=None, description="documents at a time", examples=[SAMPLING["batch_size"]]
    )
    seed: MayBeAbsent[Seed] = Field(default=None, description="of the sampling", examples=[SAMPLING["seed"]])

    @property
    def sampling(self) -> Mapping[str, int]:
        """What a model is told besides where it is; empty for a file."""
        return {key: value for key, value in self.as_dict().items() if key in SAMPLING}


class RecoveryQueries(Section):
    """What E2, the recovery and its controls, draws otherwise than E1."""

    per_document: MayBeAbsent[Positive] = Field(
        default=None, description="pseudo-queries of a document in one epoch of E2", examples=[5]
    )
    training_queries: MayBeAbsent[Annotated[float, Field(ge=0, lt=1), NUMBER]] = Field(
        default=None,
        description="fraction of E2's examples that are real training queries; 0: documents alone",
        examples=[0],
    )


class PseudoQueries(Section):
    """Made from the documents, resampled every epoch."""

    per_document: Positive = Field(description="pseudo-queries of a document in one epoch", examples=[4])
    distinct: OrNull[Positive] = Field(
        description="null: drawn anew every epoch; a number: so many a document, drawn once", examples=[20]
    )
    weights: Weights = Field(description="relative frequency of each kind")
    lengths: Lengths = Field(description="fewest and most words; match them to the queries that users ask")
    noise: Number = Field(
        description="share of them with other words of the collection mixed in, up to as many again",
        examples=[0.5],
        ge=0,
        le=1,
    )
    generated: MayBeAbsent[GeneratedQueries] = Field(
        default=None, description="queries that were generated for the documents; absent: none"
    )
    training_queries: Number = Field(
        description="fraction of an epoch's examples that are real training queries",
        examples=[0.06],
        ge=0,
        lt=1,
    )
    e2: MayBeAbsent[RecoveryQueries] = Field(
        default=None,
        description="what E2 draws otherwise, E1 being the same with it and without; absent: nothing",
        examples=["{per_document: 5, training_queries: 0}"],
    )
