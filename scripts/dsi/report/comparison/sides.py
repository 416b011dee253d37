"""What the two arguments of a comparison name: a study's results, some of its systems, or TREC runs.

A side is a results folder (every evaluated system), metric JSONs, TREC runs, or systems as paths below a
results folder (results/pruned/dsi/seed1/magnitude-0.5); the last three may have wildcards, above all seed*.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dsi.report.results import read_system
from dsi.systems import System, SystemNameError

# How many parts at the end of a path may be a slug: those of a reference, and of every other system.
SLUG_LENGTHS = (4, 1)
SUFFIX = ".trec.gz"
EXPECTED = (
    "expected a results folder, metric JSONs, TREC runs, or systems below a results folder, for example "
    "results, 'results/pruned/dsi/seed*/magnitude-0.5', runs/mine.trec"
)
_SEED = re.compile(r"seed[-_]?(\d+)")


class SideError(ValueError):
    """An argument names nothing to compare, or the two do not fit together; the message says what."""


class Ranking(NamedTuple):
    """One evaluated ranking: of one system and one seed.

    system: without its seed; of a run outside any study its path is the arm. seed: 0 where there is none.
    metrics, run, results: the metric JSON, the TREC run and the study's folder, as far as they are there.
    """

    system: System
    seed: int
    metrics: Path | None
    run: Path | None
    results: Path | None

    @property
    def evaluated(self) -> Path | None:
        """The metric JSON, of a run that of the system that it is named for; None where there is none."""
        if self.results is None or self.metrics is not None:
            return self.metrics
        slug = self.system._replace(seed=self.seed).slug
        path = self.results / "metrics" / f"{slug}.json"
        return path if path.is_file() else None


def label_of(rankings: Sequence[Ranking]) -> str:
    """The slug of a system, of several seeds with seed*; of a run outside any study its path."""
    first = rankings[0]
    if first.metrics is None and first.results is None:
        return first.system.arm if len(rankings) > 1 else str(first.run)
    slug = first.system._replace(seed=first.seed).slug
    return slug.replace(f"/seed{first.seed}/", "/seed*/") if len(rankings) > 1 else slug


class Side(NamedTuple):
    """What one argument names. whole: it is a study's results folder."""

    text: str
    whole: bool
    rankings: tuple[Ranking, ...]


def read_side(text: str) -> Side:
    """What an argument names.

    Raises:
        SideError: nothing, or two files for one system and seed.
        SystemNameError: a metric JSON is of no known system.
    """
    folder = Path(text)
    whole = (folder / "metrics").is_dir()
    if whole:
        rankings = [_of_metrics(path) for path in sorted((folder / "metrics").rglob("*.json"))]
    else:
        files = [path for path in _matching(folder) if path.is_file()] or list(_of_slugs(folder))
        rankings = [_of_metrics(path) if path.suffix == ".json" else _of_run(path) for path in files]
    if not rankings:
        raise SideError(f"{text}: found no metric JSON and no TREC run; {EXPECTED}")
    seen: dict[tuple[System, int], Ranking] = {}
    for ranking in rankings:
        key = (ranking.system, ranking.seed)
        if key in seen:
            two = [other.metrics or other.run for other in (seen[key], ranking)]
            raise SideError(
                f"{text}: found two files for one system and seed, {two[0]} and {two[1]}; expected one a "
                "seed, named by it: mine-seed1.trec, mine-seed2.trec"
            )
        seen[key] = ranking
    return Side(text, whole, tuple(rankings))


def _matching(pattern: Path) -> Iterator[Path]:
    anchor = Path(pattern.anchor or ".")
    yield from sorted(anchor.glob(str(pattern.relative_to(pattern.anchor))))


def _of_slugs(pattern: Path) -> Iterator[Path]:
    """The metric JSONs of systems that are named as paths below a results folder."""
    for length in SLUG_LENGTHS:
        if len(pattern.parts) > length:
            results, slug = Path(*pattern.parts[:-length]), "/".join(pattern.parts[-length:])
            found = list(_matching(results / "metrics" / f"{slug}.json"))
            if found:
                yield from found
                return


def _of_metrics(path: Path) -> Ranking:
    system = read_system(path)
    slug = system.slug
    results = _above(path, f"metrics/{slug}.json")
    run = results / f"runs/{slug}{SUFFIX}" if results else None
    there = run if run and run.is_file() else None
    return Ranking(system._replace(seed=None), system.seed or 0, path, there, results)


def _of_run(path: Path) -> Ranking:
    """Of a TREC run: below a study's runs/ the system that it is named for."""
    for length in SLUG_LENGTHS:
        slug = "/".join(path.parts[-length:]).removesuffix(SUFFIX)
        results = _above(path, f"runs/{slug}{SUFFIX}")
        if results is None:
            continue
        try:
            system = System.parse(slug)
        except SystemNameError:
            continue
        return Ranking(system._replace(seed=None), system.seed or 0, None, path, results)
    seed = _SEED.search(path.as_posix())
    name = _SEED.sub("seed*", path.as_posix())
    return Ranking(System(None, None, name, None, None), int(seed[1]) if seed else 0, None, path, None)


def _above(path: Path, end: str) -> Path | None:
    """The folder below which a path ends so; None where it does not."""
    parts = Path(end).parts
    if path.parts[-len(parts) :] != parts:
        return None
    return Path(*path.parts[: -len(parts)])


class Pair(NamedTuple):
    """Two systems to compare, each with its seeds."""

    a: tuple[Ranking, ...]
    b: tuple[Ranking, ...]


class Pairs(NamedTuple):
    """What is compared, and the labels of the systems that only one side has."""

    pairs: list[Pair]
    only_a: list[str]
    only_b: list[str]


def pair_up(a: Side, b: Side) -> Pairs:
    """Which systems of two sides are compared.

    Of two results folders every system that both have. Else a side of one system is compared with each of
    the other's; and systems of several are paired by what differs among them, so that all rates of one
    criterion meet those of another.

    Raises:
        SideError: nothing of both fits together.
    """
    ours, theirs = _by_system(a.rankings), _by_system(b.rankings)
    if not (a.whole or b.whole) and 1 in (len(ours), len(theirs)):
        pairs = [Pair(left, right) for left in ours.values() for right in theirs.values()]
        return Pairs(pairs, [], [])
    alike = () if a.whole and b.whole else _alone(ours, theirs)
    left, right = (
        {_key(system, alike): ranked for system, ranked in side.items()} for side in (ours, theirs)
    )
    found = Pairs(
        [Pair(left[key], right[key]) for key in left if key in right],
        [label_of(ranked) for key, ranked in left.items() if key not in right],
        [label_of(ranked) for key, ranked in right.items() if key not in left],
    )
    if not found.pairs:
        raise SideError(
            f"{a.text} and {b.text} have no system in common: found {', '.join(found.only_a)} and "
            f"{', '.join(found.only_b)}; expected the same systems, or systems that differ in one thing, for "
            "example 'results/recovered/dsi/seed*/magnitude-*' and 'results/recovered/dsi/seed*/wanda-*'"
        )
    return found


def _by_system(rankings: Iterable[Ranking]) -> dict[System, tuple[Ranking, ...]]:
    found: dict[System, tuple[Ranking, ...]] = {}
    for ranking in sorted(rankings, key=lambda one: one.seed):
        found[ranking.system] = (*found.get(ranking.system, ()), ranking)
    return found


def _alone(ours: Iterable[System], theirs: Iterable[System]) -> tuple[str, ...]:
    """The fields in which all systems of each side are alike."""
    sides = [list(ours), list(theirs)]
    return tuple(
        field
        for field in System._fields
        if all(len({getattr(system, field) for system in side} - {None}) == 1 for side in sides)
    )


def _key(system: System, alike: Iterable[str]) -> tuple[object, ...]:
    """The system without what all of its side have in common, as far as it has it."""
    left_out = set(alike)
    values = system._asdict().items()
    return tuple("" if name in left_out and value is not None else value for name, value in values)
