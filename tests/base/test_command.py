"""What a user sees of every command: help, errors, exit codes, and the file of its CPU-seconds."""

import gc
import json
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from dsi.base.command import TIMES, UserError, at_least_one, command_parser, json_object, run

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(autouse=True)
def no_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TIMES, raising=False)


def test_times_are_written_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "logs" / "rank.log.times"
    monkeypatch.setenv(TIMES, str(path))
    run(lambda: None)
    times = json.loads(path.read_text())
    assert set(times) == {"start_up", "total"}
    assert 0 < times["start_up"] <= times["total"]


def test_garbage_is_collected_once_imports_are_done() -> None:
    """As `python scripts` leaves it off until then; what imports made is not searched any more."""
    gc.disable()
    try:
        run(lambda: None)
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_user_error_is_one_line_and_writes_no_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TIMES, str(tmp_path / "times"))

    def refuse() -> None:
        raise UserError("rates: found 2, expected at most 1")

    with pytest.raises(SystemExit) as error:
        run(refuse)
    assert str(error.value) == "error: rates: found 2, expected at most 1"
    assert not (tmp_path / "times").exists()


def test_other_errors_keep_their_traceback() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(fail)


def test_messages_go_to_standard_error_and_the_exit_code_tells(tmp_path: Path) -> None:
    code = (
        "import logging\n"
        "from dsi.base.command import UserError, run\n"
        "def main():\n"
        "    logging.getLogger('x').info('three documents')\n"
        "    print('an answer')\n"
        "    raise UserError('no such file')\n"
        "run(main)\n"
    )
    (tmp_path / "command.py").write_text(code)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "command.py")],
        env={"PYTHONPATH": str(SCRIPTS)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == "an answer\n"
    assert done.stderr.splitlines()[0].endswith("INFO three documents")
    assert done.stderr.splitlines()[1:] == ["error: no such file"]


def test_help_shows_the_docstring_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/anywhere/scripts/ranking/rank.py"])
    text = command_parser("Rank.\n\n    python scripts rank --depth 3\n").format_help()
    assert text.startswith("usage: python scripts rank [-h]")
    assert "Rank.\n\n    python scripts rank --depth 3\n" in text


def test_examples_stand_behind_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/anywhere/scripts/ranking/rank.py"])
    parser = command_parser("Rank.\n\nOf both tasks.\n\nExamples:\n    python scripts rank --depth 3\n")
    parser.add_argument("--depth", help="documents a query")
    said, _, rest = parser.format_help().partition("options:\n")
    assert said.endswith("Rank.\n\nOf both tasks.\n\n")
    assert rest.endswith("documents a query\n\nExamples:\n    python scripts rank --depth 3\n")


def test_an_object_is_read_from_the_option_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"k1": 0.9}')
    assert json_object('{"k1": 0.9}') == json_object(f"@{tmp_path / 'settings.json'}") == {"k1": 0.9}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("@absent.json", "not JSON .*No such file"),
        ("[1]", r"expected a JSON object like \{\"k1\": 0.9\}, found '\[1\]'"),
    ],
)
def test_what_is_no_object_is_refused(text: str, message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        json_object(text)


def test_whole_numbers_of_one_or_more() -> None:
    assert at_least_one("12") == 12
    for text in ("0", "-1", "1.5", "a", ""):
        with pytest.raises(ArgumentTypeError, match=f"found '{text}', expected a whole number at least 1"):
            at_least_one(text)
