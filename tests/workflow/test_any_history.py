"""Histories that nobody thought of: whatever happened to a study, a plain run ends with the right bytes.

A study without trainings is killed, run again, touched, edited and edited back; its disk is full, its files
and Snakemake's records of them are cut or lost. DSI_EXAMPLES=40 tries so many histories; by default a few, as
each takes 5 to 40 CPU-seconds.
"""

import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, currently_in_test_context, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dsi.base.progress import read_run
from tests.chaos import AIMS, LOST, RESULTS, ROOT, SIGNALS, Server, Study, corpus, jobs_of, served

EXAMPLES = int(os.environ.get("DSI_EXAMPLES", "2"))
STEPS, SEED = 5, 1
TARGET = "metrics/bm25.json"
OTHER = 1.2  # bm25.k1 of the edited study
JOBS = 6  # of a whole run
UNREAD = (
    "logs/",
    "benchmarks/",
    "metrics/",
)  # what no job of the study reads: only a person can see that it is cut
TRIES = 12  # runs until a study that says what to do is whole
PATIENCE = 600.0  # seconds for a run on a busy machine
TOUCH = re.compile(r"snakemake (--touch --forceall .*)")
FORCE, REMOVE = re.compile(r"append (--forcerun [a-z0-9_ ]+)"), re.compile(r"\b(?:rm|delete) (?:-r )?(\S+)")


class World:
    """What all histories share: a server, a finished study, and what studies end with, by k1."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.whole = Study(folder / "whole", server, TARGET)
        self.whole.finish()
        self.expected = {None: self.whole.digests()}
        self.histories = 0

    def study(self, name: str, *, finished: bool) -> Study:
        """A new one, or a copy of the finished one."""
        study = Study(self.folder / name, self.server, TARGET)
        if finished:
            shutil.copytree(self.whole.folder, study.folder, dirs_exist_ok=True, symlinks=True)
        return study

    def digests(self, k1: float | None) -> dict[str, str]:
        """What an undisturbed study ends with."""
        if k1 not in self.expected:
            study = self.study("edited", finished=True)
            edit(study, k1)
            study.finish()
            self.expected[k1] = study.digests()
        return self.expected[k1]


def edit(study: Study, k1: float | None) -> None:
    """Write the configuration with another k1 of BM25, or without one."""
    path = study.folder / "chaos.yaml"
    overlay = yaml.safe_load(path.read_text(encoding="utf-8"))
    overlay.pop("bm25", None)
    path.write_text(
        yaml.safe_dump(overlay if k1 is None else {**overlay, "bm25": {"k1": k1}}), encoding="utf-8"
    )


def processes_of(session: int) -> dict[int, str]:
    """All processes of a session, and their commands."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(entry.name)) == session:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                if words:  # none: it has ended, and nobody has asked how
                    found[int(entry.name)] = words
    return found


class History(RuleBasedStateMachine):
    """What happens to one study."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.k1: float | None = None
        self.same = True  # the last run had the configuration that the study has now
        self.whole = False  # it came to its end
        self.hurt = False  # a file or a record was damaged: then jobs may have to run again
        self.cut = False  # a file was: it is not as its configuration made it
        # A file may have been, as a message said, or by Snakemake, when the job that made it anew had failed.
        self.removed = False
        self.stopped = 0  # how often something ended a run
        world.histories += 1
        world.server.sent = 0

    @initialize(finished=st.sampled_from([True, True, True, False]))
    def begin(self, finished: bool) -> None:
        self.study = self.world.study(f"history{self.world.histories}", finished=finished)
        self.results = self.study.folder / RESULTS
        self.finished = self.whole = finished

    @rule(
        jobs=st.integers(0, JOBS // 2),
        delay=st.floats(0, 1),
        number=st.sampled_from(SIGNALS),
        aim=st.sampled_from(AIMS),
        options=st.sampled_from([(), ("--keep-incomplete",)]),
    )
    def kill(
        self, jobs: int, delay: float, number: signal.Signals, aim: str, options: tuple[str, ...]
    ) -> None:
        """So many seconds after so many jobs have begun; Snakemake may have to leave files of failed jobs."""
        process = self.start(*options)
        self.wait_for(jobs, process)
        time.sleep(delay)
        targets = [
            *(jobs_of(process.pid) if aim != "snakemake" else ()),
            *([process.pid] if aim != "job" else ()),
        ]
        for pid in targets:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        self.stopped += 1
        self.whole = self.ended(process) == 0

    @rule(jobs=st.integers(1, JOBS // 2), size=st.sampled_from([0, 2_000, 20_000]))
    def fill_the_disk(self, jobs: int, size: int) -> None:
        """When so many jobs have begun: then no file grows beyond a size."""
        process = self.start()
        self.wait_for(jobs, process)
        for pid in processes_of(process.pid):
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        self.stopped += 1
        self.whole = self.ended(process) == 0

    @rule()
    def run(self) -> None:
        """To its end, doing what it says."""
        idle = self.whole and self.same and not self.hurt
        for _ in range(TRIES):
            process = self.start()
            status = self.ended(process)
            if status == 0:
                break
            self.obey(self.said)
        else:
            raise AssertionError(f"{TRIES} times an error: {self.said}")
        self.whole = True
        assert ("Nothing to be done" in self.said) or not idle, self.said
        self.compare()

    @precondition(lambda self: self.same)  # twice is not at all
    @rule()
    def edit(self) -> None:
        self.k1 = OTHER if self.k1 is None else None
        edit(self.study, self.k1)
        self.same = False
        self.removed = True

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def touch(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(self.files()))
        path.touch()

    @precondition(lambda self: self.artefacts())
    @rule(data=st.data(), share=st.sampled_from([0, 0.5, 0.9]))
    def truncate(self, data: st.DataObject, share: float) -> None:
        path = data.draw(st.sampled_from(self.artefacts()))
        os.truncate(path, int(path.stat().st_size * share))
        self.hurt = self.cut = True

    @precondition(lambda self: self.records())
    @rule(data=st.data(), share=st.sampled_from([None, 0, 0.5]))
    def lose_records(self, data: st.DataObject, share: float | None) -> None:
        """By which Snakemake knows the settings of a file, or of all: cut, or gone."""
        path = data.draw(st.sampled_from([None, *self.records()]))
        if path is None:
            self.lose_all_records()
        elif share is None:
            path.unlink()
        else:
            os.truncate(path, int(path.stat().st_size * share))
        self.hurt = True

    def lose_all_records(self) -> None:
        """As a copied folder of results has none."""
        shutil.rmtree(self.study.folder / ".snakemake")
        self.hurt = True

    def teardown(self) -> None:
        """In the end there is the original configuration, and a plain run."""
        if hasattr(self, "study"):
            if self.k1 is not None:
                self.edit()
            self.run()
            shutil.rmtree(self.study.folder)

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        self.before = read_run(self.results)
        (self.study.folder / "terminal.txt").unlink(missing_ok=True)
        return self.study.start(*more)

    def wait_for(self, jobs: int, process: subprocess.Popen[bytes]) -> None:
        """Until so many jobs have begun, or the run has ended."""
        seen: set[int] = set()
        while process.poll() is None and len(seen) < jobs:
            seen |= set(jobs_of(process.pid))
            time.sleep(0.02)

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        """Wait until a run has ended with all its jobs; what was done before has not been done again."""
        status = process.wait(PATIENCE)
        end = time.monotonic() + 60
        while left := processes_of(process.pid):
            assert time.monotonic() < end, f"a minute after the run these go on: {left}"
            time.sleep(0.05)
        self.said = (self.study.folder / "terminal.txt").read_text(encoding="utf-8", errors="replace")
        if currently_in_test_context():
            note(f"exit status {status}: {self.said}")
        before, after = self.before, read_run(self.results)
        if before and after and after.since != before.since and self.same and not self.hurt:
            assert after.total <= before.total - before.done, f"done jobs run again: {before}, {after}"
        sent = (0 if self.finished else len(self.world.server.content)) + LOST * self.stopped
        assert self.hurt or self.world.server.sent <= sent, "the corpus was fetched again"
        self.same = True
        return status

    def obey(self, said: str) -> None:
        """Do what an error says."""
        touched, forced, removed = TOUCH.search(said), FORCE.search(said), set(REMOVE.findall(said))
        assert forced or removed, f"an error that says nothing of a way out: {said}"
        assert self.hurt, said
        if touched and not self.cut:
            command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
            subprocess.run([*command, *shlex.split(touched[1])], cwd=self.study.folder, check=True)
            return
        if forced:
            self.ended(self.start(*forced[1].split()))
            return
        for name in removed:
            path = self.study.folder / name
            assert path.exists(), said
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            self.removed = True

    def compare(self) -> None:
        """With what an undisturbed study ends with; what nobody asks for any more may be missing."""
        found, expected = self.study.digests(), self.world.digests(self.k1)
        missing = expected.keys() - found.keys()
        assert TARGET in found
        assert not missing or self.removed, missing
        assert found == {name: digest for name, digest in expected.items() if name not in missing}

    def files(self) -> list[Path]:
        found = [path for path in self.results.rglob("*") if path.is_file()]
        return sorted(path for path in found if not path.name.startswith("."))

    def artefacts(self) -> list[Path]:
        return [path for path in self.files() if not str(path.relative_to(self.results)).startswith(UNREAD)]

    def records(self) -> list[Path]:
        return sorted((self.study.folder / ".snakemake/metadata").glob("*"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(corpus()) as server:
        yield World(tmp_path_factory.mktemp("histories"), server)


def test_an_edit_after_all_records_were_lost_gives_no_old_results(world: World) -> None:
    """Snakemake alone says that there is nothing to be done. What the error says is done, and enough."""
    history = History(world)
    history.begin(finished=True)
    history.edit()
    history.lose_all_records()
    assert history.ended(history.start()) != 0
    assert f"{RESULTS}/configuration.json (bm25.k1: found 0.9, expected {OTHER})" in history.said
    history.run()
    assert "Searching" in history.said
    assert "Building the Lucene index" not in history.said


def test_whatever_happened_a_plain_run_ends_with_the_right_bytes(world: World) -> None:
    run_state_machine_as_test(
        seed(SEED)(lambda: History(world)),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a shorter history would take hours to find
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
