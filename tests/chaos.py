"""Kill a small study at random moments, again and again, and compare what it ends with.

    python tests/chaos.py --kills 40 --seed 1

A study of 24 documents, fetched from a slow server of this process, is run once undisturbed and once with
kills: SIGINT, SIGTERM or SIGKILL to a job, to Snakemake, or to both, at a random moment of each stage. The
plain command is started again after each. In the end runs, metrics, tables and checkpoints are the same byte
for byte, no recorded job ran again, and the server sent the corpus once. Exit status 0 if so.

It takes about 70 CPU-seconds for the study and 5 for each kill.
"""

import argparse
import csv
import hashlib
import http.server
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from dsi.base.progress import read_run  # noqa: E402
from tests.conftest import DOCIDS, TEXTS  # noqa: E402


class Stage(NamedTuple):
    """job: its command, of a training its stage; rule: whose times are its; output: there when it is done."""

    job: str
    rule: str
    output: str


# In the order in which a study comes to them: BM25 is evaluated while the first training runs.
STAGES = {
    "download": Stage("collect_files", "collect_files", "collection/documents.parquet"),
    "index": Stage("build_index", "build_index", "collection/index/manifest.json"),
    "top-K": Stage("search_bm25", "search_bm25", "collection/topk.parquet"),
    "evaluation": Stage("evaluate", "evaluate", "metrics/bm25.json"),
    "training": Stage("training", "dense", "baselines/smoke/seed1/dense/model.safetensors"),
    "pruning": Stage("prune", "prune", "pruned/smoke/seed1/magnitude-0.5/model.safetensors"),
    "recovery": Stage("recovery", "recover", "recovered/smoke/seed1/magnitude-0.5/model.safetensors"),
    "report": Stage("make_tables", "make_tables", "tables.md"),
}
LEXICAL = ("download", "index", "top-K", "evaluation")  # those before any training
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
AIMS = ("job", "snakemake", "both")
RESULTS = Path("results/chaos")
COMPARED = (
    "runs/**/*.trec.gz",
    "metrics/**/*.json",
    "metrics/**/*.parquet",
    "tables/*.csv",
    "tables.md",
    "**/*.safetensors",
    "collection/*.parquet",
)
FILLER, BLOCK, PAUSE = 24_000, 1 << 14, 0.05  # characters a document; bytes, and seconds between them
LOST = 1 << 17  # bytes that one kill of the download may cost: what is in buffers
PATIENCE = 1800.0  # seconds for a study on a busy machine


class Kill(NamedTuple):
    """A signal, whom it is for, and when: after a part of what a job of the stage takes undisturbed."""

    stage: str
    number: signal.Signals
    aim: str
    part: float


class ChaosError(AssertionError):
    """A study did not survive."""


def planned(count: int, seed: int, stages: Sequence[str]) -> list[Kill]:
    """Kills in the order of stages, each with each signal as often as the count allows, else at random."""
    draw = random.Random(seed)
    signals = draw.sample(SIGNALS, len(SIGNALS))
    kills = []
    for number in range(count):
        turn, place = divmod(number, len(stages))  # in three turns each stage meets each signal
        chosen = signals[(turn + place) % len(signals)]
        # What Snakemake lets end is done, and the stage is over: the last kill of a stage alone may be so.
        last = number + len(stages) >= count or chosen == signal.SIGKILL
        aim = draw.choice(AIMS if last else ("job", "both"))
        kills.append(Kill(stages[place], chosen, aim, draw.uniform(0, 0.6)))
    return sorted(kills, key=lambda kill: stages.index(kill.stage))


def corpus() -> bytes:
    """The tiny collection as a table, with a column that nobody reads but that has to be fetched."""
    table, noise = io.StringIO(), random.Random(1)
    writer = csv.writer(table)
    writer.writerow(["page", "summary", "description", "filler"])
    for docid, text in zip(DOCIDS, TEXTS, strict=True):
        filler = "".join(noise.choices("abcdefghij", k=FILLER))
        writer.writerow([docid, f"about {docid} {text[:12]}", text, filler])
    return table.getvalue().encode()


class Server(http.server.ThreadingHTTPServer):
    """Sends one file slowly, from the byte that is asked for, and counts the bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.sent = 0
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.server.content
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        with suppress(ConnectionError):
            for place in range(start, len(content), BLOCK):
                self.wfile.write(content[place : place + BLOCK])
                self.server.sent += len(content[place : place + BLOCK])
                time.sleep(PAUSE)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def served(content: bytes) -> Iterator[Server]:
    server = Server(content)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class Around(NamedTuple):
    """What a study's results do not depend on."""

    cores: int = 2
    umask: int = 0o022
    variables: Mapping[str, str] = {}


USUAL = Around()


class Study:
    """A study in a folder, run by Snakemake in sessions of their own."""

    def __init__(self, folder: Path, server: Server, target: str, around: Around = USUAL) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._target = target
        self._around = around
        source = {
            "url": f"http://127.0.0.1:{server.server_port}/pages.csv",
            "size": len(server.content),
            "sha256": hashlib.sha256(server.content).hexdigest(),
            "columns": {"id": "page", "text": "description"},
        }
        collection = {
            "kind": "files",
            "corpus": source,
            "queries_from": "summary",
            "split": {"method": "permutation", "train": 0.5, "validation": 0.2, "test": 0.3, "seed": 42},
            "relevance": 1,
        }
        overlay = {
            "results": str(RESULTS),
            "collection": "chaos",
            "collections": {"chaos": collection},
            "run": ["smoke"],
            "seeds": [1],
        }
        (folder / "chaos.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")

    def start(self, *more: str, target: str | None = None) -> subprocess.Popen[bytes]:
        """The plain command, for the study's target or another, or one with more options.

        What it prints is appended to terminal.txt.
        """
        # A shell in the background has SIGINT ignored.
        command = ["env", "--default-signal", sys.executable, "-m", "snakemake"]
        command += ["--snakefile", str(ROOT / "Snakefile"), str(RESULTS / (target or self._target)), *more]
        command += ["--cores", str(self._around.cores)]
        command += ["--configfile", str(ROOT / "studies/smoke.yaml"), "chaos.yaml"]
        with (self.folder / "terminal.txt").open("ab") as terminal:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **self._around.variables},
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=self._around.umask,
            )

    def finish(self) -> None:
        """Run it to its end.

        Raises:
            ChaosError: it has none.
        """
        if self.start().wait(PATIENCE) != 0:
            raise ChaosError((self.folder / "terminal.txt").read_text(encoding="utf-8")[-4000:])

    def seconds(self, stage: str) -> float:
        """Of the shortest of a stage's jobs, as Snakemake noted it."""
        folder = self.folder / RESULTS / "benchmarks" / STAGES[stage].rule
        return min(float(path.read_text().splitlines()[1].split("\t")[0]) for path in folder.rglob("*.tsv"))

    def digests(self) -> dict[str, str]:
        """What is compared: SHA-256 by path."""
        results = self.folder / RESULTS
        return {
            str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
            for pattern in COMPARED
            for path in results.glob(pattern)
            if not any(part.startswith(".") for part in path.relative_to(results).parts)
        }


def jobs_of(session: int) -> dict[int, str]:
    """Processes of a session that are jobs of rules, and their commands."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, UnicodeDecodeError):
            if os.getsid(int(entry.name)) == session:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
                if Path(words[1]) == ROOT / "scripts":
                    phase = words[words.index("--phase") + 1] if "--phase" in words else ""
                    found[int(entry.name)] = {"E1": "training", "E2": "recovery"}.get(phase, words[2])
    return found


def strike(study: Study, kill: Kill, before: str | None, seconds: float) -> str:
    """Run a study as far as a stage, kill it, and wait until nothing of it is left.

    No farther: Snakemake lets go on what does not need the killed job, and later stages would be over.

    Args:
        before: the stage of the last kill.
        seconds: that a job of the stage takes undisturbed.

    Returns:
        The stage in which it was hit: another one if the job had ended, "none" if the study had.

    Raises:
        ChaosError: a process is left, or a job that was recorded has to run again.
    """
    stage, noted = STAGES[kill.stage], read_run(study.folder / RESULTS)
    output = study.folder / RESULTS / stage.output
    # Its job ended before the last kill came: as when a user removes what it made. None downloads twice.
    again = output.exists() and kill.stage != "download"
    if again:
        output.unlink()
    process = study.start(target=stage.output)
    hit: dict[int, str] = {}
    while process.poll() is None and not hit:
        hit = {pid: name for pid, name in jobs_of(process.pid).items() if name == stage.job}
        time.sleep(0.02)
    if process.poll() is None:
        time.sleep(kill.part * seconds)
        hit = jobs_of(process.pid) or hit
        for pid in (*(hit if kill.aim != "snakemake" else ()), *([process.pid] if kill.aim != "job" else ())):
            with suppress(ProcessLookupError):
                os.kill(pid, kill.number)
    process.wait(PATIENCE)
    _wait_until_alone(process.pid)
    now = read_run(study.folder / RESULTS)
    if noted and now and now.since != noted.since and before == kill.stage:
        left = noted.total - noted.done + again
        if now.total > left:
            raise ChaosError(f"{noted.done} of {noted.total} jobs were done, and then {now.total} had to run")
    return kill.stage if stage.job in hit.values() else next(map(stage_of, hit.values()), "none")


def stage_of(command: str) -> str:
    """The stage of a command, "other" for those between the stages."""
    return next((name for name, stage in STAGES.items() if command == stage.job), "other")


def _wait_until_alone(session: int) -> None:
    end = time.monotonic() + 60
    while jobs_of(session):
        if time.monotonic() > end:
            raise ChaosError(f"a minute after the kill these run: {jobs_of(session)}")
        time.sleep(0.05)


def survive(kills: Sequence[Kill], folder: Path, target: str) -> Counter[tuple[str, str]]:
    """Run a study undisturbed and another one with kills, and compare them.

    Returns:
        How often each stage was hit by each signal.

    Raises:
        ChaosError: they differ, or the killed one lost something.
    """
    hits: Counter[tuple[str, str]] = Counter()
    content = corpus()
    with served(content) as server:
        whole = Study(folder / "whole", server, target)
        whole.finish()
        server.sent = 0
        killed = Study(folder / "killed", server, target)
        for number, kill in enumerate(kills, start=1):
            seconds = whole.seconds(kill.stage)
            stage = strike(killed, kill, kills[number - 2].stage if number > 1 else None, seconds)
            hits[stage, kill.number.name] += 1
            when = f"{kill.part * seconds:.1f} s into {kill.stage}"
            print(
                f"[{number}/{len(kills)}] {kill.number.name} to {kill.aim}, {when}: hit {stage}", flush=True
            )
        killed.finish()
        allowed = len(content) + LOST * sum(kill.stage == "download" for kill in kills)
        if server.sent > allowed:
            raise ChaosError(f"the server sent {server.sent} bytes, expected at most {allowed}")
    expected, found = whole.digests(), killed.digests()
    if found != expected:
        differing = sorted(path for path in expected | found if expected.get(path) != found.get(path))
        raise ChaosError(f"not the same as undisturbed: {json.dumps(differing, indent=1)}")
    return hits


def table(hits: Counter[tuple[str, str]], stages: Sequence[str]) -> Iterator[str]:
    """Stages by signals, in Markdown."""
    names = [number.name for number in SIGNALS]
    yield "| survived | " + " | ".join(names) + " |"
    yield "|:--|" + "--:|" * len(names)
    for stage in (*stages, "other", "none"):
        yield f"| {stage} | " + " | ".join(str(hits[stage, name]) for name in names) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the studies are kept; by default they are removed")
    arguments = parser.parse_args()
    stages = tuple(STAGES)
    with tempfile.TemporaryDirectory() as temporary:
        kills = planned(arguments.kills, arguments.seed, stages)
        hits = survive(kills, arguments.folder or Path(temporary), "tables.md")
    print("\n".join(table(hits, stages)))
    print(f"{len(kills)} kills; runs, metrics, tables and checkpoints are the same as undisturbed")
    missed = [
        f"{stage} by {number.name}" for stage in stages for number in SIGNALS if not hits[stage, number.name]
    ]
    if missed:
        print(f"never hit: {', '.join(missed)}")


if __name__ == "__main__":
    main()
