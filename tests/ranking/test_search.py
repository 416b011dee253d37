"""Searching one query at a time: exact hits of docid models, lists of the others."""

from pathlib import Path

import pytest

from dsi.docids.identifiers import ATOMIC
from dsi.model.checkpoint import load_checkpoint
from dsi.ranking.ranker import Ranker
from dsi.ranking.search import COMPARED, Hit, answer, checkpoint_search
from tests.ranking.studies import DOCIDS, dense


@pytest.mark.parametrize("scheme", [ATOMIC, "naive"])
def test_hits_are_the_exact_ranking(study: Path, scheme: str) -> None:
    find, docids = checkpoint_search(dense(study, scheme), prefixes_at_a_time=3)
    assert docids == DOCIDS
    hits = find("shortest path", 3)
    run = Ranker(load_checkpoint(dense(study, scheme)), 1024).rank(["q"], ["shortest path"], 5)
    assert [hit.docid for hit in hits] == list(run["docid"][:3])
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == pytest.approx(list(run["score"][:3]), abs=1e-5)
    assert len(find("shortest path", 100)) == 5


def test_lists_have_no_scores_and_invented_ids_are_marked(study: Path) -> None:
    find, _ = checkpoint_search(dense(study, "greedy"), prefixes_at_a_time=1)
    hits = find("shortest path", 10)
    assert hits
    assert all(hit.score is None and hit.exists == (hit.docid in DOCIDS) for hit in hits)
    assert not all(hit.exists for hit in hits)  # untrained, it writes nonsense
    find, _ = checkpoint_search(dense(study, "constrained"), prefixes_at_a_time=1)
    hits = find("shortest path", 10)
    assert len(hits) == 3
    assert all(hit.exists for hit in hits)
    assert len(find("shortest path", 2)) == 2


def test_systems_are_compared_by_more_than_is_shown() -> None:
    asked = []

    def search(query: str, k: int) -> list[Hit]:
        asked.append((query, k))
        return []

    assert answer({"model": search}, "graph", 5).k == 5
    assert list(answer({"model": search, "BM25": search}, "graph", 5).lists) == ["model", "BM25"]
    answer({"model": search, "BM25": search}, "graph", COMPARED + 1)
    assert asked == [("graph", 5), *[("graph", COMPARED)] * 2, *[("graph", COMPARED + 1)] * 2]
