"""The card of an exported checkpoint, README.md: what it is, how good, where its limits are, how to load it.

Its head is that of a Hugging Face model card (huggingface_hub.ModelCardData).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from huggingface_hub import EvalResult, ModelCardData

from dsi.docids.identifiers import ATOMIC
from dsi.evaluation.verdicts import VerdictRow
from dsi.model.checkpoint import Description
from dsi.report.export.choice import Choice
from dsi.report.export.loading import loading_code
from dsi.report.export.quality import MEASURES, SPLIT, Estimated, Quality
from dsi.report.export.source import Source
from dsi.report.markdown import ABSENT, brief_percent, bullet, paragraph, percent, pipe_table
from dsi.report.results import Sparsity
from dsi.report.sections.verdict_tables import difference_words, interval_words
from dsi.systems import ARMS, System, spell_rate


class Card(NamedTuple):
    """What a card tells.

    parameters: of the model. versions: of packages, with which it was made. query: the one in the example.
    queries: tested on. verdict: on the rate as training in general, where there is one. sizes: bytes by file.
    evaluate: the command that measures its run, within the folder.
    """

    source: Source
    choice: Choice
    description: Description
    parameters: int
    zeros: Sparsity | None
    quality: Sequence[Quality]
    queries: int
    verdict: VerdictRow | None
    sizes: Mapping[str, int]
    query: str
    evaluate: str
    versions: Mapping[str, str]


def card_text(card: Card) -> str:
    """The whole of README.md."""
    system, source = card.choice.system, card.source
    parts = [
        f"---\n{_head(card)}\n---",
        f"# {system_words(system)}, collection {source.collection}",
        paragraph(
            "A generative retriever: a T5 that answers a query with documents of one collection, whose "
            "identifiers (docids) it generates. It has no index but its weights, and no text of a document."
        ),
        "## What it is",
        _facts(card),
        paragraph(f"How it was chosen: {card.choice.reason}"),
        "## How good it is",
        *_quality(card),
        "## How to load it",
        *_loading(card),
        "## Limits",
        _limits(card),
        "## Files",
        _files(card),
    ]
    return "\n\n".join(parts) + "\n"


def system_words(system: System) -> str:
    """`dsi, seed 3: magnitude at 0.5, recovered`."""
    what = (
        system.words
        if system.rate is None
        else f"{system.criterion} at {spell_rate(system.rate)}, {system.words}"
    )
    return f"{system.baseline}, seed {system.seed}: {what}"


def _head(card: Card) -> str:
    """What machines read of the card; no licence, which is the collection's to say."""
    values = zip(MEASURES, card.quality[0].values, strict=True)
    results = [
        EvalResult(
            task_type="text-retrieval",
            dataset_type=card.source.kind,
            dataset_name=card.source.collection,
            dataset_split=SPLIT,
            metric_type=measure,
            metric_value=round(value.mean, 4),
        )
        for measure, value in values
    ]
    tags = ["generative-retrieval", "differentiable-search-index", "t5", "pruned"]
    data = ModelCardData(
        library_name="transformers",
        tags=tags if card.zeros is not None else tags[:-1],
        model_name=card.choice.system.slug.replace("/", "-"),
        eval_results=results,
    )
    return str(data.to_yaml()).strip()


def _facts(card: Card) -> str:
    source, description = card.source, card.description
    queries = ", ".join(f"{count:,} {split}" for split, count in sorted(source.queries.items()))
    rows = [
        ["task", "query → docid of one document; documents are ranked by log P(docid | query)"],
        ["docids", f"{description.scheme}; docids.json has each document's tokens"],
        ["collection", f"{source.collection} ({source.kind}): {source.documents:,} documents"],
        ["queries", queries],
        ["name in the study", f"`{card.choice.system.slug}`: {ARMS[card.choice.system.arm].meaning}"],
        ["parameters", f"{card.parameters:,}"],
    ]
    if card.zeros is not None:
        zeros = card.zeros
        rows += [
            ["weights that are not 0", f"{zeros.nonzero:,.0f}"],
            ["zeros", f"{percent(zeros.linears)} of the Linear layers, {percent(zeros.model)} of the model"],
        ]
    return "\n".join(bullet(f"**{name}**: {words}") for name, words in rows)


def _quality(card: Card) -> list[str]:
    confidence = brief_percent(card.source.confidence)
    rows = [[_name(quality, card), *map(_interval, quality.values)] for quality in card.quality]
    rows += [
        [f"this − {_name(quality, card)}", *(_interval(value, signed=True) for value in quality.difference)]
        for quality in card.quality
        if quality.difference is not None
    ]
    words = (
        f"On {card.queries:,} test queries, with {confidence} intervals over the queries (Student's t); they "
        "are about this one checkpoint:"
    )
    parts = [paragraph(words), pipe_table(["", *MEASURES], rows)]
    if card.verdict is not None:
        row = card.verdict
        parts.append(
            paragraph(
                f"For training in general, over {row.seeds} seeds: recovered minus {ARMS[row.control].name}, "
                f"the same training without pruning, is {difference_words(row)} of MAP "
                f"({interval_words(row)}): {row.verdict}, the margin being {row.margin:.4f}."
            )
        )
    parts += [paragraph("The same numbers from the run in this folder:"), f"    {card.evaluate}"]
    return parts


def _loading(card: Card) -> list[str]:
    assert card.description.max_tokens is not None
    code = loading_code(card.description.scheme, card.description.max_tokens, card.query)
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return [
        paragraph(
            "With torch and transformers alone, in this folder; the scores are those of the evaluation, "
            "log P(docid | query):"
        ),
        f"```python\n{code}```",
        paragraph(
            f"Made with {versions}. A transformers before 5 does not know `scale_decoder_outputs` of "
            "config.json and gives other scores."
        ),
        "With the project that made it, in its checkout and environment:",
        '    python scripts search FOLDER "a query" --no-texts\n'
        "    python scripts decompress FOLDER/model.dsz --output model.safetensors",
    ]


def _limits(card: Card) -> str:
    lines = [
        f"It finds the {card.source.documents:,} documents that it was trained on and no other; a new "
        "document asks for new training.",
        f"Queries are cut to {card.description.max_tokens} tokens. Words that neither the documents nor the "
        "training queries have mean little to it.",
        "Zeros make the compressed file smaller; transformers multiplies by them as by any weight, so it is "
        "no faster.",
        "The numbers above are of queries like those that it was trained on; of others nothing is known.",
        "What the licences of the collection's texts ask for may hold for weights learnt from them, too: "
        "look before you pass this folder on.",
    ]
    if card.description.scheme != ATOMIC:
        lines.append(
            "The program above scores every document for each query. For a large collection `python scripts "
            "search` searches the tree of docids instead, as exactly."
        )
    return "\n".join(bullet(line) for line in lines)


FILES = {
    "model.safetensors": "weights, with config.json and generation_config.json as transformers reads them",
    "model.dsz": "the same weights compressed, bit for bit; `python scripts decompress` writes them out",
    "tokenizer.json": "the tokenizer, with tokenizer_config.json",
    "docids.json": "docid → its tokens",
    "docids.parquet": "the same, with retriever.json, for `python scripts search`",
    "runs/model.trec.gz": "TREC run of this checkpoint: validation and test queries",
    "runs/dense.trec.gz": "of its dense counterpart: the same seed before pruning",
    "runs/bm25.trec.gz": "of BM25",
    "qrels/test.txt": "TREC qrels of the evaluated queries; validation.txt likewise",
}


def _files(card: Card) -> str:
    rows = [
        [f"`{name}`", f"{card.sizes[name]:,}", words] for name, words in FILES.items() if name in card.sizes
    ]
    return pipe_table(["file", "bytes", "what"], rows, numbers="left")


def _name(quality: Quality, card: Card) -> str:
    return "this checkpoint" if quality.system == card.choice.system else quality.system.words


def _interval(value: Estimated, signed: bool = False) -> str:
    """`0.6351 [0.5870, 0.6832]`."""
    if value.mean != value.mean:
        return ABSENT
    sign = "+" if signed else ""
    return f"{value.mean:{sign}.4f} [{value.lower:{sign}.4f}, {value.upper:{sign}.4f}]"
