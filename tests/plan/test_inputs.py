"""What rules read: files by name, options for them, and the files of the user's own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dsi.pruning.registry import CRITERIA, one_shot
from dsi.systems import System
from plan.config.study import Study
from plan.inputs import (
    as_options,
    checkpoint,
    checkpoints_of,
    criterion_file,
    dense_run_of,
    files_at,
    for_calibration,
    for_docids,
    for_e1,
    for_training,
    generated_file,
    generated_source,
    histories_of,
    local_corpus_files,
    local_files,
    local_query_files,
    measures_of,
    metrics_of,
    outputs_of,
    per_query_of,
    query_model_files,
    rounded_files_of,
    runs_of,
    source_name,
    tokenizer_of,
    weights_of,
)
from plan.settings import corpus_source, query_sources
from tests.plan.config.conftest import ANY_LINE
from tests.plan.conftest import LISTS, SCRIPTS

StudyOf = Callable[..., Study]
DENSE = System("dsi", 1, "dense", None, None)
SEMANTIC = {"scheme": "semantic", "branching": 10, "leaf_size": 100, "seed": 42}
SAMPLING = {
    "number": 2,
    "top_k": 10,
    "document_tokens": 512,
    "query_tokens": 64,
    "batch_size": 16,
    "seed": 42,
}


def generated(source: dict[str, object]) -> dict[str, object]:
    """The smoke baseline with generated queries among its pseudo-queries."""
    return {"baselines": {"smoke": {"pseudo_queries": {"generated": source, "weights": {"generated": 0.3}}}}}


def test_files_of_systems() -> None:
    folder = "<results>/baselines/dsi/seed1/dense"
    assert weights_of([DENSE]) == [f"{folder}/model.safetensors"]
    assert checkpoints_of([DENSE]) == [f"{folder}/model.safetensors", *checkpoint(folder)]
    assert f"{folder}/retriever.json" in checkpoint(folder)
    assert histories_of([DENSE]) == [f"{folder}/history.parquet"]
    assert metrics_of([DENSE]) == ["<results>/metrics/baselines/dsi/seed1/dense.json"]
    assert runs_of([DENSE]) == ["<results>/runs/baselines/dsi/seed1/dense.trec.gz"]
    assert measures_of([DENSE]) == {"metrics": metrics_of([DENSE]), "per_query": per_query_of([DENSE])}
    assert per_query_of([DENSE]) == ["<results>/metrics/baselines/dsi/seed1/dense.per_query.parquet"]
    file = "<results>/compressed/baselines/dsi/seed1/dense"
    assert rounded_files_of([DENSE]) == [f"{file}.{word}.dsz" for word in ("small", "int8", "int4")]


def test_a_model_is_compared_with_the_dense_run_of_its_seed() -> None:
    assert dense_run_of("bm25") == dense_run_of(DENSE.slug) == []
    expected = ["<results>/runs/baselines/dsi/seed1/dense.trec.gz"]
    for slug in ("baselines/dsi/seed1/restart", "recovered/dsi/seed1/magnitude-0.5"):
        assert dense_run_of(slug) == expected


def test_references_have_no_outputs() -> None:
    assert outputs_of("bm25") == outputs_of("random") == []
    assert outputs_of("bm25", DENSE.slug) == ["<results>/runs/baselines/dsi/seed1/dense.outputs.parquet"]


def test_options_name_the_inputs_that_a_job_has() -> None:
    assert as_options({}) == ""
    inputs = {
        "documents": "c/documents.parquet",
        "queries": "c/queries.parquet",
        "docids": "d/docids.parquet",
        "start": "s/dense/model.safetensors",
        "teacher": "t/dense/model.safetensors",
        "outputs": [],
        "masks": "m/my masks.safetensors",
    }
    assert as_options(inputs) == (
        "--collection c --docids d/docids.parquet --start s/dense --teacher t/dense "
        "--masks 'm/my masks.safetensors'"
    )


def test_every_criterion_that_prunes_at_once_has_its_file() -> None:
    files = {criterion_file(name) for name in CRITERIA if one_shot(name)}  # magnitude's serves parts, too
    assert len(files) >= 10
    assert all((SCRIPTS / file).is_file() for file in files)


def test_local_files_are_those_that_exist_each_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    here, gone = str(tmp_path / "a"), str(tmp_path / "b")
    assert local_files(here, None, gone, here, str(tmp_path)) == [here]


def test_files_of_topics_and_judgements_that_are_here_are_inputs(study_of: StudyOf, tmp_path: Path) -> None:
    files = {name: str(tmp_path / name) for name in ("corpus", "topics", "qrels", "train")}
    for path in files.values():
        Path(path).write_text(ANY_LINE)
    judged = {"topics": {"path": files["topics"]}, "qrels": {"path": files["qrels"]}}
    train = {"topics": {"path": files["train"]}, "qrels": {"url": "https://example.org/q", "md5": "0" * 32}}
    own = {"kind": "files", "corpus": {"path": files["corpus"]}, "relevance": 1}
    split = {"method": "permutation", "train": 0.6, "validation": 0.2, "test": 0.2, "seed": 1}
    divided = study_of("smoke", collection="own", collections={"own": {**own, **judged, "split": split}})
    assert local_query_files(divided.selected_collection) == sorted([files["topics"], files["qrels"]])
    published = {**own, "splits": {"train": train, "test": judged}}
    study = study_of("smoke", collection="own", collections={"own": published})
    assert local_query_files(study.selected_collection) == sorted(
        [files["topics"], files["qrels"], files["train"]]
    )


def test_documents_that_are_here_are_inputs_those_of_a_folder_too(study_of: StudyOf, tmp_path: Path) -> None:
    (tmp_path / "corpus" / "deep").mkdir(parents=True)
    files = [str(tmp_path / "corpus" / name) for name in ("a.jsonl", "deep/b.jsonl")]
    for path in files:
        Path(path).write_text(ANY_LINE)
    judged = {"topics": {"path": files[0]}, "qrels": {"path": files[0]}}
    own = {"kind": "files", "relevance": 1, "splits": {"test": judged}}
    for path, expected in ((files[0], files[:1]), (str(tmp_path / "corpus"), files)):
        study = study_of(
            "smoke", collection="own", run=["smoke"], collections={"own": {**own, "corpus": {"path": path}}}
        )
        assert local_corpus_files(study.selected_collection) == expected
    assert local_corpus_files(study_of("smoke").selected_collection) == []


def test_queries_in_documents_are_read_from_the_corpus_and_told_to_both_commands(
    study_of: StudyOf, tmp_path: Path
) -> None:
    pages = tmp_path / "pages.csv"
    pages.write_text("page,summary,body\nls,list files,text\n")
    corpus = {"path": str(pages), "columns": {"id": "page", "text": "body"}}
    split = {"method": "permutation", "train": 0, "validation": 0, "test": 1, "seed": 1}
    mine = {"kind": "files", "corpus": corpus, "queries_from": "summary", "split": split, "relevance": 1}
    collection = study_of(collection="mine", collections={"mine": mine}, run=["dsi"]).selected_collection
    assert local_query_files(collection) == local_corpus_files(collection) == [str(pages)]
    told = {**corpus, "columns": {"id": "page", "text": ["body"]}, "queries_from": "summary"}
    assert json.loads(corpus_source(collection)) == told
    assert json.loads(query_sources(collection)) == {"corpus": told, "split": split, "relevance": 1}


def test_docstrings_come_without_files(study_of: StudyOf) -> None:
    assert local_query_files(study_of("smoke").selected_collection) == []


def test_a_tokenizer_is_the_baselines_or_that_of_the_model_it_starts_from(study_of: StudyOf) -> None:
    study = study_of("smoke")
    assert tokenizer_of(study, "smoke") == "<results>/baselines/smoke/tokenizer/tokenizer.json"
    assert tokenizer_of(study, LISTS) == "<results>/models/smoke/tokenizer/tokenizer.json"


def test_docids_are_made_from_documents_tokenizer_and_a_file_of_embeddings(
    study_of: StudyOf, tmp_path: Path
) -> None:
    names = ["documents", "tokenizer"]
    assert list(for_docids(study_of("smoke"), "smoke")) == names
    lsa = {"baselines": {"smoke": {"docids": {**SEMANTIC, "embeddings": "lsa"}}}}
    assert list(for_docids(study_of("smoke", **lsa), "smoke")) == names
    file = tmp_path / "vectors.parquet"
    file.write_text(ANY_LINE)
    given = {"baselines": {"smoke": {"docids": {**SEMANTIC, "embeddings": str(file)}}}}
    assert for_docids(study_of("smoke", **given), "smoke")["embeddings"] == str(file)


def test_a_docid_model_is_trained_on_documents_and_bm25(study_of: StudyOf) -> None:
    inputs = for_training(study_of("smoke"), "smoke")
    names = ("documents", "queries", "qrels", "bm25_weights", "bm25_words", "docids", "tokenizer")
    assert set(inputs) == set(names)
    assert inputs["bm25_weights"] == "<collection>/bm25-weights.parquet"
    assert inputs["docids"] == "<results>/baselines/smoke/docids.parquet"
    assert for_e1(study_of("smoke"), "smoke") == inputs


def test_a_list_model_is_trained_on_bm25s_lists(study_of: StudyOf) -> None:
    inputs = for_training(study_of("smoke"), LISTS)
    assert set(inputs) == {"documents", "queries", "topk", "tokenizer"}


def test_e1_of_pre_trained_weights_reads_them(study_of: StudyOf) -> None:
    study = study_of("msmarco")
    inputs = for_e1(study, "t5-small-k5")
    assert inputs.pop("weights") == "<results>/models/t5-small/model.safetensors"
    assert inputs == for_training(study, "t5-small-k5")


def test_calibration_takes_docids_and_tokenizer_from_the_checkpoint(study_of: StudyOf) -> None:
    inputs = for_calibration(study_of("smoke"), "smoke")
    assert set(inputs) == {"documents", "queries", "qrels", "bm25_weights", "bm25_words"}


def test_generated_queries_of_a_file_are_named_for_their_source(study_of: StudyOf, tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text(ANY_LINE)
    study = study_of("smoke", **generated({"path": str(file)}))
    inputs = for_training(study, "smoke")
    name = Path(inputs["generated"]).stem
    assert inputs["generated"] == f"<collection>/pseudo-queries/{name}.parquet"
    assert inputs["generated_words"] == f"<collection>/pseudo-queries/{name}-words.parquet"
    source = generated_source(study, name.removeprefix("file-"))
    assert source.path == str(file)
    assert generated_file(source) == f"<collection>/pseudo-queries/{name}"
    with pytest.raises(LookupError, match="whose source has the digest 00000000"):
        generated_source(study, "00000000")


def test_a_folder_with_a_model_that_generates_is_an_input(study_of: StudyOf, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    study = study_of("smoke", **generated({"model": str(tmp_path), **SAMPLING}))
    name = Path(for_training(study, "smoke")["generated"]).stem
    assert name.startswith("model-")
    digest = name.removeprefix("model-")
    assert query_model_files(study, digest) == [str(tmp_path / "config.json")]
    assert source_name(generated_source(study, digest)) == digest


def test_a_model_of_the_hub_has_no_files_here(study_of: StudyOf) -> None:
    study = study_of("smoke", **generated({"model": "someone/doc2query", **SAMPLING}))
    digest = Path(for_training(study, "smoke")["generated"]).stem.removeprefix("model-")
    assert query_model_files(study, digest) == []


def test_other_settings_are_another_source(study_of: StudyOf) -> None:
    names = [
        for_training(study_of("smoke", **generated({"model": "a/b", **SAMPLING, "seed": seed})), "smoke")[
            "generated"
        ]
        for seed in (1, 2, 1)
    ]
    assert names[0] == names[2] != names[1]


def test_a_path_stands_for_its_file_or_all_files_below_it(tmp_path: Path) -> None:
    (tmp_path / "index/sub").mkdir(parents=True)
    for name in ("segments_1", "sub/_0.cfs"):
        (tmp_path / "index" / name).touch()
    folder = f"{tmp_path}/index"
    assert files_at(folder) == [f"{folder}/segments_1", f"{folder}/sub/_0.cfs"]
    assert files_at(f"{folder}/segments_1") == [f"{folder}/segments_1"]
    assert files_at(f"{folder}/absent") == files_at(None) == []
