"""Hierarchical k-means over the vectors of documents, as semantic docids number its clusters."""

import warnings

import numpy as np
import numpy.typing as npt

DEEPEST = 8  # levels of k-means; outliers that it peels off one by one must not make identifiers long


def cluster_numbers(
    vectors: npt.NDArray[np.float32], branching: int, leaf_size: int, seed: int
) -> list[npt.NDArray[np.int64]]:
    """The numbers of documents at each level, (N,) each.

    A number is that of the document's cluster, from 0 within its parent; in a cluster that is not split,
    `branching` + the document's position; -1 at the levels below that.

    Args:
        vectors: (N, d), finite.
        branching: clusters that a cluster is split into, at least 2.
        leaf_size: documents of the largest cluster that is not split, at least 1.
        seed: of k-means.
    """
    columns: list[npt.NDArray[np.int64]] = []
    clusters = [np.arange(len(vectors))] if len(vectors) else []
    while clusters:
        column = np.full(len(vectors), -1, dtype=np.int64)
        parts = []
        for rows in clusters:
            if len(rows) <= leaf_size:
                column[rows] = branching + np.arange(len(rows))  # apart from clusters' numbers
                continue
            split = _split(vectors[rows], branching, seed, by_vectors=len(columns) < DEEPEST)
            column[rows] = split
            parts += [rows[split == number] for number in range(split.max() + 1)]
        columns.append(column)
        clusters = parts
    return columns


def _split(
    vectors: npt.NDArray[np.float32], branching: int, seed: int, *, by_vectors: bool
) -> npt.NDArray[np.int64]:
    """The cluster of each vector, at least two, numbered from 0; equal parts where k-means finds but one."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    parts = min(branching, len(vectors))
    if by_vectors and not (vectors == vectors[0]).all():
        # Sums depend on the number of threads, and with them the clusters.
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct vectors than clusters
            labels = KMeans(parts, n_init=1, random_state=seed).fit_predict(vectors)
        used, numbered = np.unique(labels, return_inverse=True)
        if len(used) > 1:
            return np.asarray(numbered, dtype=np.int64)
    return np.arange(len(vectors), dtype=np.int64) * parts // len(vectors)
