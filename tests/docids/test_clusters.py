"""Hierarchical k-means: a number a level for every document."""

import numpy as np

from dsi.docids.clusters import DEEPEST, cluster_numbers


def test_pairs_far_apart_are_clusters_and_their_members_positions() -> None:
    vectors = np.array([[0, 0], [9, 9], [0, 9], [0, 0.1], [9, 9.1], [0.1, 9]], dtype=np.float32)
    clusters, positions = cluster_numbers(vectors, branching=3, leaf_size=2, seed=1)
    assert (clusters[:3] == clusters[3:]).all()
    assert sorted(clusters[:3]) == [0, 1, 2]
    assert positions.tolist() == [3, 3, 3, 4, 4, 4]  # behind the numbers of three clusters


def test_a_cluster_that_is_split_no_further_ends() -> None:
    """One document far from five: it is a leaf at once, they are split again."""
    vectors = np.array([[0], [1], [2], [3], [4], [999]], dtype=np.float32)
    columns = cluster_numbers(vectors, branching=2, leaf_size=1, seed=1)
    assert columns[1][5] == 2
    assert all(column[5] == -1 for column in columns[2:])


def test_levels_are_as_many_as_k_means_may_take_and_equal_parts_after() -> None:
    """Vectors that grow by half are peeled off one at a time; the 92 left take 7 halvings and a place."""
    vectors = (1.5 ** np.arange(100))[:, None].astype(np.float32)
    assert len(cluster_numbers(vectors, branching=2, leaf_size=1, seed=1)) <= DEEPEST + 7 + 1


def test_no_documents_have_no_levels() -> None:
    assert cluster_numbers(np.zeros((0, 2), np.float32), branching=2, leaf_size=1, seed=1) == []
