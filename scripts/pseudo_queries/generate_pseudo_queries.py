"""Generate queries for a collection's documents with a sequence-to-sequence model such as doc2query.

    python scripts generate_pseudo_queries --documents results/mine/collection/documents.parquet \\
        --source '{"hub": "macavaney/doc2query-t5-base-msmarco"}' --threads 2 \\
        --sampling '{"number": 20, "top_k": 10, "document_tokens": 512, "query_tokens": 64, \\
            "batch_size": 16, "seed": 42}' \\
        --output results/mine/collection/pseudo-queries/model-0a1b2c3d.parquet

A source is a JSON object: the name of a repository on the Hugging Face hub (and its revision), or the path of
a local folder; a T5 with its tokenizer, as safetensors. A killed run goes on from its last whole part when it
is started again with the same inputs and --code.
"""

import logging
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from transformers import T5Tokenizer

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.files import write_parquet
from dsi.base.process import compute_device, prepare_torch
from dsi.model.checkpoint import CheckpointError, load_t5
from dsi.model.pretrained import ModelSourceError, source_folder
from dsi.pseudo_queries.generation import Sampling, generate_queries, generation_name

KEY = "pseudo_queries.generated.model"

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """Which documents, the model and how it samples, and where to write."""

    documents: Path
    source: dict[str, Any]
    sampling: dict[str, int]
    threads: int
    output: Path
    state: Path
    code: str


def main() -> None:
    options = parse_options()
    prepare_torch(options.threads)
    documents, sampling = read_frame(options.documents), Sampling(**options.sampling)
    try:
        folder = source_folder(options.source, weights=True, key=KEY)
        source_folder({"path": str(folder)}, weights=False)  # the tokenizer must be there, too
        model = load_t5(folder).to(compute_device())
    except (ModelSourceError, CheckpointError) as error:
        raise UserError(str(error)) from error
    tokenizer = T5Tokenizer.from_pretrained(folder, local_files_only=True)
    weights = folder / "model.safetensors"
    name = generation_name(options.documents, weights, sampling, options.threads, options.code)
    queries = generate_queries(model, tokenizer, documents, sampling, options.state / name)
    if queries.empty:
        raise UserError(
            f"{folder}: found only empty queries for {len(documents):,} documents, expected a model that was "
            "trained to write queries, for example macavaney/doc2query-t5-base-msmarco"
        )
    logger.info("%d queries of %d documents", len(queries), queries["docid"].nunique())
    write_parquet(queries, options.output)
    shutil.rmtree(options.state / name)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--source", type=json_object, required=True, help="JSON: hub or path")
    parser.add_argument("--sampling", type=json_object, required=True, help="JSON: number, top_k, …")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: docid, query")
    parser.add_argument(
        "--state", type=Path, default=Path(".generation"), help="folder for the parts of unfinished runs"
    )
    parser.add_argument("--code", default="", help="digest of the code, part of the state's name")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
