"""What a command is told besides its files: parts of the configuration as JSON or as options.

Each holds what the job depends on and nothing else, because another value makes its outputs stale. JSON has
sorted keys: one spelling for one meaning.
"""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from dsi.collection.docstrings import package_version
from dsi.pruning.registry import units_left
from dsi.systems import REFERENCES, System
from plan.config.baseline import DocidBaseline, RankedListBaseline
from plan.config.collection import (
    Collection,
    DatasetCollection,
    FilesCollection,
    IndexCollection,
    PydocsCollection,
)
from plan.config.pseudo_queries import SAMPLING, GeneratedQueries
from plan.config.study import Study
from plan.systems_of_study import untrained_references

TRAINERS = {"docid": "train", "ranked-list": "train_lists"}
PRUNERS = {"docid": "prune", "ranked-list": "prune_lists"}
SPLITS = ("train", "validation", "test")

Task = TypeVar("Task", DocidBaseline, RankedListBaseline)


def as_json(value: Any) -> str:
    """JSON with sorted keys."""
    return json.dumps(value, sort_keys=True)


def _part(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Those of some keys that are there."""
    return {key: values[key] for key in keys if key in values}


def of_task(study: Study, baseline: str, task: type[Task]) -> Task:
    """The settings of a baseline of one task.

    Raises:
        TypeError: it is of the other.
    """
    settings = study.baselines[baseline]
    if not isinstance(settings, task):
        raise TypeError(f"{baseline}: found a baseline of task {settings.task}, expected a {task.__name__}")
    return settings


def package_versions(collection: Collection) -> str:
    """`numpy 2.4.6, …` of the packages whose docstrings are read: another version is another collection."""
    packages = collection.packages if isinstance(collection, PydocsCollection) else ()
    return ", ".join(f"{name} {package_version(name)}" for name in sorted(packages))


def corpus_source(collection: Collection) -> str:
    """The source of the documents, as collect_files reads it; nothing for the other kinds."""
    if isinstance(collection, DatasetCollection):
        return as_json({"ir_datasets": collection.documents})
    return as_json(collection.corpus_source() if isinstance(collection, FilesCollection) else {})


def index_source(collection: IndexCollection) -> str:
    """The source of the index and the language of its analyser, as fetch_index reads them."""
    return as_json(collection.index.as_dict() | _part(collection.as_dict(), "language"))


def language_option(collection: Collection) -> str:
    """The language of the index that is built, as an option: nothing for English, the default."""
    language = None if isinstance(collection, PydocsCollection) else collection.language
    return "" if language is None else f"--language {language}"


def query_sources(collection: Collection) -> str:
    """The sources of queries and judgements, how they are divided and what is relevant: of collect_topics."""
    settings = collection.as_dict()
    grade = {"relevance": _relevance(collection), **_part(settings, "withhold")}
    if not isinstance(collection, DatasetCollection):
        if isinstance(collection, FilesCollection) and collection.queries_from is not None:
            grade["corpus"] = collection.corpus_source()
        return as_json(_part(settings, "topics", "qrels", "split", "splits") | grade)
    sources = {name: {"ir_datasets": dataset} for name, dataset in settings["splits"].items()}
    return as_json(
        {"splits": {name: {"topics": one, "qrels": one} for name, one in sources.items()}, **grade}
    )


def relevance(study: Study) -> str:
    """The lowest relevant grade of the judgements: a number, or one for each split where they differ."""
    return as_json(_relevance(study.selected_collection))


def _relevance(collection: Collection) -> int | dict[str, int]:
    grades = dict.fromkeys(SPLITS, collection.relevance) | collection.as_dict().get("split_relevance", {})
    return grades if len(set(grades.values())) > 1 else collection.relevance


def reference_options(study: Study) -> str:
    """Which references rank_references makes, and what they depend on besides the collection."""
    names, (k1, b) = untrained_references(study), (study.bm25.k1, study.bm25.b)
    judged = f"--relevance {shlex.quote(relevance(study))}"
    return f"--names {' '.join(names)} {judged} --k1 {k1} --b {b} --depth {study.evaluation.depth}"


def query_model(source: GeneratedQueries) -> str:
    """The model that generates queries, as generate_pseudo_queries reads it."""
    written = source.as_dict()
    if Path(written["model"]).is_dir():
        return as_json({"path": written["model"]})
    return as_json({"hub": written["model"], **_part(written, "revision")})


def query_sampling(source: GeneratedQueries) -> str:
    """How it generates them."""
    written = source.as_dict()
    return as_json(_part(written, *SAMPLING))


def tokenizer_source(study: Study, model: str) -> str:
    """Where the tokenizer of a pre-trained model is, as fetch_tokenizer reads it."""
    written = study.models[model].as_dict()
    return as_json(_part(written, "hub", "revision", "path"))


def docids_options(study: Study, baseline: str) -> str:
    """The docid scheme and its settings: `--scheme semantic --leaf-size 100 …`."""
    settings = of_task(study, baseline, DocidBaseline).docids.as_dict()
    return " ".join(
        f"--{key.replace('_', '-')} {shlex.quote(str(value))}" for key, value in sorted(settings.items())
    )


def trainer(study: Study, baseline: str) -> str:
    """The command that trains a baseline."""
    return TRAINERS[study.baselines[baseline].task]


def pruner(study: Study, baseline: str) -> str:
    """The command that prunes a baseline by weights alone, and ranks with what is left."""
    return PRUNERS[study.baselines[baseline].task]


def pretrained(study: Study, baseline: str) -> bool:
    """Whether a baseline starts from pre-trained weights."""
    settings = study.baselines[baseline]
    return isinstance(settings, RankedListBaseline) and study.models[settings.model].architecture is None


def of_e1(study: Study, baseline: str) -> str:
    """What E1 depends on. Nothing of the recovery is among it."""
    return as_json(_of_e1(study, baseline))


def of_e2(study: Study, baseline: str) -> str:
    """What E2 depends on: as E1, the recovery's schedule, and a head to prune apart from the embedding."""
    return as_json(_of_e2(study, baseline))


def of_small(study: Study, baseline: str, rate: str, *, taught: bool) -> str:
    """What the training of a small model depends on: as E1, with fewer units, over the epochs of E1 and E2.

    Args:
        taught: whether the dense model teaches it.
    """
    dense = _of_e1(study, baseline)
    units, epochs = dense["model"]["d_ff"], dense["training"]["epochs"] + study.recovery.epochs
    small = {
        "model": {**dense["model"], "d_ff": units_left(units, float(rate))},
        "training": {**dense["training"], "epochs": epochs},
    }
    teaching = {"teaching": study.controls.teaching.as_dict()} if taught else {}
    return as_json({**dense, **small, **teaching})


def calibration_options(study: Study, baseline: str) -> str:
    """How a criterion's texts are made of the collection."""
    settings = {
        **_of_e1(study, baseline),
        **_drawn_in_recovery(study, baseline),
        "calibration": study.pruning.calibration.as_dict(),
    }
    return f"--settings {shlex.quote(as_json(settings))}"


def _of_e1(study: Study, baseline: str) -> dict[str, Any]:
    settings, depth = study.baselines[baseline], {"depth": study.evaluation.depth}
    written = settings.as_dict()
    if isinstance(settings, RankedListBaseline):
        own = ("k", "training", "count_padding", "track_test", "generation", "docid_names")
        architecture = study.models[settings.model].architecture
        shape = None if architecture is None else architecture.as_dict()
        return {**_part(written, *own), "architecture": shape, **depth}
    # What E2 draws otherwise is left out, so that E1 is the same with it and without.
    drawn = {key: value for key, value in written["pseudo_queries"].items() if key != "e2"}
    return {
        **_part(written, "model", "training", "distillation"),
        "pseudo_queries": drawn,
        "bm25": {"k1": study.bm25.k1, "b": study.bm25.b},
        "scheme": settings.docids.scheme,
        "relevance": _relevance(study.selected_collection),
        "prefixes_at_a_time": _prefixes_at_a_time(study, baseline),
        **depth,
    }


def _of_e2(study: Study, baseline: str) -> dict[str, Any]:
    recovery = study.recovery.as_dict()
    settings = {**_of_e1(study, baseline), **_drawn_in_recovery(study, baseline)}
    return {**settings, "recovery": recovery, "untie": study.pruning.lm_head}


def _drawn_in_recovery(study: Study, baseline: str) -> dict[str, Any]:
    """The pseudo-queries of E2; nothing for a baseline that has none."""
    settings = study.baselines[baseline]
    if not isinstance(settings, DocidBaseline):
        return {}
    drawn = settings.pseudo_queries.as_dict()
    otherwise = drawn.pop("e2", {})
    return {"pseudo_queries": drawn | otherwise}


def _prefixes_at_a_time(study: Study, baseline: str) -> int | None:
    """None with atomic docids, whose results cannot depend on it."""
    scheme = of_task(study, baseline, DocidBaseline).docids.scheme
    return None if scheme == "atomic" else study.evaluation.prefixes_at_a_time


def selection_options(study: Study) -> str:
    """The options that say which weights are pruned."""
    settings = study.pruning
    flags = {"--lm-head": settings.lm_head, "--embedding": settings.embedding}
    chosen = [flag for flag, given in flags.items() if given]
    return " ".join(["--stacks", *sorted(settings.stacks), "--kinds", *sorted(settings.kinds), *chosen])


def recovery_pruning_option(study: Study, criterion: str, rate: str) -> str:
    """By which criterion the recovery prunes, how, to which rate, and which weights."""
    settings = study.pruning
    pruning = {
        **settings.as_dict()[criterion],
        "criterion": criterion,
        "rate": float(rate),
        "stacks": sorted(settings.stacks),
        "kinds": sorted(settings.kinds),
        "lm_head": settings.lm_head,
        "embedding": settings.embedding,
    }
    return f"--prune {shlex.quote(as_json(pruning))}"


def ranking_option(study: Study, baseline: str) -> str:
    """What rankings and lists of a pruned model depend on."""
    depth = {"depth": study.evaluation.depth}
    if study.baselines[baseline].task == "docid":
        prefixes = {"prefixes_at_a_time": _prefixes_at_a_time(study, baseline)}
        written = {"relevance": _relevance(study.selected_collection), **prefixes}
    else:
        settings = of_task(study, baseline, RankedListBaseline).as_dict()
        written = _part(settings, "k", "generation", "training", "docid_names")
    return f"--settings {shlex.quote(as_json({**written, **depth}))}"


def list_measures_option(study: Study, slug: str) -> str:
    """How the published study measured lists, for a system that makes such; else nothing."""
    if slug in REFERENCES:
        return ""
    settings = study.baselines[str(System.parse(slug).baseline)]
    if not isinstance(settings, RankedListBaseline):
        return ""
    lists = {"k": settings.k, "batch_size": settings.training.batch_size}
    return f"--lists {shlex.quote(as_json(lists))}"
