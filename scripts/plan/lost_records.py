"""Results that Snakemake has no record of, in a folder where another configuration was used: refused.

By the records in .snakemake/metadata Snakemake knows with which settings a file was made. Where one is lost,
as in a copied results folder or after a fault of the disk, it goes by times alone and takes the file for that
of any configuration, with "Nothing to be done". Only for the configuration that made the file is that right.
"""

import json
import logging
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from snakemake.exceptions import ApiError
from snakemake_interface_logger_plugins.common import LogEvent

from plan.config.study import Study
from plan.one_study import CONFIGURATION, EARLIER
from plan.terminal import NOTHING

SHOWN = 3  # keys that differ, in the message
ABSENT = "nothing"


class Difference(NamedTuple):
    """A key of the configuration, its value in a file of the results folder and its value now, as JSON."""

    key: str
    kept: str
    now: str


UNREADABLE = Difference("the file", "no JSON", "a configuration")


class LostRecordsError(ApiError):  # type: ignore[misc]  # Snakemake has no types
    """Snakemake would take over files of which nobody knows the settings. It shows the message alone."""


class LostRecords(logging.Filter):
    """Looks at the jobs when Snakemake knows them and none has started: when it tells how many there are.

    Args:
        workflow: Snakemake's.
    """

    def __init__(self, study: Study, folder: Path, workflow: Any) -> None:
        super().__init__()
        self._study = study
        self._folder = folder
        self._workflow = workflow

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass.

        Raises:
            LostRecordsError: files would be taken over of which nobody knows the configuration.
        """
        known = getattr(record, "event", None) == LogEvent.RUN_INFO
        if (known or record.getMessage().startswith(NOTHING)) and self._workflow.is_main_process:
            self._check()
        return True

    def _check(self) -> None:
        used = {name: differences(self._study, self._folder / name) for name in (CONFIGURATION, EARLIER)}
        others = {name: found for name, found in used.items() if found}
        if not others:
            return
        dag, records = self._workflow.dag, self._workflow.persistence
        jobs = [job for job in dag.jobs if not dag.needrun(job) and not records.has_metadata(job)]
        if jobs:
            file = min(str(path) for job in jobs for path in job.output if records.metadata(path) is None)
            ways = [f"have such files made again: append --forcerun {' '.join(_rules(jobs))}"]
            # What was made with one readable configuration can be recorded by touching it.
            alone = [*others] == [CONFIGURATION] and not (self._folder / EARLIER).exists()
            if alone and others[CONFIGURATION][0] != UNREADABLE:
                ways.append(_by_touching(self._folder, sorted(self._workflow.dag_settings.targets)))
            ways.append("or keep them, and take another folder: --config results=results/mine")
            raise LostRecordsError(_message(file, self._folder, others, ways))


def differences(study: Study, kept: Path) -> list[Difference]:
    """The keys in which a study differs from a configuration that is kept; none where there is no such file.

    A file that cannot be read differs as a whole. The name of the results folder may have changed.
    """
    if not kept.is_file():
        return []
    now = dict(_flat(json.loads(json.dumps(study.as_dict()))))
    try:
        then = dict(_flat(json.loads(kept.read_text(encoding="utf-8"))))
    except ValueError:
        return [UNREADABLE]
    return [
        Difference(key, then.get(key, ABSENT), now.get(key, ABSENT))
        for key in sorted({*then, *now} - {"results"})
        if then.get(key, ABSENT) != now.get(key, ABSENT)
    ]


def _rules(jobs: Iterable[Any]) -> list[str]:
    return sorted({job.rule.name for job in jobs})


def _by_touching(folder: Path, targets: Sequence[str]) -> str:
    command = ["snakemake --touch --forceall --cores 1", *map(shlex.quote, targets)]
    configuration = shlex.quote(str(folder / CONFIGURATION))
    return (
        "or, if they are as that configuration made them, have this recorded, after which the same command "
        f"makes what differs: {' '.join(command)} --configfile {configuration}"
    )


def _message(file: str, folder: Path, others: Mapping[str, Sequence[Difference]], ways: Sequence[str]) -> str:
    name, found = next(iter(others.items()))
    words = [f"{key}: found {kept}, expected {now}" for key, kept, now in found[:SHOWN]]
    words += [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    said = (
        f"{file}: found no record of Snakemake's about the settings that made this file, and it may be of "
        f"another configuration, that of {folder / name} ({'; '.join(words)}). Either"
    )
    return "\n  ".join([said, *ways])


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """`bm25.k1` and its value as JSON, of every key that holds no keys itself."""
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else str(name))
    else:
        yield path, json.dumps(value, ensure_ascii=False, sort_keys=True)
