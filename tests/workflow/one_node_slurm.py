"""A Slurm of one node in a folder, as root and without systemd; its two GPUs are not there.

As a program it starts one and runs a command in it, for example the smoke study:

    .venv/bin/python -m tests.workflow.one_node_slurm snakemake --workflow-profile profiles/slurm \
        --default-resources slurm_account=test-account slurm_partition=short mem_mb=3000 runtime=120 \
        --slurm-init-seconds-before-status-checks 2 --configfile studies/smoke.yaml
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
CGROUPS = Path("/sys/fs/cgroup")  # slurmd looks for them, whatever its configuration says
NODE = "one"
PARTITION = "short"
CPUS = 4  # as configured; the machine may have fewer
MEMORY = 64000  # MB, as configured

# No accounting, as on many small clusters. Jobs are seen for 300 s after their end, Slurm's own default.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=300
KillWait=2
GresTypes=gpu
NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} \\
  RealMemory={memory} Gres=gpu:fake:2
PartitionName={partition} Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why there can be no Slurm here; empty where there can."""
    if os.geteuid() != 0:
        return "a Slurm of one node needs root"
    absent = [name for name in PROGRAMS if shutil.which(name, path=_search_path()) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (slurm-wlm, slurm-wlm-basic-plugins, munge)"
    return "" if CGROUPS.is_dir() else f"{CGROUPS} is not mounted"


@contextlib.contextmanager
def one_node_slurm(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run one in an empty folder; its processes end with the context, its jobs before them.

    Yields:
        The environment in which sbatch and its like find it.

    Raises:
        RuntimeError: it does not come up within a minute; with the end of the logs.
    """
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o400)
    controller, port = _free_ports(2)
    values = {
        "host": socket.gethostname(),
        "node": NODE,
        "partition": PARTITION,
        "cpus": CPUS,
        "memory": MEMORY,
    }
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(folder=folder, controller=controller, port=port, **values)
    )
    (folder / "gres.conf").write_text("Name=gpu Type=fake File=/dev/tty[0-1]\n")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))
    }
    environment |= {"PATH": _search_path(), "SLURM_CONF": str(folder / "slurm.conf")}
    # Snakemake's jobs call srun without SLURM_CONF, which is the configuration of the machine then.
    (folder / "srun").write_text(
        f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun", path=_search_path())} "$@"\n'
    )
    (folder / "srun").chmod(0o755)
    environment["PATH"] = f"{folder}:{_search_path()}"
    munge = [
        f"--{key}={folder}/munge.{key.split('-')[0]}"
        for key in ("key-file", "socket", "pid-file", "log-file")
    ]
    commands = (
        ["munged", "--foreground", "--force", f"--seed-file={folder}/munge.seed", *munge],
        ["slurmctld", "-D", "-c"],
        ["slurmd", "-D", "-N", NODE],
    )
    with contextlib.ExitStack() as stack:
        for command in commands:
            stack.enter_context(_running(command, environment, folder))
        try:
            _wait_until_idle(environment)
        except TimeoutError as error:
            logs = "\n".join(path.read_text()[-2000:] for path in sorted(folder.glob("*.log")))
            raise RuntimeError(f"{error}\n{logs}") from error
        try:
            yield environment
        finally:
            subprocess.run(
                ["scancel", "--signal=KILL", "--full", "--user=root"], env=environment, check=False
            )
            subprocess.run(["scancel", "--user=root"], env=environment, check=False)


@contextlib.contextmanager
def _running(command: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """A daemon in the foreground, ended with the context."""
    with (folder / f"{command[0]}.out.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_idle(environment: Mapping[str, str]) -> None:
    """Until the node takes jobs."""
    command = ["sinfo", "--noheader", "--format=%t"]
    state = ""
    for _ in range(120):
        found = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
        state = (found.stdout + found.stderr).strip()
        if state == "idle":
            return
        time.sleep(0.5)
    raise TimeoutError(f"after a minute the node is not idle but: {state}")


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _search_path() -> str:
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin"


if __name__ == "__main__":
    if missing():
        sys.exit(missing())
    with tempfile.TemporaryDirectory() as name, one_node_slurm(Path(name)) as variables:
        sys.exit(subprocess.run(sys.argv[1:], env=variables, check=False).returncode)
