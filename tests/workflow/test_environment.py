"""The environment: one set of pins, installed as written, built once by make."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pin
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
ENVS = ROOT / "envs"

STUB = """\
#!/bin/sh
# Stands for Python: notes how it is called, and makes a .venv that holds itself.
echo "$*" >> calls
echo "data=${DSI_TEST_DATA-} venv=${VIRTUAL_ENV-} nousersite=${PYTHONNOUSERSITE-}" >> variables
case "$*" in
  --version) echo "Python 3.9.1" ;;
  "-c "*version_info*) test ! -e too-old ;;
  "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  "-m pip install"*) test ! -e no-network || { echo "no network"; exit 1; } ;;
esac
"""


def pins() -> dict[str, str]:
    """Name → version as requirements.txt has them."""
    lines = pin.requirement_lines((ENVS / "requirements.txt").read_text(encoding="utf-8"))
    return dict(line.split("==") for line in lines)


# Imported late and only if asked for; an error says how to install them.
OPTIONAL = {"sentence_transformers"}


def direct() -> list[str]:
    return pin.requirement_lines((ENVS / "requirements.in").read_text(encoding="utf-8"))


def imported(file: Path) -> set[str]:
    """Top-level packages that a file imports; Snakemake's files are not quite Python, so by their lines."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        return set(re.findall(r"^[ \t]*(?:import|from)[ \t]+(\w+)", text, flags=re.MULTILINE))
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return {name.partition(".")[0] for name in names}


def sources() -> Iterator[Path]:
    yield ROOT / "Snakefile"
    yield from (ROOT / "rules").glob("*.smk")
    for folder in ("scripts", "envs", "docs", "tests", "benchmarks"):
        yield from (ROOT / folder).rglob("*.py")


@pytest.mark.skipif(
    f"{sys.version_info.major}.{sys.version_info.minor}" != pin.PYTHON or sys.platform != "linux",
    reason=f"pins are made with Python {pin.PYTHON} on Linux",
)
def test_the_pins_are_the_closure_of_the_direct_requirements() -> None:
    assert pins() == pin.closure(direct())


@pytest.mark.parametrize("name", ["requirements.txt", "environment.yaml", "Containerfile"])
def test_every_file_is_what_the_pins_give(name: str) -> None:
    assert (ENVS / name).read_text(encoding="utf-8") == pin.render(pins())[name]


def test_the_conda_environment_lists_every_pin_inline() -> None:
    yaml = pytest.importorskip("yaml")
    dependencies = yaml.safe_load((ENVS / "environment.yaml").read_text(encoding="utf-8"))["dependencies"]
    assert dependencies[:2] == ["python=3.11", "pip"]
    assert dependencies[2] == {"pip": [f"{name}=={version}" for name, version in pins().items()]}


def test_direct_requirements_are_exact_and_explained() -> None:
    for line in (ENVS / "requirements.in").read_text(encoding="utf-8").splitlines():
        assert not line or line.startswith("# ") or re.fullmatch(r"[\w-]+==[\w.]+ +# \w.*", line), line


def test_installed_versions_equal_the_pins() -> None:
    installed = {name: Version(metadata.version(name)).public for name in pins()}
    assert installed == pins()


def test_torch_is_pinned_without_a_build_and_without_what_only_one_build_needs() -> None:
    assert pins()["torch"] == "2.13.0"
    assert not [name for name in pins() if name.startswith(("nvidia-", "cuda-")) or name == "triton"]


def test_every_imported_package_is_a_direct_requirement() -> None:
    required = {canonicalize_name(Requirement(line).name) for line in direct()}
    own = {
        path.stem
        for folder in ("scripts", "envs", "docs", "tests", "benchmarks")
        for path in (ROOT / folder).iterdir()
    }
    distributions = metadata.packages_distributions()
    missing = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in sources()
        for name in imported(file) - own - sys.stdlib_module_names - {"tests"} - OPTIONAL
        if not required & {canonicalize_name(owner) for owner in distributions.get(name, [])}
    }
    assert not missing


def test_a_requirement_that_is_not_installed_is_named() -> None:
    with pytest.raises(pin.PinError, match=r"no-such-package==1\.0: not installed; expected .*pip install"):
        pin.closure(["no-such-package==1.0"])


def test_an_installed_version_that_contradicts_a_requirement_is_named() -> None:
    with pytest.raises(pin.PinError, match=r"packaging==1\.0: found \d\S* installed"):
        pin.closure(["packaging==1.0"])


def test_the_closure_follows_extras_and_markers(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = {
        "A": ["b[fast]>=1", 'c; python_version < "3"', "nvidia-cublas", "triton==9"],
        "b": ['D_d; extra == "fast"', 'e; extra == "slow"'],
        "D_d": ["A"],
    }
    versions = {"A": "1.0+cpu", "b": "1.5", "D_d": "0.1", "c": "1", "e": "1"}
    monkeypatch.setattr(metadata, "requires", lambda name: needs.get(name))
    monkeypatch.setattr(metadata, "version", lambda name: versions[name])
    assert pin.closure(["A==1.0"]) == {"a": "1.0", "b": "1.5", "d-d": "0.1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the Makefile, one pin and a stand-in for Python."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    folder = tmp_path / "checkout"
    (folder / "envs").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "envs" / "requirements.txt").write_text("six==1.17.0\n", encoding="utf-8")
    (folder / "envs" / "hashes.txt").touch()
    (folder / "python").write_text(STUB, encoding="utf-8")
    (folder / "python").chmod(0o755)
    return folder


def make(project: Path, *targets: str, **variables: str) -> tuple[int, list[str], str]:
    """Run make; its exit code, the calls of Python that it made, and what it printed."""
    (project / "calls").write_text("", encoding="utf-8")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTEST_ARGS", "CORES", "DSI_TEST_DATA"}
    }
    done = subprocess.run(
        ["make", "PYTHON=./python", *targets],
        cwd=project,
        env=inherited | variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    calls = (project / "calls").read_text(encoding="utf-8").splitlines()
    return done.returncode, [call for call in calls if not call.startswith("-c")], done.stdout


QUIET = "--disable-pip-version-check --progress-bar off"
INSTALLATION = [
    "-m venv --clear .venv",
    f"-m pip install {QUIET} --no-deps --require-hashes -r envs/hashes.txt",
    f"-m pip install {QUIET} -r envs/requirements.txt",
]


@pytest.mark.parametrize(
    ("target", "command"), [("all", "-m snakemake --cores all"), ("test", "-m pytest")], ids=["all", "test"]
)
def test_the_first_make_installs_and_the_next_does_not(project: Path, target: str, command: str) -> None:
    assert make(project, target)[:2] == (0, [*INSTALLATION, command])
    assert make(project, target) == (0, [command], "")


def test_lint_asks_every_tool(project: Path) -> None:
    assert make(project, "lint")[1] == [
        *INSTALLATION,
        "-m ruff check .",
        "-m ruff format --check .",
        "-m mypy",
        "-m snakefmt --check Snakefile rules",
        "-m snakemake --lint",
    ]


def test_an_interrupted_installation_is_done_again(project: Path) -> None:
    (project / "no-network").touch()
    code, calls, printed = make(project)
    assert code != 0
    assert calls == INSTALLATION[:2]  # venv, and the first call of pip
    assert "no network" in printed
    assert ".venv/install.log" in printed
    (project / "no-network").unlink()
    assert make(project)[:2] == (0, [*INSTALLATION, "-m snakemake --cores all"])


def test_only_other_pins_make_the_environment_stale(project: Path) -> None:
    make(project)
    pinned, stamp = project / "envs" / "requirements.txt", project / ".venv" / ".installed"
    os.utime(
        stamp, (1, 1)
    )  # older than the pins, with the same content: a fresh checkout beside a kept .venv
    assert make(project)[1] == ["-m snakemake --cores all"]
    assert stamp.stat().st_mtime >= pinned.stat().st_mtime
    pinned.write_text("six==1.16.0\n", encoding="utf-8")
    os.utime(stamp, (1, 1))
    assert make(project)[1] == [*INSTALLATION, "-m snakemake --cores all"]
    assert stamp.read_text(encoding="utf-8") == "six==1.16.0\n"


def test_another_python_is_refused_before_anything_is_made(project: Path) -> None:
    (project / "too-old").touch()
    code, _, printed = make(project)
    assert code != 0
    assert "error: ./python is Python 3.9.1; expected Python 3.11" in printed
    assert not (project / ".venv").exists()


def test_the_callers_environment_does_not_matter(project: Path) -> None:
    make(project, "test", VIRTUAL_ENV="/elsewhere", PYTHONNOUSERSITE="")
    seen = (project / "variables").read_text(encoding="utf-8").splitlines()
    assert set(seen) == {"data= venv= nousersite=1"}


def test_collections_beside_the_checkout_are_found_unless_others_are_named(project: Path) -> None:
    data = project.parent / "shared" / "data"
    data.mkdir(parents=True)
    make(project, "test")
    make(project, "test", DSI_TEST_DATA="/named")
    seen = (project / "variables").read_text(encoding="utf-8")
    assert f"data={data} " in seen
    assert "data=/named " in seen.splitlines()[-1]


def test_clean_lists_studies_or_removes_the_named_one(project: Path) -> None:
    make(project)
    (project / "results").mkdir()
    assert make(project, "clean")[:2] == (0, ["scripts clean"])
    assert make(project, "clean", "STUDY=smoke")[:2] == (0, ["scripts clean --study smoke"])
    assert (project / "results").exists()  # the command's to remove
    assert (project / ".venv/bin/python").exists()
