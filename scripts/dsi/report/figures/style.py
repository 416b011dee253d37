"""What all figures share: theme, and files that are equal when their data are.

Only the plot commands import this: matplotlib and seaborn cost seconds.
"""

from argparse import ArgumentParser
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from dsi.base.files import replacing


def use_theme() -> None:
    """Seaborn's white grid; text stays text in SVG, and its identifiers are reproducible."""
    sns.set_theme(context="paper", style="whitegrid", font_scale=1.1)
    plt.rcParams.update({"svg.hashsalt": "dsi", "svg.fonttype": "none", "figure.dpi": 100})


def add_figure_files(parser: ArgumentParser) -> None:
    """The options --svg, --png and --dpi."""
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")


def save_figure(figure: Figure, svg: Path, png: Path, dpi: int) -> None:
    """Write a figure in both formats, without a date, and close it."""
    with replacing(svg) as path:
        figure.savefig(path, format="svg", metadata={"Date": None}, bbox_inches="tight")
    with replacing(png) as path:
        figure.savefig(path, format="png", dpi=dpi, bbox_inches="tight")
    plt.close(figure)
