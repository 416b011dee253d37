"""Configurations that nobody thought of: what is accepted has a graph of jobs, what is refused names its key.

DSI_EXAMPLES=500 tries so many; by default a few, as each graph takes a third of a second.
"""

import copy
import multiprocessing
import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plan.config.checked import ConfigurationError, checked_study
from plan.config.outline import Node, child, members, schema
from plan.config.study import Study
from tests.plan.config.conftest import DEFAULT, ROOT, merged
from tests.plan.dry_runs import dry_run

EXAMPLES = int(os.environ.get("DSI_EXAMPLES", "12"))
SMOKE = yaml.safe_load((ROOT / "studies/smoke.yaml").read_text(encoding="utf-8"))
SPLIT = SMOKE["collections"]["smoke"]["split"]
FILES = {
    "corpus.jsonl": '{"id": "d1", "contents": "a text"}\n',
    "topics.tsv": "q1\twhat is a text\n",
    "qrels.txt": "q1 0 d1 1\n",
    'it\'s $(touch x) & "y".tsv': "q1\twhat is a text\n",
    "Größe Ω.tsv": "q1\twhat is a text\n",
    "-x.tsv": "q1\twhat is a text\n",
    "{x}.tsv": "q1\twhat is a text\n",
    "table.csv": "id,text\nd1,a text\n",
    "queries.jsonl": '{"id": "d1", "queries": ["a text"]}\n',
}
MINE = {
    "kind": "files",
    "corpus": {"path": "corpus.jsonl"},
    "topics": {"path": "topics.tsv"},
    "qrels": {"path": "qrels.txt"},
    "split": SPLIT,
    "relevance": 1,
}
BASE = merged(
    merged(DEFAULT, SMOKE),
    {"seeds": [1], "run": ["smoke"], "collection": "mine", "collections": {"mine": MINE}},
)
ODD_TEXTS = (
    "",
    "x",
    "nan",
    "None",
    "null",
    "-x",
    "../x",
    "1e5",
    "007",
    "a b",
    "x\n",
    "é",
    "a\u2028b",
    "$(x)",
    "'",
)
TEXTS = st.sampled_from(
    [*FILES, *ODD_TEXTS, "smoke", "smoke-lists", "lsa", "results/x", "id", "text", "seaborn"]
)
ODD = st.sampled_from(
    [None, True, -1, 0, 1.5, 2**31, 2**32, 2**64, float("nan"), [], {}, [[]], {"x": 1}, *ODD_TEXTS]
)


class Edit(NamedTuple):
    """A value in place of another, or where there was none."""

    keys: tuple[str, ...]
    value: Any


def numbers(node: Node) -> st.SearchStrategy[Any]:
    """Numbers within the bounds of a node."""
    low, high = (
        node.get("minimum", node.get("exclusiveMinimum")),
        node.get("maximum", node.get("exclusiveMaximum")),
    )
    if node["type"] == "integer":
        return st.integers(low, high) if high is not None else st.integers(low or 0, (low or 0) + 64)
    drawn = st.floats(
        low if low is not None else -10,
        high if high is not None else 10,
        exclude_min="exclusiveMinimum" in node,
        exclude_max="exclusiveMaximum" in node,
    )
    return drawn.map(lambda number: round(number, 4)) | drawn


def allowed(node: Node) -> st.SearchStrategy[Any]:
    """Values that the schema of a node allows, texts as far as they come to mind."""
    if "discriminator" in node:
        return st.one_of([allowed(member) for member in members(node).values()])
    if "anyOf" in node:
        return st.one_of([allowed(part) for part in node["anyOf"]])
    if "const" in node or "enum" in node:
        return st.sampled_from(node.get("enum", [node.get("const")]))
    if node.get("null"):
        return st.none() | allowed({key: value for key, value in node.items() if key != "null"})
    match node["type"]:
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            return numbers(node)
        case "array":
            fewest, most = node.get("minItems", 0), node.get("maxItems", 3)
            items = allowed(child(node, 0))
            return st.lists(
                items, min_size=fewest, max_size=most, unique="uniqueItems" in node and is_plain(node)
            )
        case "object" if "properties" in node:
            keys = {key: allowed(child(node, key)) for key in node["properties"]}
            needed = {key: keys.pop(key) for key in node.get("required", ())}
            return st.fixed_dictionaries(needed, optional=keys)
    return TEXTS


def is_plain(node: Node) -> bool:
    """Whether items can be compared."""
    return child(node, 0).get("type") != "object"


def places(node: Node, value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every place at and below one, those of keys that are absent among them."""
    if keys:
        yield keys, node
    if not isinstance(value, Mapping):
        return
    if "discriminator" in node:
        node = members(node)[value[node["discriminator"]["propertyName"]]]
    for key in {**node.get("properties", {}), **value}:
        yield from places(child(node, str(key)), value.get(key), (*keys, str(key)))


# What config.yaml defines beside the base: Snakemake merges an edit of it with what stands there.
DEFAULTS = (("collections", "pydocs"), ("baselines", "dsi"), ("baselines", "study"), ("models", "study"))
PLACES = [(keys, node) for keys, node in places(schema(), BASE) if keys[:2] not in DEFAULTS]
EDITS = st.integers(0, len(PLACES) - 1).flatmap(
    lambda number: st.builds(
        Edit, st.just(PLACES[number][0]), st.one_of([allowed(PLACES[number][1])] * 2 + [ODD])
    )
)


def edited(edits: list[Edit]) -> dict[str, Any]:
    """The base with other values; a place that an earlier edit took away is left out."""
    result = copy.deepcopy(BASE)
    for keys, value in edits:
        at: Any = result
        for key in keys[:-1]:
            at = at.get(key) if isinstance(at, dict) else None
        if isinstance(at, dict):
            at[keys[-1]] = value
    return result


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[dict[str, Any]], str]]:
    """Builds graphs in a process of its own, in a folder with FILES: Snakemake changes folder and loggers."""
    folder = tmp_path_factory.mktemp("planned")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)  # the check here looks at the same files
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield lambda config: process.submit(dry_run, config, folder).result()
    os.chdir(before)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(edits=st.lists(EDITS, min_size=1, max_size=4))
def test_what_is_accepted_has_a_graph_and_what_is_refused_names_its_key(
    planner: Callable[[dict[str, Any]], str], edits: list[Edit]
) -> None:
    config = edited(edits)
    try:
        checked_study(config)
    except ConfigurationError as error:
        heading, *problems = str(error).split("\n  ")
        assert heading == "the configuration is refused:"
        known = {*Study.model_fields, *(edit.keys[0] for edit in edits)}
        unnamed = [text for text in problems if re.split(r"[.,:]", text)[0] not in known]
        assert not unnamed
    else:
        assert planner(config) == ""
