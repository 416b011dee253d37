"""The ranked-list task of one collection and one baseline: its examples, and the lists generated for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from tokenizers import Tokenizer
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError
from dsi.base.files import replacing, write_parquet
from dsi.base.process import compute_device
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.docids.identifiers import DocidError
from dsi.docids.tokenizer import load_tokenizer
from dsi.evaluation.runs import write_run
from dsi.ranking.list_constraint import ListConstraint
from dsi.ranking.list_names import ListNames, numbered
from dsi.ranking.lists import Example, Generation, list_lengths, list_outputs, list_run, make_examples


class ListTaskError(UserError):
    """A collection cannot serve the ranked-list task; the message says what it lacks."""


class ListSettings(NamedTuple):
    """k: docids in a list; depth: of the run; constrained: only existing docids may be generated, none twice;
    full: lists to depth 1000 are generated, not to k; max_tokens: inputs are cut to so many; numbers:
    documents are numbered in the lists, not called by their docids.
    """

    k: int
    depth: int
    constrained: bool
    full: bool
    max_tokens: int
    numbers: bool = False

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> "ListSettings":
        """From a baseline's k, depth, generation (method and length), training.max_tokens and docid_names."""
        generation = settings["generation"]
        return cls(
            settings["k"],
            settings["depth"],
            generation["method"] == "constrained",
            generation["length"] == "full",
            settings["training"]["max_tokens"],
            settings.get("docid_names") == "numbers",
        )


class ListTask(NamedTuple):
    """A collection as a baseline of the ranked-list task sees it.

    docids: docid of every document, and its name in lists where that is another; queries: qid, text, split
    in the order of batches; topk: qid, rank, docid, of the first K of every query and to depth 1000 of those
    that are evaluated.
    """

    docids: pd.DataFrame
    queries: pd.DataFrame
    topk: pd.DataFrame
    inputs: Tokenizer
    generation: Generation
    k: int
    depth: int

    @classmethod
    def read(
        cls, collection: Path, tokenizer: Path, settings: ListSettings | Mapping[str, Any]
    ) -> "ListTask":
        """Read a collection's parquet files.

        Args:
            collection: folder of queries, topk and documents.
            tokenizer: folder of the tokenizer.
            settings: a ListSettings, or the JSON that it comes from.

        Raises:
            ListTaskError: no query is evaluated or has a list, or the tokenizer cannot tell docids apart.
        """
        if not isinstance(settings, ListSettings):
            settings = ListSettings.from_json(settings)
        queries = read_frame(collection / "queries.parquet")
        topk = _read_topk(collection / "topk.parquet", queries, settings)
        docids = read_frame(collection / "documents.parquet", columns=["docid"])
        if settings.numbers:
            docids = numbered(docids)
        targets = load_tokenizer(tokenizer)
        try:
            names = ListNames(docids, targets)
        except DocidError as error:
            raise ListTaskError(f"{collection / 'documents.parquet'}: {error}") from error
        lengths = list_lengths(names.targets(topk), settings.k, targets)
        if not settings.full:
            lengths = lengths._replace(full_list=lengths.k_list)
        allowed = ListConstraint(names.names, targets, settings.k) if settings.constrained else None
        return cls(
            docids,
            queries,
            topk,
            load_tokenizer(tokenizer, settings.max_tokens),
            Generation(targets, lengths, allowed, names),
            settings.k,
            settings.depth,
        )

    def examples(self, *splits: str) -> list[Example]:
        """The examples of some splits, in the order of batches."""
        chosen = self.queries[self.queries["split"].isin(splits)]
        targets = self.generation.names.targets(self.topk)
        return make_examples(chosen, targets, self.k, self.inputs, self.generation.tokenizer)

    def describe_generation(self, model: T5ForConditionalGeneration) -> None:
        """Write into a model's generation_config how lists are generated, for plain transformers."""
        settings = model.generation_config
        assert settings is not None
        settings.max_new_tokens = self.generation.lengths.full_list
        settings.max_length = None
        settings.do_sample = False
        settings.num_beams = 1


def write_lists(
    model: T5ForConditionalGeneration, task: ListTask, run_path: Path, outputs_path: Path
) -> None:
    """Generate for the validation and test queries; write the TREC run and each query's outputs.

    On a GPU where there is one: a list takes a hundred decoder steps.

    Args:
        run_path: gzipped TREC run.
        outputs_path: parquet: the columns of `list_outputs`.
    """
    model.to(compute_device())
    outputs = list_outputs(model, task.examples(*EVALUATED_SPLITS), task.generation)
    run = list_run(outputs, set(task.docids["docid"]), task.depth)
    with replacing(run_path) as path:
        write_run(run, path, tag="ranked-list")
    write_parquet(outputs, outputs_path)


def _read_topk(path: Path, queries: pd.DataFrame, settings: ListSettings) -> pd.DataFrame:
    """qid, rank, docid of BM25's lists, as deep as they are needed."""
    evaluated = queries.loc[queries["split"].isin(EVALUATED_SPLITS), "qid"]
    if evaluated.empty:
        raise ListTaskError(
            f"{path.with_name('queries.parquet')}: found {len(queries)} queries, none of them for validation "
            "or test; expected some, for example split: {train: 0.8, validation: 0.1, test: 0.1}"
        )
    # Millions of rows: training queries need their first K only, unless the longest list is sought.
    filters: list[list[tuple[str, str, Any]]] = [
        [("rank", "<=", settings.k)],
        [("qid", "in", list(evaluated))],
    ]
    columns = ["qid", "rank", "docid"]
    topk = read_frame(path, columns=columns, filters=None if settings.full else filters)
    if topk.empty:
        raise ListTaskError(
            f"{path}: found no document for any query, expected BM25's lists, which are the targets; "
            "do the queries share words with the documents?"
        )
    return topk
