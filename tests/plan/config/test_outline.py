"""Places of the configuration, found by pydantic's paths."""

import pytest

from plan.config.outline import as_yaml, child, example, place, words


def test_tags_of_unions_are_no_keys_but_names_may_be_equal_to_them() -> None:
    loc = ("baselines", "docid", "docid", "docids", "semantic", "branching")
    found = place(loc)
    assert found.keys == ("baselines", "docid", "docids", "branching")
    assert words(found.node) == "a whole number at least 2"
    given = {"scheme", "branching", "leaf_size", "embeddings", "seed"}
    assert set(found.parent["properties"]) == given | {"shuffle", "tokens"}


def test_an_item_is_named_by_its_list() -> None:
    found = place(("rates", 1))
    assert words(found.node) == "a number above 0 and below 1"
    assert example(found.named, "rates") == "rates: [0.2, 0.5]"


def test_a_key_that_is_not_known_has_an_empty_node() -> None:
    assert place(("evaluation", "detph")).node == {}
    assert child(place(("published", 0)).node, "R@1000")["type"] == "number"


@pytest.mark.parametrize(
    ("loc", "said"),
    [
        (("baselines", "x", "docid", "training", "patience"), "a whole number or null at least 1"),
        (("criteria", 0), "one of magnitude,"),
        (("collections", "x"), "a mapping"),
        (("report", "benefit"), "true or false"),
        (("seeds",), "a list"),
    ],
)
def test_words_for_what_may_stand_there(loc: tuple[str | int, ...], said: str) -> None:
    assert words(place(loc).node).startswith(said)


def test_a_mapping_without_an_example_is_shown_by_its_first_key() -> None:
    assert example(place(("pruning",)).node, "pruning") == "pruning: {stacks: [encoder, decoder], …}"


def test_values_as_yaml_stand_on_one_line() -> None:
    assert as_yaml(list(range(60))).count("\n") == 0
    assert [as_yaml(value) for value in (None, True, 0.2, "10 + 15", [])] == [
        "null",
        "true",
        "0.2",
        "10 + 15",
        "[]",
    ]
