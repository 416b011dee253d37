"""What a rule reads: files by name, as paths with the pathvars <results> and <collection>.

A file of the user's own that the configuration names is an input where it exists, so that an edited one makes
what follows stale. What is downloaded is none.
"""

import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dsi.pruning.registry import CRITERIA
from dsi.systems import CHECKPOINT_FILES, REFERENCES, ROUNDED_FILES, System
from plan.config.baseline import DocidBaseline, RankedListBaseline
from plan.config.collection import Collection, FilesCollection, QueriesFromFiles
from plan.config.docids import SemanticDocids
from plan.config.pseudo_queries import GeneratedQueries
from plan.config.sources import JudgedQueries
from plan.config.study import Study
from plan.settings import of_task, pretrained

COLLECTION_INPUTS = {
    "docid": ("documents", "queries", "qrels", "bm25-weights", "bm25-words"),
    "ranked-list": ("documents", "queries", "topk"),
}
RANKING_INPUTS = {"docid": ("queries", "qrels"), "ranked-list": ("queries", "topk", "documents")}
# The options that name inputs which are not the same in every job of a rule; of some the folder is meant.
OPTIONS = {
    "queries": "--collection",
    "tokenizer": "--tokenizer",
    "docids": "--docids",
    "generated": "--generated",
    "generated_words": "--generated-words",
    "weights": "--weights",
    "start": "--start",
    "teacher": "--teacher",
    "masks": "--masks",
    "moments": "--moments",
    "outputs": "--outputs",
    "dense": "--dense",
    "reproduction": "--reproduction",
}
FOLDERS = ("queries", "tokenizer", "weights", "start", "teacher")


def as_options(inputs: Mapping[str, Any]) -> str:
    """The options for those inputs of OPTIONS that a job has: `--collection FOLDER --docids FILE …`."""
    named = {name: str(inputs.get(name) or "") for name in OPTIONS}
    paths = {
        name: str(Path(path).parent) if name in FOLDERS else path for name, path in named.items() if path
    }
    return " ".join(f"{OPTIONS[name]} {shlex.quote(path)}" for name, path in paths.items())


def checkpoint(folder: str) -> list[str]:
    """Files of a checkpoint besides its weights."""
    return [f"{folder}/{name}" for name in CHECKPOINT_FILES]


def weights_of(systems: Sequence[System]) -> list[str]:
    """The weights of some systems, without the rest of their checkpoints."""
    return [f"<results>/{system.slug}/model.safetensors" for system in systems]


def checkpoints_of(systems: Sequence[System]) -> list[str]:
    """All files of the checkpoints of some systems."""
    return [
        f"<results>/{system.slug}/{name}"
        for system in systems
        for name in ("model.safetensors", *CHECKPOINT_FILES)
    ]


def histories_of(systems: Sequence[System]) -> list[str]:
    """What was measured in each epoch of their last training."""
    return [f"<results>/{system.slug}/history.parquet" for system in systems]


def metrics_of(systems: Sequence[System]) -> list[str]:
    """The measures of some systems."""
    return [f"<results>/metrics/{system.slug}.json" for system in systems]


def per_query_of(systems: Sequence[System]) -> list[str]:
    """The measures of some systems, query by query; the commands find them beside the others."""
    return [f"<results>/metrics/{system.slug}.per_query.parquet" for system in systems]


def measures_of(systems: Sequence[System]) -> dict[str, list[str]]:
    """Both, as inputs of those names."""
    return {"metrics": metrics_of(systems), "per_query": per_query_of(systems)}


def runs_of(systems: Sequence[System]) -> list[str]:
    """The rankings of some systems."""
    return [f"<results>/runs/{system.slug}.trec.gz" for system in systems]


def sparsity_of(systems: Sequence[System]) -> list[str]:
    """The shares of zeros of some systems."""
    return [f"<results>/{system.slug}/sparsity.json" for system in systems]


def outputs_of(*slugs: str) -> list[str]:
    """What models made of each query; a reference ranking has no such file."""
    return [f"<results>/runs/{slug}.outputs.parquet" for slug in slugs if slug not in REFERENCES]


def dense_run_of(slug: str) -> list[str]:
    """The run that a model's is compared with: that of the dense one of its baseline and seed."""
    if slug in REFERENCES or (system := System.parse(slug)).arm == "dense":
        return []
    return [f"<results>/runs/{system._replace(arm='dense', criterion=None, rate=None).slug}.trec.gz"]


def rounded_files(path: str) -> list[str]:
    """The compressed files with rounded weights beside the exact one, whose path without suffix is given."""
    return [f"{path}.{word}.dsz" for word in ROUNDED_FILES.values()]


def rounded_files_of(systems: Sequence[System]) -> list[str]:
    """As `rounded_files`, of some systems."""
    return [file for system in systems for file in rounded_files(f"<results>/compressed/{system.slug}")]


def criterion_file(criterion: str) -> str:
    """The file of a one-shot criterion, relative to scripts/."""
    return f"dsi/pruning/criteria/{CRITERIA[criterion].module}.py"


def local_files(*paths: str | None) -> list[str]:
    """Those of some paths that are files here, each once."""
    return sorted({path for path in paths if path is not None and Path(path).is_file()})


def local_query_files(collection: Collection) -> list[str]:
    """Files of topics and judgements that are here, or those of documents whose parts are the queries."""
    if isinstance(collection, FilesCollection) and collection.queries_from is not None:
        return local_corpus_files(collection)
    return local_files(*_query_paths(collection))


def local_corpus_files(collection: Collection) -> list[str]:
    """Files of documents that are here, of a folder all in it."""
    return files_at(collection.corpus.path if isinstance(collection, FilesCollection) else None)


def files_at(path: str | None) -> list[str]:
    """The file at a path, or of a folder all in it; none where there is nothing here."""
    within = Path(path).rglob("*") if path is not None and Path(path).is_dir() else ()
    return local_files(path, *map(str, within))


def _query_paths(collection: Collection) -> Iterator[str | None]:
    if not isinstance(collection, QueriesFromFiles):
        return
    splits = collection.splits
    parts: list[QueriesFromFiles | JudgedQueries | None] = [collection]
    parts += [splits.train, splits.validation, splits.test] if splits else []
    for part in parts:
        sources = (part.topics, part.qrels) if part is not None else ()
        yield from (source.path for source in sources if source is not None)


def tokenizer_of(study: Study, baseline: str) -> str:
    """The tokenizer of a baseline: its own, or that of the model it starts from."""
    settings = study.baselines[baseline]
    owner = (
        f"models/{settings.model}" if isinstance(settings, RankedListBaseline) else f"baselines/{baseline}"
    )
    return f"<results>/{owner}/tokenizer/tokenizer.json"


def for_docids(study: Study, baseline: str) -> dict[str, str]:
    """What docids are made from: documents, the tokenizer, and embeddings that come as a file."""
    docids = of_task(study, baseline, DocidBaseline).docids
    inputs = {"documents": "<collection>/documents.parquet", "tokenizer": tokenizer_of(study, baseline)}
    if isinstance(docids, SemanticDocids) and local_files(docids.embeddings):
        inputs["embeddings"] = docids.embeddings
    return inputs


def for_training(study: Study, baseline: str) -> dict[str, str]:
    """What every training reads."""
    settings = study.baselines[baseline]
    names = COLLECTION_INPUTS[settings.task]
    inputs = {name.replace("-", "_"): f"<collection>/{name}.parquet" for name in names}
    if isinstance(settings, DocidBaseline):
        inputs["docids"] = f"<results>/baselines/{baseline}/docids.parquet"
        if settings.pseudo_queries.generated is not None:
            file = generated_file(settings.pseudo_queries.generated)
            inputs["generated"] = f"{file}.parquet"
            inputs["generated_words"] = f"{file}-words.parquet"
    return {**inputs, "tokenizer": tokenizer_of(study, baseline)}


def for_e1(study: Study, baseline: str) -> dict[str, str]:
    """As every training, and the pre-trained weights where E1 starts from such."""
    inputs = for_training(study, baseline)
    if pretrained(study, baseline):
        model = of_task(study, baseline, RankedListBaseline).model
        inputs["weights"] = f"<results>/models/{model}/model.safetensors"
    return inputs


def for_ranking(study: Study, baseline: str) -> dict[str, str]:
    """What a ranking with a pruned model reads besides the checkpoint."""
    names = RANKING_INPUTS[study.baselines[baseline].task]
    return {name: f"<collection>/{name}.parquet" for name in names}


def for_calibration(study: Study, baseline: str) -> dict[str, str]:
    """What a criterion that looks at data reads besides the checkpoint, which has docids and tokenizer."""
    inputs = for_training(study, baseline)
    return {name: path for name, path in inputs.items() if name not in ("docids", "tokenizer")}


def generated_file(source: GeneratedQueries) -> str:
    """Where generated queries go, without suffix: one file for all baselines with the same source."""
    kind = "model" if source.model is not None else "file"
    return f"<collection>/pseudo-queries/{kind}-{source_name(source)}"


def source_name(source: GeneratedQueries) -> str:
    """A short name for a source of generated queries: 8 hex digits of its digest."""
    return hashlib.sha256(source.as_json().encode()).hexdigest()[:8]


def generated_source(study: Study, name: str) -> GeneratedQueries:
    """The source of generated queries that a file is named for.

    Raises:
        LookupError: no baseline has it.
    """
    for settings in study.baselines.values():
        source = settings.pseudo_queries.generated if isinstance(settings, DocidBaseline) else None
        if source is not None and source_name(source) == name:
            return source
    raise LookupError(f"no baseline has generated queries whose source has the digest {name}")


def query_model_files(study: Study, name: str) -> list[str]:
    """Files of a model that generates queries, where it is a folder here."""
    folder = generated_source(study, name).model or ""
    return local_files(*(f"{folder}/{file}" for file in ("config.json", "model.safetensors")))
