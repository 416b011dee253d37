"""What a run does before its first job: it takes its results folder, and tidies up after earlier ones."""

import logging
from pathlib import Path
from typing import Any

from plan.config.study import Study
from plan.interruption import Interruption
from plan.leftovers import sweep
from plan.lost_records import LostRecords
from plan.one_study import ResultsLock, keep_configuration


class ThisRun:
    """A run of a study.

    Args:
        logger: shows lines on the terminal.
        workflow: Snakemake's.
    """

    def __init__(self, study: Study, logger: logging.Logger, workflow: Any) -> None:
        self.study = study
        self.folder = Path(study.results)
        self._logger = logger
        self._workflow = workflow
        self._lock = ResultsLock(self.folder)
        self._interruption = Interruption(logger, self.folder)
        self._interruption.await_jobs()
        for earlier in [item for item in logger.filters if isinstance(item, LostRecords)]:
            logger.removeFilter(earlier)  # of another workflow in this process
        logger.addFilter(LostRecords(study, self.folder, workflow))

    def begin(self) -> None:
        """Called in the process that schedules the jobs, when all of them are known.

        Raises:
            FolderInUseError: another run writes into the folder.
        """
        self._lock.take(self._logger.warning)
        for job in sweep(self.folder):
            self._logger.warning(f"A job of an earlier run goes on; that of this run waits for it: {job}")
        keep_configuration(self.study, self.folder)
        self._interruption.install(self._workflow)
