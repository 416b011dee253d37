"""What all rules share: the checked configuration, paths, wildcards, code digests, the interpreter,
and the functions that give rules their inputs and params.
"""

import hashlib
import json
import logging
import re
import shlex
import sys
import time
from pathlib import Path
from typing import NamedTuple

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

SCRIPTS = Path(workflow.basedir) / "scripts"
sys.path.insert(0, str(SCRIPTS))

from plan.config.checked import SAMPLING, ConfigurationError, checked_configuration  # noqa: E402
from plan.digests import code_digest  # noqa: E402
from dsi.pruning.registry import CRITERIA as KNOWN_CRITERIA, calibrated, one_shot, rates_of  # noqa: E402
from plan.environment import export_interpreter, gpus_here  # noqa: E402
from dsi.collection.docstrings import package_version  # noqa: E402
from dsi.systems import CHECKPOINT_FILES, DENSE_ARMS, RATE_PATTERN, spell_rate as format_rate  # noqa: E402


class OneLinePerJob(logging.Filter):
    """Shows each job as one line, `12:34:56 [ 17/136] its message`; Snakemake's own form takes five."""

    done = 0
    total = 0

    def filter(self, record):
        text = record.getMessage()
        if text.startswith("Select jobs to execute") or re.match(r"Execute \d+ jobs", text):
            return False
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.total = record.stats["total"]
            return workflow.dryrun
        if event == LogEvent.PROGRESS:
            self.done, self.total = record.done, record.total
            return False
        if event in (LogEvent.JOB_FINISHED, LogEvent.RESOURCES_INFO):
            return False
        if event == LogEvent.JOB_INFO and record.rule_msg:
            width = len(str(self.total))
            count = f"[{self.done:{width}}/{self.total}] " if self.total else ""
            record.event = None
            record.msg = f"{time.strftime('%H:%M:%S')} {count}{record.rule_msg}"
            record.args = ()
        return True


if not any(isinstance(item, OneLinePerJob) for item in logger.filters):
    logger.addFilter(OneLinePerJob())

try:
    config = checked_configuration(config)
except ConfigurationError as error:
    raise WorkflowError(str(error))

CONDA = "conda" in {str(method) for method in workflow.deployment_settings.deployment_method}
export_interpreter(SCRIPTS, CONDA)

# One training job at a time where there is one GPU (profiles limit the resource); none where there is
# none, so that jobs run side by side on the cores. On a cluster the profile says which jobs need one.
GPU = gpus_here()

RESULTS = config["results"].rstrip("/")
COLLECTION = f"{RESULTS}/collection"
INDEX = f"{COLLECTION}/index/manifest.json"
RATES = [format_rate(rate) for rate in config["rates"]]
SEEDS = config["seeds"]
BASELINES = config["run"]
TASK = {name: config["baselines"][name]["task"] for name in BASELINES}
PRUNED_BASELINES = [name for name in BASELINES if config["baselines"][name]["prune"]]
CRITERIA = config["criteria"]
ONE_SHOT = [name for name in CRITERIA if one_shot(name)]
UNPRUNED = "dense"  # in place of a criterion in the name of a figure

BASELINE_FOLDER = f"{RESULTS}/baselines/{{baseline}}"
SEED_FOLDER = f"{BASELINE_FOLDER}/seed{{seed}}"
SEED_NAME = "{baseline}-seed{seed}"
SEED_SLUG = "baselines/{baseline}/seed{seed}"
PRUNED_SLUG = "pruned/{baseline}/seed{seed}/{criterion}-{rate}"
RECOVERED_SLUG = "recovered/{baseline}/seed{seed}/{criterion}-{rate}"
GRADUAL_SLUG = "recovered/{baseline}/seed{seed}/gradual-{rate}"
PRUNED_NAME = "{baseline}-seed{seed}-{criterion}-{rate}"



wildcard_constraints:
    study_figure=r"study-[a-z0-9]+",
    baseline=r"[a-z0-9][a-z0-9-]*",
    model=r"[a-z0-9][a-z0-9-]*",
    criterion="|".join([*KNOWN_CRITERIA, UNPRUNED]),
    source=r"[0-9a-f]{8}",
    generated=r"(file|model)-[0-9a-f]{8}",
    rate=RATE_PATTERN,
    seed=r"\d+",
    arm="|".join(DENSE_ARMS),
    stage="baselines|recovered",
    cost="sparsity|bytes|latency",
    name=r"[a-z0-9.-]+",
    slug=r"(bm25|random|(baselines|pruned|recovered)/[a-z0-9-]+/seed\d+/[a-z0-9.-]+)",


def code(script):
    """The digest of a script and of every module it imports: what makes a rule's outputs stale.

    Content, not times: a fresh checkout reruns nothing, an edited module what uses it.
    """
    return code_digest(SCRIPTS, next(SCRIPTS.glob(f"*/{script}.py")))


def as_json(**values):
    """Configuration for a command line: one scalar, its keys sorted."""
    return json.dumps(values, sort_keys=True)


def selected_collection():
    return config["collections"][config["collection"]]


def relevance():
    """The lowest relevant grade of the collection's judgements: a number, or JSON by split where they differ."""
    collection = selected_collection()
    grades = dict.fromkeys(("train", "validation", "test"), collection["relevance"]) | collection.get(
        "split_relevance", {}
    )
    return grades["test"] if len(set(grades.values())) == 1 else grades


def relevance_option():
    """The same as an option of a script."""
    return f"--relevance {shlex.quote(json.dumps(relevance()))}"


def local_files(*keys):
    """Those of a collection's sources that are local files: an edited one makes what follows stale."""
    sources = [selected_collection()[key] for key in keys]
    return [source["path"] for source in sources if Path(source.get("path", "")).is_file()]


def package_versions(packages):
    """`numpy 2.4.6, …` of installed packages: another version is another collection."""
    return ", ".join(f"{name} {package_version(name)}" for name in sorted(packages))


def baseline(wildcards):
    return config["baselines"][wildcards.baseline]


def checkpoint(folder):
    """Files of a Hugging Face checkpoint besides its weights."""
    return [f"{folder}/{name}" for name in CHECKPOINT_FILES]


def seed_folders():
    """Folders of the unpruned systems, relative to the study's; those of E2 are controls of pruned ones."""
    return [
        f"baselines/{name}/seed{seed}/{arm}"
        for name in BASELINES
        for seed in SEEDS
        for arm in (DENSE_ARMS if name in PRUNED_BASELINES else ["dense"])
    ]


def rates(criterion):
    """Names of the configured rates that a criterion has."""
    return [format_rate(rate) for rate in rates_of(criterion, config["rates"])]


def pruned_folders(stage, baselines=PRUNED_BASELINES, seeds=SEEDS, criteria=None):
    """Folders of the pruned or recovered systems, relative to the study's."""
    if criteria is None:
        criteria = ONE_SHOT if stage == "pruned" else CRITERIA
    return [
        f"{stage}/{name}/seed{seed}/{criterion}-{rate}"
        for name in baselines
        for seed in seeds
        for criterion in criteria
        for rate in rates(criterion)
    ]


def masked_folders():
    """Where each pruned model's masks and sparsity are: with it, or with the recovered one that made them."""
    gradual = [criterion for criterion in CRITERIA if not one_shot(criterion)]
    return [*pruned_folders("pruned"), *pruned_folders("recovered", criteria=gradual)]


def measured_baselines():
    """Baselines of which files and times are measured: those that score every document at once."""
    return [
        name
        for name in PRUNED_BASELINES
        if TASK[name] == "docid" and config["baselines"][name]["docids"]["scheme"] == "atomic"
    ]


def input_length(wildcards):
    """Tokens of the queries that operations are counted and times measured for: as long as they may be."""
    return baseline(wildcards)["training"]["max_tokens"]


def measured_folders(baselines=None, seeds=SEEDS):
    """Folders of the checkpoints whose files and times are measured, relative to the study's; dense ones first.

    A recovered model has the zeros of the pruned one, which is therefore left out.
    """
    baselines = measured_baselines() if baselines is None else baselines
    dense = [f"baselines/{name}/seed{seed}/dense" for name in baselines for seed in seeds]
    return [*dense, *pruned_folders("recovered", baselines, seeds)]


def own_folders(wildcards):
    """Those of one baseline and seed."""
    return measured_folders([wildcards.baseline], [wildcards.seed])


def systems():
    """Every evaluated system of the study."""
    return ["bm25", "random", *seed_folders(), *pruned_folders("pruned"), *pruned_folders("recovered")]


def collection_folder(wildcards, input):
    """The folder of the collection's files, of which the queries are one."""
    return str(Path(input.queries).parent)


# What a training of either task is called, and what of its baseline it depends on.
TRAINERS = {"docid": "train", "ranked-list": "train_lists"}
RANKERS = {"docid": "rank", "ranked-list": "rank_lists"}
SETTINGS = {
    "docid": ["model", "training", "pseudo_queries", "distillation"],
    "ranked-list": ["k", "training", "count_padding", "track_test", "generation"],
}


def trainer(wildcards):
    return TRAINERS[TASK[wildcards.baseline]]


def ranker(wildcards):
    return RANKERS[TASK[wildcards.baseline]]


def start_model(wildcards):
    """The definition under `models` that a ranked-list baseline starts from."""
    return config["models"][baseline(wildcards)["model"]]


def pretrained(wildcards):
    """Whether a baseline starts from pre-trained weights."""
    return TASK[wildcards.baseline] == "ranked-list" and "architecture" not in start_model(wildcards)


def model_tokenizer_script(wildcards):
    """A tokenizer is trained on the collection or comes with the pre-trained model."""
    definition = config["models"][wildcards.model]
    return "train_tokenizer" if "vocabulary" in definition else "fetch_model"


def model_tokenizer_command(wildcards, input):
    """The script that makes it, and its options."""
    script = model_tokenizer_script(wildcards)
    definition = config["models"][wildcards.model]
    if "vocabulary" in definition:
        return (
            f"{script} --documents {input.documents} --queries {input.queries}"
            f" --vocabulary {definition['vocabulary']} --cased --docids"
        )
    source = {key: definition[key] for key in ("hub", "revision", "path") if key in definition}
    return f"{script} tokenizer --source {shlex.quote(as_json(**source))}"


def dense_settings(wildcards):
    """What E1 depends on. Nothing of the recovery is among it."""
    task = TASK[wildcards.baseline]
    chosen = {key: baseline(wildcards)[key] for key in SETTINGS[task]}
    if task == "docid":
        chosen["relevance"] = relevance()
        chosen["scheme"] = baseline(wildcards)["docids"]["scheme"]
        chosen["expanded"] = expanded(wildcards)
    else:
        chosen["architecture"] = start_model(wildcards).get("architecture")
    return as_json(**chosen, depth=config["evaluation"]["depth"])


def expanded(wildcards):
    """Prefixes of docids decoded at a time; none with atomic ones, whose results cannot depend on it."""
    scheme = baseline(wildcards)["docids"]["scheme"]
    return None if scheme == "atomic" else config["evaluation"]["expanded"]


def recovery_settings(wildcards):
    """What E2 depends on: as E1, the recovery's own schedule, and a head to prune apart from the embedding."""
    untie = config["pruning"]["lm_head"]
    return as_json(**json.loads(dense_settings(wildcards)), recovery=config["recovery"], untie=untie)


def selection(wildcards):
    """The options that say which weights are pruned."""
    chosen = config["pruning"]
    flags = [f"--{key.replace('_', '-')}" for key in ("lm_head", "embedding") if chosen[key]]
    return " ".join(["--stacks", *sorted(chosen["stacks"]), "--kinds", *sorted(chosen["kinds"]), *flags])


def pruner(wildcards):
    return "prune_calibrated" if calibrated(wildcards.criterion) else "prune"


def calibration_inputs(wildcards):
    """What a criterion that looks at data reads besides the checkpoint, by name; the others nothing."""
    if not calibrated(wildcards.criterion):
        return {}
    return {
        name: path for name, path in training_inputs(wildcards).items() if name not in ("docids", "tokenizer")
    }


def calibration_options(wildcards, input, threads):
    """The same as options, with how texts are made of the collection and, for movement, how it trains."""
    if not calibrated(wildcards.criterion):
        return ""
    trained = KNOWN_CRITERIA[wildcards.criterion].looks_at == "gradients"
    settings = json.loads((recovery_settings if trained else dense_settings)(wildcards))
    settings["calibration"] = config["pruning"]["calibration"]
    return (
        f"--settings {shlex.quote(as_json(**settings))} --collection {Path(input.queries).parent}"
        f" --threads {threads} {training_sources(wildcards, input)}"
    )


def ranking_options(wildcards, input):
    """Options of the script that ranks with a checkpoint, as far as they depend on the task."""
    chosen = baseline(wildcards)
    depth = config["evaluation"]["depth"]
    if TASK[wildcards.baseline] == "docid":
        bound = f" --expanded {expanded(wildcards)}" if expanded(wildcards) else ""
        return (
            f"--queries {input.queries} --qrels {input.qrels}" f" {relevance_option()} --depth {depth}{bound}"
        )
    settings = as_json(**{key: chosen[key] for key in ("k", "generation", "training")}, depth=depth)
    return f"--collection {Path(input.queries).parent} --settings {shlex.quote(settings)}"


def ranking_inputs(wildcards):
    """What ranking with a checkpoint reads of the collection, by name."""
    names = {"docid": ["queries", "qrels"], "ranked-list": ["queries", "topk", "documents"]}
    return {name: f"{COLLECTION}/{name}.parquet" for name in names[TASK[wildcards.baseline]]}


def tokenizer_of(wildcards):
    """The tokenizer of a baseline: its own, or that of the model it starts from."""
    if TASK[wildcards.baseline] == "docid":
        return f"{RESULTS}/baselines/{wildcards.baseline}/tokenizer/tokenizer.json"
    return f"{RESULTS}/models/{baseline(wildcards)['model']}/tokenizer/tokenizer.json"


def docids_inputs(wildcards):
    """What docids are made from, by name: documents, the tokenizer, and embeddings that come as a file."""
    embeddings = baseline(wildcards)["docids"].get("embeddings", "")
    given = {"embeddings": embeddings} if Path(embeddings).is_file() else {}
    return {"documents": f"{COLLECTION}/documents.parquet", "tokenizer": tokenizer_of(wildcards), **given}


def generated_file(settings):
    """Where the generated queries of a baseline go: one file for all baselines with the same source."""
    source = settings.get("pseudo_queries", {}).get("generated")
    if source is None:
        return None
    kind = "model" if "model" in source else "file"
    return f"{COLLECTION}/pseudo-queries/{kind}-{digest_of(source)}.parquet"


def digest_of(definition):
    """A short name for a part of the configuration."""
    return hashlib.sha256(as_json(**definition).encode()).hexdigest()[:8]


def generated_source(wildcards):
    """The source of generated queries that a file is named for."""
    sources = [
        settings.get("pseudo_queries", {}).get("generated") for settings in config["baselines"].values()
    ]
    return next(source for source in sources if source and digest_of(source) == wildcards.source)


def query_model(wildcards):
    """The model that generates queries, as generate_pseudo_queries.py reads it."""
    source = generated_source(wildcards)
    if Path(source["model"]).is_dir():
        return as_json(path=source["model"])
    return as_json(hub=source["model"], **{key: source[key] for key in ("revision",) if key in source})


def query_model_files(wildcards):
    """Files of a model that is a local folder: an edited one makes its queries stale."""
    folder = Path(generated_source(wildcards)["model"])
    return [str(folder / name) for name in ("config.json", "model.safetensors") if (folder / name).is_file()]


def query_sampling(wildcards):
    source = generated_source(wildcards)
    return as_json(**{key: source[key] for key in SAMPLING})


def docids_options(wildcards):
    """The scheme and its settings as options: `--scheme semantic --leaf-size 100 …`."""
    settings = baseline(wildcards)["docids"]
    return " ".join(
        f"--{key.replace('_', '-')} {shlex.quote(str(value))}" for key, value in sorted(settings.items())
    )


def training_inputs(wildcards):
    """What every training job reads, by name."""
    task = TASK[wildcards.baseline]
    names = {
        "docid": ["documents", "queries", "qrels", "bm25-weights", "bm25-words"],
        "ranked-list": ["documents", "queries", "topk"],
    }
    inputs = {name.replace("-", "_"): f"{COLLECTION}/{name}.parquet" for name in names[task]}
    if task == "docid":
        inputs["docids"] = f"{RESULTS}/baselines/{wildcards.baseline}/docids.parquet"
        generated = generated_file(baseline(wildcards))
        if generated:
            inputs["generated"] = generated
            inputs["generated_words"] = generated.replace(".parquet", "-words.parquet")
    return {**inputs, "tokenizer": tokenizer_of(wildcards)}


def dense_inputs(wildcards):
    """As every training, and the pre-trained weights where E1 starts from such."""
    if not pretrained(wildcards):
        return training_inputs(wildcards)
    weights = f"{RESULTS}/models/{baseline(wildcards)['model']}/model.safetensors"
    return {**training_inputs(wildcards), "weights": weights}


def training_sources(wildcards, input):
    """The options for those inputs that only one task has."""
    names = ("docids", "weights", "generated", "generated_words")
    named = {name.replace("_", "-"): input.get(name) for name in names}
    if named["weights"]:
        named["weights"] = str(Path(named["weights"]).parent)
    return " ".join(f"--{name} {path}" for name, path in named.items() if path)


def training_memory(wildcards):
    """MB that a training may need: a pre-trained T5 is large, one from scratch small."""
    return 24000 if pretrained(wildcards) else 3000


SYSTEM = re.compile(
    r"(?P<stage>baselines|pruned|recovered)/(?P<baseline>[a-z0-9-]+)/seed(?P<seed>\d+)/(?P<name>.+)"
)


def system(wildcards):
    """What the slug of a system stands for, as JSON with the columns of metrics.csv."""
    fields = dict.fromkeys(["baseline", "seed", "arm", "criterion", "rate"])
    match = SYSTEM.fullmatch(wildcards.slug)
    if match is None:
        return as_json(**{**fields, "arm": wildcards.slug})
    fields.update(baseline=match["baseline"], seed=int(match["seed"]))
    if match["stage"] == "baselines":
        return as_json(**{**fields, "arm": match["name"]})
    criterion, _, rate = match["name"].rpartition("-")
    return as_json(**{**fields, "arm": match["stage"], "criterion": criterion, "rate": float(rate)})


def outputs_of(wildcards):
    """What a model made of each query; the reference rankings have no such file."""
    return [f"{RESULTS}/runs/{wildcards.slug}.outputs.parquet"] if "/" in wildcards.slug else []


def evaluation_options(wildcards):
    """A model's outputs, and how the study measured its lists if it makes such."""
    outputs = " ".join(f"--outputs {path}" for path in outputs_of(wildcards))
    match = SYSTEM.fullmatch(wildcards.slug)
    if match is None or TASK[match["baseline"]] != "ranked-list":
        return outputs
    chosen = config["baselines"][match["baseline"]]
    lists = as_json(k=chosen["k"], batch_size=chosen["training"]["batch_size"])
    return f"{outputs} --lists {shlex.quote(lists)}"


def histories(wildcards):
    """History files of a baseline and criterion, dense arms first."""
    dense = [slug for slug in seed_folders() if SYSTEM.fullmatch(slug)["baseline"] == wildcards.baseline]
    recovered = [
        f"recovered/{wildcards.baseline}/seed{seed}/{wildcards.criterion}-{rate}"
        for seed in SEEDS
        if wildcards.baseline in PRUNED_BASELINES
        for rate in rates(wildcards.criterion)
    ]
    return [f"{RESULTS}/{folder}/history.parquet" for folder in [*dense, *recovered]]


def named_histories(wildcards, input):
    """ARM=FILE for each history."""
    names = {path: Path(path).parent.name for path in input.histories}
    prefix = f"{wildcards.criterion}-"
    return " ".join(f"{name.replace(prefix, 'recovered-')}={path}" for path, name in names.items())


def lost_slugs(wildcards):
    """The systems that say which queries a criterion loses: BM25, dense, and its own."""
    own = {"baselines": [wildcards.baseline], "criteria": [wildcards.criterion]}
    pruned = pruned_folders("pruned", **own) if one_shot(wildcards.criterion) else []
    dense = [f"baselines/{wildcards.baseline}/seed{seed}/dense" for seed in SEEDS]
    return ["bm25", *dense, *pruned, *pruned_folders("recovered", **own)]


def frontier_figures():
    """Names of the figures that compare criteria, and of those that cost measurements of their own."""
    costs = {
        "sparsity": PRUNED_BASELINES if len(CRITERIA) > 1 else [],
        "bytes": measured_baselines() if config["report"]["benefit"] else [],
        "latency": measured_baselines() if config["report"]["benefit"] else [],
    }
    compared = [f"frontier-{cost}-{name}" for cost, baselines in costs.items() for name in baselines]
    sensitivity = measured_baselines() if config["report"]["sensitivity"] else []
    return [*compared, *(f"sensitivity-{name}" for name in sensitivity)]


def facts():
    """What the tables' introduction states about the study."""
    return as_json(
        collection=config["collection"],
        e1={name: config["baselines"][name]["training"]["epochs"] for name in BASELINES},
        e2=config["recovery"]["epochs"],
        agreement_k=config["evaluation"]["agreement_k"],
    )


def compared_baselines():
    """Settings of the baselines that are compared with `report.reference`, by name; none without a reference."""
    chosen = [name for name in BASELINES if TASK[name] == "docid"] if config["report"]["reference"] else []
    return {name: config["baselines"][name] for name in chosen}


def compared_slugs():
    return [f"baselines/{name}/seed{seed}/dense" for name in compared_baselines() for seed in SEEDS]


def study_slugs(arm=None):
    """Every system of the ranked-list task, or those of one unpruned arm."""
    found = [(slug, SYSTEM.fullmatch(slug)) for slug in systems()]
    return [
        slug
        for slug, match in found
        if match and TASK[match["baseline"]] == "ranked-list" and arm in (None, match["name"])
    ]


def slugs_of_row(row):
    """The systems, one a seed, that repeat a published row; none where its baseline or rate is not run."""
    arm, name = row["arm"], row["baseline"]
    if arm in DENSE_ARMS:
        last = arm
    else:
        last = f"{row['criterion']}-{format_rate(row['rate'])}"
    stage = "baselines" if arm in DENSE_ARMS else arm
    wanted = [f"{stage}/{name}/seed{seed}/{last}" for seed in SEEDS]
    return [slug for slug in wanted if slug in study_slugs()]


def best_rows():
    """The rows that the study calls its best, as far as they are run, by table."""
    return {row["table"]: row for row in config["published"] if row["best"] and slugs_of_row(row)}


def best_slugs():
    """Whose lists are grouped by seen targets: the study's best dense rows, or every dense system."""
    dense = [slug for row in best_rows().values() if row["arm"] == "dense" for slug in slugs_of_row(row)]
    return dense or study_slugs("dense")


class StudyFigure(NamedTuple):
    """A figure of the study: kind of drawing, title, and (name, slugs) of each history.

    A history of two slugs is E1 of the one and E2 of the other.
    """

    kind: str
    title: str
    histories: list

    def files(self, results):
        return [f"{results}/{slug}/history.parquet" for _, slugs in self.histories for slug in slugs]

    def options(self, results):
        named = [
            f"{name}={','.join(f'{results}/{slug}/history.parquet' for slug in slugs)}"
            for name, slugs in self.histories
        ]
        histories = " ".join(shlex.quote(entry) for entry in named)
        return f"{self.kind} --title {shlex.quote(self.title)} --history {histories}"


def study_figures():
    """The study's figures by file name, as far as the rows that they show are run.

    1 and 2: its best dense rows of Tables 1 and 2; 3: that of Table 2 above the best pruned one; long: the
    dense training with the most epochs of which test queries are tracked.
    """
    best = best_rows()
    figures = {}
    for number in (1, 2):
        if number in best:
            name = best[number]["name"]
            figures[f"study-{number}"] = StudyFigure(
                "curves", f"Figure {number}: best dense {name}", dense_histories(best[number])
            )
    if {2, 3} <= set(best):
        pruned = best[3]
        label = f"{pruned['name']}, pruned at {format_rate(pruned['rate'])}"
        starts = slugs_of_row({**pruned, "arm": "dense"})
        chains = [(label, [start, end]) for start, end in zip(starts, slugs_of_row(pruned), strict=True)]
        figures["study-3"] = StudyFigure(
            "curves", f"Figure 3: {pruned['name']}, dense and pruned", dense_histories(best[2]) + chains
        )
    tracked = [
        row
        for row in config["published"]
        if row["arm"] == "dense" and slugs_of_row(row) and config["baselines"][row["baseline"]]["track_test"]
    ]
    if tracked:
        row = max(tracked, key=lambda row: config["baselines"][row["baseline"]]["training"]["epochs"])
        figures["study-long"] = StudyFigure(
            "long", f"The longest training: {row['name']}, K = {row['K']}", dense_histories(row)
        )
    return figures


def dense_histories(row):
    return [(f"{row['name']}, dense, K {row['K']}", [slug]) for slug in slugs_of_row(row)]


def study_histories(wildcards):
    figures = study_figures()
    if wildcards.study_figure not in figures:
        raise WorkflowError(
            f"no figure {wildcards.study_figure}: found {', '.join(figures) or 'none'} in this study"
        )
    return figures[wildcards.study_figure].files(RESULTS)
