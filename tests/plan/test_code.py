"""Digests of code: what a script imports, found as Python finds it, and content alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plan.digests import code_digest, imported_files

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/__init__.py").write_text("")
    (tmp_path / "lib/used.py").write_text("def f():\n    from lib import deep\n")
    (tmp_path / "lib/deep.py").write_text("import json\n")
    (tmp_path / "lib/unused.py").write_text("")
    (tmp_path / "run.py").write_text("from lib.used import f\n")
    return tmp_path


def test_imports_are_followed_even_inside_functions(project: Path) -> None:
    names = {path.relative_to(project).as_posix() for path in imported_files(project / "run.py")}
    assert names == {"run.py", "lib/__init__.py", "lib/used.py", "lib/deep.py"}


def test_only_the_content_of_what_is_imported_counts(project: Path) -> None:
    from plan import digests as code

    before = code_digest(project / "run.py")
    os.utime(project / "lib/deep.py", (1, 1))
    (project / "lib/unused.py").write_text("x = 1\n")
    assert code_digest(project / "run.py") == before
    (project / "lib/deep.py").write_text("import json\nx = 1\n")
    code._local_imports.cache_clear()
    assert code_digest(project / "run.py") != before


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.py")))
def test_nothing_that_python_loads_is_missed(script: str) -> None:
    """Import the script for real and compare: every module of ours that it loads is in the digest."""
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import {Path(script).stem}; "
            "files = (getattr(module, '__file__', None) for module in list(sys.modules.values())); "
            "print(*filter(None, files), sep='\\n')",
        ],
        text=True,
        capture_output=True,
        check=True,
    ).stdout.splitlines()
    ours = {Path(path) for path in loaded if Path(path).is_relative_to(SCRIPTS)}
    assert ours
    assert ours <= imported_files(SCRIPTS / script)
