"""What a command is told besides its files: parts of the configuration as JSON or options.

Each holds what the job depends on and nothing else, because another value makes its outputs stale.
"""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from dsi.collection.docstrings import package_version
from dsi.pruning.registry import CRITERIA
from dsi.systems import REFERENCES, System
from plan.config.baseline import DocidBaseline, RankedListBaseline
from plan.config.collection import Collection, DatasetCollection, FilesCollection, PydocsCollection
from plan.config.pseudo_queries import SAMPLING, GeneratedQueries
from plan.config.study import Study

TRAINERS = {"docid": "train", "ranked-list": "train_lists"}
SPLITS = ("train", "validation", "test")
# Inputs that not every job of a rule has, by the option that names them; of some the folder is meant.
OPTIONS = {
    "docids": "--docids",
    "generated": "--generated",
    "generated_words": "--generated-words",
    "weights": "--weights",
    "start": "--start",
    "masks": "--masks",
    "moments": "--moments",
    "outputs": "--outputs",
    "reproduction": "--reproduction",
}
FOLDERS = ("weights", "start")

Task = TypeVar("Task", DocidBaseline, RankedListBaseline)


def as_json(values: Mapping[str, Any]) -> str:
    """JSON with sorted keys: one spelling for one meaning."""
    return json.dumps(values, sort_keys=True)


def of_task(study: Study, baseline: str, task: type[Task]) -> Task:
    """The settings of a baseline of one task.

    Raises:
        TypeError: it is of the other.
    """
    settings = study.baselines[baseline]
    if not isinstance(settings, task):
        raise TypeError(f"{baseline} is of task {settings.task}, expected {task.__name__}")
    return settings


def input_options(inputs: Mapping[str, Any]) -> str:
    """The options for those inputs of OPTIONS that a job has: `--docids FILE --start FOLDER`."""
    named = {name: str(inputs.get(name) or "") for name in OPTIONS}
    paths = {name: str(Path(path).parent) if name in FOLDERS else path for name, path in named.items() if path}
    return " ".join(f"{OPTIONS[name]} {shlex.quote(path)}" for name, path in paths.items())


def package_versions(collection: Collection) -> str:
    """`numpy 2.4.6, …` of the packages whose docstrings are read: another version is another collection."""
    packages = collection.packages if isinstance(collection, PydocsCollection) else ()
    return ", ".join(f"{name} {package_version(name)}" for name in sorted(packages))


def corpus_source(collection: Collection) -> dict[str, Any]:
    """The source of the documents, as collect_files reads it; nothing for the other kinds."""
    if isinstance(collection, DatasetCollection):
        return {"ir_datasets": collection.documents}
    return collection.corpus.as_dict() if isinstance(collection, FilesCollection) else {}


def query_sources(collection: Collection) -> dict[str, Any]:
    """The sources of queries and judgements and how they are divided, as collect_topics reads them."""
    settings = collection.as_dict()
    if not isinstance(collection, DatasetCollection):
        return {key: settings[key] for key in ("topics", "qrels", "split", "splits") if key in settings}
    sources = {name: {"ir_datasets": dataset} for name, dataset in settings["splits"].items()}
    return {"splits": {name: {"topics": source, "qrels": source} for name, source in sources.items()}}


def relevance(collection: Collection) -> int | dict[str, int]:
    """The lowest relevant grade of a collection's judgements: a number, or by split where they differ."""
    own = collection.as_dict().get("split_relevance", {})
    grades = dict.fromkeys(SPLITS, collection.relevance) | own
    return grades if len(set(grades.values())) > 1 else collection.relevance


def trainer(study: Study, baseline: str) -> str:
    """The command that trains a baseline."""
    return TRAINERS[study.baselines[baseline].task]


def training_memory(study: Study, baseline: str) -> int:
    """MB that a training may need: a pre-trained T5 is large, one from scratch small."""
    return 24000 if pretrained(study, baseline) else 3000


def pretrained(study: Study, baseline: str) -> bool:
    """Whether a baseline starts from pre-trained weights."""
    settings = study.baselines[baseline]
    return isinstance(settings, RankedListBaseline) and study.models[settings.model].architecture is None


def prefixes_at_a_time(study: Study, baseline: str) -> int | None:
    """Prefixes of docids decoded at a time; None with atomic ones, whose results cannot depend on it."""
    scheme = of_task(study, baseline, DocidBaseline).docids.scheme
    return None if scheme == "atomic" else study.evaluation.prefixes_at_a_time


def dense_settings(study: Study, baseline: str) -> dict[str, Any]:
    """What E1 depends on. Nothing of the recovery is among it."""
    settings, depth = study.baselines[baseline], study.evaluation.depth
    written = settings.as_dict()
    if isinstance(settings, RankedListBaseline):
        keys = ("k", "training", "count_padding", "track_test", "generation")
        architecture = study.models[settings.model].architecture
        return {
            **{key: written[key] for key in keys},
            "architecture": None if architecture is None else architecture.as_dict(),
            "depth": depth,
        }
    keys = ("model", "training", "pseudo_queries", "distillation")
    return {
        **{key: written[key] for key in keys},
        "bm25": {"k1": study.bm25.k1, "b": study.bm25.b},
        "scheme": settings.docids.scheme,
        "relevance": relevance(study.selected_collection),
        "prefixes_at_a_time": prefixes_at_a_time(study, baseline),
        "depth": depth,
    }


def recovery_settings(study: Study, baseline: str) -> dict[str, Any]:
    """What E2 depends on: as E1, the recovery's own schedule, and a head to prune apart from the embedding."""
    return {
        **dense_settings(study, baseline),
        "recovery": study.recovery.as_dict(),
        "untie": study.pruning.lm_head,
    }


def calibration_settings(study: Study, baseline: str, criterion: str) -> dict[str, Any]:
    """How a criterion's texts are made of the collection and, for gradients, how the recovery trains."""
    by_gradients = CRITERIA[criterion].looks_at == "gradients"
    settings = (recovery_settings if by_gradients else dense_settings)(study, baseline)
    return {**settings, "calibration": study.pruning.calibration.as_dict()}


def list_settings(study: Study, baseline: str) -> dict[str, Any]:
    """What the lists of a trained model depend on."""
    written = of_task(study, baseline, RankedListBaseline).as_dict()
    keys = ("k", "generation", "training")
    return {**{key: written[key] for key in keys}, "depth": study.evaluation.depth}


def selection_options(study: Study) -> str:
    """The options that say which weights are pruned."""
    settings = study.pruning
    flags = {"--lm-head": settings.lm_head, "--embedding": settings.embedding}
    chosen = [flag for flag, given in flags.items() if given]
    return " ".join(["--stacks", *sorted(settings.stacks), "--kinds", *sorted(settings.kinds), *chosen])


def gradual_settings(study: Study, rate: str) -> dict[str, Any]:
    """How masks grow in the recovery, to which rate, and which weights they are of."""
    settings = study.pruning
    return {
        **settings.gradual.as_dict(),
        "rate": float(rate),
        "stacks": sorted(settings.stacks),
        "kinds": sorted(settings.kinds),
        "lm_head": settings.lm_head,
        "embedding": settings.embedding,
    }


def tokenizer_source(study: Study, model: str) -> dict[str, Any]:
    """Where the tokenizer of a pre-trained model is, as fetch_tokenizer reads it."""
    written = study.models[model].as_dict()
    return {key: written[key] for key in ("hub", "revision", "path") if key in written}


def docids_options(study: Study, baseline: str) -> str:
    """The docid scheme and its settings: `--scheme semantic --leaf-size 100 …`."""
    settings = of_task(study, baseline, DocidBaseline).docids.as_dict()
    return " ".join(
        f"--{key.replace('_', '-')} {shlex.quote(str(value))}" for key, value in sorted(settings.items())
    )


def query_model(source: GeneratedQueries) -> dict[str, Any]:
    """The model that generates queries, as generate_pseudo_queries reads it."""
    written = source.as_dict()
    if Path(written["model"]).is_dir():
        return {"path": written["model"]}
    return {"hub": written["model"], **{key: written[key] for key in ("revision",) if key in written}}


def query_sampling(source: GeneratedQueries) -> dict[str, Any]:
    """How it generates them."""
    written = source.as_dict()
    return {key: written[key] for key in SAMPLING}


def list_measures_option(study: Study, slug: str) -> str:
    """How the published study measured lists, for a system that makes such; else nothing."""
    if slug in REFERENCES:
        return ""
    settings = study.baselines[str(System.parse(slug).baseline)]
    if not isinstance(settings, RankedListBaseline):
        return ""
    lists = as_json({"k": settings.k, "batch_size": settings.training.batch_size})
    return f"--lists {shlex.quote(lists)}"


def facts(study: Study) -> dict[str, Any]:
    """What the tables' introduction states about the study."""
    return {
        "collection": study.collection,
        "e1": {name: study.baselines[name].training.epochs for name in study.run},
        "e2": study.recovery.epochs,
        "agreement_k": study.evaluation.agreement_k,
    }
