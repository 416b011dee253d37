"""A comparison as Markdown to read, and as JSON to compute with."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.evaluation.measures import MEASURES
from dsi.report.comparison.compared import Compared, compare_pairs
from dsi.report.comparison.judged import Asked
from dsi.report.comparison.lost import Listed, Lost, by_groups, lost_queries
from dsi.report.comparison.sides import Side, pair_up
from dsi.report.comparison.studies import Studies, studies
from dsi.report.markdown import ABSENT, brief_percent, paragraph, pipe_table
from dsi.report.narrow import narrow_tables

TEXT_WIDTH = 200  # of a query's text, in characters
CELL_WIDTH = 40  # of a value in a table of texts, in characters
GROUPS = {"words": "words of the query", "relevant": "relevant documents of the query"}


class Wanted(NamedTuple):
    """What a comparison shows besides the differences.

    worst: how many lost queries of each pair of systems; top: documents of their lists; groups: means by
    length of the query and by its number of relevant documents; overlap: of the lists, which reads the runs.
    """

    worst: int
    top: int
    groups: bool
    overlap: bool


class Comparison(NamedTuple):
    """Of two sides: what each of their systems is worth, which queries are lost, in what the studies differ.

    only_a, only_b: systems that are not compared. groups: by systems and by what is grouped, a row a group.
    """

    a: str
    b: str
    split: str
    confidence: float
    rows: list[Compared]
    only_a: list[str]
    only_b: list[str]
    studies: Studies
    lost: list[Lost]
    groups: dict[str, dict[str, pd.DataFrame]]


def comparison(a: Side, b: Side, asked: Asked, confidence: float, wanted: Wanted) -> Comparison:
    """Everything about two sides.

    Raises:
        SideError, PairingError: they do not fit together, or lack something.
        RunFormatError, ReportError: a file of them is no run or no metrics.
    """
    pairs, only_a, only_b = pair_up(a, b)
    rows = compare_pairs(pairs, asked, confidence, overlap=wanted.overlap)
    lost = [
        one
        for pair in (pairs if wanted.worst else [])
        for one in lost_queries(pair, asked, wanted.worst, wanted.top)
    ]
    names = [f"{row.a} → {row.b}" for row in rows[: len(pairs)]]
    groups = [by_groups(pair, asked) for pair in pairs] if wanted.groups else []
    return Comparison(
        a.text, b.text, asked.split, confidence, rows, only_a, only_b, studies(a, b, pairs), lost,
        dict(zip(names, groups, strict=False)),
    )  # fmt: skip


def as_json(found: Comparison) -> dict[str, Any]:
    """The comparison as objects that JSON has; what there is not is null."""
    return {
        **_plain(found._replace(groups={})),
        "groups": {
            pair: {
                name: [{"group": str(group), **_plain(dict(row))} for group, row in frame.iterrows()]
                for name, frame in of_pair.items()
            }
            for pair, of_pair in found.groups.items()
        },
    }


def markdown(found: Comparison) -> str:
    """The comparison as a page."""
    parts = [
        "# Comparison",
        paragraph(
            f"A is `{found.a}`, B is `{found.b}`; {found.split} queries. Differences are B minus A, with "
            f"{brief_percent(found.confidence)} intervals; won, tied and lost are B's queries."
        ),
        _measure_tables(found.rows),
        paragraph(_words(found)),
        _overlap_section(found.rows),
        *(
            _left_out(name, systems)
            for name, systems in (("A", found.only_a), ("B", found.only_b))
            if systems
        ),
        _studies_section(found.studies),
        *(_groups_section(pair, frames) for pair, frames in found.groups.items()),
        _lost_section(found.lost),
    ]
    return narrow_tables("\n\n".join(part for part in parts if part)) + "\n"


def _measure_tables(rows: Sequence[Compared]) -> str:
    """Of two systems a row a measure; of more a table a measure, with a row for each two."""
    if all(row.holm_p is None for row in rows):
        names = "" if rows[0].a == rows[0].b else f"{rows[0].a} → {rows[0].b}\n\n"
        return names + _table("measure", [row.measure for row in rows], rows)
    parts = []
    for measure in dict.fromkeys(row.measure for row in rows):
        of_measure = [row for row in rows if row.measure == measure]
        parts.append(f"## {measure}\n\n{_table('systems', _names(of_measure), of_measure)}")
    return "\n\n".join(parts)


def _names(rows: Sequence[Compared]) -> list[str]:
    """What tells the rows of a table apart."""
    if len({row.a for row in rows}) == 1:
        return [row.b for row in rows]
    if len({row.b for row in rows}) == 1:
        return [row.a for row in rows]
    return [_name(row) for row in rows]


def _name(row: Compared | Lost) -> str:
    return row.a if row.a == row.b else f"{row.a} → {row.b}"


def _table(first: str, names: Sequence[str], rows: Sequence[Compared]) -> str:
    several = rows[0].holm_p is not None
    header = [first, "A", "B", "B − A", "interval", "p (Holm)" if several else "p", "won / tied / lost"]
    cells = [
        [
            name,
            f"{row.mean_a:.4f}",
            f"{row.mean_b:.4f}",
            f"{row.difference:+.4f}",
            f"{row.lower:+.4f} to {row.upper:+.4f}",
            _p(row.holm_p if several else row.p),
            f"{row.wins} / {row.ties} / {row.losses}",
        ]
        for name, row in zip(names, rows, strict=True)
    ]
    return pipe_table(header, cells)


def _overlap_section(rows: Sequence[Compared]) -> str:
    """Of each two systems how alike their lists are; nothing without runs."""
    of_first = [row for row in rows if row.measure == rows[0].measure and not math.isnan(row.rbo)]
    if not of_first:
        return ""
    words = (
        "Rank-biased overlap (p 0.9) of the lists of each query, its mean and interval: 1 for the same "
        "list, 0 for nothing in common."
    )
    cells = [
        [name, f"{row.rbo:.3f}", f"{row.rbo_lower:.3f} to {row.rbo_upper:.3f}"]
        for name, row in zip(_names(of_first), of_first, strict=True)
    ]
    table = pipe_table(["systems", "RBO", "interval"], cells)
    return "\n\n".join(["## Overlap of the lists", paragraph(words), table])


def _p(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ABSENT
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def _words(found: Comparison) -> str:
    """What the numbers of the tables are."""
    first = found.rows[0]
    seeds = ", ".join(map(str, first.seeds))
    of_training = (
        f"Seeds {seeds}: intervals and p are for training like this once more, seeds and queries both being "
        "samples (crossed analysis of variance, Howe's intervals). Won, tied and lost count pairs of a "
        "query and a seed."
    )
    of_models = (
        "Intervals and p are for these very models, queries being the sample (Student's t; paired "
        "randomisation test)."
    )
    several = any(len(row.seeds) > 1 for row in found.rows)
    sentences = [f"{first.queries} queries.", of_training if several else of_models]
    if any(row.holm_p is not None for row in found.rows):
        sentences.append("p (Holm) is corrected for all systems of a table.")
    lower = {row.measure for row in found.rows if MEASURES[row.measure].better == "lower"}
    sentences += [f"Of {name} the lower value is the better one." for name in sorted(lower)]
    return " ".join(sentences)


def _left_out(name: str, systems: Sequence[str]) -> str:
    return paragraph(f"In {name} only, so not compared: {', '.join(systems)}.")


def _studies_section(found: Studies) -> str:
    parts = [
        paragraph(f"{path} is not there, so configurations are not compared; a run of the study writes it.")
        for path in found.without
    ]
    if found.differences:
        cells = [[one.key, _short(one.a), _short(one.b)] for one in found.differences]
        parts.append(pipe_table(["key", "A", "B"], cells, numbers="left"))
    return "\n\n".join(["## In what the studies differ", *parts]) if parts else ""


def _short(text: str) -> str:
    return text if len(text) <= CELL_WIDTH else f"{text[: CELL_WIDTH - 1]}…"


def _groups_section(pair: str, frames: Mapping[str, pd.DataFrame]) -> str:
    parts = [f"## By groups of queries: {pair}"]
    for name, frame in frames.items():
        cells = [
            [str(group), *(ABSENT if pd.isna(row[key]) else f"{row[key]:.3f}" for key in ("a", "b", "ratio")),
             str(int(row["queries"]))]
            for group, row in frame.iterrows()
        ]  # fmt: skip
        parts.append(pipe_table([GROUPS[name], "A", "B", "B / A", "queries"], cells))
    return "\n\n".join(parts)


def _lost_section(lost: Sequence[Lost]) -> str:
    if not lost:
        return ""
    return "\n\n".join(["## Lost queries", *map(_lost_query, lost)])


def _lost_query(one: Lost) -> str:
    """A query with both lists side by side, the relevant documents marked with *."""
    sides = [dict(enumerate(side, start=1)) for side in (one.a_list, one.b_list)]
    depth = max(map(len, sides))
    rows = [[str(rank), *(_document(side.get(rank)) for side in sides)] for rank in range(1, depth + 1)]
    seed = f", seed {one.seed}" if "seed*" in _name(one) else ""
    words = (
        f"{_name(one)}{seed}: {one.measure} {one.value_a:.3f} → {one.value_b:.3f}. "
        f"Relevant (*): {', '.join(one.relevant)}."
    )
    head = f"**{one.qid}** {' '.join(one.text.split())[:TEXT_WIDTH]}"
    table = pipe_table(["rank", "A", "B"], rows, numbers="left") if rows else "There are no runs to list."
    return "\n\n".join([paragraph(head), paragraph(words), table])


def _document(found: Listed | None) -> str:
    """Name and text of a document, of a long name its end."""
    if found is None:
        return ABSENT
    mark, room = ("* ", CELL_WIDTH - 2) if found.relevant else ("", CELL_WIDTH)
    if len(found.docid) > room:
        return f"{mark}…{found.docid[1 - room :]}"
    text = f"{found.docid}: {' '.join(found.text.split())}" if found.text else found.docid
    return (mark + (text if len(text) <= room else f"{text[: room - 1]}…")).replace("|", "\\|")


def _plain(value: Any) -> Any:
    """Records as objects, paths as texts, numbers that are none as null."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _plain(part) for key, part in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return str(value) if isinstance(value, Path) else value
