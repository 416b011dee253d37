"""Values from the command line, read from text."""

from typing import Any

import pytest

from plan.config.reading import read, read_list, read_mapping, read_null, read_whole_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10),  # YAML 1.1: 8
        ("1:30", "1:30"),  # YAML 1.1: 90
        ("1e-3", 0.001),  # YAML 1.1: text
        ("0.50", 0.5),
        ("true", True),
        ("null", None),
        ("[010, true]", ["010", "true"]),
        ("{a: 1}", {"a": "1"}),
        ("{a: ", "{a: "),
        ("2026-13-45", "2026-13-45"),
    ],
)
def test_text_is_read_as_a_person_reads_it(text: str, value: Any) -> None:
    assert repr(read(text)) == repr(value)


def test_what_is_no_text_stays() -> None:
    assert read(True) is True
    assert read_list((1,)) == (1,)


def test_whole_numbers_lists_mappings_and_null() -> None:
    assert repr(read_whole_number(2.0)) == "2"
    assert read_whole_number(2.5) == 2.5
    assert read_whole_number(float("inf")) == float("inf")
    assert read_list("[1, 2]") == ("1", "2")
    assert read_mapping({1: {2: 3}}) == {"1": {2: 3}}
    assert read_null("~") is None
    assert read_null("17") == "17"
