"""Pin the environment: requirements.in and what is installed give three files.

    .venv/bin/python envs/pin.py      write requirements.txt, environment.yaml and Containerfile

requirements.txt lists everything that requirements.in needs, each package once, at the version
installed beside the Python that runs this; the conda environment repeats these pins and the container
installs them. Only metadata of installed packages is read, never the network; the hashes of the
packages' files are of envs/hashes.py, which is run next.
tests/workflow/test_environment.py fails when the files drift apart.
"""

import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FOLDER = Path(__file__).resolve().parent
PYTHON = "3.11"
HEADER = "# Made by envs/pin.py from envs/requirements.in; do not edit."

# torch's CUDA build names these, its CPU build of the same version does not. They are left to torch, so
# that the same pins serve both.
ACCELERATOR = re.compile(r"(cuda|nvidia)-.*|triton")


class PinError(Exception):
    """What is installed does not fit requirements.in."""


def requirement_lines(text: str) -> list[str]:
    """The lines of a requirements file without comments and empty lines."""
    stripped = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in stripped if line]


def installed_version(requirement: Requirement) -> str:
    """The release installed for a requirement; PinError if there is none or it does not fit."""
    advice = "expected it installed: pip install -r envs/requirements.in"
    try:
        # A local version (2.13.0+cpu) names a build; the pin is of the release.
        version = Version(metadata.version(requirement.name)).public
    except metadata.PackageNotFoundError as error:
        raise PinError(f"{requirement}: not installed; {advice}") from error
    if not requirement.specifier.contains(version, prereleases=True):
        raise PinError(f"{requirement}: found {version} installed; {advice}")
    return version


def closure(direct: Iterable[str]) -> dict[str, str]:
    """Name → installed version of the requirements and of all that they need, extras included.

    Names are canonical (lower case, hyphens) and sorted. Raises PinError where one is missing or where
    an installed version contradicts a requirement.
    """
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    pending = [(Requirement(line), "") for line in direct]
    while pending:
        requirement, extra = pending.pop()
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if not applies or ACCELERATOR.fullmatch(name):
            continue
        pins[name] = installed_version(requirement)
        needed = metadata.requires(requirement.name) or []
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                pending += [(Requirement(line), wanted) for line in needed]
    return dict(sorted(pins.items()))


def as_lines(pins: dict[str, str]) -> list[str]:
    """`name==version` of every pin."""
    return [f"{name}=={version}" for name, version in pins.items()]


def requirements(pins: dict[str, str]) -> str:
    """The content of requirements.txt."""
    return "\n".join([HEADER, *as_lines(pins)]) + "\n"


def conda_environment(pins: dict[str, str]) -> str:
    """The content of environment.yaml.

    The pins stand inline: Snakemake copies this file elsewhere, and a `-r requirements.txt` in it would
    no longer be found.
    """
    head = f"""\
{HEADER}
# What `snakemake --sdm conda` creates for the rules.
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python={PYTHON}
  - pip
  - pip:
"""
    return head + "".join(f"      - {line}\n" for line in as_lines(pins))


def container_recipe() -> str:
    """The content of Containerfile; it installs requirements.txt."""
    return f"""\
{HEADER}
#   podman build -t pruned-retrieval -f envs/Containerfile .
#   podman run --rm -v "$PWD":/study pruned-retrieval snakemake --cores 2
FROM python:{PYTHON}-slim
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends gcc graphviz make \\
    && rm -rf /var/lib/apt/lists/*
COPY envs/requirements.txt envs/hashes.txt /tmp/
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/hashes.txt \\
    && pip install --no-cache-dir -r /tmp/requirements.txt
ENV PYTHONNOUSERSITE=1
WORKDIR /study
"""


def render(pins: dict[str, str]) -> dict[str, str]:
    """File name → content of the three files."""
    return {
        "requirements.txt": requirements(pins),
        "environment.yaml": conda_environment(pins),
        "Containerfile": container_recipe(),
    }


def main() -> None:
    """Write the three files."""
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if found != PYTHON or sys.platform != "linux":
        sys.exit(f"error: pins are made with Python {PYTHON} on Linux; found {found}, {sys.platform}")
    try:
        pins = closure(requirement_lines((FOLDER / "requirements.in").read_text(encoding="utf-8")))
    except PinError as error:
        sys.exit(f"error: {error}")
    for name, content in render(pins).items():
        (FOLDER / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
