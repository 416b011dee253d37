"""How do memory and time of every stage grow with the number of documents?

    python benchmarks/bench_scale.py                    # 1,000, 10,000 and 100,000 documents
    python benchmarks/bench_scale.py --quick            # without the largest
    python benchmarks/bench_scale.py --full             # and 1,000,000: hours, up to 16 GB
    python benchmarks/bench_scale.py --documents 1000 2000 --stages index "term weights" --keep

Documents are synthetic: some sixty words each, drawn by Zipf's law from a vocabulary that grows by Heaps'
law, half of them from one of fifty topics. Queries are a few words of one document each, and as many at every
size: 500 train, 64 validate, 64 test. The model has the default study's shape. Stages run in their order,
each in a process of its own, and read what those before them wrote.

`MB` is the largest resident memory of that process, of which the imports of all stages are some 400; seconds
are of the processor, on one thread, of the whole stage or of what the column says. An exponent is the slope
between the two largest sizes on logarithmic axes: of the memory that the imports did not take, and of the
seconds. Retrievers are those after a few steps: their probabilities are flat, so that the search of a trie
leaves out little, which is its dearest case. Writes scale.csv, scale.md, scale.svg and scale.png under
--output and prints the table.
"""

import argparse
import gc
import logging
import math
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

# Before the stages, so that none of them has to: imports are not what is measured.
import lightning.pytorch  # noqa: F401
import sklearn.cluster
import sklearn.decomposition
import sklearn.feature_extraction.text  # noqa: F401

from dsi.base.files import replacing, write_parquet, write_text
from dsi.base.process import prepare_torch
from dsi.bm25.lucene import MANIFEST
from dsi.bm25.parameters import DEFAULTS
from dsi.collection.relevance import relevant_documents
from dsi.collection.splits import EVALUATED_SPLITS, TRAIN
from dsi.docids.embeddings import embed_documents
from dsi.docids.identifiers import extra_tokens
from dsi.docids.schemes import atomic, semantic
from dsi.docids.tokenizer import load_tokenizer, piece_counts, save_tokenizer, tokenizer_of_collection
from dsi.evaluation.run_measures import measure_run, read_reference
from dsi.evaluation.runs import read_run
from dsi.model.checkpoint import DOCID_TASK, load_checkpoint, save_checkpoint
from dsi.model.lsa import initialise_from_lsa
from dsi.model.t5 import Shape, build_model, build_sequence_model
from dsi.ranking.ranker import rank_and_write
from dsi.report.figures.style import plt, save_figure, use_theme
from dsi.training.docid_data import DocidFiles, Judged, docid_objective
from dsi.training.docid_settings import DistillationSettings, DocidSettings, PseudoQuerySettings
from dsi.training.phase import Optimisation, Phase, resolve_precision
from dsi.training.retriever import Retriever
from dsi.training.settings import TrainingSettings
from dsi.training.start import Start

SIZES = (1_000, 10_000, 100_000)
LARGEST = 1_000_000
WORDS, SPREAD = 60, 20  # of a document: mean and standard deviation
TOPICS = 50
PIECES = 4096
MAX_TOKENS = 20
STEPS, WARMUP = 4, 1  # of training: timed, and before that
QUERIES = {TRAIN: 500, "validation": 64, "test": 64}
DEPTH = 1000
SHAPE = Shape(
    d_model=192,
    d_kv=32,
    d_ff=64,
    num_heads=6,
    num_layers=1,
    num_decoder_layers=1,
    dropout=0.0,
    feed_forward="gated-gelu",
    embedding_std=0.1,
)
OPTIMISATION = Optimisation("adamw", (0.9, 0.999), 1e-8, weight_decay=0.1, gradient_clip=1.0)
PSEUDO_QUERIES = PseudoQuerySettings(
    weights={"first_sentence": 0.1, "sentence": 0.2, "chunk": 0.4, "terms": 0.3},
    lengths={"chunk": (5, 12), "terms": (4, 12)},
    noise=0.0,
    per_document=4,
    training_queries=0.06,
)
TRAINING = TrainingSettings(
    epochs=1,
    batch_size=128,
    accumulate=1,
    optimiser="adamw",
    betas=(0.9, 0.999),
    eps=1e-8,
    learning_rate=0.002,
    schedule="cosine",
    warmup=0.05,
    weight_decay=0.1,
    gradient_clip=1.0,
    patience=None,
    precision="auto",
    checkpointing=False,
    max_tokens=MAX_TOKENS,
)

logger = logging.getLogger(__name__)


class Stage(NamedTuple):
    """What is measured: a function of a size's folder that gives the seconds, and what these are of."""

    run: Callable[[Path], float]
    of: str = "whole"


class Measured(NamedTuple):
    """megabytes: the largest resident memory; start: what the process began with."""

    megabytes: float
    start: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="1,000 and 10,000 documents only")
    sizes.add_argument("--full", action="store_true", help="1,000,000 documents, too")
    sizes.add_argument("--documents", type=int, nargs="+", help="these numbers of documents instead")
    parser.add_argument(
        "--stages", nargs="+", choices=STAGES, metavar="STAGE", help=f"of {', '.join(STAGES)} (all)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep what stages write, for --stages to go on from"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "results/bench")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logger.setLevel(logging.INFO)
    os.environ["TQDM_DISABLE"] = os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

    numbers = SIZES[:2] if arguments.quick else (*SIZES, LARGEST) if arguments.full else SIZES
    rows = []
    for documents in arguments.documents or numbers:
        folder = arguments.output / f"scale-{documents}"
        if not (folder / "documents.parquet").is_file():
            in_process(lambda folder=folder, documents=documents: make_collection(documents, folder))
        for name in arguments.stages or STAGES:
            measured = in_process(lambda name=name, folder=folder: STAGES[name].run(folder))
            row = {"stage": name, "of": STAGES[name].of, "documents": documents, **measured._asdict()}
            logger.info(
                "%d documents, %s: %.0f MB, %.3g s", documents, name, row["megabytes"], row["seconds"]
            )
            rows.append(row)
        if not arguments.keep:
            shutil.rmtree(folder)
    frame = pd.DataFrame(rows)
    text = markdown(frame)
    print(text)
    write_text(text, arguments.output / "scale.md")
    with replacing(arguments.output / "scale.csv") as path:
        frame.to_csv(path, index=False, float_format="%.6g")
    draw(frame, arguments.output)


def in_process(call: Callable[[], float]) -> Measured:
    """What a call takes in a process of its own, which begins with this one's imports.

    Raises:
        RuntimeError: the process ended without a result; its message is on the error stream.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def measure() -> None:
        prepare_torch(threads=1)
        start = _status("VmRSS")
        seconds = call()
        of_commands = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
        sender.send(Measured(max(_status("VmHWM"), of_commands), start, seconds))

    gc.collect()
    process = context.Process(target=measure)
    process.start()
    sender.close()
    try:
        measured: Measured = receiver.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"a stage ended with exit code {process.exitcode}") from None
    process.join()
    return measured


def _status(field: str) -> float:
    """Megabytes of this process, as the kernel states them."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/self/status: found no {field}, expected Linux")


def timed(call: Callable[[], Any]) -> float:
    """Seconds of the processor, those of commands that were called among them."""

    def spent() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    start = spent()
    call()
    return spent() - start


# The collection.


def make_collection(documents: int, folder: Path) -> float:
    """Documents, queries and judgements; the same for the same number of documents."""
    rng = np.random.default_rng(documents)
    words = make_words(round(30 * documents**0.6), rng)
    general = zipf(len(words))
    share = len(words) // TOPICS
    texts = []
    for _ in range(documents):
        length = max(10, round(rng.normal(WORDS, SPREAD)))
        topic = rng.integers(TOPICS)
        chosen = np.where(
            rng.random(length) < 0.5,
            np.searchsorted(general, rng.random(length)),
            np.searchsorted(general[:share] / general[share - 1], rng.random(length)) * TOPICS + topic,
        )
        sentences = np.split(words[np.minimum(chosen, len(words) - 1)], range(12, length, 12))
        texts.append(" ".join(f"{' '.join(sentence)}." for sentence in sentences))
    docids = [f"d{number:07d}" for number in range(documents)]
    write_parquet(pd.DataFrame({"docid": docids, "text": texts}), folder / "documents.parquet")
    rows, judged = [], []
    for split, count in QUERIES.items():
        for document in rng.integers(documents, size=count).tolist():
            found = texts[document].replace(".", "").split()
            qid = f"q{len(rows):05d}"
            rows.append((qid, " ".join(rng.choice(found, min(6, len(found)), replace=False)), split))
            judged.append((qid, docids[document], 1))
    queries = pd.DataFrame(rows, columns=["qid", "text", "split"])
    write_parquet(queries, folder / "queries.parquet")
    write_parquet(queries[queries["split"] != TRAIN], folder / "evaluated.parquet")
    write_parquet(pd.DataFrame(judged, columns=["qid", "docid", "grade"]), folder / "qrels.parquet")
    return 0.0


def make_words(count: int, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """Different words of two to four syllables."""
    syllables = [
        first + vowel for first in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "an", "er")
    ]
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(rng.choice(syllables, rng.integers(2, 5)))] = None
    return np.array(list(words), dtype=object)


def zipf(words: int) -> npt.NDArray[np.float64]:
    """Cumulated probabilities of words by Zipf's law, offset by Mandelbrot's 2.7."""
    sums = np.cumsum(1 / (np.arange(words) + 3.7))
    return sums / sums[-1]


# The stages, in their order.


def tokenizer_stage(folder: Path) -> float:
    judged = Judged.read(folder)

    def make() -> None:
        trained = tokenizer_of_collection(
            judged.documents, judged.queries, PIECES, cased=False, with_docids=False
        )
        save_tokenizer(trained, folder / "tokenizer")

    return timed(make)


def command(name: str, *arguments: str | Path | float) -> float:
    """A command of the workflow; those that start Java run apart from torch, as in a study."""
    return timed(
        lambda: subprocess.run([*map(str, (sys.executable, ROOT / "scripts", name, *arguments))], check=True)
    )


def index_stage(folder: Path) -> float:
    documents, index = folder / "documents.parquet", folder / "index" / MANIFEST
    shutil.rmtree(index.parent, ignore_errors=True)
    return command("build_index", "--documents", documents, "--manifest", index)


def topk_stage(folder: Path) -> float:
    queries, output = folder / "evaluated.parquet", folder / "topk.parquet"
    return command(
        "search_bm25", *index_and_bm25(folder), "--queries", queries, "--depth", DEPTH, "--output", output
    )


def weights_stage(folder: Path) -> float:
    texts = ("--documents", folder / "documents.parquet", "--queries", folder / "queries.parquet")
    tables = ("--weights", folder / "bm25-weights.parquet", "--words", folder / "bm25-words.parquet")
    return command("export_bm25", *index_and_bm25(folder), *texts, *tables)


def index_and_bm25(folder: Path) -> tuple[str | Path | float, ...]:
    return ("--index", folder / "index" / MANIFEST, "--k1", DEFAULTS.k1, "--b", DEFAULTS.b)


def docids_stage(folder: Path) -> float:
    documents = pd.read_parquet(folder / "documents.parquet")
    pieces = load_tokenizer(folder / "tokenizer").get_vocab_size()

    def assign() -> None:
        vectors = embed_documents(documents, "lsa", seed=42)
        write_parquet(semantic(documents, vectors, pieces, seed=42), folder / "docids-semantic.parquet")

    write_parquet(atomic(documents, pieces), folder / "docids-atomic.parquet")
    return timed(assign)


def initialisation(scheme: str) -> Callable[[Path], float]:
    """Of the embeddings, by LSA; writes the checkpoint."""

    def run(folder: Path) -> float:
        documents = pd.read_parquet(folder / "documents.parquet")
        docids = pd.read_parquet(folder / f"docids-{scheme}.parquet")
        tokenizer = load_tokenizer(folder / "tokenizer")
        pieces = tokenizer.get_vocab_size()
        identifiers = None if scheme == "atomic" else [tokens.tolist() for tokens in docids["tokens"]]
        if identifiers is None:
            model = build_model(SHAPE, pieces, len(docids), seed=1)
        else:
            model = build_sequence_model(SHAPE, pieces + extra_tokens(docids, pieces), identifiers, seed=1)

        def initialise() -> None:
            counts = piece_counts(tokenizer, list(documents["text"]))
            initialise_from_lsa(model, counts, SHAPE.embedding_std, identifiers)

        seconds = timed(initialise)
        keep(model, scheme, folder)
        return seconds

    return run


def keep(model: Any, scheme: str, folder: Path) -> None:
    """Write the checkpoint that the next stages begin with."""
    docids = pd.read_parquet(folder / f"docids-{scheme}.parquet")
    described = {"task": DOCID_TASK, "scheme": scheme, "max_tokens": MAX_TOKENS}
    (folder / scheme).mkdir(exist_ok=True)
    save_checkpoint(model, folder / "tokenizer", docids, folder / scheme, described)


def objective_of(folder: Path, scheme: str) -> tuple[Any, Any]:
    """The checkpoint, and what it is trained on."""
    checkpoint = load_checkpoint(folder / scheme)
    settings = DocidSettings(
        TRAINING,
        PSEUDO_QUERIES,
        DistillationSettings(0.5, 1.0),
        relevance=1,
        scheme=scheme,
        depth=DEPTH,
        prefixes_at_a_time=1024,
    )
    files = DocidFiles(folder, None, None)
    return checkpoint, docid_objective(files, Judged.read(folder), checkpoint, settings, seed=1)


def examples_stage(folder: Path) -> float:
    """What an epoch begins with: its texts, drawn and encoded, and the first batch."""
    _, objective = objective_of(folder, "atomic")
    return timed(lambda: next(iter(objective.batches(1))))


def training(scheme: str) -> Callable[[Path], float]:
    """The median of a few steps, each with the making of its batch."""

    def run(folder: Path) -> float:
        checkpoint, objective = objective_of(folder, scheme)
        precision = resolve_precision("auto")
        phase = Phase("E1", 1, 1, 2e-3, 0.05, "cosine", OPTIMISATION, 1, False, None, precision, 1)
        module = Retriever(Start(checkpoint.model, {}), phase, objective)
        module.on_fit_start()
        optimiser = module.configure_optimizers()["optimizer"]
        module.train()
        batches = objective.batches(1)

        def step() -> None:
            batch = next(batches)
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                loss = objective.loss(module.model, batch)
            loss.backward()
            module.on_before_optimizer_step(optimiser)
            optimiser.step()

        seconds = [timed(step) for _ in range(WARMUP + STEPS)][WARMUP:]
        keep(module.model, scheme, folder)
        return statistics.median(seconds)

    return run


def validation(scheme: str) -> Callable[[Path], float]:
    """After an epoch: loss and measures of the validation queries."""

    @torch.no_grad()
    def run(folder: Path) -> float:
        checkpoint, objective = objective_of(folder, scheme)
        return timed(lambda: objective.validate(checkpoint.model.eval())) / QUERIES["validation"]

    return run


def ranking(scheme: str) -> Callable[[Path], float]:
    """The best thousand documents of the validation and test queries, and their losses."""

    def run(folder: Path) -> float:
        checkpoint, judged = load_checkpoint(folder / scheme), Judged.read(folder)

        def rank() -> None:
            rank_and_write(
                checkpoint,
                judged.queries,
                judged.qrels,
                relevance=1,
                depth=DEPTH,
                prefixes_at_a_time=1024,
                run_path=folder / "run.trec.gz",
                outputs_path=folder / "outputs.parquet",
            )

        return timed(rank) / (QUERIES["validation"] + QUERIES["test"])

    return run


def evaluation_stage(folder: Path) -> float:
    judged = Judged.read(folder)

    def evaluate() -> None:
        relevant = relevant_documents(judged.qrels, judged.queries, 1)
        trained = judged.queries.loc[judged.queries["split"] == TRAIN, "qid"]
        seen = set().union(*(relevant[qid] for qid in trained))
        reference = read_reference(folder, EVALUATED_SPLITS, seen)
        lowest = dict.fromkeys(EVALUATED_SPLITS, 1)
        outputs = pd.read_parquet(folder / "outputs.parquet")
        measure_run(read_run(folder / "run.trec.gz"), reference, lowest, 10, outputs, None)

    return timed(evaluate)


EACH = ("a step", "a query")  # what seconds may be of, if not of the whole stage
STAGES = {
    "tokenizer": Stage(tokenizer_stage),
    "index": Stage(index_stage),
    "top-K": Stage(topk_stage, "128 queries"),
    "term weights": Stage(weights_stage),
    "semantic docids": Stage(docids_stage),
    "initialisation, atomic": Stage(initialisation("atomic")),
    "initialisation, semantic": Stage(initialisation("semantic")),
    "examples of an epoch": Stage(examples_stage),
    "training, atomic": Stage(training("atomic"), "a step"),
    "training, semantic": Stage(training("semantic"), "a step"),
    "validation, atomic": Stage(validation("atomic"), "a query"),
    "validation, semantic": Stage(validation("semantic"), "a query"),
    "ranking, atomic": Stage(ranking("atomic"), "a query"),
    "ranking, semantic": Stage(ranking("semantic"), "a query"),
    "evaluation": Stage(evaluation_stage),
}


# The report.


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The slope between the two largest sizes on logarithmic axes; NaN of one size or of nothing."""
    if len(sizes) < 2 or min(values[-2:]) <= 0:
        return math.nan
    return math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2])


def markdown(frame: pd.DataFrame) -> str:
    sizes = sorted(frame["documents"].unique())
    rows = []
    for stage, part in frame.groupby("stage", sort=False):
        part = part.sort_values("documents")
        above = list(part["megabytes"] - part["start"])
        row = {"stage": stage}
        named = [f"{size:,}" for size in part["documents"]]
        row |= {f"MB, {size}": f"{value:,.0f}" for size, value in zip(named, part["megabytes"], strict=True)}
        row["memory ~ N^"] = _two_digits(exponent(list(part["documents"]), above))
        row["seconds of"] = part["of"].iloc[0]
        row |= {f"s, {size}": f"{value:.3g}" for size, value in zip(named, part["seconds"], strict=True)}
        row["time ~ N^"] = _two_digits(exponent(list(part["documents"]), list(part["seconds"])))
        rows.append(row)
    columns = [f"MB, {size:,}" for size in sizes] + ["memory ~ N^", "seconds of"]
    columns = ["stage", *columns, *(f"s, {size:,}" for size in sizes), "time ~ N^"]
    table = pd.DataFrame(rows, columns=columns).fillna("–").to_markdown(index=False, disable_numparse=True)
    return f"One thread, torch {torch.__version__}, {resolve_precision('auto')} in training.\n\n{table}\n"


def _two_digits(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def draw(frame: pd.DataFrame, folder: Path) -> None:
    """Memory of all stages; seconds of whole stages, and of a step or a query."""
    use_theme()
    figure, (memory, whole, each) = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
    for number, (stage, part) in enumerate(frame.groupby("stage", sort=False)):
        part = part.sort_values("documents")
        style = {"marker": "os^Dv"[number % 5], "color": plt.get_cmap("tab20")(number % 20)}
        memory.loglog(part["documents"], part["megabytes"] / 1000, label=stage, **style)
        axis = whole if part["of"].iloc[0] not in EACH else each
        axis.loglog(part["documents"], part["seconds"], **style)
    memory.set(ylabel="largest resident memory of the stage (GB)")
    whole.set(ylabel="processor seconds of the whole stage")
    each.set(ylabel="processor seconds of a step or a query")
    for axis in (memory, whole, each):
        axis.set_xlabel("documents")
    for labels in (memory.yaxis.set_major_formatter, memory.yaxis.set_minor_formatter):
        labels("{x:g}")
    figure.legend(fontsize="small", loc="outside lower center", ncols=5)
    save_figure(figure, folder / "scale.svg", folder / "scale.png", dpi=150)


if __name__ == "__main__":
    main()
