"""The profile for clusters on a Slurm of one node without accounting: killed once, and started again."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT
from tests.workflow.one_node_slurm import PARTITION, missing, one_node_slurm

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

RATE = ("pruned/smoke/seed1/magnitude-0.5", "recovered/smoke/seed1/magnitude-0.5")
TARGETS = tuple(f"results/smoke/metrics/{name}.json" for name in RATE)
# What a user adapts in the profile, and no 40 s between two looks at the queue.
CLUSTER = (
    *("--workflow-profile", str(ROOT / "profiles/slurm")),
    *(
        "--default-resources",
        "slurm_account=test-account",
        f"slurm_partition={PARTITION}",
        "runtime=120",
        "mem_mb=3000",
    ),
    *("--slurm-init-seconds-before-status-checks", "2"),
)
PATIENCE = 1800  # seconds until a run counts as hanging


class Ran(NamedTuple):
    """Folders of a local run and of one on the cluster, whose Snakemake was killed once.

    killed: what it had printed. left: Slurm's words about the job that ran then, after the kill.
    printed: of the second run, which made the rest.
    """

    local: Path
    cluster: Path
    killed: str
    left: str
    printed: str


def command(folder: Path, *arguments: str) -> list[str]:
    """Snakemake in a folder, for the chain of one rate of the smallest study."""
    study = ("--configfile", str(ROOT / "studies/smoke.yaml"), "--config", "seeds=[1]", "run=[smoke]")
    paths = ("--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder))
    return [sys.executable, "-m", "snakemake", *TARGETS, *paths, *study, *arguments]


def job_with_gpu(environment: Mapping[str, str]) -> str:
    """The number of the first job that runs and has a GPU; waits for it."""
    asked = ["squeue", "--noheader", "--states=RUNNING", "--Format=JobID:10,tres-per-job:40"]
    for _ in range(PATIENCE // 2):
        # Unchecked: of a controller that is busy another second's answer will do.
        listed = subprocess.run(asked, env=environment, text=True, capture_output=True, check=False)
        for line in listed.stdout.splitlines():
            if "gpu" in line:
                return line.split()[0]
        time.sleep(2)
    raise TimeoutError("no job with a GPU")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folders = {name: tmp_path_factory.mktemp(name) for name in ("local", "cluster", "slurm")}
    run = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command(folders["local"], "--cores", "1"), check=False, **run)
    assert done.returncode == 0, done.stdout
    with one_node_slurm(folders["slurm"]) as environment:
        process = subprocess.Popen(command(folders["cluster"], *CLUSTER), env=environment, **run)
        try:
            number = job_with_gpu(environment)
        finally:
            process.kill()
            killed, _ = process.communicate()
        show = ["scontrol", "show", "job", number]
        left = subprocess.run(show, env=environment, text=True, capture_output=True, check=True).stdout
        run_id = re.search(r"SLURM run ID: (\S+)", killed)
        assert run_id, killed
        subprocess.run(["scancel", "--name", run_id[1]], env=environment, check=True)  # as the page tells
        second = command(folders["cluster"], *CLUSTER)
        done = subprocess.run(second, env=environment, timeout=PATIENCE, check=False, **run)
        logs = "\n".join(
            path.read_text() for path in folders["cluster"].glob(".snakemake/slurm_logs/**/*.log")
        )
        assert done.returncode == 0, done.stdout + logs
        yield Ran(folders["local"], folders["cluster"], killed, left, done.stdout)


def submitted(printed: str) -> int:
    return len(re.findall(r"submitted with SLURM jobid \d+", printed))


def test_a_job_that_uses_a_gpu_asks_for_its_gpu(ran: Ran) -> None:
    assert re.search(r"TresPerJob=\S*gpu:1\b", ran.left), ran.left


def test_jobs_outlive_a_snakemake_that_is_killed(ran: Ran) -> None:
    """Why the page tells to cancel them before the next start."""
    assert "JobState=RUNNING" in ran.left


def test_short_jobs_travel_together(ran: Ran) -> None:
    """Six on the collection as one, E1 alone; pruning, recovery and their evaluations as one."""
    assert submitted(ran.killed) == 2
    assert submitted(ran.printed) == 2


def test_a_cluster_gives_what_one_machine_gives(ran: Ran) -> None:
    """Metrics and runs, made by two starts, without accounting and with nothing left to do."""
    results = Path("results/smoke")
    files = [*TARGETS, *(f"{results}/runs/{name}.trec.gz" for name in RATE)]
    assert {name: (ran.cluster / name).read_bytes() for name in files} == {
        name: (ran.local / name).read_bytes() for name in files
    }
