"""What the terminal shows of a run: one line for each job.

    12:34:56 [ 17/136] dsi, seed 1: training E1 (progress in …)

The count is of jobs that are done, so the last line, which is that of no job, has all of them. Snakemake's
own form takes five lines and more. What it says of a target that no rule makes gets a hint.
"""

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from plan.config.study import Study
from plan.targets import hint, target_without_rule

_SCHEDULING = re.compile(r"Select jobs to execute|Execute \d+ jobs")
_HIDDEN = (LogEvent.PROGRESS, LogEvent.JOB_FINISHED, LogEvent.RESOURCES_INFO)


class OneLinePerJob(logging.Filter):
    """Turns Snakemake's record of a job into one line and leaves out what goes with it.

    Args:
        planning: tells whether this is a dry-run, which goes on showing the table of jobs. Asked only when
            the jobs are known: Snakemake does not know it while it reads the Snakefile.
    """

    def __init__(self, planning: Callable[[], bool]) -> None:
        super().__init__()
        self.planning = planning
        self.done = 0
        self.total = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown; that of a job is rewritten in place."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.total = record.__dict__["stats"]["total"]
            return self.planning()
        if event == LogEvent.PROGRESS:
            self.done, self.total = record.__dict__["done"], record.__dict__["total"]
            if self.done == self.total:
                self._rewrite(record, "done")
                return True
        if event in _HIDDEN or _SCHEDULING.match(record.getMessage()):
            return False
        message = getattr(record, "rule_msg", None)
        if event == LogEvent.JOB_INFO and message:
            self._rewrite(record, message)
        return True

    def _rewrite(self, record: logging.LogRecord, message: str) -> None:
        count = f"[{self.done:{len(str(self.total))}}/{self.total}] " if self.total else ""
        record.__dict__["event"] = None
        record.msg, record.args = f"{time.strftime('%H:%M:%S')} {count}{message}", ()


class HintAtTarget(logging.Filter):
    """Adds a hint to Snakemake's error about a target that no rule makes."""

    def __init__(self, study: Study) -> None:
        super().__init__()
        self.study = study

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record pass."""
        target = target_without_rule(record.getMessage())
        if target is not None:
            record.msg, record.args = f"{record.getMessage()}\n{hint(target, self.study, Path())}", ()
        return True


def adapt(logger: logging.Logger, study: Study, planning: Callable[[], bool]) -> None:
    """Have a logger show jobs and missing targets so; once, however often the Snakefile is read."""
    if not any(isinstance(item, OneLinePerJob) for item in logger.filters):
        logger.addFilter(OneLinePerJob(planning))
        logger.addFilter(HintAtTarget(study))
