"""The configuration: coerced, checked as a whole, and refused with messages that help."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dsi.systems import RATE_PATTERN, spell_rate
from plan.config.checked import checked_study
from tests.plan.config.conftest import ANY_LINE, DEFAULT, ROOT, SEMANTIC, merged, refused


def published_row(**values: Any) -> dict[str, Any]:
    row = {"table": 1, "name": "t5", "baseline": "study", "arm": "dense", "criterion": None, "rate": None}
    settings = {"K": 5, "batch": 8, "epochs": "10", "learning_rate": 0.001, "patience": None}
    return {**row, **settings, "loss": 1.0, "MAP": 0.1, "R@1000": None, "best": False, **values}


def files_brought(definition: Any) -> Iterator[dict[str, Any]]:
    """The sources of a definition that name a path, however deep they lie (splits hold their own)."""
    if isinstance(definition, dict):
        if isinstance(definition.get("path"), str):
            yield definition
        for value in definition.values():
            yield from files_brought(value)


# Overlays on another study.
BENEATH = {
    "slice.yaml": "msmarco.yaml",
    "claim-fp32.yaml": "claim.yaml",
    "deep-random.yaml": "deep.yaml",
    "nfcorpus-seen.yaml": "nfcorpus.yaml",
}


@pytest.mark.parametrize("name", [None, *sorted(path.name for path in (ROOT / "studies").glob("*.yaml"))])
def test_every_study_is_accepted(name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlay = yaml.safe_load((ROOT / "studies" / name).read_text(encoding="utf-8")) if name else {}
    monkeypatch.chdir(tmp_path)
    base = DEFAULT
    if name in BENEATH:
        base = merged(base, yaml.safe_load((ROOT / "studies" / BENEATH[name]).read_text(encoding="utf-8")))
    for source in files_brought(overlay):  # the files, and folders of models, that the study's user brings
        path = Path(source["path"])
        (path / "x" if "architecture" in source else path).parent.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            path.write_text(ANY_LINE, encoding="utf-8")
    study = checked_study(merged(base, overlay))
    assert study.rates == tuple(sorted(study.rates))


def index_collection(**sources: Any) -> dict[str, Any]:
    definition = {
        "kind": "index",
        "index": {"prebuilt": "cacm"},
        "topics": {"url": "https://example.org/t", "sha256": "0" * 64},
        "qrels": {"url": "https://example.org/q", "md5": "0" * 32},
        "split": {"method": "permutation", "train": 0, "validation": 0, "test": 1, "seed": 42},
        "relevance": 1,
    }
    return {"collection": "mine", "collections": {"mine": {**definition, **sources}}, "run": ["dsi"]}


def test_a_patience_needs_validation_queries_of_any_kind_of_collection() -> None:
    judged = {"topics": {"pyserini": "t"}, "qrels": {"pyserini": "q"}}
    files = index_collection(splits={"test": judged})
    for key in ("topics", "qrels", "split"):
        del files["collections"]["mine"][key]
    datasets = {"kind": "ir_datasets", "documents": "d", "splits": {"test": "d/test"}, "relevance": 1}
    for definition in (index_collection(), files, {**files, "collections": {"mine": datasets}}):
        waiting = {"baselines": {"dsi": {"prune": False, "training": {"patience": 2}}}}
        assert "patience: found 2 with the collection mine, which has no" in refused(
            {**definition, **waiting}
        )
    others = {"topics": {"pyserini": "t2"}, "qrels": {"pyserini": "q2"}}
    files["collections"]["mine"]["splits"]["validation"] = others
    assert checked_study(merged(DEFAULT, {**files, **waiting})).baselines["dsi"].training.patience == 2


def test_an_index_with_topics_and_qrels_is_a_collection() -> None:
    assert checked_study(merged(DEFAULT, index_collection())).collection == "mine"


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"index": {}}, "collections.mine.index: found {}, expected path, url or prebuilt"),
        (
            {"topics": {"prebuilt": "x"}},
            "collections.mine.topics: found {'prebuilt': 'x'}, expected path, url or pyserini",
        ),
        ({"qrels": {"url": "https://example.org/q"}}, "collections.mine.qrels: found a url without a digest"),
        (
            {"topics": {"path": "absent.tsv"}},
            "collections.mine.topics.path: found 'absent.tsv', which does not",
        ),
        (
            {"qrels": {"url": "u", "sha256": "abc"}},
            "collections.mine.qrels.sha256: found 'abc', expected text that",
        ),
        ({"packages": ["numpy"]}, "collections.mine.packages: unknown key"),
        (
            {"topics": {"url": "http://example.org/t", "sha256": "0" * 64}},
            "collections.mine.topics.url: found 'http://example.org/t', expected https, as anyone on the way",
        ),
        (
            {"topics": {"url": "https://[/t", "sha256": "0" * 64}},
            "collections.mine.topics.url: found 'https://[/t', which is no URL (",
        ),
        (
            {"qrels": {"url": "https://example.org/q", "sha256": "0" * 64 + "\n"}},
            "collections.mine.qrels.sha256: found '0",
        ),
    ],
)
def test_a_faulty_source_is_named(sources: dict[str, Any], message: str) -> None:
    assert message in refused(index_collection(**sources))


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"recover": {}}, "recover: unknown key; did you mean `recovery`? Allowed here: baselines, bm25,"),
        (
            {"rates": [1.2]},
            "rates: found 1.2, expected a number above 0 and below 1, for example rates: [0.2, 0.5]",
        ),
        ({"rates": [0]}, "rates: found 0, expected a number above 0 and below 1"),
        ({"rates": ["abc"]}, "rates: found 'abc', expected a number above 0 and below 1"),
        ({"rates": "abc"}, "rates: found 'abc', expected a list, for example rates: [0.2, 0.5]"),
        ({"rates": 0.5}, "rates: found 0.5, expected a list"),
        ({"rates": [0.5, 0.50]}, "rates: found [0.5, 0.5], expected every value once"),
        ({"rates": [0.12345]}, "rates: found 0.12345, expected at most 4 decimals"),
        ({"seeds": []}, "seeds: found [], expected at least one entry, for example seeds: [1, 2, 3]"),
        ({"rates": [float("nan")]}, "rates: found nan, expected a number above 0 and below 1"),
        (
            {"recovery": {"learning_rate": "inf"}},
            "recovery.learning_rate: found inf, expected a number above 0, for example learning_rate: 0.001",
        ),
        ({"threads": "1:30"}, "threads: found '1:30', expected a whole number at least 1"),
        ({"results": "/"}, "results: found '/', expected text that matches"),
        ({"results": "x\n"}, "results: found 'x\\n', expected text that matches"),
        ({"results": "./x"}, "results: found './x', expected its shortest form 'x', for example results:"),
        ({"results": "a//b"}, "results: found 'a//b', expected its shortest form 'a/b'"),
        ({"results": "a/../b/"}, "results: found 'a/../b/', expected its shortest form 'b'"),
        ({"results": "/dev/null/x"}, "results: found '/dev/null/x', where '/dev/null' is a file, expected a"),
        (
            {"seeds": [2**32]},
            "seeds: found 4294967296, expected a whole number at least 0 and at most 4294967295",
        ),
        (
            {"baselines": {"dsi\n": DEFAULT["baselines"]["dsi"]}},
            "baselines: found the name 'dsi\\n', expected lower-case letters",
        ),
        (
            {"criteria": ["2of4"], "baselines": {"dsi": {"model": {"d_model": 18, "d_ff": 22, "d_kv": 3}}}},
            "criteria: found 2of4 with the baseline dsi, whose num_heads × d_kv is 18, expected a multiple",
        ),
        (
            {
                "criteria": ["2of4"],
                "pruning": {"kinds": ["feed_forward"]},
                "baselines": {"dsi": {"model": {"d_ff": 22}}},
            },
            "criteria: found 2of4 with the baseline dsi, whose d_ff is 22, expected a multiple of 4",
        ),
        (
            {"criteria": ["ffn"], "rates": [0.5, 0.9999]},
            "criteria: found ffn with rates [0.9999], which leave none of dsi's 64 units, expected lower",
        ),
        ({"results": "a {b}"}, "results: found 'a {b}', expected text that matches"),
        (
            {"baselines": {1: {}, "dsi": {"docids": "x"}}},
            "baselines.1.task: missing, for example task: docid",
        ),
        ({"collections": {1: {"kind": "pydocs"}}}, "collections.1.packages: missing, for example packages:"),
        (
            {"collections": {"new": "{kind: pydocs, what: 1}"}},
            "collections.new.what: unknown key; Allowed here: kind, packages, relevance, split",
        ),
        ({"seeds": [-1]}, "seeds: found -1, expected a whole number at least 0"),
        ({"threads": 0}, "threads: found 0, expected a whole number at least 1 and at most 1024, for"),
        ({"threads": True}, "threads: found True, expected a whole number"),
        ({"results": 3}, "results: found 3, expected text, for example results: results/cacm"),
        ({"pruning": None}, "pruning: found None, expected a mapping"),
        ({"criteria": ["best"]}, "criteria: found 'best', expected one of magnitude"),
        (
            {"collection": "cacm"},
            "collection: found 'cacm', expected one of pydocs, for example collection: pydocs",
        ),
        ({"run": ["dsii"]}, "run: found 'dsii', expected one of dsi, study, for example run: [dsi]"),
        ({"evaluation": {"depth": 10}}, "evaluation.depth: found 10, expected a whole number at least 1000"),
        ({"bm25": {"b": 1.5}}, "bm25.b: found 1.5, expected a number at least 0 and at most 1"),
        (
            {"baselines": {"dsi": {"training": {"epoch": 3}}}},
            "baselines.dsi.training.epoch: unknown key; did you mean `epochs`?",
        ),
        (
            {"baselines": {"dsi": {"training": {"patience": "x"}}}},
            "baselines.dsi.training.patience: found 'x', expected a whole number or null",
        ),
        (
            {"baselines": {"My_DSI": DEFAULT["baselines"]["dsi"]}},
            "found the name 'My_DSI', expected lower",
        ),
        ({"baselines": {"new": {}}}, "baselines.new.task: missing, for example task: docid"),
        (
            {"criteria": ["2of4"], "rates": [0.2]},
            "criteria: found 2of4 with rates [0.2], expected among them the only one that it has, for "
            "example rates: [0.5]",
        ),
        (
            {"criteria": ["wanda"], "baselines": {"dsi": {"docids": {"scheme": "naive"}}}},
            "criteria: found wanda with the baseline dsi, expected baselines of task docid with "
            "atomic docids",
        ),
        (
            {"criteria": ["ffn"], "pruning": {"stacks": ["decoder"]}},
            "criteria: found ffn with stacks ['decoder'] and kinds ['attention', 'feed_forward'], expected "
            "all feed-forward layers",
        ),
        (
            {"controls": {"small": [0.5]}},
            "controls.small: found [0.5] with criteria ['magnitude'], expected ffn among them",
        ),
        (
            {"criteria": ["ffn"], "controls": {"small": [0.5, 0.85]}},
            "controls.small: found [0.85], expected some of the rates [0.1, 0.15, 0.2, ",
        ),
        (
            {
                "criteria": ["ffn"],
                "controls": {"small": [0.5]},
                "baselines": {"dsi": {"docids": {"scheme": "naive"}}},
            },
            "controls.small: found rates with the baseline dsi, expected baselines of task docid with atomic "
            "docids, for example run: [dsi]",
        ),
        (
            {"criteria": ["ffn"], "controls": {"small": [0.5]}, "baselines": {"study": {"prune": True}}},
            "controls.small: found rates with the baseline study, expected baselines of task docid",
        ),
        (
            {"criteria": ["ffn"], "controls": {"small": [0.5]}, "pruning": {"lm_head": True}},
            "controls.small: found rates with pruning.lm_head: true, expected false",
        ),
        (
            {"criteria": ["ffn"], "rates": [0.9999], "controls": {"small": [0.9999]}},
            "controls.small: found 0.9999, which leaves none of dsi's 64 units, expected a lower rate",
        ),
        ({"controls": {"small": [0.5, 0.5]}}, "controls.small: found [0.5, 0.5], expected every value once"),
        ({"controls": {"teaching": {"weight": 0}}}, "controls.teaching.weight: found 0, expected"),
        (
            {"baselines": {"dsi": {"training": {"patience": 5}}}},
            "baselines.dsi.training.patience: found 5 with prune: true, expected null, as the arms that "
            "pruning compares train for the same epochs",
        ),
        (
            {
                "baselines": {"study": {"training": {"patience": 5}}},
                "collections": {"pydocs": {"split": {"train": 0.8, "validation": 0}}},
            },
            "baselines.study.training.patience: found 5 with the collection pydocs, which has no validation "
            "queries; expected some (a split for validation, or a fraction above 0), or patience: null",
        ),
        (
            {"recovery": {"rewind": True, "epochs": 21}},
            "recovery.rewind: found 21 epochs of recovery, expected at most the 20 of dsi's training",
        ),
        (
            {"models": {"study": {"hub": "google-t5/t5-small"}}},
            "models.study: found hub with a vocabulary, expected either, as a pre-trained model has its own",
        ),
        ({"pruning": {"kinds": []}}, "pruning.kinds: found [], expected at least one entry"),
        ({"pruning": {"stacks": ["head"]}}, "pruning.stacks: found 'head', expected"),
        ({"pruning": {"gradual": {"until": 0}}}, "pruning.gradual.until: found 0, expected"),
        ({"pruning": {"iterative": {"rounds": 0}}}, "pruning.iterative.rounds: found 0, expected"),
        (
            {"criteria": ["movement"], "pruning": {"movement": {"warmup": 0.5, "cooldown": 0.5}}},
            "pruning.movement: found warmup 0.5 and cooldown 0.5, expected less than 1 together",
        ),
        (
            {"criteria": ["magnitude-encoder"], "pruning": {"stacks": ["decoder"]}},
            "criteria: found magnitude-encoder with stacks ['decoder'] and kinds ['attention', "
            "'feed_forward'], which leave it nothing to prune",
        ),
        (
            {"criteria": ["magnitude-decoder"], "pruning": {"stacks": ["encoder"]}},
            "criteria: found magnitude-decoder with stacks ['encoder'] and kinds",
        ),
        (
            {"criteria": ["magnitude-cross"], "pruning": {"kinds": ["feed_forward"]}},
            "criteria: found magnitude-cross with stacks ['encoder', 'decoder'] and kinds ['feed_forward']",
        ),
        ({"pruning": {"calibration": {"queries": 0}}}, "pruning.calibration.queries: found 0, expected"),
        (
            {"baselines": {"dsi": {"pseudo_queries": {"lengths": {"chunk": [12, 5]}}}}},
            "baselines.dsi.pseudo_queries.lengths.chunk: found [12, 5], expected the fewest words before the "
            "most, for example chunk: [5, 12]",
        ),
        (
            {"baselines": {"dsi": {"pseudo_queries": {"lengths": {"terms": [4]}}}}},
            "baselines.dsi.pseudo_queries.lengths.terms: found [4], expected",
        ),
        (
            {
                "baselines": {
                    "dsi": {
                        "pseudo_queries": {
                            "weights": dict.fromkeys(["first_sentence", "sentence", "chunk", "terms"], 0)
                        }
                    }
                }
            },
            "baselines.dsi.pseudo_queries.weights: found only zeros, expected at least one positive weight",
        ),
        (
            {"collections": {"pydocs": {"split": {"train": 0.8}}}},
            "collections.pydocs.split: found fractions that add up to 1.1, expected 1, for example {method:",
        ),
        (
            {"collections": {"pydocs": {"packages": ["numpi"]}}},
            "collections.pydocs.packages: package 'numpi' is not installed; expected the name of a package",
        ),
        (
            {"baselines": {"study": {"docids": "atomic"}}},
            "baselines.study.docids: unknown key; did you mean `docid_names`? Allowed here: count_padding, ",
        ),
        (
            {"baselines": {"dsi": {"docids": "atomic"}}},
            "baselines.dsi.docids: found 'atomic', expected a mapping, for example docids: {scheme: atomic}",
        ),
        (
            {"baselines": {"dsi": {"docids": {"scheme": "semantc"}}}},
            "baselines.dsi.docids.scheme: found 'semantc', expected one of atomic, naive, semantic",
        ),
        (
            {"baselines": {"dsi": {"docids": {"scheme": "semantic"}}}},
            "baselines.dsi.docids.leaf_size: missing, for example leaf_size: 100",
        ),
        (
            {"baselines": {"dsi": {"docids": {"scheme": "naive", "branching": 10}}}},
            "baselines.dsi.docids.branching: unknown key; Allowed here: scheme",
        ),
        (
            {"baselines": {"dsi": {"docids": {**SEMANTIC, "branching": 1}}}},
            "baselines.dsi.docids.branching: found 1, expected a whole number at least 2",
        ),
        (
            {"baselines": {"dsi": {"docids": {**SEMANTIC, "embeddings": "absent.parquet"}}}},
            "baselines.dsi.docids.embeddings: found 'absent.parquet', which does not exist; expected lsa,",
        ),
        (
            {"evaluation": {"prefixes_at_a_time": 0}},
            "evaluation.prefixes_at_a_time: found 0, expected a whole number at least 1, for example "
            "prefixes_at_a_time: 1024",
        ),
        (
            {"baselines": {"study": {"model": "t5"}}},
            "baselines.study.model: found 't5', expected one of study (see models)",
        ),
        (
            {"baselines": {"study": {"model": "t5"}}, "models": {"t5": {}}},
            "models.t5: found no tokenizer, expected hub, path or vocabulary",
        ),
        (
            {"baselines": {"study": {"model": "t5"}}, "models": {"t5": {"vocabulary": 300}}},
            "models.t5: found a vocabulary without weights, expected an architecture",
        ),
        (
            {"baselines": {"study": {"model": "t5"}}, "models": {"t5": {"path": "absent"}}},
            "models.t5.path: found 'absent', which is no folder; expected one with config.json",
        ),
        (
            {"baselines": {"study": {"training": {"accumulate": 3}}}},
            "baselines.study.training.accumulate: found 3, expected a divisor of batch_size 8",
        ),
        (
            {"baselines": {"study": {"training": {"accumulate": 4, "devices": 4}}}},
            "baselines.study.training.devices: found 4, expected at most one for each of the 2 examples",
        ),
        (
            {"baselines": {"study": {"training": {"betas": [0.9]}}}},
            "baselines.study.training.betas: found [0.9], expected 2 entries, for example betas: [",
        ),
        (
            {"collections": {"pydocs": {"split": {"train": 0, "test": 0.9}}}},
            "run: found study, a ranked-list baseline, with the collection pydocs, which has no training",
        ),
        (
            {"published": [published_row(baseline="t5")]},
            "published, row 1: found baseline 't5', expected one of dsi, study",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(overlay: dict[str, Any], message: str) -> None:
    assert message in refused(overlay)


@pytest.mark.parametrize("docids", [{"scheme": "naive"}, SEMANTIC, "{scheme: naive}"])
def test_every_docid_scheme_is_accepted(docids: Any) -> None:
    study = checked_study(merged(DEFAULT, {"baselines": {"dsi": {"docids": docids}}}))
    expected = {"scheme": "naive"} if isinstance(docids, str) else docids
    assert study.baselines["dsi"].docids.as_dict() == expected


def test_all_problems_are_reported_at_once() -> None:
    message = refused({"rates": [2], "seeds": [], "baselines": {"dsi": {"task": "rank"}}})
    assert len(message.splitlines()) == 4
    assert "baselines.dsi.task: found 'rank', expected one of docid" in message


def test_text_from_the_command_line_is_read_as_what_the_key_asks_for() -> None:
    overlay = {
        "rates": ["0.5", "0.10"],
        "seeds": "[4]",
        "threads": "2",
        "recovery": {"learning_rate": "1e-3"},
        "baselines": {"dsi": {"training": {"patience": "null"}}},
        "results": "17",
    }
    study = checked_study(merged(DEFAULT, overlay))
    assert study.rates == (0.1, 0.5)
    assert study.seeds == (4,)
    assert study.threads == 2
    assert study.recovery.learning_rate == 0.001
    assert study.baselines["dsi"].training.patience is None
    assert study.results == "17"


def test_numbers_are_read_as_decimals_and_whole_ones_stay_whole() -> None:
    study = checked_study(merged(DEFAULT, {"seeds": ["010", 2.0], "threads": "1.0"}))
    assert [repr(seed) for seed in study.seeds] == ["10", "2"]
    assert repr(study.threads) == "1"
    assert checked_study(merged(DEFAULT, {"seeds": "[010]"})).seeds == (10,)


@pytest.mark.parametrize(("rate", "text"), [(0.5, "0.5"), (0.50, "0.5"), (0.15, "0.15"), (0.001, "0.001")])
def test_a_rate_has_one_spelling(rate: float, text: str) -> None:
    assert spell_rate(rate) == text
    assert re.fullmatch(RATE_PATTERN, text)


@given(st.decimals(min_value="0.0001", max_value="0.9999", places=4))
def test_every_rate_keeps_its_value_in_its_name(rate: Decimal) -> None:
    text = spell_rate(float(rate))
    assert re.fullmatch(RATE_PATTERN, text)
    assert Decimal(text) == rate


@pytest.mark.parametrize("text", ["0.20", ".2", "1.2", "0", "0.0", "foo", "1"])
def test_no_other_spelling_matches(text: str) -> None:
    assert not re.fullmatch(RATE_PATTERN, text)


@pytest.mark.parametrize("looked_at", [[1, 2, 3], [4]])
def test_seeds_looked_at_are_some_of_the_seeds_and_leave_one(looked_at: list[int]) -> None:
    message = refused({"seeds": [1, 2, 3], "report": {"looked_at_seeds": looked_at}})
    assert f"report.looked_at_seeds: found {looked_at}, expected some of the seeds [1, 2, 3]" in message


@pytest.mark.parametrize("reference", ["study", "dis"])
def test_a_reference_is_a_docid_baseline_that_is_run(reference: str) -> None:
    assert (
        f"report.reference: found {reference!r}, expected null or a baseline of task docid that is run: dsi"
    ) in refused({"report": {"reference": reference}})


def test_problems_in_a_list_of_rows_say_which_row() -> None:
    message = refused({"published": [published_row(), published_row(arm="sparse", rats=0.5)]})
    assert (
        "published, row 2, arm: found 'sparse', expected one of dense, dense-continued, restart," in message
    )
    assert "published, row 2, rats: unknown key; did you mean `rate`? Allowed here: K, MAP" in message


def test_a_baseline_may_bear_the_name_of_a_task() -> None:
    named = {"docid": {"extends": "dsi", "training": {"epochs": 0}}}
    assert "baselines.docid.training.epochs: found 0, expected" in refused({"baselines": named})


def test_refused_items_are_not_called_missing_entries() -> None:
    assert len(refused({"rates": [2], "run": [1]}).splitlines()) == 3


def test_what_a_study_selects() -> None:
    study = checked_study(merged(DEFAULT, {"run": ["study", "dsi"]}))
    assert study.selected_collection.kind == "pydocs"
    assert list(study.selected_baselines) == ["study", "dsi"]


def test_the_default_study_is_dumped_as_it_was_written() -> None:
    assert checked_study(DEFAULT).as_json() == json.dumps(DEFAULT, sort_keys=True)


def test_nothing_heavy_is_imported() -> None:
    """The Snakefile imports this at every start."""
    code = "import sys, plan.config.checked; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not {"torch", "pandas", "numpy", "transformers", "jsonschema"} & set(done.stdout.split())
