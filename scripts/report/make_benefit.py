"""Write what pruning buys: one page to read, and its CSV.

    python scripts make_benefit --sizes $(find results/sizes -name '*.json') \\
        --rounded results/rounded/*.csv --latency results/latency/dsi.json \\
        --metrics results/tables/metrics.csv --sparsity results/tables/sparsity.csv \\
        --output results/benefit.md --csv results/tables/benefit.csv

Whose a file of sizes is, its path says: …/<stage>/<baseline>/seed<n>/<name>.json.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing, write_text
from dsi.report.sections.benefit import benefit_frame, benefit_report
from dsi.systems import System, SystemNameError

SLUG_PARTS = 4


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--sizes", type=Path, nargs="+", required=True, help="JSON of scripts compress")
    parser.add_argument(
        "--latency",
        type=Path,
        nargs="+",
        required=True,
        help="JSON of scripts measure_latency: <baseline>.json",
    )
    parser.add_argument(
        "--rounded",
        type=Path,
        nargs="+",
        required=True,
        help="CSV of scripts measure_rounded: <baseline>-seed<n>.csv",
    )
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--sparsity", type=Path, required=True, help="sparsity.csv")
    parser.add_argument("--output", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--csv", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()

    latency = {path.stem: read_json(path) for path in arguments.latency}
    try:
        sizes = [(system_of(path), read_json(path)) for path in arguments.sizes]
        rounded = rounded_quality(arguments.rounded)
    except SystemNameError as error:
        raise UserError(str(error)) from error
    frame = benefit_frame(sizes, rounded, latency, pd.read_csv(arguments.sparsity))
    with replacing(arguments.csv) as path:
        frame.to_csv(path, index=False, lineterminator="\n")
    write_text(benefit_report(frame, pd.read_csv(arguments.metrics), latency), arguments.output)


def system_of(path: Path) -> System:
    """The dense or recovered system that a file is about."""
    stage, baseline, seed, name = path.absolute().parts[-SLUG_PARTS:]
    return System.parse(f"{stage}/{baseline}/{seed}/{name.removesuffix('.json')}")


def rounded_quality(paths: Iterable[Path]) -> dict[System, float]:
    """The test MAP of every system in files of scripts measure_rounded."""
    found = {}
    for path in paths:
        baseline, _, seed = path.stem.rpartition("-seed")
        frame = pd.read_csv(path).query("split == 'test'")
        for name, value in zip(frame["checkpoint"].tolist(), frame["MAP"].tolist(), strict=True):
            stage = "baselines" if name == "dense" else "recovered"
            found[system_of(Path(stage, baseline, f"seed{seed}", f"{name}.json"))] = value
    return found


def read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    run(main)
