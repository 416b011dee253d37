"""The page on collections of one's own: its overlay, as it stands there, on a table made up for the test."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import DOCIDS, ROOT, TEXTS

PAGE = (ROOT / "docs/how-to/own-collection.md").read_text(encoding="utf-8")
[OVERLAY] = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FOLDER = yaml.safe_load(
    re.search(r"## A folder of text files instead\n\n((?: {4}.*\n)+)", PAGE)[1]
    .replace("\n    ", "\n")
    .lstrip()  # type: ignore[index]
)


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", *arguments, "--configfile", str(folder / "data/mine.yaml")),
            *("--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)),
        ],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder with what the page tells to put there."""
    (tmp_path / "data/notes/deep").mkdir(parents=True)
    (tmp_path / "data/mine.yaml").write_text(OVERLAY, encoding="utf-8")
    rows = [
        f'{docid},"about {docid}, summed up","{text}\nThe end."\n'
        for docid, text in zip(DOCIDS, TEXTS, strict=True)
    ]
    (tmp_path / "data/pages.csv").write_text(
        "\ufeffpage,summary,description\n" + "".join(rows), encoding="utf-8"
    )
    for docid, text in zip(DOCIDS, TEXTS, strict=True):
        (tmp_path / f"data/notes/deep/{docid}.md").write_text(
            f"# About {docid}\n\n{text}\n", encoding="utf-8"
        )
    return tmp_path


def collected(folder: Path) -> tuple[pd.DataFrame, ...]:
    ran = snakemake(folder, "results/mine/collection/qrels.parquet", "--cores", "1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return tuple(
        pd.read_parquet(folder / f"results/mine/collection/{name}.parquet")
        for name in ("documents", "queries", "qrels")
    )


def test_the_overlay_plans_a_whole_study_and_collects_a_table(study: Path) -> None:
    planned = snakemake(study, "--dry-run", "--quiet", "host")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", planned.stdout + planned.stderr, re.MULTILINE))
    assert [jobs[name] for name in ("collect_files", "collect_topics", "recover", "make_tables")] == [*"1161"]
    documents, queries, qrels = collected(study)
    assert documents.set_index("docid")["text"].to_dict() == {
        docid: f"{text}\nThe end." for docid, text in zip(DOCIDS, TEXTS, strict=True)
    }
    assert queries["split"].value_counts().to_dict() == {"train": 12, "test": 10, "validation": 2}
    answers = qrels.merge(queries, on="qid")
    assert set(answers["text"]) == {f"about {docid}, summed up" for docid in DOCIDS}
    assert all(row.text == f"about {row.docid}, summed up" for row in answers.itertuples())


def test_its_folder_of_text_files_gives_the_same_documents(study: Path) -> None:
    overlay = yaml.safe_load(OVERLAY)
    mine = overlay["collections"]["mine"]
    overlay["collections"]["mine"] = {**mine, **FOLDER}
    assert FOLDER == {"corpus": {"path": "data/notes"}, "queries_from": "heading"}
    (study / "data/mine.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    documents, queries, _ = collected(study)
    assert dict(zip(documents["docid"], documents["text"], strict=True)) == {
        f"deep/{docid}": text for docid, text in zip(DOCIDS, TEXTS, strict=True)
    }
    assert set(queries["text"]) == {f"About {docid}" for docid in DOCIDS}


def test_a_mistake_is_refused_before_any_job(study: Path) -> None:
    (study / "data/pages.csv").write_text("page,title,description\na,b,c\n", encoding="utf-8")
    planned = snakemake(study, "--dry-run")
    assert planned.returncode == 1
    assert (
        "collections.mine.queries_from: found 'summary', expected a column of 'data/pages.csv' (page, title, "
        "description), first_sentence or heading" in planned.stdout + planned.stderr
    )
