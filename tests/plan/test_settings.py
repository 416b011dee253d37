"""What commands are told: parts of the configuration, and nothing that a job does not depend on."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dsi.collection.docstrings import package_version
from plan import settings
from plan.config.baseline import DocidBaseline, RankedListBaseline
from plan.config.collection import DatasetCollection, IndexCollection
from plan.config.pseudo_queries import GeneratedQueries
from plan.config.study import Study
from tests.plan.config.conftest import ANY_LINE
from tests.plan.conftest import LISTS

StudyOf = Callable[..., Study]
SEMANTIC = {"scheme": "semantic", "branching": 4, "leaf_size": 8, "embeddings": "lsa", "seed": 42}
SAMPLING = {
    "number": 2,
    "top_k": 10,
    "document_tokens": 512,
    "query_tokens": 64,
    "batch_size": 16,
    "seed": 42,
}


def option(text: str, name: str) -> Any:
    """The JSON after an option."""
    words = shlex.split(text)
    return json.loads(words[words.index(name) + 1])


def test_json_has_one_spelling() -> None:
    assert settings.as_json({"b": 1, "a": [True, None]}) == '{"a": [true, null], "b": 1}'


def test_a_baseline_of_the_other_task_is_refused(study_of: StudyOf) -> None:
    study = study_of("smoke")
    assert settings.of_task(study, LISTS, RankedListBaseline).k == 3
    with pytest.raises(TypeError, match="smoke-lists: found a baseline of task ranked-list"):
        settings.of_task(study, LISTS, DocidBaseline)


def test_versions_of_the_packages_whose_docstrings_are_read(study_of: StudyOf) -> None:
    assert settings.package_versions(study_of().selected_collection) == (
        f"networkx {package_version('networkx')}, numpy {package_version('numpy')}"
    )


def test_sources_of_a_dataset_are_named_for_each_split(study_of: StudyOf) -> None:
    collection = study_of("nfcorpus").selected_collection
    assert isinstance(collection, DatasetCollection)
    assert json.loads(settings.corpus_source(collection)) == {"ir_datasets": collection.documents}
    test = {"ir_datasets": collection.splits.test}
    assert json.loads(settings.query_sources(collection))["splits"]["test"] == {"topics": test, "qrels": test}


def test_sources_of_files_are_as_they_are_configured(study_of: StudyOf, tmp_path: Path) -> None:
    file = str(tmp_path / "file")
    Path(file).write_text(ANY_LINE)
    split = {"method": "permutation", "train": 0.6, "validation": 0.2, "test": 0.2, "seed": 1}
    queries = {"topics": {"path": file}, "qrels": {"path": file}, "split": split}
    own = {"kind": "files", "corpus": {"path": file}, "relevance": 1, **queries}
    collection = study_of("smoke", collection="own", collections={"own": own}).selected_collection
    assert json.loads(settings.corpus_source(collection)) == {"path": file}
    assert json.loads(settings.query_sources(collection)) == {**queries, "relevance": 1}


def test_withheld_documents_reach_whoever_reads_the_judgements(study_of: StudyOf) -> None:
    nfcorpus, seen = (
        json.loads(settings.query_sources(study_of(*names).selected_collection))
        for names in (("nfcorpus",), ("nfcorpus", "nfcorpus-seen"))
    )
    assert seen == {**nfcorpus, "withhold": {"documents": 0.5, "seed": 1}}


def test_what_the_recovery_draws_otherwise_is_not_in_e1(study_of: StudyOf) -> None:
    """So that both recoveries of studies/nfcorpus-seen.yaml start from the same weights."""
    study = study_of("nfcorpus", "nfcorpus-seen")
    assert settings.of_e1(study, "dsi-documents") == settings.of_e1(study, "dsi")
    usual, own = (
        json.loads(settings.of_e2(study, name)).pop("pseudo_queries") for name in ("dsi", "dsi-documents")
    )
    assert own == {**usual, "per_document": 5, "training_queries": 0}
    # As many examples in an epoch: 2 / (1 - 0.6) = 5 a document.
    assert usual["per_document"] / (1 - usual["training_queries"]) == pytest.approx(own["per_document"])
    given = option(settings.calibration_options(study, "dsi-documents"), "--settings")
    assert given["pseudo_queries"] == own


def test_references_are_told_what_bm25_is(study_of: StudyOf) -> None:
    assert settings.reference_options(study_of("smoke")) == (
        "--names bm25-tuned rm3 lookup lookup-bm25 --relevance 1 --k1 0.9 --b 0.4 --depth 1000"
    )


def test_the_language_of_an_index_reaches_whoever_makes_it(study_of: StudyOf) -> None:
    assert settings.language_option(study_of("smoke").selected_collection) == ""
    named = {"pyserini": "cacm"}
    own = {"kind": "index", "relevance": 1, "index": {"prebuilt": "cacm"}}
    own["splits"] = {"test": {"topics": named, "qrels": named}}
    for language, option in (({}, ""), ({"language": "zh"}, "--language zh")):
        study = study_of("smoke", collection="own", run=["smoke"], collections={"own": {**own, **language}})
        collection = study.selected_collection
        assert isinstance(collection, IndexCollection)
        assert settings.language_option(collection) == option
        assert json.loads(settings.index_source(collection)) == {"prebuilt": "cacm", **language}


def test_relevance_is_a_number_or_one_a_split(study_of: StudyOf, tmp_path: Path) -> None:
    assert settings.relevance(study_of("smoke")) == "1"
    file = {"path": str(tmp_path / "file")}
    Path(file["path"]).write_text(ANY_LINE)
    test, train = ({"topics": file, "qrels": qrels} for qrels in (file, {"pyserini": "train"}))
    own = {"kind": "files", "corpus": file, "relevance": 2, "splits": {"train": train, "test": test}}
    differing = study_of(
        "smoke", collection="own", collections={"own": {**own, "split_relevance": {"train": 1}}}
    )
    assert json.loads(settings.relevance(differing)) == {"train": 1, "validation": 2, "test": 2}
    same = study_of("smoke", collection="own", collections={"own": {**own, "split_relevance": {"train": 2}}})
    assert settings.relevance(same) == "2"


def test_a_model_that_generates_is_a_folder_or_of_the_hub(tmp_path: Path) -> None:
    def source(**values: object) -> GeneratedQueries:
        return GeneratedQueries.model_validate({**SAMPLING, **values})

    assert json.loads(settings.query_model(source(model=str(tmp_path)))) == {"path": str(tmp_path)}
    assert json.loads(settings.query_model(source(model="a/b"))) == {"hub": "a/b"}
    hub = source(model="a/b", revision="main")
    assert json.loads(settings.query_model(hub)) == {"hub": "a/b", "revision": "main"}
    assert json.loads(settings.query_sampling(hub)) == SAMPLING


def test_a_pre_trained_tokenizer_comes_from_where_the_model_does(study_of: StudyOf) -> None:
    study = study_of("msmarco")
    source = json.loads(settings.tokenizer_source(study, "t5-small"))
    assert source["hub"] == study.models["t5-small"].hub
    assert set(source) <= {"hub", "revision", "path"}


def test_docids_are_options_in_order(study_of: StudyOf) -> None:
    assert settings.docids_options(study_of("smoke"), "smoke") == "--scheme atomic"
    semantic = study_of("smoke", baselines={"smoke": {"docids": SEMANTIC}})
    assert settings.docids_options(semantic, "smoke") == (
        "--branching 4 --embeddings lsa --leaf-size 8 --scheme semantic --seed 42"
    )
    more = {**SEMANTIC, "shuffle": 1, "tokens": "prefix"}
    assert settings.docids_options(study_of("smoke", baselines={"smoke": {"docids": more}}), "smoke") == (
        "--branching 4 --embeddings lsa --leaf-size 8 --scheme semantic --seed 42 --shuffle 1 --tokens prefix"
    )


def test_the_trainer_goes_by_task_and_start(study_of: StudyOf) -> None:
    smoke, msmarco = study_of("smoke"), study_of("msmarco")
    assert settings.trainer(smoke, "smoke") == "train"
    assert settings.trainer(smoke, LISTS) == "train_lists"
    assert not settings.pretrained(smoke, LISTS)
    assert settings.pretrained(msmarco, "t5-small-k5")


def test_devices_are_told_where_a_study_names_them(study_of: StudyOf) -> None:
    """One that does not has the settings that it had."""
    plain, two = (
        study_of("smoke", baselines={"smoke": {"training": given}}) for given in ({}, {"devices": 2})
    )
    for told in (settings.of_e1, settings.of_e2):
        assert "devices" not in told(plain, "smoke")
        assert json.loads(told(two, "smoke"))["training"]["devices"] == 2


def test_e1_of_a_docid_model_depends_on_its_settings_and_bm25(study_of: StudyOf) -> None:
    study = study_of("smoke")
    found = json.loads(settings.of_e1(study, "smoke"))
    written = study.baselines["smoke"].as_dict()
    sections = ("model", "training", "pseudo_queries", "distillation")
    assert {key: found.pop(key) for key in sections} == {key: written[key] for key in sections}
    assert found == {
        "bm25": {"k1": 0.9, "b": 0.4},
        "scheme": "atomic",
        "relevance": 1,
        "prefixes_at_a_time": None,
        "depth": 1000,
    }


def test_e1_of_a_list_model_depends_on_its_settings_and_shape(study_of: StudyOf) -> None:
    found = json.loads(settings.of_e1(study_of("smoke"), LISTS))
    own = {"k", "training", "count_padding", "track_test", "generation", "architecture", "depth"}
    assert set(found) == own
    assert found["architecture"]["d_model"] == 16
    assert json.loads(settings.of_e1(study_of("msmarco"), "t5-small-k5"))["architecture"] is None


@pytest.mark.parametrize("baseline", ["smoke", LISTS])
def test_e2_is_e1_and_the_recovery(study_of: StudyOf, baseline: str) -> None:
    study = study_of("smoke", pruning={"lm_head": True})
    e1, e2 = (json.loads(text(study, baseline)) for text in (settings.of_e1, settings.of_e2))
    assert {key: e2[key] for key in e2.keys() - e1.keys()} == {
        "recovery": study.recovery.as_dict(),
        "untie": True,
    }
    assert {key: e2[key] for key in e1} == e1


@pytest.mark.parametrize("baseline", ["smoke", LISTS])
def test_nothing_of_the_recovery_is_in_e1(study_of: StudyOf, baseline: str) -> None:
    before = settings.of_e1(study_of("smoke"), baseline)
    changed = study_of("smoke", recovery={"epochs": 9}, pruning={"lm_head": True}, rates=[0.1])
    assert settings.of_e1(changed, baseline) == before


def test_a_small_model_is_trained_as_e1_over_both_phases_with_the_units_that_ffn_leaves(
    study_of: StudyOf,
) -> None:
    """32 units at 0.8: round(25.6) = 26 go and 6 stay; 2 + 1 epochs."""
    shapes = {"rates": [0.8], "criteria": ["ffn"], "run": ["smoke"], "controls": {"small": [0.8]}}
    study = study_of("smoke", **shapes)
    e1 = json.loads(settings.of_e1(study, "smoke"))
    alone = json.loads(settings.of_small(study, "smoke", "0.8", taught=False))
    assert alone["model"] == {**e1["model"], "d_ff": 6}
    assert alone["training"] == {**e1["training"], "epochs": 3}
    assert {key: alone[key] for key in e1.keys() - {"model", "training"}} == {
        key: e1[key] for key in e1.keys() - {"model", "training"}
    }
    taught = json.loads(settings.of_small(study, "smoke", "0.8", taught=True))
    assert taught == {**alone, "teaching": {"weight": 0.5, "temperature": 1.0}}


def test_calibration_depends_on_its_texts_and_not_on_the_recovery(study_of: StudyOf) -> None:
    def told(**values: object) -> str:
        return settings.calibration_options(study_of("smoke", **values), "smoke")

    assert told() == told(recovery={"epochs": 9})
    assert told() != told(pruning={"calibration": {"queries": 8}})
    assert option(told(), "--settings")["calibration"] == {"queries": 4096}


def test_prefixes_are_decoded_at_a_time_without_atomic_docids(study_of: StudyOf) -> None:
    ranking = option(settings.ranking_option(study_of("smoke"), "smoke"), "--settings")
    assert ranking == {"relevance": 1, "depth": 1000, "prefixes_at_a_time": None}
    semantic = study_of("smoke", baselines={"smoke": {"docids": SEMANTIC}})
    ranking = option(settings.ranking_option(semantic, "smoke"), "--settings")
    assert ranking["prefixes_at_a_time"] == 1024
    assert json.loads(settings.of_e1(semantic, "smoke"))["prefixes_at_a_time"] == 1024


def test_selected_weights_are_options_in_order(study_of: StudyOf) -> None:
    assert settings.selection_options(study_of("smoke")) == (
        "--stacks decoder encoder --kinds attention feed_forward"
    )
    chosen = {"stacks": ["decoder"], "kinds": ["attention"], "lm_head": True, "embedding": True}
    assert settings.selection_options(study_of("smoke", pruning=chosen)) == (
        "--stacks decoder --kinds attention --lm-head --embedding"
    )


@pytest.mark.parametrize(
    ("criterion", "own"),
    [
        ("gradual", {"until": 0.6, "every": 10}),
        ("iterative", {"rounds": 3}),
        ("movement", {"warmup": 0.1, "cooldown": 0.2}),
    ],
)
def test_pruning_in_recovery_is_told_how_far_how_fast_and_which_weights(
    study_of: StudyOf, criterion: str, own: dict[str, object]
) -> None:
    told = settings.recovery_pruning_option(study_of("smoke"), criterion, "0.8")
    assert option(told, "--prune") == {
        "criterion": criterion,
        "rate": 0.8,
        **own,
        "stacks": ["decoder", "encoder"],
        "kinds": ["attention", "feed_forward"],
        "lm_head": False,
        "embedding": False,
    }


def test_lists_depend_on_k_generation_and_training(study_of: StudyOf) -> None:
    found = option(settings.ranking_option(study_of("smoke"), LISTS), "--settings")
    assert set(found) == {"k", "generation", "training", "depth"}
    assert found["k"] == 3
    numbered = study_of("smoke", baselines={LISTS: {"docid_names": "numbers"}})
    assert option(settings.ranking_option(numbered, LISTS), "--settings")["docid_names"] == "numbers"
    assert json.loads(settings.of_e1(numbered, LISTS))["docid_names"] == "numbers"
    assert "docid_names" not in json.loads(settings.of_e1(study_of("smoke"), LISTS))


def test_each_task_is_pruned_by_its_command(study_of: StudyOf) -> None:
    assert settings.pruner(study_of("smoke"), "smoke") == "prune"
    assert settings.pruner(study_of("smoke"), LISTS) == "prune_lists"


def test_only_systems_that_make_lists_are_measured_as_such(study_of: StudyOf) -> None:
    study = study_of("smoke")
    assert settings.list_measures_option(study, "bm25") == ""
    assert settings.list_measures_option(study, "baselines/smoke/seed1/dense") == ""
    slug = f"recovered/{LISTS}/seed1/magnitude-0.5"
    assert option(settings.list_measures_option(study, slug), "--lists") == {"k": 3, "batch_size": 16}
