"""A smaller collection: what is kept of the documents."""

from pathlib import Path

import numpy as np
import pandas as pd

from dsi.collection.scope import ScopeCounts, scope, scope_documents


def test_a_scope_keeps_judged_documents_and_a_sample_of_the_others(tmp_path: Path) -> None:
    docids = pd.Series([f"d{n}" for n in range(100)])
    kept = scope(docids, {"d3", "d70", "absent"}, sample=10, seed=42)
    assert kept.sum() == 12
    assert kept[[3, 70]].all()
    assert (kept == scope(docids, {"d3", "d70"}, 10, 42)).all()
    assert (kept != scope(docids, {"d3", "d70"}, 10, 43)).any()
    assert scope(docids, set(), sample=1000, seed=42).all()
    pd.DataFrame({"docid": docids, "text": "x"}).to_parquet(tmp_path / "all.parquet")
    counts = scope_documents(tmp_path / "all.parquet", {"d3", "d70"}, 10, 42, tmp_path / "kept.parquet")
    assert counts == ScopeCounts(corpus=100, documents=12, judged=2, sampled=10)
    assert list(pd.read_parquet(tmp_path / "kept.parquet")["docid"]) == list(docids[np.flatnonzero(kept)])
