"""Docstrings become documents, queries and judgements as the configuration promises."""

from pathlib import PurePosixPath

import pytest

from dsi.collection.docstrings import (
    Docstring,
    UnknownPackageError,
    _public_module,
    definitions,
    parse_docstring,
    read_packages,
)
from dsi.collection.relevance import relevant_documents
from dsi.collection.splits import from_docstrings, split_labels, verbatim_elsewhere

NUMPYDOC = """Rotate an array by
90 degrees.

Rotation direction is from the first towards the second axis of the plane given.

Parameters
----------
m : array_like
    Array of two or more dimensions.

See Also
--------
flip : Reverse the order of elements along an axis.

Notes
-----
A view.
"""
FRACTIONS = {"train": 0.7, "validation": 0.1, "test": 0.2}


def test_summary_is_the_first_paragraph_and_see_also_is_left_out() -> None:
    doc = parse_docstring("numpy.rot90", NUMPYDOC)
    assert doc is not None
    assert doc.summary == "Rotate an array by 90 degrees."
    assert "Reverse the order" not in doc.body
    assert doc.body.startswith("Rotation direction")
    assert doc.body.endswith("A view.")


@pytest.mark.parametrize("text", ["Too short.\n\n" + "word " * 20, "A good long summary line.\n\nStub."])
def test_stubs_are_no_documents(text: str) -> None:
    assert parse_docstring("name", text) is None


def test_only_public_top_level_definitions_count() -> None:
    source = '''
def public():
    """Doc."""
def _private():
    """Doc."""
class Thing:
    """Class."""
    def method(self):
        """Method."""
if True:
    def conditional():
        """Doc."""
def silent(): pass
'''
    names = [name for name, _ in definitions(source, "pkg.module")]
    assert names == ["pkg.module.public", "pkg.module.Thing", "pkg.module.conditional"]


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("numpy/linalg/__init__.py", "numpy.linalg"),
        ("numpy/ma/core.py", "numpy.ma.core"),
        ("numpy/_core/fromnumeric.py", None),
        ("numpy/tests/test_a.py", None),
        ("numpy/conftest.py", None),
        ("../../bin/f2py.py", None),
        ("numpy/core.pyi", None),
    ],
)
def test_tests_and_private_modules_are_left_out(path: str, module: str | None) -> None:
    assert _public_module(PurePosixPath(path)) == module


def test_the_default_collection_is_large_deduplicated_and_sorted() -> None:
    documents = read_packages(["networkx", "numpy"])
    names = [document.name for document in documents]
    bodies = {" ".join(document.body.split()) for document in documents}
    assert len(documents) >= 1000
    assert len(bodies) == len(documents) == len(set(names))
    assert names == sorted(names)
    assert documents == read_packages(["numpy", "networkx"])


def test_an_unknown_package_is_named_with_an_example() -> None:
    with pytest.raises(UnknownPackageError, match=r"'no-such-package' is not installed; .* example numpy"):
        read_packages(["no-such-package"])


def test_every_document_with_the_summary_line_is_relevant() -> None:
    docs = [
        Docstring("b", "Same line here.", "text one"),
        Docstring("a", "Same line here.", "text two"),
        Docstring("c", "Another line here.", "Same line here. and more"),
    ]
    collection = from_docstrings(docs, FRACTIONS, seed=42)
    assert list(collection.documents["docid"]) == ["a", "b", "c"]
    assert list(collection.queries["text"]) == ["Same line here.", "Another line here."]
    assert relevant_documents(collection.qrels, collection.queries, 1) == {
        "q00001": {"a", "b"},
        "q00002": {"c"},
    }
    # The first line occurs in document c, which is not relevant to it.
    assert verbatim_elsewhere(collection) == ["q00001"]


def test_split_has_the_rounded_sizes_and_depends_on_the_seed_alone() -> None:
    labels = split_labels(10, FRACTIONS, seed=42)
    assert sorted(labels) == ["test"] * 2 + ["train"] * 7 + ["validation"]
    assert labels == split_labels(10, FRACTIONS, seed=42)
    assert labels != split_labels(10, FRACTIONS, seed=43)
