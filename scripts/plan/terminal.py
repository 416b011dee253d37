"""What the terminal shows of a run: one line for each job.

    12:34:56 [ 17/136] dsi, seed 1: training E1 (progress in …)

The count is of jobs that are done, so the last line, which is that of no job, has all of them. Snakemake's
own form takes five lines and more. What it says of a target that no rule makes gets a hint, where there is
nothing to do the answer follows, and a dry-run says about how long the jobs will take.
"""

import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from plan.config.study import Study
from plan.estimate import time_words
from plan.follow import Follower
from plan.outcome import answer_lines
from plan.targets import hint, target_without_rule

_SCHEDULING = re.compile(r"Select jobs to execute|Execute \d+ jobs")
NOTHING = "Nothing to be done (all requested files are present"
_HIDDEN = (LogEvent.PROGRESS, LogEvent.JOB_FINISHED, LogEvent.RESOURCES_INFO)


class OneLinePerJob(logging.Filter):
    """Turns Snakemake's record of a job into one line and leaves out what goes with it.

    Args:
        planning: tells whether this is a dry-run, which goes on showing the table of jobs. Asked only when
            the jobs are known: Snakemake does not know it while it reads the Snakefile.
        follower: is told what starts and ends.
        at_once: tells how many jobs run side by side; asked as late.
    """

    def __init__(
        self, planning: Callable[[], bool], follower: Follower, at_once: Callable[[], int] = lambda: 1
    ) -> None:
        super().__init__()
        self.planning = planning
        self.follower = follower
        self.at_once = at_once

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown; that of a job is rewritten in place."""
        event = getattr(record, "event", None)
        fields = record.__dict__
        if event == LogEvent.RUN_INFO:
            return self._begin(record)
        if event == LogEvent.PROGRESS:
            self.follower.counted(fields["done"], fields["total"])
            if self.follower.done == self.follower.total:
                self._rewrite(record, "done")
                return True
        if event in (LogEvent.JOB_FINISHED, LogEvent.JOB_ERROR):
            self.follower.ended(fields.get("job_id", fields.get("jobid")))
        if event in _HIDDEN or _SCHEDULING.match(record.getMessage()):
            return False
        message = getattr(record, "rule_msg", None)
        if event == LogEvent.JOB_INFO and message:
            if not self.planning():
                self.follower.started(fields["jobid"], message, list(fields.get("log") or []))
            self._rewrite(record, message)
        elif record.getMessage().startswith(NOTHING):
            answer = "\n".join(answer_lines(self.follower.folder))
            record.msg, record.args = f"{record.getMessage()}{answer}", ()
        return True

    def _begin(self, record: logging.LogRecord) -> bool:
        jobs = record.__dict__["stats"]
        if not self.planning():
            self.follower.begin(jobs["total"], logging.getLogger(record.name))
            return False
        self.follower.total = jobs["total"]
        words = time_words(jobs, self.follower.folder / "benchmarks", self.at_once())
        if words:
            record.msg, record.args = f"{record.getMessage()}\n{words}", ()
        return True

    def _rewrite(self, record: logging.LogRecord, message: str) -> None:
        done, total = self.follower.done, self.follower.total
        count = f"[{done:{len(str(total))}}/{total}] " if total else ""
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


def adapt(
    logger: logging.Logger, study: Study, planning: Callable[[], bool], cores: Callable[[], int | None]
) -> None:
    """Have a logger show jobs and missing targets so; once, however often the Snakefile is read.

    Args:
        planning: tells whether this is a dry-run.
        cores: tells how many the run has, None for one that was not told.
    """
    if not any(isinstance(item, OneLinePerJob) for item in logger.filters):
        at_once = lambda: max(1, (cores() or os.cpu_count() or 1) // study.threads)  # noqa: E731
        logger.addFilter(OneLinePerJob(planning, Follower(Path(study.results)), at_once))
        logger.addFilter(HintAtTarget(study))
