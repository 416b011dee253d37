"""A configuration with faults: what is wrong is said at once, and nothing that only follows from it."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from plan.config.checked import ConfigurationError, checked_study
from tests.plan.config.conftest import ANY_LINE, DEFAULT, ROOT, SEMANTIC, merged, refused

SMOKE = merged(DEFAULT, yaml.safe_load((ROOT / "studies/smoke.yaml").read_text(encoding="utf-8")))
SPLIT = {"method": "permutation", "train": 0.6, "validation": 0.2, "test": 0.2, "seed": 1}


def problems(raw: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        checked_study(raw)
    return str(error.value).splitlines()[1:]


def places(node: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if keys:
        yield keys
    for key, value in node.items() if isinstance(node, dict) else ():
        yield from places(value, (*keys, key))


def at(keys: tuple[str, ...], kind: type) -> Any:
    """What the smallest study has at a key, if it is of a kind; else nothing."""
    value: Any = SMOKE
    for key in keys:
        value = value[key]
    return value if isinstance(value, kind) else None


def changed(keys: tuple[str, ...], *value: Any) -> dict[str, Any]:
    """The smallest study with another value at a key, or without the key."""
    raw = merged(SMOKE, {})
    holder = raw
    for key in keys[:-1]:
        holder = holder[key]
    if value:
        holder[keys[-1]] = value[0]
    else:
        del holder[keys[-1]]
    return raw


PLACES = list(places(SMOKE))
DEFINITIONS = [
    keys for keys in PLACES if len(keys) == 2 and keys[0] in ("baselines", "collections", "models")
]
OPTIONAL = [keys for keys in PLACES if keys[0] == "models" and len(keys) == 3]
OPTIONAL += [keys for keys in PLACES if keys[-1] == "docid_names"]


@pytest.mark.parametrize("keys", PLACES, ids=".".join)
def test_a_value_that_no_key_allows_is_one_problem(keys: tuple[str, ...]) -> None:
    """Nothing is said of what depends on it."""
    found = problems(changed(keys, {"no such key": 1} if not at(keys, dict) else 5))
    assert [line.strip().startswith(".".join(keys)) for line in found] == [True], found


@pytest.mark.parametrize(
    "keys", [keys for keys in PLACES if keys not in DEFINITIONS + OPTIONAL], ids=".".join
)
def test_a_missing_key_is_one_problem(keys: tuple[str, ...]) -> None:
    found = problems(changed(keys))
    assert [line.strip().startswith(".".join(keys)) for line in found] == [True], found


@pytest.mark.parametrize("keys", [keys for keys in PLACES if at(keys, dict)], ids=".".join)
def test_many_faults_end_in_a_refusal(keys: tuple[str, ...]) -> None:
    """Below one key everything is wrong: no traceback, and each key is named."""
    tags = ("kind", "task", "scheme")  # without which nothing is known of the others
    wrong = {key: value if key in tags else ["?"] for key, value in at(keys, dict).items()}
    found = problems(changed(keys, {**wrong, "no such key": 1}))
    assert len(found) >= len(set(wrong) - set(tags))


def test_a_missing_key_a_missing_file_and_a_missing_split_are_said_together(tmp_path: Path) -> None:
    """They came in two rounds."""
    (tmp_path / "topics.tsv").write_text("1\ta query\n")
    overlay = {
        "collection": "mine",
        "run": ["dsi"],
        "rates": [2],
        "collections": {
            "mine": {
                "kind": "files",
                "corpus": {"path": str(tmp_path / "absent.jsonl")},
                "topics": {"path": str(tmp_path / "topics.tsv")},
                "qrels": {"path": str(tmp_path / "absent.txt")},
            }
        },
        "baselines": {"dsi": {"training": {"accumulate": 3, "epochs": 0}}},
        "report": {"reference": "dis"},
    }
    found = problems(merged(DEFAULT, overlay))
    for said in (
        "rates: found 2",
        "collections.mine.relevance: missing",
        "collections.mine.corpus.path: found",
        "collections.mine: found topics, qrels, expected either topics, qrels and split, or",
        "collections.mine.qrels.path: found",
        "baselines.dsi.training.epochs: found 0",
        "baselines.dsi.training.accumulate: found 3, expected a divisor of batch_size 128",
        "report.reference: found 'dis'",
    ):
        assert any(line.strip().startswith(said) for line in found), said
    assert len(found) == 8


def test_a_baseline_that_cannot_be_extended_is_still_one_that_there_is() -> None:
    overlay = {"run": ["mine"], "baselines": {"mine": {"extends": "nobody"}}, "threads": 0}
    found = problems(merged(DEFAULT, overlay))
    assert [line.split(":")[0].strip() for line in found] == ["baselines.mine.extends", "threads"]


def test_a_misnamed_baseline_is_not_also_called_unknown() -> None:
    overlay = {"run": ["My_DSI"], "baselines": {"My_DSI": DEFAULT["baselines"]["dsi"]}, "seeds": [-1]}
    found = problems(merged(DEFAULT, overlay))
    assert len(found) == 2
    assert "My_DSI" in "".join(found)


def test_faults_below_a_text_of_the_command_line_are_found_with_those_beside_it() -> None:
    overlay = {
        "collection": "mine",
        "collections": {
            "mine": "{kind: files, corpus: {path: absent}, topics: {path: gone}, qrels: 5, relevance: 0}"
        },
        "run": ["dsi"],
    }
    found = "\n".join(problems(merged(DEFAULT, overlay)))
    assert "collections.mine.relevance: found" in found
    assert "collections.mine.qrels: found" in found
    assert "collections.mine.corpus.path: found 'absent', which does not exist" in found
    assert "expected either" not in found  # whether there are qrels is not known


def files(corpus: Path, topics: Path, qrels: Path) -> dict[str, Any]:
    mine = {
        "kind": "files",
        "corpus": {"path": str(corpus)},
        "topics": {"path": str(topics)},
        "qrels": {"path": str(qrels)},
        "split": SPLIT,
        "relevance": 1,
    }
    return {"collection": "mine", "collections": {"mine": mine}, "run": ["dsi"]}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("corpus", '{"id": "d1", "contents": "text"}'),
        ("corpus", '\n{"_id": "d1", "title": "", "text": "text"}'),
        ("corpus", "d1\ttext"),
        ("topics", "1\twhat is a graph"),
        ("topics", '{"_id": "q1", "text": "what"}'),
        ("topics", "<top>"),
        ("topics", "<?xml version='1.0'?>"),
        ("qrels", "1 0 d1 1"),
        ("qrels", "query-id\tcorpus-id\tscore"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_known_forms_are_accepted(tmp_path: Path, name: str, line: str, compressed: bool) -> None:
    paths = {key: tmp_path / key for key in ("corpus", "topics", "qrels")}
    for path in paths.values():
        path.write_text(ANY_LINE)
    text = f"\ufeff{line}\n".encode()
    paths[name].write_bytes(gzip.compress(text) if compressed else text)
    checked_study(merged(DEFAULT, files(**paths)))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("corpus", "id,text\nd1,a text\n", "begins with `id,text`; expected lines like `{"),
        ("corpus", '[{"id": "d1"}]\n', 'begins with `[{"id": "d1"}]`; expected'),
        ("corpus", '{"id": "d1",\n', 'begins with `{"id": "d1",`; expected'),
        ("corpus", "", "which is empty; expected lines like"),
        ("topics", "1,what is a graph\n", "begins with `1,what is a graph`; expected lines like `1<TAB>"),
        ("topics", "{1: 2}\n", "begins with `{1: 2}`; expected"),
        ("qrels", "qid,docid,grade\n1,d1,1\n", "begins with `qid,docid,grade`; expected lines like `1 0 "),
        ("qrels", "1\td1\n", "begins with `1\td1`; expected lines like"),
        ("qrels", "caf\udce9 0 d1 1\n", "line 1: found byte 0xe9 at column 4, expected UTF-8"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A CSV, most often: it passed the check, and the job failed."""
    paths = {key: tmp_path / key for key in ("corpus", "topics", "qrels")}
    for path in paths.values():
        path.write_text(ANY_LINE)
    paths[name].write_bytes(text.encode(errors="surrogateescape"))
    (found,) = problems(merged(DEFAULT, files(**paths)))
    assert f"collections.mine.{name}.path: found {str(paths[name])!r}, which " in found
    assert message in found


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    paths = {key: tmp_path / key for key in ("corpus", "topics", "qrels")}
    for path in paths.values():
        path.write_text(ANY_LINE)
    paths["corpus"].write_bytes(gzip.compress(ANY_LINE.encode())[:12])
    assert "corpus.path: found" in refused(files(**paths))
    assert "damaged gzip file" in refused(files(**paths))


@pytest.mark.parametrize("folder", ["a{b}c", "{b,x+}", "<b>"])
def test_a_name_that_snakemake_would_fill_in_is_refused(tmp_path: Path, folder: str) -> None:
    """It cannot be escaped: braces ended in a rule's WildcardError, angle brackets in an unknown pathvar."""
    paths = {key: tmp_path / folder / key for key in ("corpus", "topics", "qrels")}
    (tmp_path / folder).mkdir()
    for path in paths.values():
        path.write_text(ANY_LINE)
    found = problems(merged(DEFAULT, files(**paths)))
    assert len(found) == 3
    assert all("in which Snakemake would fill in " in line for line in found)
    assert f"collections.mine.corpus.path: found {str(paths['corpus'])!r}, in which" in found[0]


def test_other_braces_are_part_of_a_name(tmp_path: Path) -> None:
    paths = {key: tmp_path / f"{key} {{a-b}} <B>" for key in ("corpus", "topics", "qrels")}
    for path in paths.values():
        path.write_text(ANY_LINE)
    checked_study(merged(DEFAULT, files(**paths)))


@pytest.mark.parametrize(
    ("overlay", "key"),
    [
        ({"baselines": {"study": {"model": "t5"}}, "models": {"t5": {"path": "a{b}c"}}}, "models.t5.path"),
        (
            {"baselines": {"dsi": {"docids": {**SEMANTIC, "embeddings": "a{b}.parquet"}}}},
            "baselines.dsi.docids.embeddings",
        ),
        (
            {"baselines": {"dsi": {"pseudo_queries": {"generated": {"path": "a{b}"}}}}},
            "baselines.dsi.pseudo_queries.generated.path",
        ),
    ],
)
def test_names_of_models_and_further_files_are_checked_too(overlay: dict[str, Any], key: str) -> None:
    assert f"{key}: found 'a{{b}}" in refused(overlay)
    assert "in which Snakemake would fill in {b}; expected" in refused(overlay)


def test_a_folder_is_a_corpus_and_no_file_of_topics(tmp_path: Path) -> None:
    (tmp_path / "corpus.tsv").write_text(ANY_LINE)
    (found,) = problems(merged(DEFAULT, files(tmp_path, tmp_path, tmp_path / "absent")))[:1]
    assert f"collections.mine.topics.path: found {str(tmp_path)!r}, a folder; expected a file" in found


def test_names_of_files_in_a_folder_are_checked(tmp_path: Path) -> None:
    paths = {key: tmp_path / key for key in ("topics", "qrels")}
    for path in paths.values():
        path.write_text(ANY_LINE)
    (tmp_path / "corpus/a").mkdir(parents=True)
    for name in ("1.jsonl", "a/{2}.jsonl"):
        (tmp_path / "corpus" / name).write_text(ANY_LINE)
    (found,) = problems(merged(DEFAULT, files(tmp_path / "corpus", **paths)))
    assert "collections.mine.corpus.path: found 'a/{2}.jsonl', in which Snakemake would fill in {2}" in found


def test_generated_queries_of_another_form_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "queries.csv"
    file.write_text("d1,a query\n")
    generated = {"weights": {"generated": 0.3}, "generated": {"path": str(file)}}
    (found,) = problems(merged(DEFAULT, {"baselines": {"dsi": {"pseudo_queries": generated}}}))
    assert "baselines.dsi.pseudo_queries.generated.path: found" in found
    assert "begins with `d1,a query`; expected lines like" in found
