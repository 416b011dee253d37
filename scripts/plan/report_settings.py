"""What the commands of the report are told: parts of the configuration, as options or JSON."""

from plan.config.study import Study
from plan.settings import as_json


def judging(study: Study) -> str:
    """How surely verdicts must hold, and of which seeds they are."""
    report = study.report
    looked_at = " ".join(map(str, report.looked_at_seeds))
    seeds = f" --looked-at-seeds {looked_at}" if looked_at else ""
    return f"--confidence {report.confidence} --margin {report.margin}{seeds}"


def of_baselines(study: Study, baselines: list[str]) -> str:
    """All settings of some baselines, by name."""
    return as_json({name: study.baselines[name].as_dict() for name in baselines})


def published_rows(study: Study) -> str:
    """The published rows, as make_reproduction reads them."""
    return as_json([row.as_dict() for row in study.published])
