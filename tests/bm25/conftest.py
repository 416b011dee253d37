"""Three documents and their index."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.base.files import write_json
from dsi.bm25 import lucene

DOCUMENTS = pd.DataFrame(
    {
        "docid": ["a", "b", "c"],
        "text": ["graph graph node", "node edge weight", " ".join(["graph"] * 60 + ["matrix"] * 45)],
    }
)


@pytest.fixture(scope="module")
def index(java: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    java(lucene.build_index, DOCUMENTS, folder)
    write_json(lucene.index_manifest(folder), folder / lucene.MANIFEST)
    return folder
