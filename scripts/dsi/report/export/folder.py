"""A checkpoint of a study as a folder to hand on, which transformers loads without this project."""

import json
import os
import shlex
import shutil
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file

from dsi.base.files import file_digest, write_text
from dsi.collection.relevance import lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.efficiency.compressed_files import save_verified
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import VerdictRow, verdict_rows
from dsi.model.checkpoint import DOCID_TASK, Description, read_description
from dsi.report.export.card import Card, card_text
from dsi.report.export.choice import Choice
from dsi.report.export.quality import MEASURES, SPLIT, qualities
from dsi.report.export.source import ExportError, Source
from dsi.report.number_commands import definition
from dsi.report.results import read_csv, read_provenance
from dsi.systems import CHECKPOINT_FILES, JUDGING_CONTROLS, System

WEIGHTS, COMPRESSED, CARD, DOCIDS = "model.safetensors", "model.dsz", "README.md", "docids.json"
BM25 = System(None, None, "bm25", None, None)
PACKAGES = ("torch", "transformers")
LONGEST = 80  # characters of the query in the card's example


def default_folder(source: Source, choice: Choice) -> Path:
    """Where an export goes unless a user says otherwise."""
    return source.results / "export" / str(choice.system.baseline)


def export(source: Source, choice: Choice, folder: Path) -> None:
    """Write the folder as a whole; what an export left there before is replaced.

    Raises:
        ExportError: the checkpoint writes lists, a file has changed since it was evaluated, or the folder
            holds something else.
        CompressionError, SideError, PairingError: weights or values are not what they should be.
    """
    checkpoint = source.results / choice.system.slug
    description = read_description(checkpoint)
    if description.task != DOCID_TASK:
        raise ExportError(
            f"{checkpoint}: found the task {description.task}, whose lists of docids are text; expected a "
            "checkpoint of task docid, for example --system baselines/dsi/seed1/dense"
        )
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / DOCIDS).is_file()):
        raise ExportError(
            f"--output: found other files in {folder}; expected a new folder, an empty one, or one of an "
            "earlier export, for example --output exported"
        )
    temporary = folder.with_name(f".{os.getpid()}.{folder.name}")
    temporary.mkdir(parents=True)
    try:
        _copy_files(source, choice, temporary)
        write_text(card_text(_card(source, choice, description, temporary)), temporary / CARD)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _copy_files(source: Source, choice: Choice, folder: Path) -> None:
    """Checkpoint, compressed weights, docids, runs and qrels."""
    checkpoint = source.results / choice.system.slug
    for name in (WEIGHTS, *CHECKPOINT_FILES):
        shutil.copyfile(checkpoint / name, folder / name)
    save_verified(load_file(checkpoint / WEIGHTS), folder / COMPRESSED, zstd=True)
    write_text(_docids(pd.read_parquet(checkpoint / "docids.parquet")), folder / DOCIDS)
    for part in ("runs", "qrels"):
        (folder / part).mkdir()
    runs = {"model": choice.system, "dense": choice.dense, "bm25": BM25}
    for name, system in runs.items():
        if system is not None:
            shutil.copyfile(_run(source, system), folder / "runs" / f"{name}.trec.gz")
    for split in EVALUATED_SPLITS:
        shutil.copyfile(source.results / "qrels" / f"{split}.txt", folder / "qrels" / f"{split}.txt")


def _docids(frame: pd.DataFrame) -> str:
    """JSON, a document a line: its docid and tokens."""
    lines = [
        f"{json.dumps(docid, ensure_ascii=False)}: {json.dumps(tokens.tolist())}"
        for docid, tokens in zip(frame["docid"], frame["tokens"], strict=True)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _run(source: Source, system: System) -> Path:
    """The run of a system, which must be the one that was evaluated."""
    path = source.results / "runs" / f"{system.slug}.trec.gz"
    metrics = source.results / "metrics" / f"{system.slug}.json"
    for needed in (path, metrics):
        if not needed.is_file():
            raise ExportError(f"{needed}: no such file; make it: snakemake --cores 2 {needed}")
    if file_digest(path) != read_provenance(metrics).inputs["run"]:
        raise ExportError(
            f"{path}: found another run than the one that {metrics} is about; evaluate it again: "
            f"snakemake --cores 2 {metrics}"
        )
    return path


def _card(source: Source, choice: Choice, description: Description, folder: Path) -> Card:
    others = [system for system in (choice.dense, BM25) if system is not None]
    quality, queries = qualities(source.results, choice.system, others, source.confidence)
    lowest = lowest_grade(source.reports[choice.system].parameters["relevance"], SPLIT)
    asked = [definition(measure, lowest) for measure in MEASURES]
    return Card(
        source=source,
        choice=choice,
        description=description,
        parameters=sum(weight.numel() for weight in load_file(folder / WEIGHTS).values()),
        zeros=source.zeros.get(choice.system),
        quality=quality,
        queries=queries,
        verdict=_verdict(source, choice.system),
        sizes={path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*.*")},
        query=_example(source),
        evaluate=shlex.join(["ir_measures", f"qrels/{SPLIT}.txt", "runs/model.trec.gz", *asked]),
        versions={name: version(name).partition("+")[0] for name in PACKAGES},
    )


def _verdict(source: Source, system: System) -> VerdictRow | None:
    """On the rate of a recovered checkpoint as training in general; None with one seed, or of other arms."""
    if system.arm != "recovered":
        return None
    rows = verdict_rows(read_csv(source.results / "tables" / "verdicts.csv"))
    wanted = (system.baseline, system.criterion, system.rate, JUDGING_CONTROLS[0], Question.TRAINING)
    found = [r for r in rows if (r.baseline, r.criterion, r.rate, r.control, r.question) == wanted]
    return next((row for row in found if row.lower == row.lower), None)


def _example(source: Source) -> str:
    """A test query that fits a line of code."""
    queries = pd.read_parquet(source.results / "collection" / "queries.parquet")
    texts = queries.loc[queries["split"] == SPLIT, "text"]
    return str(min(texts, key=lambda text: (len(text) > LONGEST, "\n" in text, "`" in text)))
