"""Checks of the baselines that are run: training, docids, pseudo-queries, the models that they start from."""

from collections.abc import Iterator
from pathlib import Path

from plan.config.baseline import Baseline, DocidBaseline, RankedListBaseline
from plan.config.checks.files import file_problems, name_problems
from plan.config.docids import SemanticDocids
from plan.config.pseudo_queries import SAMPLING, GeneratedQueries, PseudoQueries
from plan.config.starting_model import StartingModel
from plan.config.study import Study
from plan.config.unknown import as_far_as_known


@as_far_as_known
def baseline_problems(study: Study) -> Iterator[str]:
    """What does not fit within each baseline that is run, or between it, the models and the collection."""
    for name, baseline in study.selected_baselines.items():
        path = f"baselines.{name}"
        yield from _training_problems(path, baseline)
        yield from _patience_problems(path, baseline, study)
        if isinstance(baseline, DocidBaseline):
            yield from _docids_problems(f"{path}.docids", baseline)
            yield from _pseudo_queries_problems(f"{path}.pseudo_queries", baseline)
        elif isinstance(baseline, RankedListBaseline):
            yield from _model_problems(path, baseline, study)
            yield from _training_queries_problems(name, study)


@as_far_as_known
def _training_problems(path: str, baseline: Baseline) -> Iterator[str]:
    training = baseline.training
    if training.batch_size % training.accumulate:
        yield (
            f"{path}.training.accumulate: found {training.accumulate}, expected a divisor of batch_size "
            f"{training.batch_size}, for example accumulate: 1"
        )
    rows = max(1, training.batch_size // training.accumulate)
    if training.devices is not None and training.devices > rows:
        yield (
            f"{path}.training.devices: found {training.devices}, expected at most one for each of the {rows} "
            f"examples of a backward pass (batch_size {training.batch_size}, accumulate "
            f"{training.accumulate}), for example devices: {min(2, rows)}"
        )


@as_far_as_known
def _patience_problems(path: str, baseline: Baseline, study: Study) -> Iterator[str]:
    """A training that stops early watches the loss of validation queries."""
    patience = baseline.training.patience
    if patience is None or study.collection not in study.collections:
        return
    if not study.selected_collection.has_validation_queries:
        yield (
            f"{path}.training.patience: found {patience} with the collection {study.collection}, which has "
            "no validation queries; expected some (a split for validation, or a fraction above 0), or "
            "patience: null"
        )


@as_far_as_known
def _docids_problems(path: str, baseline: DocidBaseline) -> Iterator[str]:
    docids = baseline.docids
    if not isinstance(docids, SemanticDocids):
        return
    yield from name_problems(f"{path}.embeddings", docids.embeddings)
    if docids.embeddings.endswith(".parquet") and not Path(docids.embeddings).is_file():
        yield (
            f"{path}.embeddings: found {docids.embeddings!r}, which does not exist; expected lsa, a parquet "
            "file with docid and vector, or the name of a sentence-transformers model, for example "
            "embeddings: lsa"
        )


@as_far_as_known
def _pseudo_queries_problems(path: str, baseline: DocidBaseline) -> Iterator[str]:
    yield from _source_problems(path, baseline.pseudo_queries)
    yield from _lengths_problems(path, baseline.pseudo_queries)
    yield from _weights_problems(path, baseline.pseudo_queries)


@as_far_as_known
def _lengths_problems(path: str, pseudo_queries: PseudoQueries) -> Iterator[str]:
    for kind, (fewest, most) in pseudo_queries.lengths.by_kind.items():
        if fewest > most:
            yield (
                f"{path}.lengths.{kind}: found [{fewest}, {most}], expected the fewest words before "
                f"the most, for example {kind}: [{most}, {fewest}]"
            )


@as_far_as_known
def _weights_problems(path: str, pseudo_queries: PseudoQueries) -> Iterator[str]:
    if not any(pseudo_queries.weights.by_kind.values()):
        yield (
            f"{path}.weights: found only zeros, expected at least one positive weight, for example chunk: 0.4"
        )


@as_far_as_known
def _source_problems(path: str, pseudo_queries: PseudoQueries) -> Iterator[str]:
    """Generated queries have a source and a weight, and the source is a file or a model."""
    weight, source = pseudo_queries.weights.generated, pseudo_queries.generated
    if source is None:
        if weight:
            yield (
                f"{path}.weights.generated: found {weight} without {path}.generated, expected where the "
                "queries come from, for example generated: {path: data/queries.jsonl}"
            )
        return
    if not weight:
        yield (
            f"{path}.generated: found a source without a weight, expected a positive one in {path}.weights, "
            "for example generated: 0.3"
        )
    yield from name_problems(f"{path}.generated.path", source.path)
    yield from name_problems(f"{path}.generated.model", source.model)
    if (source.path is None) == (source.model is None):
        found = "neither path nor model" if source.path is None else "path and model"
        yield f"{path}.generated: found {found}, expected either, for example path: data/queries.jsonl"
    elif source.path is not None:
        yield from _file_problems(f"{path}.generated", source, source.path)
    else:
        yield from (
            f"{path}.generated.{key}: missing, for example {key}: {example}"
            for key, example in SAMPLING.items()
            if key not in source.model_fields_set
        )


@as_far_as_known
def _file_problems(path: str, source: GeneratedQueries, file: str) -> Iterator[str]:
    for key in source.as_dict():
        if key != "path":
            yield f"{path}.{key}: goes with model, not with path; remove it"
    if not Path(file).is_file():
        yield (
            f"{path}.path: found {file!r}, which is no file; expected JSON lines or TSV, for "
            "example path: data/queries.jsonl"
        )
    else:
        yield from file_problems(f"{path}.path", file, "generated queries")


@as_far_as_known
def _model_problems(path: str, baseline: RankedListBaseline, study: Study) -> Iterator[str]:
    if baseline.model not in study.models:
        known = ", ".join(sorted(study.models))
        yield f"{path}.model: found {baseline.model!r}, expected one of {known} (see models)"
        return
    yield from _start_problems(f"models.{baseline.model}", study.models[baseline.model])


@as_far_as_known
def _start_problems(path: str, model: StartingModel) -> Iterator[str]:
    """A model has a tokenizer and weights."""
    yield from name_problems(f"{path}.path", model.path)
    pretrained = model.hub is not None or model.path is not None
    if pretrained and model.vocabulary is not None:
        # An overlay that names a hub's model keeps what the default says of the name.
        yield (
            f"{path}: found {'hub' if model.hub is not None else 'path'} with a vocabulary, expected either, "
            "as a pre-trained model has its own tokenizer; give it a name of its own, for example models: "
            "{t5-small: {hub: google-t5/t5-small}}"
        )
    if not pretrained and model.vocabulary is None:
        yield (
            f"{path}: found no tokenizer, expected hub, path or vocabulary, for example "
            "hub: google-t5/t5-small"
        )
    elif not pretrained and model.architecture is None:
        yield (
            f"{path}: found a vocabulary without weights, expected an architecture, for example "
            "architecture: {d_model: 128, …}"
        )
    if model.path is not None and not Path(model.path).is_dir():
        yield (
            f"{path}.path: found {model.path!r}, which is no folder; expected one with "
            "config.json, model.safetensors and a tokenizer, for example path: models/t5-small"
        )


@as_far_as_known
def _training_queries_problems(name: str, study: Study) -> Iterator[str]:
    """A ranked-list model is trained on queries only: it needs some."""
    if study.collection in study.collections and not study.selected_collection.has_training_queries:
        yield (
            f"run: found {name}, a ranked-list baseline, with the collection {study.collection}, which "
            "has no training queries; expected baselines of task docid, for example run: [dsi]"
        )
