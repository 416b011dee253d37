"""Commands: where each is, and the shell that runs it."""

from pathlib import Path

import pytest

from plan.commands import Commands, UnknownCommandError, command_files
from tests.plan.conftest import SCRIPTS


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    for name in ("ranking/rank.py", "bm25/search_bm25.py", "dsi/base.py", "plan/inputs.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"NAME = {name!r}\n")
    (tmp_path / "__main__.py").write_text("")
    return tmp_path


def test_commands_are_ordered_by_stage_and_the_libraries_are_none(scripts: Path) -> None:
    assert list(command_files(scripts)) == ["search_bm25", "rank"]
    assert command_files(scripts)["rank"] == scripts / "ranking/rank.py"


def test_no_two_commands_have_one_name() -> None:
    names = [path.stem for path in SCRIPTS.glob("*/*.py") if path.parent.name not in ("dsi", "plan")]
    assert len(names) == len(set(names)) == len(command_files(SCRIPTS))


def test_the_shell_has_digest_times_interpreter_command_and_log(scripts: Path) -> None:
    commands = Commands(scripts)
    assert commands.shell("rank {input.model} --depth {params.depth}") == (
        f'DSI_CODE={commands.digest("rank")} DSI_TIMES={{log}}.times "$DSI_PYTHON" "$DSI_SCRIPTS" '
        "rank {input.model} --depth {params.depth} > {log} 2>&1"
    )


def test_a_figure_is_told_its_files_and_resolution(scripts: Path) -> None:
    line = Commands(scripts).shell("rank x", figure=True)
    assert " rank x --svg {output.svg} --png {output.png} --dpi {params.dpi} > " in line


def test_other_code_is_another_shell(scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "ranking").mkdir()
    (other / "ranking/rank.py").write_text("NAME = 2\n")
    assert Commands(other).shell("rank x") != Commands(scripts).shell("rank x")


def test_a_command_that_depends_on_wildcards_takes_its_digest_from_the_params(scripts: Path) -> None:
    shell = Commands(scripts).shell("{params.command} --phase E1", code="{params.code}")
    assert shell.startswith("DSI_CODE={params.code} ")
    assert '"$DSI_SCRIPTS" {params.command} --phase E1 > ' in shell


def test_a_module_that_is_imported_by_name_is_in_the_digest(scripts: Path) -> None:
    commands = Commands(scripts)
    assert commands.digest("rank", "dsi/base.py") not in (
        commands.digest("rank"),
        commands.digest("search_bm25"),
    )


def test_files_that_are_no_python_have_a_digest_of_names_and_contents(scripts: Path) -> None:
    page = scripts / "dsi/page/explorer.js"
    page.parent.mkdir()
    digests = []
    for text in ("a", "b"):
        page.write_text(text)
        digests.append(Commands(scripts).files_digest("dsi"))
    (scripts / "dsi/base.py").write_text("NAME = 3\n")  # in the digest of commands, not in this one
    digests.append(Commands(scripts).files_digest("dsi"))
    page.rename(page.with_name("other.js"))
    digests.append(Commands(scripts).files_digest("dsi"))
    assert digests[1] == digests[2]
    assert len(set(digests)) == 3


def test_an_unknown_command_is_named_with_those_there_are(scripts: Path) -> None:
    with pytest.raises(UnknownCommandError, match="no command 'rnak'; expected one of search_bm25, rank"):
        Commands(scripts).shell("rnak --depth 3")
