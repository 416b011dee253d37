"""The last section of tables.md: the words that its tables use."""

import textwrap
from collections.abc import Iterable

from dsi.evaluation.measures import LOSS, MEASURES, QRELS_MEASURES, Measure
from dsi.report.sections.introduction import Study
from dsi.systems import ALWAYS, ARMS, INITIAL, REFERENCES, SMALL_ARMS

# Explained only where a table has them.
OPTIONAL = {*REFERENCES, INITIAL, *SMALL_ARMS} - set(ALWAYS)

NUMBER_WORDS = (
    (
        "rate",
        "what was asked for: the share of each pruned layer's weights set to zero. Zeros are counted after "
        "pruning, as shares of the weights of dense E1 as it is stored: in all Linear layers (attention and "
        "feed-forward), in those of their weights that can change a ranking, and in the whole model with "
        "its embeddings. A head untied to be pruned adds weights to those",
    ),
    (
        "pruned, recovered",
        "as headings of columns: before and after E2. Rows without a rate are there to compare with: before "
        "E2 they are dense E1; BM25 and random are not trained and have the same value twice",
    ),
)
SPREAD = (
    "standard deviation over the {seeds} seeds, behind their mean; a difference is taken within each seed, "
    "then averaged, and its ± is the standard deviation (n = {seeds}) of these differences"
)


def words_section(study: Study, arms: Iterable[str]) -> str:
    """Systems, measures, rates and spreads in words.

    Args:
        arms: those that the tables have.
    """
    there = set(arms)
    e1 = ", ".join(f"{name} {epochs}" for name, epochs in study.configured.e1.items())
    systems = [(arm.name, arm.meaning) for name, arm in ARMS.items() if name in there or name not in OPTIONAL]
    return f"""## The words

A retriever answers a query with a ranked list of documents. Training has two parts: E1, the epochs
before pruning ({e1}), and E2, the epochs after it ({study.configured.e2}).

{_items(systems)}

Measures are averaged over the queries:

{_items(measure_words())}

Numbers:

{_items(_number_words(len(study.seeds)))}
"""


def measure_words() -> list[tuple[str, str]]:
    """Name and words of each measure; those that differ by their cut-off alone share a row: R@k."""
    by_meaning: dict[str, list[Measure]] = {}
    for name in (*QRELS_MEASURES, LOSS):
        by_meaning.setdefault(MEASURES[name].meaning, []).append(MEASURES[name])
    rows = []
    for meaning, same in by_meaning.items():
        name, words = same[0].name, meaning
        if len(same) > 1:
            cut_offs = ", ".join(measure.name.partition("@")[2] for measure in same)
            name, words = f"{name.partition('@')[0]}@k", f"{meaning} ({cut_offs})"
        rows.append((name, f"{words}; {same[0].span}, {same[0].better} is better"))
    return rows


def _number_words(seeds: int) -> list[tuple[str, str]]:
    return [*NUMBER_WORDS, ("±", SPREAD.format(seeds=seeds))] if seeds > 1 else list(NUMBER_WORDS)


def _items(rows: Iterable[tuple[str, str]]) -> str:
    """A list of names with what they say, wrapped."""
    return "\n".join(
        textwrap.fill(f"- **{name}**: {words}.", 100, subsequent_indent="  ", break_on_hyphens=False)
        for name, words in rows
    )
