"""Docstrings: what becomes a document, and of which files."""

from pathlib import PurePosixPath

import pytest

from dsi.collection.docstrings import (
    UnknownPackageError,
    definitions,
    parse_docstring,
    public_module,
    read_packages,
)

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
    assert public_module(PurePosixPath(path)) == module


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
