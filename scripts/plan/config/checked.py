"""A configuration, checked as a whole: one record, or one message that lists everything that is wrong.

The Snakefile imports this at every start, so it imports nothing heavy.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from plan.config import messages
from plan.config.checks.baselines import baseline_problems
from plan.config.checks.collection import collection_problems
from plan.config.checks.criteria import criteria_problems
from plan.config.checks.names import name_problems
from plan.config.extension import extended
from plan.config.known import known_study
from plan.config.reading import read_mapping
from plan.config.study import Study


class ConfigurationError(ValueError):
    """The configuration is refused; the message lists every problem."""


def checked_study(raw: Mapping[str, Any]) -> Study:
    """The study that a configuration as Snakemake read it defines: values read, rates sorted.

    Raises:
        ConfigurationError: a key is unknown or missing, or a value is not allowed beside the others.
    """
    given = dict(raw)
    problems: list[str] = []
    left_out: set[str] = set()
    baselines = read_mapping(given.get("baselines"))
    if isinstance(baselines, Mapping):
        given["baselines"], problems = extended(baselines)
        left_out = set(baselines) - set(given["baselines"])
    study: Study | None = None
    try:
        study = Study.model_validate(given)
    except ValidationError as error:
        problems += messages.problems(error.errors(include_url=False))
    known = known_study(given, left_out) if problems else study
    if known is not None:
        problems += _inconsistencies(known)
    if study is None or problems:
        listed = "\n".join(f"  {problem}" for problem in dict.fromkeys(problems))
        raise ConfigurationError(f"the configuration is refused:\n{listed}")
    return study


def _inconsistencies(study: Study) -> Iterator[str]:
    """Problems that span keys or are of files; each key alone is as it may be, as far as it is known."""
    yield from name_problems(study)
    yield from collection_problems(study)
    yield from baseline_problems(study)
    yield from criteria_problems(study)
