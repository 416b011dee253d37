"""Where results come from: commit, command, machine and date, which no table depends on."""

import json
import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("torch", "transformers", "lightning", "pyserini", "snakemake")
LOCK = ".lock"  # in which the run that writes there names itself


def origin_words(results: Path) -> str:
    """Of the newest run in a results folder, as a Markdown paragraph.

    Args:
        results: the study's folder.
    """
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    parts = [f"commit {commit(Path(__file__).parent)}", *_command(results)]
    parts += [f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"]
    parts += [f"Python {platform.python_version()}, {versions}", time.strftime("%Y-%m-%d")]
    return f"Made by {'; '.join(parts)}."


def commit(folder: Path) -> str:
    """The commit of a checkout and whether files differ from it; `unknown` without git or outside of one."""
    try:
        told = subprocess.run(
            ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name as Linux has it."""
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "a processor without a name")


def _command(results: Path) -> list[str]:
    """How the run was started that holds, or last held, the results folder."""
    try:
        return [f"`{json.loads((results / LOCK).read_text(encoding='utf-8'))['command']}`"]
    except (OSError, ValueError, KeyError):
        return []
