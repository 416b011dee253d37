"""The training commands' options: what goes together, checked before any work starts."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dsi.pruning.gradual import GradualSettings
from dsi.pruning.in_training import PruningInTraining
from dsi.pruning.selection import Selection
from dsi.training.arguments import TrainingArguments, parsed, training_parser
from tests.training.conftest import settings_json

GRADUAL = '{"criterion": "gradual", "rate": 0.8, "until": 0.6, "every": 10, "stacks": ["encoder"]}'
START = ["--phase", "E2", "--start", "x"]
REST = ["--seed", "1", "--threads", "1", "--collection", "c", "--tokenizer", "t", "--output", "o"]
REST += ["--run", "r", "--outputs", "p", "--settings", "{}"]


def parse(*options: str, monkeypatch: pytest.MonkeyPatch) -> TrainingArguments:
    monkeypatch.setattr(sys, "argv", ["train", *options, *REST])
    parser = training_parser("A task without settings.", lambda _: None)
    # A task's record has its settings too; this one has none.
    return parsed(parser, lambda settings, **rest: TrainingArguments(**rest))  # type: ignore[arg-type]


def test_options_become_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = parse(*START, "--prune", GRADUAL, monkeypatch=monkeypatch)
    assert (arguments.phase, arguments.start, arguments.masks) == ("E2", Path("x"), None)
    expected = PruningInTraining("gradual", 0.8, GradualSettings(0.6, 10), Selection(stacks=["encoder"]))
    assert arguments.prune == expected
    assert arguments.state == Path(".training")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--phase", "E2"], "--start goes with --phase E2, and E2 needs it"),
        (["--phase", "E1", "--start", "x"], "--start goes with --phase E2, and E2 needs it"),
        (["--phase", "E1", "--prune", GRADUAL], "--prune goes with --phase E2 and without --masks"),
        (
            [*START, "--masks", "y", "--prune", GRADUAL],
            "--prune goes with --phase E2 and without --masks",
        ),
        ([*START, "--prune", '{"criterion": "gradual", "rate": 0.8}'], "gradual: found no until, every"),
        ([*START, "--prune", "0.8"], "expected a JSON object"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(*options, monkeypatch=monkeypatch)
    assert message in capsys.readouterr().err


def test_lists_start_from_weights_or_from_an_architecture(command: Any) -> None:
    training = json.loads(settings_json("atomic"))["training"]
    settings = {"k": 2, "training": training, "count_padding": True, "track_test": False, "depth": 10}
    settings["generation"] = {"method": "greedy", "length": "k"}
    done = command("train_lists", "--phase", "E1", *REST[:-1], json.dumps(settings))
    assert done.returncode == 2
    assert (
        "E1 starts from --weights or from an architecture in --settings, not both or neither" in done.stderr
    )
