"""The configuration of a collection: sources, splits and scope, and messages for what does not fit."""

from typing import Any

import pytest

from plan.config.checked import ConfigurationError, checked_study
from tests.plan.config.conftest import DEFAULT, merged

DIGEST = "0" * 64
TOPICS = {"url": "https://example.org/t", "sha256": DIGEST}
QRELS = {"url": "https://example.org/q", "sha256": DIGEST}
CORPUS = {"url": "https://example.org/c", "sha256": DIGEST}
SPLIT = {"method": "train_test_split", "train": 0.7, "validation": 0.1, "test": 0.2, "seed": 42}
JUDGED = {"topics": TOPICS, "qrels": QRELS}
DIVIDED = {**JUDGED, "split": SPLIT}


def collection(kind: str, **keys: Any) -> dict[str, Any]:
    definition = {"kind": kind, "relevance": 1, **keys}
    # Without the study's recipe, which needs training queries.
    return merged(DEFAULT, {"collection": "mine", "collections": {"mine": definition}, "run": ["dsi"]})


def refused(kind: str, **keys: Any) -> str:
    with pytest.raises(ConfigurationError) as error:
        checked_study(collection(kind, **keys))
    return str(error.value)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("files", {"corpus": CORPUS, **DIVIDED}),
        ("files", {"corpus": CORPUS, "splits": {"train": {**JUDGED, "qrels": CORPUS}, "test": JUDGED}}),
        ("files", {"corpus": CORPUS, **DIVIDED, "scope": {"sample": 100, "seed": 1}}),
        ("files", {"corpus": CORPUS, **DIVIDED, "withhold": {"documents": 0.5, "seed": 1}}),
        ("files", {"corpus": CORPUS, "splits": {"test": JUDGED}, "split_relevance": {"validation": 2}}),
        ("index", {"index": {"prebuilt": "cacm"}, "splits": {"test": JUDGED}, "language": "ru"}),
        ("index", {"index": {"prebuilt": "x"}, **DIVIDED, "topics": {"pyserini": "y"}}),
        ("ir_datasets", {"documents": "beir/nfcorpus", "splits": {"test": "beir/nfcorpus/test"}}),
    ],
)
def test_a_collection_is_accepted(kind: str, keys: dict[str, Any]) -> None:
    assert checked_study(collection(kind, **keys)).collections["mine"].kind == kind


@pytest.mark.parametrize(
    ("kind", "keys", "message"),
    [
        (
            "files",
            {"corpus": CORPUS, **DIVIDED, "splits": {"test": JUDGED}},
            "collections.mine: found topics, qrels, split, splits, expected either topics, qrels and split, "
            "or splits alone, for example splits: {test:",
        ),
        (
            "ir_datasets",
            {"documents": "d", "splits": {"test": "d/test"}, "withhold": {"documents": 0.5, "seed": 1}},
            "collections.mine.withhold: found it in a collection without training queries",
        ),
        ("files", {"corpus": CORPUS, **JUDGED}, "collections.mine: found topics, qrels, expected either"),
        ("index", {"index": {"prebuilt": "x"}}, "collections.mine: found no queries, expected either"),
        ("files", DIVIDED, "collections.mine.corpus: missing, for example corpus:"),
        (
            "files",
            {"corpus": {"prebuilt": "x"}, **DIVIDED},
            "collections.mine.corpus: found {'prebuilt': 'x'}, expected path or url, for example",
        ),
        (
            "files",
            {"corpus": CORPUS, "splits": {"test": {"topics": {"path": "absent.tsv"}, "qrels": QRELS}}},
            "collections.mine.splits.test.topics.path: found 'absent.tsv', which does not exist",
        ),
        (
            "files",
            {"corpus": CORPUS, "splits": {"train": JUDGED}},
            "collections.mine.splits.test: missing, for example test: {topics:",
        ),
        (
            "files",
            {"corpus": CORPUS, "splits": {"dev": JUDGED, "test": JUDGED}},
            "collections.mine.splits.dev: unknown key; Allowed here: test, train, validation",
        ),
        (
            "files",
            {"corpus": CORPUS, **JUDGED, "split": {**SPLIT, "method": "random"}},
            "collections.mine.split.method: found 'random', expected one of permutation, train_test_split",
        ),
        (
            "files",
            {"corpus": CORPUS, **JUDGED, "split": {key: SPLIT[key] for key in SPLIT if key != "method"}},
            "collections.mine.split.method: missing, for example method: permutation",
        ),
        (
            "files",
            {"corpus": CORPUS, **DIVIDED, "scope": {"sample": -1, "seed": 1}},
            "collections.mine.scope.sample: found -1, expected a whole number at least 0, for example",
        ),
        (
            "ir_datasets",
            {"documents": "beir/nfcorpus", "splits": {"train": "beir/nfcorpus/train"}},
            "collections.mine.splits.test: missing, for example test: beir/nfcorpus/test",
        ),
        ("ir_datasets", {"splits": {"test": "x"}}, "collections.mine.documents: missing, for example"),
        ("web", {}, "collections.mine.kind: found 'web', expected one of pydocs, index, files, ir_datasets"),
    ],
)
def test_what_does_not_fit_is_named(kind: str, keys: dict[str, Any], message: str) -> None:
    assert message in refused(kind, **keys)


@pytest.mark.parametrize(
    ("kind", "keys", "accepted"),
    [
        ("files", {"corpus": CORPUS, **JUDGED, "split": {**SPLIT, "train": 0.8, "validation": 0}}, False),
        ("files", {"corpus": CORPUS, "splits": {"test": JUDGED}}, False),
        ("ir_datasets", {"documents": "d", "splits": {"train": "d/train", "test": "d/test"}}, False),
        ("ir_datasets", {"documents": "d", "splits": {"validation": "d/dev", "test": "d/test"}}, True),
        ("files", {"corpus": CORPUS, **DIVIDED}, True),
        ("pydocs", {"packages": ["numpy"], "split": {**SPLIT, "train": 0.8, "validation": 0}}, False),
    ],
)
def test_a_patience_needs_validation_queries(kind: str, keys: dict[str, Any], accepted: bool) -> None:
    """It waits for their loss: the first training ended in a RuntimeError."""
    raw = merged(
        collection(kind, **keys), {"baselines": {"dsi": {"prune": False, "training": {"patience": 3}}}}
    )
    if accepted:
        checked_study(raw)
        return
    with pytest.raises(ConfigurationError, match=r"training\.patience: found 3 with the coll"):
        checked_study(raw)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("files", {"corpus": CORPUS, "splits": {"train": JUDGED, "validation": JUDGED, "test": JUDGED}}),
        ("ir_datasets", {"documents": "d", "splits": {"train": "d", "validation": "d", "test": "d"}}),
    ],
)
def test_two_splits_of_the_same_queries_are_refused(kind: str, keys: dict[str, Any]) -> None:
    said = refused(kind, **keys)
    for name in ("validation", "test"):
        assert f"collections.mine.splits.{name}: found what collections.mine.splits.train has" in said
