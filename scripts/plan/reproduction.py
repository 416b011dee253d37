"""What of the published study a configuration repeats: its rows, the systems behind them, and its figures."""

import shlex
from typing import NamedTuple

from dsi.systems import DENSE_ARMS, System, spell_rate
from plan.config.baseline import RankedListBaseline
from plan.config.published import PublishedRow
from plan.config.study import Study
from plan.systems_of_study import dense_systems, evaluated_systems, list_baselines


class History(NamedTuple):
    """A curve of a figure: its name, and the system whose training it is, or E1's and then E2's."""

    name: str
    systems: tuple[System, ...]


class Figure(NamedTuple):
    """A figure of the published study: kind of drawing ("curves" or "long"), title and curves."""

    kind: str
    title: str
    histories: tuple[History, ...]

    def systems(self) -> list[System]:
        """Whose trainings are drawn, as often as they are."""
        return [system for history in self.histories for system in history.systems]

    def options(self, results: str) -> str:
        """What plot_reproduction is told; `results` is the study's folder."""
        files = {system: f"{results}/{system.slug}/history.parquet" for system in self.systems()}
        histories = [
            f"{history.name}={','.join(files[system] for system in history.systems)}"
            for history in self.histories
        ]
        return f"{self.kind} --title {shlex.quote(self.title)} --history {shlex.join(histories)}"


def list_systems(study: Study) -> list[System]:
    """Every system of the ranked-list task."""
    names = list_baselines(study)
    return [system for system in evaluated_systems(study) if system.baseline in names]


def dense_list_systems(study: Study) -> list[System]:
    """The dense models after E1 of the ranked-list task."""
    names = list_baselines(study)
    return [system for system in dense_systems(study) if system.baseline in names and system.arm == "dense"]


def systems_of_row(study: Study, row: PublishedRow, arm: str | None = None) -> list[System]:
    """The systems, one a seed, that repeat a published row; none where its baseline or rate is not run.

    Args:
        arm: instead of the row's own.
    """
    arm = arm or row.arm
    criterion, rate = (None, None) if arm in DENSE_ARMS else (row.criterion, row.rate)
    wanted = {System(row.baseline, seed, arm, criterion, rate) for seed in study.seeds}
    return [system for system in list_systems(study) if system in wanted]


def best_rows(study: Study) -> dict[int, PublishedRow]:
    """The rows that the study calls its best, as far as they are run, by their table."""
    return {row.table: row for row in study.published if row.best and systems_of_row(study, row)}


def systems_by_seen_targets(study: Study) -> list[System]:
    """Whose lists are grouped by seen targets: the best dense rows, or every dense system of the task."""
    best = [row for row in best_rows(study).values() if row.arm == "dense"]
    dense = [system for row in best for system in systems_of_row(study, row)]
    return dense or dense_list_systems(study)


def reproduction_figures(study: Study) -> dict[str, Figure]:
    """The study's figures by file name, as far as the rows that they show are run.

    1 and 2: its best dense rows of Tables 1 and 2; 3: that of Table 2 above the best pruned one; long: the
    dense training with the most epochs of which test queries are tracked.
    """
    best = best_rows(study)
    found = {
        f"reproduction-{number}": Figure(
            "curves",
            f"Figure {number}: best dense {best[number].name}",
            _dense_histories(study, best[number]),
        )
        for number in (1, 2)
        if number in best
    }
    if {2, 3} <= set(best):
        curves = (*_dense_histories(study, best[2]), *_pruned_histories(study, best[3]))
        found["reproduction-3"] = Figure("curves", f"Figure 3: {best[3].name}, dense and pruned", curves)
    tracked = [row for row in study.published if _tracked(study, row)]
    if tracked:
        row = max(tracked, key=lambda row: study.baselines[row.baseline].training.epochs)
        title = f"The longest training: {row.name}, K = {row.K}"
        found["reproduction-long"] = Figure("long", title, _dense_histories(study, row))
    return found


def reproduction_figure(study: Study, name: str) -> Figure:
    """One of them by its name.

    Raises:
        LookupError: this study has none of that name; the message says which it has.
    """
    figures = reproduction_figures(study)
    if name not in figures:
        raise LookupError(f"no figure {name}: found {', '.join(figures) or 'none'} in this study")
    return figures[name]


def _tracked(study: Study, row: PublishedRow) -> bool:
    """Whether it is a dense row that is run and whose test queries are measured after every epoch."""
    baseline = study.baselines[row.baseline]
    measured = isinstance(baseline, RankedListBaseline) and baseline.track_test
    return row.arm == "dense" and measured and bool(systems_of_row(study, row))


def _dense_histories(study: Study, row: PublishedRow) -> tuple[History, ...]:
    name = f"{row.name}, dense, K {row.K}"
    return tuple(History(name, (system,)) for system in systems_of_row(study, row))


def _pruned_histories(study: Study, row: PublishedRow) -> tuple[History, ...]:
    """E1 of the dense model and E2 of the pruned one, in one curve for each seed."""
    assert row.rate is not None
    name = f"{row.name}, pruned at {spell_rate(row.rate)}"
    starts = systems_of_row(study, row, arm="dense")
    return tuple(History(name, pair) for pair in zip(starts, systems_of_row(study, row), strict=True))
