"""Checks that what is chosen by name is defined."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from plan.config.study import Study
from plan.config.unknown import as_far_as_known


def name_problems(study: Study) -> Iterator[str]:
    """Names of collections and baselines that are not defined, and others that cannot be used here."""
    yield from _results_problems(study)
    yield from _collection_problems(study)
    yield from _run_problems(study)
    yield from _reference_problems(study)
    yield from _looked_at_problems(study)
    yield from _published_problems(study)


@as_far_as_known
def _results_problems(study: Study) -> Iterator[str]:
    """Results lie in a folder, which is made where there is none."""
    folder = Path(study.results)
    taken = next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), None)
    if taken is not None:
        yield (
            f"results: found {study.results!r}, where {str(taken)!r} is a file, expected a folder, for "
            "example results: results/mine"
        )


@as_far_as_known
def _collection_problems(study: Study) -> Iterator[str]:
    if study.collection not in study.collections:
        yield _unknown("collection", study.collection, study.collections, "{}")


@as_far_as_known
def _run_problems(study: Study) -> Iterator[str]:
    for name in study.run:
        if name not in study.baselines:
            yield _unknown("run", name, study.baselines, "[{}]")


@as_far_as_known
def _published_problems(study: Study) -> Iterator[str]:
    for number, row in enumerate(study.published, start=1):
        if row.baseline not in study.baselines:
            yield (
                f"published, row {number}: found baseline {row.baseline!r}, expected one of "
                f"{', '.join(sorted(study.baselines))}"
            )


def _unknown(key: str, name: str, definitions: Iterable[str], form: str) -> str:
    known = sorted(definitions)
    return (
        f"{key}: found {name!r}, expected one of {', '.join(known)}, "
        f"for example {key}: {form.format(known[0])}"
    )


@as_far_as_known
def _reference_problems(study: Study) -> Iterator[str]:
    """Baselines are compared with one that is run, and only docid ones have pseudo-queries to compare."""
    reference = study.report.reference
    docid = [name for name, baseline in study.selected_baselines.items() if baseline.task == "docid"]
    if reference is not None and reference not in docid:
        yield (
            f"report.reference: found {reference!r}, expected null or a baseline of task docid that is run: "
            f"{', '.join(docid) or 'none here'}"
        )


@as_far_as_known
def _looked_at_problems(study: Study) -> Iterator[str]:
    """Verdicts need a seed that was not looked at."""
    looked_at, seeds = list(study.report.looked_at_seeds), list(study.seeds)
    if not set(looked_at) < set(seeds) and looked_at:
        yield (
            f"report.looked_at_seeds: found {looked_at}, expected some of the seeds {seeds} and not all of "
            "them, for example seeds: [1, 2, 3, 4, 5, 6] and looked_at_seeds: [1, 2, 3]"
        )
