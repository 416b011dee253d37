"""Vectors of documents for semantic docids: latent semantic analysis, a file, or sentence-transformers."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dsi.docids.identifiers import DocidError

LSA_DIMENSIONS = 128
LSA = "lsa"


def embed_documents(documents: pd.DataFrame, embeddings: str, seed: int) -> npt.NDArray[np.float32]:
    """The vectors of documents (docid, text), (N, d).

    Args:
        embeddings: `lsa`, a parquet file with docid and vector, or the name of a sentence-transformers model.
        seed: of LSA.

    Raises:
        DocidError: the file lacks documents, or the package is not installed.
    """
    if embeddings == LSA:
        return lsa_vectors(list(documents["text"]), seed)
    if embeddings.endswith(".parquet"):
        return given_vectors(pd.read_parquet(embeddings), documents["docid"], embeddings)
    return sentence_vectors(list(documents["text"]), embeddings)


def lsa_vectors(texts: Sequence[str], seed: int, dimensions: int = LSA_DIMENSIONS) -> npt.NDArray[np.float32]:
    """Latent semantic analysis: truncated SVD of TF-IDF, (N, at most `dimensions`), rows of length 1.

    A text without words gets zeros.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    if not any(any(character.isalnum() for character in text) for text in texts):
        return np.zeros((len(texts), 1), dtype=np.float32)
    weighted = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+", dtype=np.float32).fit_transform(texts)
    width = min(dimensions, *weighted.shape)
    if width < 2:
        return np.asarray(weighted.toarray(), dtype=np.float32)
    with np.errstate(invalid="ignore"):  # its share of explained variance, if there is none
        projected = TruncatedSVD(width, random_state=seed).fit_transform(weighted)
    return np.asarray(normalize(projected), dtype=np.float32)


def given_vectors(embeddings: pd.DataFrame, docids: Iterable[str], source: str) -> npt.NDArray[np.float32]:
    """The vectors of the documents, (N, d) in their order.

    Args:
        embeddings: docid, vector; documents beyond those asked for are ignored.
        source: where they come from, for messages.

    Raises:
        DocidError: a column or a document is missing, one is there twice, or vectors differ in length.
    """
    if not {"docid", "vector"} <= set(embeddings.columns):
        raise DocidError(
            f"{source}: found columns {sorted(embeddings.columns)}; expected docid and vector, for example "
            "'D1', [0.1, -0.3]"
        )
    twice = embeddings["docid"][embeddings["docid"].duplicated()]
    if len(twice):
        raise DocidError(
            f"{source}: found docid {twice.iloc[0]!r} twice, expected one vector of every document"
        )
    by_docid = dict(zip(embeddings["docid"], embeddings["vector"], strict=True))
    wanted = list(docids)
    missing = [docid for docid in wanted if docid not in by_docid]
    if missing:
        raise DocidError(
            f"{source}: no vector of {len(missing)} of {len(wanted)} documents, for example {missing[0]!r}; "
            "expected one of every document of the collection"
        )
    width = len(by_docid[wanted[0]]) if wanted else 0
    for docid in wanted:
        if len(by_docid[docid]) != width:
            raise DocidError(
                f"{source}: the vector of {docid!r} has {len(by_docid[docid])} numbers; expected {width}, as "
                f"that of {wanted[0]!r} has"
            )
    return np.array([by_docid[docid] for docid in wanted], dtype=np.float32).reshape(len(wanted), width)


def sentence_vectors(texts: Sequence[str], model: str) -> npt.NDArray[np.float32]:
    """Embeddings by a sentence-transformers model, (N, d), rows of length 1.

    Raises:
        DocidError: the package is not installed.
    """
    try:
        # Imported late: it costs seconds and is no part of the environment.
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise DocidError(
            f"embeddings: found {model!r}, which needs the package sentence-transformers; expected it to be "
            "installed (pip install sentence-transformers), or a parquet file with docid and vector, or lsa"
        ) from error
    encoded: Any = SentenceTransformer(model).encode(list(texts), normalize_embeddings=True)
    return np.asarray(encoded, dtype=np.float32)


def check_vectors(documents: pd.DataFrame, vectors: npt.NDArray[np.float32]) -> None:
    """Make sure that there is one vector of finite numbers for each document (docid).

    Raises:
        DocidError: there is not; the first document without is named.
    """
    if len(vectors) != len(documents):
        raise DocidError(f"found {len(vectors)} vectors; expected one for each of {len(documents)} documents")
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        docid = documents["docid"].iloc[broken[0]]
        raise DocidError(f"the vector of docid {docid!r} holds NaN or infinity; expected finite numbers")
