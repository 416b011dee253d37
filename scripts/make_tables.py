"""Write tables.md and the tidy CSV files from the metrics of every system.

    python scripts/make_tables.py --metrics results/metrics/bm25.json … \\
        --sparsity results/pruned/dsi/seed1/magnitude-0.2/sparsity.json … \\
        --documents results/collection/documents.parquet \\
        --facts '{"collection": "pydocs", "e1": {"dsi": 14}, "e2": 3, "agreement_k": 10}' \\
        --output results/tables.md --csv results/tables
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from dsi.command import UserError, json_object, run
from dsi.files import replacing, write_text
from dsi.reporting import (
    ReportError,
    StudyFacts,
    metrics_frame,
    sparsity_frame,
    tables_markdown,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="metric JSONs")
    parser.add_argument("--sparsity", type=Path, nargs="+", required=True, help="sparsity JSONs")
    parser.add_argument("--documents", type=Path, required=True, help="parquet of the documents")
    parser.add_argument("--facts", type=json_object, required=True, help="JSON, see above")
    parser.add_argument("--output", type=Path, required=True, help="tables.md")
    parser.add_argument("--csv", type=Path, required=True, help="folder for the CSV files")
    arguments = parser.parse_args()

    metrics = [read_json(path) for path in arguments.metrics]
    frame = metrics_frame(metrics)
    sparsity = sparsity_frame([read_json(path) for path in arguments.sparsity])
    documents = pq.read_metadata(arguments.documents).num_rows
    facts = StudyFacts(documents=documents, **arguments.facts)
    try:
        text = tables_markdown(frame, sparsity, metrics[0]["queries"], facts)
    except ReportError as error:
        raise UserError(f"{arguments.output}: {error}") from error
    for name, table in (("metrics", frame), ("sparsity", sparsity)):
        write_csv(table, arguments.csv / f"{name}.csv")
    write_text(text, arguments.output)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False)


if __name__ == "__main__":
    run(main)
