"""The trie: a small one by hand, any one against dictionaries, and what is no trie refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsi.docids.trie import Trie, TrieError, build_trie, children, is_leaf

#        document 0  1    2       3       4
SMALL = [[7, 1], [5], [7, 0, 9], [7, 0, 2], [6, 4, 4]]


def walked(trie: Trie) -> dict[int, tuple[int, ...]]:
    """Each document's tokens, found by going down from the root."""
    found: dict[int, tuple[int, ...]] = {}

    def visit(depth: int, node: int, prefix: tuple[int, ...]) -> None:
        level = trie.levels[depth]
        if is_leaf(level, np.array([node]))[0]:
            assert level.high[node] - level.low[node] == 1
            found[int(trie.documents[level.low[node]])] = prefix
            return
        for child in children(level, np.array([node])).node:
            below = trie.levels[depth + 1]
            assert below.parent[child] == node
            visit(depth + 1, int(child), (*prefix, int(below.token[child])))

    visit(0, 0, ())
    return found


def test_a_small_trie_by_hand() -> None:
    trie = build_trie(SMALL)
    assert trie.identifiers.tolist() == [[5, -1, -1], [6, 4, 4], [7, 0, 2], [7, 0, 9], [7, 1, -1]]
    assert trie.documents.tolist() == [1, 4, 3, 2, 0]
    assert [level.token.tolist() for level in trie.levels] == [[-1], [5, 6, 7], [4, 0, 1], [4, 2, 9]]
    assert [level.parent.tolist() for level in trie.levels[1:]] == [[0, 0, 0], [1, 2, 2], [0, 1, 1]]
    assert [level.low.tolist() for level in trie.levels] == [[0], [0, 1, 2], [1, 2, 4], [1, 2, 3]]
    assert [level.high.tolist() for level in trie.levels] == [[5], [1, 2, 5], [2, 4, 5], [2, 3, 4]]
    assert [level.first.tolist() for level in trie.levels[:3]] == [[0, 3], [0, 0, 1, 3], [0, 1, 3, 3]]
    assert is_leaf(trie.levels[1], np.arange(3)).tolist() == [True, False, False]


def test_children_of_several_nodes_in_any_order() -> None:
    trie = build_trie(SMALL)
    found = children(trie.levels[1], np.array([2, 0, 1, 2]))
    assert found.node.tolist() == [1, 2, 0, 1, 2]
    assert found.source.tolist() == [0, 0, 2, 3, 3]
    assert children(trie.levels[1], np.array([], dtype=np.int64)).node.tolist() == []


def test_one_document() -> None:
    assert walked(build_trie([[3, 4]])) == {0: (3, 4)}


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(st.integers(0, 3), max_size=4), min_size=1, max_size=40, unique_by=tuple))
def test_every_document_is_the_one_leaf_of_its_tokens(prefixes: list[list[int]]) -> None:
    sequences = [[*prefix, 9] for prefix in prefixes]
    trie = build_trie(sequences)
    assert walked(trie) == {number: tuple(tokens) for number, tokens in enumerate(sequences)}
    for depth, level in enumerate(trie.levels):
        prefixes_there = {tuple(tokens[:depth]) for tokens in sequences if len(tokens) >= depth}
        assert len(level.token) == len(prefixes_there)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([[1, 2], [3], [1, 2]], r"identifier 0, \[1, 2\], equals or starts identifier 2"),
        ([[1, 2, 3], [1], [1, 1]], r"identifier 1, \[1\], equals or starts identifier 2"),
        ([[1], []], "identifier 1 has no tokens"),
        ([], "found no identifiers"),
    ],
)
def test_what_is_no_trie_is_refused(sequences: list[list[int]], message: str) -> None:
    with pytest.raises(TrieError, match=message):
        build_trie(sequences)


def test_a_hundred_thousand_identifiers_are_as_many_leaves() -> None:
    rng = np.random.default_rng(1)
    numbers = rng.choice(10**10, 100_000, replace=False)
    sequences = [np.array([int(digit) for digit in f"{number:010d}"], dtype=np.int32) for number in numbers]
    trie = build_trie(sequences)
    assert len(trie.levels[-1].token) == 100_000
    # Of ten digits the first three occur in every combination.
    assert [len(level.token) for level in trie.levels[:4]] == [1, 10, 100, 1000]
