"""Which pages and figures a configuration asks for: what `snakemake` without a target makes."""

from collections.abc import Sequence

from dsi.systems import System, spell_rate
from plan.config.study import Study
from plan.reproduction import reproduction_figures
from plan.systems_of_study import (
    UNPRUNED,
    compared_baselines,
    measured_baselines,
    measured_systems,
    pruned_baselines,
)

SUFFIXES = ("svg", "png")


EXPERIMENTS, EXPLORER = "<results>/experiments.md", "<results>/explore.html"


def texts(study: Study) -> list[str]:
    """The pages of text, without that of the timings."""
    benefit = ["benefit"] if study.report.benefit and measured_baselines(study) else []
    ablation = ["ablation"] if compared_baselines(study) else []
    return [f"<results>/{name}.md" for name in ["tables", *benefit, *ablation]]


def size_files(study: Study) -> list[str]:
    """What `compress` counted of each checkpoint, where the study asks for that."""
    systems = measured_systems(study) if study.report.benefit else []
    return [f"<results>/sizes/{system.slug}.json" for system in systems]


def pages(study: Study) -> list[str]:
    """The pages to read, without that of the timings."""
    return [*texts(study), EXPERIMENTS, EXPLORER]


def everything(study: Study) -> list[str]:
    """All that the study asks for; the timings come last."""
    text = [*texts(study), "<results>/timings.md"]
    of_browsers = [path.removesuffix(".md") + ".html" for path in text]
    return ["<results>/answer.md", *figure_files(study), EXPERIMENTS, EXPLORER, *text, *of_browsers]


def figure_files(study: Study) -> list[str]:
    """Every figure in both of its forms."""
    names = [*figures(study), *reproduction_figures(study)]
    return [f"<results>/figures/{name}.{suffix}" for name in names for suffix in SUFFIXES]


def figures(study: Study) -> list[str]:
    """Names of the figures, without those of the reproduction."""
    pruned = [(name, criterion) for name in pruned_baselines(study) for criterion in study.criteria]
    unpruned = [name for name in study.run if not study.baselines[name].prune]
    measured = measured_baselines(study)
    costs = {
        "sparsity": pruned_baselines(study) if len(study.criteria) > 1 else [],
        "bytes": measured if study.report.benefit else [],
        "latency": measured if study.report.benefit else [],
    }
    return [
        *(f"curves-{name}-{criterion}" for name, criterion in pruned),
        *(f"curves-{name}-{UNPRUNED}" for name in unpruned),
        *(f"rates-{name}-{criterion}" for name, criterion in pruned),
        *(f"lost-{name}-{criterion}" for name, criterion in pruned),
        *(f"frontier-{cost}-{name}" for cost, names in costs.items() for name in names),
        *(f"sensitivity-{name}" for name in (measured if study.report.sensitivity else [])),
        *(["ablation"] if compared_baselines(study) else []),
    ]


def named_histories(systems: Sequence[System], results: str) -> list[str]:
    """ARM=FILE for the training of each, as plot_curves reads it; `results` is the study's folder."""
    return [f"{_curve(system)}={results}/{system.slug}/history.parquet" for system in systems]


def _curve(system: System) -> str:
    return system.arm if system.rate is None else f"{system.arm}-{spell_rate(system.rate)}"


def cost_table(cost: str) -> str:
    """Which table has what is drawn against quality."""
    return f"<results>/tables/{'sparsity' if cost == 'sparsity' else 'benefit'}.csv"
