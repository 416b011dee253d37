"""What a collection is made from, as a configuration defines it, in the form that the scripts read.

Does not know Snakemake, nor what is in the files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def corpus_source(collection: Mapping[str, Any]) -> dict[str, Any]:
    """The source of the documents, as collect_files.py reads it; nothing for the other kinds."""
    if collection["kind"] == "ir_datasets":
        return {"ir_datasets": collection["documents"]}
    return dict(collection.get("corpus", {}))


def query_sources(collection: Mapping[str, Any]) -> dict[str, Any]:
    """The sources of queries and judgements and how they are divided, as collect_topics.py reads them."""
    if collection["kind"] != "ir_datasets":
        return {key: collection[key] for key in ("topics", "qrels", "split", "splits") if key in collection}
    sources = {name: {"ir_datasets": dataset} for name, dataset in collection["splits"].items()}
    return {"splits": {name: {"topics": source, "qrels": source} for name, source in sources.items()}}


def local_query_files(collection: Mapping[str, Any]) -> list[str]:
    """Those files of topics and judgements that are here: an edited one makes what follows stale."""
    sources = query_sources(collection)
    parts = [sources, *sources.get("splits", {}).values()]
    paths = {part[key].get("path", "") for part in parts for key in ("topics", "qrels") if key in part}
    return sorted(path for path in paths if Path(path).is_file())
