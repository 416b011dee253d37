"""The types of the configuration's keys: strict, frozen, and dumped as they were written."""

import json
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from plan.config.section import (
    Flag,
    Listed,
    MayBeAbsent,
    Number,
    OneOf,
    OrNull,
    Positive,
    Section,
    TextOrNull,
)


class Inner(Section):
    size: Positive = Field(description="a size")


class Outer(Section):
    number: Number = Field(description="a number")
    clip: OrNull[Number] = Field(description="null: none")
    flag: Flag = Field(description="a flag")
    pair: Listed[Number] = Field(description="two numbers", min_length=2, max_length=2)
    kind: Annotated[str, OneOf(["a", "b"])] = Field(description="a kind")
    text: TextOrNull = Field(description="null: none")
    inner: MayBeAbsent[Inner] = Field(default=None, description="absent: none")
    recall: Number = Field(alias="R@10", description="a measure")


GIVEN: dict[str, Any] = {
    "number": 0,
    "clip": None,
    "flag": False,
    "pair": [0, 0.5],
    "kind": "a",
    "text": None,
    "R@10": 1.0,
}


@pytest.mark.parametrize("more", [{}, {"inner": {"size": 3}}, {"number": 0.0, "clip": 1, "text": "17"}])
def test_a_section_is_dumped_as_it_was_written(more: dict[str, Any]) -> None:
    given = GIVEN | more
    section = Outer.model_validate(given)
    assert section.as_json() == json.dumps(given, sort_keys=True)
    assert json.dumps(section.as_dict(), sort_keys=True) == section.as_json()


def test_an_absent_key_is_none_and_null_is_refused() -> None:
    assert Outer.model_validate(GIVEN).inner is None
    with pytest.raises(ValidationError):
        Outer.model_validate({**GIVEN, "inner": None})


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": True},
        {"number": float("nan")},
        {"number": float("-inf")},
        {"number": "one"},
        {"flag": 1},
        {"flag": "1"},
        {"pair": [0]},
        {"pair": {0, 1}},
        {"kind": "c"},
        {"text": 17},
        {"inner": {"size": 1.5}},
        {"inner": {"size": True}},
        {"inner": [["size", 1]]},
        {"other": 1},
        {"recall": 1},
    ],
)
def test_types_are_strict(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Outer.model_validate(GIVEN | wrong)


def test_text_is_read_where_text_is_not_asked_for() -> None:
    texts = {"number": "1e-3", "clip": "null", "flag": "true", "pair": "[1, '2']", "inner": "{size: 3.0}"}
    section = Outer.model_validate(GIVEN | texts | {"text": "null"})
    assert (section.number, section.clip, section.flag, section.text) == (0.001, None, True, None)
    assert section.pair == (1, 2)
    assert section.inner is not None
    assert repr(section.inner.size) == "3"


def test_nothing_can_be_changed() -> None:
    section = Outer.model_validate(GIVEN)
    with pytest.raises(ValidationError):
        section.number = 2
