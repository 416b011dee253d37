"""Which outputs stand in report.html, with the words that it shows beside them.

Captions lie in report/, their paths relative to rules/; those of figures are named after the figure's kind.
"""

from typing import Any

from snakemake.io import report

# The first word of a figure's name, and what it shows in a few words.
FIGURES = {
    "rates": "quality against rate",
    "lost": "queries lost first",
    "curves": "training",
    "frontier": "quality against {cost}",
    "sensitivity": "sublayers",
    "ablation": "baselines compared",
    "reproduction": "published study",
}
PAGES = {
    "tables": "all tables",
    "benefit": "what pruning buys",
    "ablation": "baselines compared",
    "timings": "where the time went",
    "explore": "every query's rankings",
}
NONE = "–"


def figure(name: str) -> dict[str, Any]:
    """A figure's outputs by key: svg, which the report shows, and png.

    Args:
        name: of the file without suffix; it may have wildcards, whose constraints hold for both.
    """
    kind = "reproduction" if name.startswith("{figure") else name.partition("-")[0]
    path = f"<results>/figures/{name}"
    labels = {
        "figure": FIGURES[kind],
        "baseline": "{baseline}" if "{baseline}" in name else NONE,
        "criterion": "{criterion}" if "{criterion}" in name else NONE,
    }
    svg = report(f"{path}.svg", caption=f"../report/figures/{kind}.rst", category="Figures", labels=labels)
    return {"svg": svg, "png": f"{path}.png"}


def page(name: str) -> Any:
    """A page's output for browsers, <results>/<name>.html."""
    labels = {"page": PAGES[name]}
    return report(f"<results>/{name}.html", caption=f"../report/{name}.rst", category="Tables", labels=labels)
