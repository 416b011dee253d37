"""Files of earlier jobs: what is cut, missing, or of an older form is named with the way out."""

from pathlib import Path

import pandas as pd
import pytest

from dsi.base.artefacts import COLUMNS, NUMBER, ArtefactError, read_frame, read_object

NAMES = [pattern.replace("*", "dense") for pattern in COLUMNS]


def frame_of(name: str) -> pd.DataFrame:
    """A frame with the columns that a file of this name has, and 5,000 rows."""
    kinds = next(kinds for pattern, kinds in COLUMNS.items() if pattern.replace("*", "dense") == name)
    values = {NUMBER: list(range(5000))}
    return pd.DataFrame(
        {column: values.get(kind, [f"x{n}" for n in range(5000)]) for column, kind in kinds.items()}
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_is_read(name: str, tmp_path: Path) -> None:
    frame_of(name).to_parquet(tmp_path / name, index=False)
    pd.testing.assert_frame_equal(read_frame(tmp_path / name), frame_of(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kept", [0, 3, 100, -1])
def test_a_cut_file_is_named(name: str, kept: int, tmp_path: Path) -> None:
    path = tmp_path / name
    frame_of(name).to_parquet(path, index=False)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArtefactError) as error:
        read_frame(path)
    assert str(error.value).startswith(f"{path}: found ")
    assert str(error.value).endswith(f"remove it and run again, for example rm {path}")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_an_older_form_is_named_with_the_column(name: str, tmp_path: Path) -> None:
    whole, path = frame_of(name), tmp_path / name
    for column in whole:
        whole.drop(columns=column).assign(other=1).to_parquet(path, index=False)
        with pytest.raises(ArtefactError, match=rf"found the columns .*other, expected {column} among them"):
            read_frame(path)
        other = whole[column].astype(str) if whole[column].dtype.kind == "i" else range(5000)
        whole.assign(**{column: other}).to_parquet(path, index=False)
        with pytest.raises(ArtefactError, match=rf"found {column} of type \w+, expected (text|numbers)"):
            read_frame(path)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(
        ArtefactError, match=r"queries\.parquet: found no such file, expected one that an earlier"
    ):
        read_frame(Path("queries.parquet"))


def test_a_column_that_is_asked_for_is_there(tmp_path: Path) -> None:
    frame_of("docids.parquet").to_parquet(tmp_path / "docids.parquet")
    with pytest.raises(ArtefactError, match="found the columns docid, expected tokens among them"):
        read_frame(tmp_path / "docids.parquet", columns=["docid", "tokens"])


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "[1]", "\x00", "nul"])
def test_a_cut_record_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "dense.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArtefactError, match=r"dense\.json: found .*remove it and run again"):
        read_object(path)
