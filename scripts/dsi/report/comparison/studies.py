"""In what two sides differ besides their values: configurations of the studies, and their evaluation."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dsi.report.comparison.sides import Pair, Ranking, Side
from dsi.report.results import CONFIGURATION, read_provenance

# Of a metric file's inputs those that are the collection's; the others are the systems' own.
SHARED_INPUTS = ("queries", "qrels", "topk")
# Sections of a configuration that name definitions, and the keys that choose among them.
CHOSEN_BY = {"baselines": "run", "collections": "collection"}
ABSENT = "–"


class Difference(NamedTuple):
    """One thing in which A and B differ; – stands for what one of them does not have."""

    what: str
    key: str
    a: str
    b: str


class Studies(NamedTuple):
    """differences: of configurations and of evaluations. without: results without a configuration."""

    differences: list[Difference]
    without: list[str]


def studies(a: Side, b: Side, pairs: Iterable[Pair]) -> Studies:
    """What differs between the studies of two sides; of one study nothing does."""
    results = [sorted({one.results for one in side.rankings if one.results}) for side in (a, b)]
    found: list[Difference] = []
    without: list[str] = []
    if len(results[0]) == len(results[1]) == 1 and results[0] != results[1]:
        paths = [folder / CONFIGURATION for (folder,) in results]
        without = [str(path) for path in paths if not path.is_file()]
        if not without:
            found += _of_mappings("configuration", *map(_chosen, paths))
    for pair in pairs:
        ours, theirs = _evaluation(pair.a[0]), _evaluation(pair.b[0])
        if ours and theirs:
            found += _of_mappings("evaluation", ours, theirs)
    return Studies(list(dict.fromkeys(found)), without)


def _of_mappings(what: str, a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[Difference]:
    for key in sorted({*a, *b}):
        ours, theirs = a.get(key, ABSENT), b.get(key, ABSENT)
        if ours != theirs:
            yield Difference(what, key, ours, theirs)


def _chosen(path: Path) -> dict[str, str]:
    """The keys of a configuration as texts, without unused definitions and the folder's name."""
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for section, choice in CHOSEN_BY.items():
        names = written.get(choice, [])
        chosen = [names] if isinstance(names, str) else names
        written[section] = {name: written[section][name] for name in chosen}
    models = {
        settings.get("model") for settings in written["baselines"].values() if settings["task"] != "docid"
    }
    written["models"] = {name: model for name, model in written["models"].items() if name in models}
    written.pop("results")
    return dict(_flat(written))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """`baselines.dsi.training.epochs` and its value as JSON, of every key that holds no keys itself."""
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else str(name))
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _evaluation(ranking: Ranking) -> dict[str, str]:
    """How a system was evaluated, and on which collection; nothing of a run outside any study."""
    if ranking.evaluated is None:
        return {}
    written = read_provenance(ranking.evaluated)
    inputs = {f"inputs.{name}": written.inputs[name][:12] for name in SHARED_INPUTS}
    return {**dict(_flat({"parameters": written.parameters, "versions": written.versions})), **inputs}
