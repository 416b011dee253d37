"""Files that nobody thought of: each gives what is in it, all of it, or one error that names the file.

DSI_EXAMPLES=2000 tries so many of each reader.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsi.base.lines import FileFormatError
from dsi.collection.files import corpus_origin, read_corpus, sorted_documents, write_documents
from dsi.collection.origin import MISSING
from dsi.collection.topics import read_qrels, read_topics
from dsi.evaluation.foreign_runs import read_foreign_run
from dsi.evaluation.runs import RunFormatError, read_run
from dsi.pseudo_queries.files import known_queries, read_generated

EXAMPLES = int(os.environ.get("DSI_EXAMPLES", "60"))
ANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# What is met at the borders of lines, columns, numbers and encodings.
PARTS = (
    *(
        "d1",
        "007",
        "nan",
        "None",
        "null",
        "-x",
        "../x",
        "1e5",
        "",
        "a b",
        "1.0",
        "-1",
        "0.5",
        "1e400",
        "9" * 20,
    ),
    *(
        "\u00a0",
        "é",
        "e\u0301",
        "\u2028",
        "\x85",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x00",
        "\u200b",
        "\ufeff",
        "\U0001f600",
    ),
    *(
        "<top>",
        "</top>",
        "<num>",
        "<title>",
        "<DOC>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&lt;",
        "&#0;",
        "&#xD800;",
    ),
    *(
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "\t",
        "\t\t",
        " ",
        "\r",
        "\n",
        "\n\n",
        "\r\n",
        "#",
        ",",
        ";",
        "\\ud83d",
        "\\u0000",
    ),
    *("query-id", "corpus-id", "score", "qid", "text", "id", "Q0", "0", "1", "tag", "x" * 5000),
    *(
        '{"_id": "q1", "text": "x"}',
        '{"id": 1, "contents": "y"}',
        '{"_id": null}',
        '{"id": "d1", "queries": ["a"]}',
    ),
)
LINES = st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).flatmap(
    lambda parts: st.sampled_from(["", " ", "\t", ","]).map(lambda mark: mark.join(parts))
)
CONTENTS = st.one_of(
    st.lists(LINES, max_size=4).map(lambda lines: "\n".join(lines).encode()),
    st.lists(LINES, max_size=4).map(lambda lines: b"\xef\xbb\xbf" + "\r\n".join(lines).encode()),
    st.binary(max_size=40),
    st.binary(max_size=40).map(lambda content: b"\x1f\x8b" + content),
)
# No id begins with the mark of the byte order, which is none of a file that begins with it.
IDS = (st.text(min_size=1) | st.sampled_from(PARTS[:9])).filter(
    lambda text: text.split() == [text] and not text.startswith("\ufeff")
)
TEXTS = (st.text() | st.sampled_from(PARTS)).filter(lambda text: not text.isspace())


def corpus(path: Path) -> None:
    output = path.with_suffix(".parquet")
    count = write_documents(sorted_documents(read_corpus([path]), corpus_origin([path])), output)
    written = pd.read_parquet(output)
    assert len(written) == count > 0
    assert written["docid"].is_unique


def topics(path: Path) -> None:
    found = read_topics(path)
    assert found["qid"].is_unique
    found.to_parquet(path.with_suffix(".parquet"))


def qrels(path: Path) -> None:
    read_qrels(path).to_parquet(path.with_suffix(".parquet"))


def generated(path: Path) -> None:
    assert len(known_queries(read_generated(path), ["d1", "1"], str(path)).queries)


READERS: tuple[Callable[[Path], object], ...] = (corpus, topics, qrels, generated, read_run, read_foreign_run)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@ANY
@given(content=CONTENTS)
def test_whatever_a_file_holds_it_is_read_or_named(
    reader: Callable[[Path], object], content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "given.txt"
    path.write_bytes(content)
    try:
        reader(path)
    except (FileFormatError, RunFormatError) as error:
        assert str(path) in str(error)


@ANY
@given(documents=st.dictionaries(IDS, TEXTS, min_size=1, max_size=5))
def test_every_document_of_json_lines_comes_back(documents: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    lines = [json.dumps({"id": docid, "contents": text}) for docid, text in documents.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert {docid: text for docid, text, _ in read_corpus([path])} == documents


@ANY
@given(queries=st.dictionaries(IDS, TEXTS, min_size=1, max_size=5))
def test_every_topic_of_json_lines_comes_back(queries: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"_id": qid, "text": text}, ensure_ascii=False) for qid, text in queries.items()
        ),
        encoding="utf-8",
    )
    folded = {qid: " ".join(text.split()) for qid, text in queries.items()}
    if all(text and text not in MISSING for text in folded.values()):
        assert dict(read_topics(path).values) == folded
    else:
        with pytest.raises(FileFormatError, match=r"queries\.jsonl, line \d"):
            read_topics(path)


@ANY
@given(pairs=st.dictionaries(st.tuples(IDS, IDS), st.integers(-1, 3), min_size=1, max_size=5))
def test_every_judgement_comes_back(pairs: dict[tuple[str, str], int], tmp_path: Path) -> None:
    path = tmp_path / "qrels.txt"
    text = "".join(f"{qid} 0 {docid} {grade}\n" for (qid, docid), grade in pairs.items())
    path.write_text(text, encoding="utf-8")
    found = read_qrels(path)
    assert {(qid, docid): grade for qid, docid, grade in found.values} == pairs
