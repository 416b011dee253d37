"""Write docs/reference/rules.md: every rule, what it says while it runs, what it reads and what it writes.

    .venv/bin/python docs/write_rules.py

Inputs and outputs are those that Snakemake itself gives (--filegraph) of the studies below, which together
use every rule. Nothing is run but Snakemake's planning.
"""

import html
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from generated_pages import ROOT, write_pages
from write_house import STAGES, rules

PAGE = ROOT / "docs" / "reference" / "rules.md"
RESULTS = "results/reference"
INTRODUCTION = """\
# Rules

Every rule by stage, in the order of `rules/<stage>.smk`: what the terminal says while a job of it runs, after
which rules it comes, what it reads and what it writes below the results folder. `make docs` writes this from
what Snakemake plans for studies that together use every rule, and a test fails when the rules give another
page. What the files hold: [artefacts.md](artefacts.md).
"""
GENERATED = {"first_sentence": 0.2, "sentence": 0.2, "chunk": 0.2, "terms": 0.2, "generated": 0.2}
SAMPLED = {
    "model": "doc2query",
    "number": 1,
    "top_k": 1,
    "document_tokens": 8,
    "query_tokens": 8,
    "batch_size": 1,
}
# Overlays of studies/smoke.yaml, and the study of the published rows.
STUDIES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (
        "smoke",
        {
            "criteria": ["magnitude", "wanda", "ffn", "gradual"],
            "controls": {"small": [0.5], "teaching": {"weight": 0.5, "temperature": 1.0}},
            "report": {"benefit": True, "sensitivity": True, "reference": "smoke"},
            "run": ["smoke", "read", "written"],
            "baselines": {
                "read": {
                    "extends": "smoke",
                    "prune": False,
                    "pseudo_queries": {"weights": GENERATED, "generated": {"path": "queries.tsv"}},
                },
                "written": {
                    "extends": "smoke",
                    "prune": False,
                    "pseudo_queries": {"weights": GENERATED, "generated": {**SAMPLED, "seed": 1}},
                },
            },
        },
    ),
    (
        "smoke",
        {
            "collection": "files",
            "run": ["smoke", "smoke-lists"],
            "collections": {
                "files": {
                    "kind": "files",
                    "corpus": {"path": "corpus.jsonl"},
                    "topics": {"path": "topics.tsv"},
                    "qrels": {"path": "qrels.txt"},
                    "split": {
                        "method": "permutation",
                        "train": 0.6,
                        "validation": 0.2,
                        "test": 0.2,
                        "seed": 1,
                    },
                    "relevance": 1,
                    "scope": {"sample": 10, "seed": 1},
                }
            },
        },
    ),
    ("msmarco", {}),
)

# Files of their own that these studies name; a study is refused without them.
FILES = {
    "queries.tsv": "d1\tquery\n",
    "corpus.jsonl": '{"id": "d1", "contents": "text"}\n',
    "topics.tsv": "q1\tquery\n",
    "qrels.txt": "q1 0 d1 1\n",
}

NODE = re.compile(r"^(\d+) \[ shape=none.*?^</table>>\]", re.MULTILINE | re.DOTALL)
CELL = re.compile(r'<font face="monospace">(.*?)</font>')
CONSTRAINT = re.compile(r"\{(\w+),(?:[^{}]|\{[^{}]*\})*\}")
# What differs from job to job, in paths that are written out.
GENERAL = (
    (r"seed\d+", "seed{seed}"),
    (r"\b(smoke-lists|smoke|read|written|t5-\w+-k[\w-]+)\b(?=[/.-])", "{baseline}"),
    (r"(?<=seed\{seed\}/)(dense-continued|dense|restart|initial)(?=\.)", "{arm}"),
    (r"\b(magnitude|wanda|ffn|gradual)-[\d.]+\d", "{criterion}-{rate}"),
    (r"(?<=-)(magnitude|wanda|ffn|gradual|dense)(?=\.)", "{criterion}"),
    (r"(metrics|runs)/(bm25-tuned|bm25|rm3|lookup-bm25|lookup|random)\b", r"\1/{reference}"),
)


class Job(NamedTuple):
    """What Snakemake plans of a rule: paths below the results folder, and the rules it comes after."""

    reads: tuple[str, ...]
    after: tuple[str, ...]
    writes: tuple[str, ...]


def general(path: str) -> str:
    """A path below the results folder, with names in braces where other jobs have other ones."""
    path = CONSTRAINT.sub(r"{\1}", path)
    if path.startswith(f"{RESULTS}/"):
        path = path.removeprefix(f"{RESULTS}/")
        for pattern, name in GENERAL:
            path = re.sub(pattern, name, path)
    return path


def paths(cells: str) -> tuple[str, ...]:
    """The paths of some cells of a node, each kind once; what functions give is left out."""
    found = (html.unescape(cell) for cell in CELL.findall(cells))
    return tuple(dict.fromkeys(general(path) for path in found if not path.startswith("<")))


def jobs(graph: str) -> dict[str, Job]:
    """Rule → what it reads and writes, of a graph as `snakemake --filegraph` prints it."""
    nodes = {number[1]: number[0] for number in NODE.finditer(graph)}
    names = {number: re.findall(r'point-size="18">(\w+)<', text)[0] for number, text in nodes.items()}
    edges = re.findall(r"^\s*(\d+) -> (\d+)$", graph, re.MULTILINE)
    found = {}
    for number, text in nodes.items():
        reads, _, writes = text.partition("output &rarr;")
        after = {names[source] for source, target in edges if target == number}
        found[names[number]] = Job(paths(reads), tuple(sorted(after)), paths(writes))
    return found


def planned(study: str, overlay: Mapping[str, Any]) -> dict[str, Job]:
    """The rules of a study with an overlay."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        file = Path(folder, "overlay.json")
        file.write_text(json.dumps({**overlay, "results": RESULTS}), encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--filegraph"]
        configuration = [
            "--configfile",
            str(ROOT / f"studies/{study}.yaml"),
            str(file),
            "--directory",
            folder,
        ]
        done = subprocess.run([*command, *configuration], text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"error: snakemake --filegraph of {study}: {done.stderr or done.stdout}")
    return jobs(done.stdout)


def joined(plans: Iterable[Mapping[str, Job]]) -> dict[str, Job]:
    """What several studies plan of each rule, together."""
    found: dict[str, Job] = {}
    for plan in plans:
        for name, job in plan.items():
            pairs = zip(found.get(name, job), job, strict=True)
            found[name] = Job(*(tuple(dict.fromkeys([*one, *other])) for one, other in pairs))
    return found


def message(text: str, name: str) -> str:
    """What the terminal says of a job, with the names of its wildcards in braces."""
    head = rf"^ *(?:rule {name}|use rule (\w+) as {name} with):$(.*?)(?=^ *(?:rule|use rule) |\Z)"
    found = re.search(head, text, re.MULTILINE | re.DOTALL)
    if found is None:
        sys.exit(f"error: found no rule {name}, expected it in rules/")
    said = re.search(r'message:\s+"(.*)"', found[2])
    if said is None and found[1]:
        return message(text, found[1])
    if said is None:
        sys.exit(f'error: rule {name}: found no message, expected one line, as "Ranking at random"')
    named = re.sub(r"\{(?:wildcards|params|input)\.(\w+)\}", r"{\1}", said[1])
    return re.sub(r" \([^()]*\{log\}\)", "", named)


def by_folder(paths: Iterable[str]) -> str:
    """Paths as code, those of one folder together: `runs/` `bm25.trec.gz`, `references.json`."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, slash, name = path.rpartition("/")
        folders.setdefault(f"{folder}{slash}", []).append(f"`{name}`")
    listed = (
        f"`{folder}` {', '.join(names)}" if folder else ", ".join(names) for folder, names in folders.items()
    )
    return "; ".join(listed)


def table(job: Job) -> str:
    """What a rule comes after, reads and writes."""
    after = ", ".join(f"[`{name}`](#{name})" for name in sorted(job.after))
    rows = {"after": after, "reads": by_folder(job.reads), "writes": by_folder(job.writes)}
    return "| | |\n|:--|:--|\n" + "".join(f"| {name} | {words} |\n" for name, words in rows.items() if words)


def page() -> str:
    """The page, stage by stage."""
    with ThreadPoolExecutor() as threads:
        plans = joined(threads.map(lambda study: planned(*study), STUDIES))
    parts = [INTRODUCTION]
    for stage in STAGES:
        text = (ROOT / f"rules/{stage.name}.smk").read_text(encoding="utf-8")
        parts.append(f"\n## {stage.name}\n\n{stage.purpose[0].upper()}{stage.purpose[1:]}.\n")
        for name in rules(ROOT, stage.name):
            parts.append(f"\n### `{name}`\n\n{message(text, name)}\n\n{table(plans[name])}")
    return "".join(parts)


def generated() -> dict[Path, str]:
    """The text of each generated file."""
    return {PAGE: page()}


if __name__ == "__main__":
    write_pages(generated())
