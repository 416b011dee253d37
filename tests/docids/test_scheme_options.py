"""Settings of schemes as options: those of every row of the table, and none of another scheme's."""

from argparse import ArgumentParser
from dataclasses import dataclass, field
from typing import Any

import pytest

from dsi.docids.identifiers import DocidError
from dsi.docids.scheme_options import add_scheme_options, chosen_settings
from dsi.docids.schemes import SCHEMES, NoSettings, SemanticSettings


def parsed(*options: str) -> Any:
    parser = ArgumentParser()
    add_scheme_options(parser)
    given = parser.parse_args(options)
    return chosen_settings(given.scheme, vars(given))


def test_what_is_not_given_has_the_schemes_default() -> None:
    assert parsed("--scheme", "atomic") == NoSettings()
    assert parsed("--scheme", "semantic") == SemanticSettings(10, 100, "lsa", 1)
    given = parsed("--scheme", "semantic", "--leaf-size", "7", "--embeddings", "e.parquet", "--seed", "3")
    assert given == SemanticSettings(10, 7, "e.parquet", 3)
    assert given.shuffle is None
    assert given.tokens == "level"
    assert parsed("--scheme", "semantic", "--shuffle", "0").shuffle == 0


def test_an_option_of_another_scheme_is_refused() -> None:
    with pytest.raises(DocidError, match="--seed: found with --scheme naive, whose options are: none"):
        parsed("--scheme", "naive", "--seed", "2")


def test_a_new_scheme_brings_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Settings:
        letters: int = field(default=4, metadata={"help": "in a name"})
        seed: int = field(default=9, metadata={"help": "of the letters"})

    named = SCHEMES["atomic"]._replace(settings=Settings)
    monkeypatch.setitem(SCHEMES, "named", named)
    assert parsed("--scheme", "named", "--letters", "5") == Settings(5, 9)
    assert parsed("--scheme", "semantic").seed == 1
