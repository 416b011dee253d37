"""The model that teaches a smaller one: what it has to fit."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.docids.schemes import atomic
from dsi.docids.tokenizer import load_tokenizer
from dsi.model.checkpoint import Checkpoint, CheckpointError, save_checkpoint
from dsi.training.docid_settings import DocidSettings, docid_settings
from dsi.training.docid_teacher import load_teacher
from dsi.training.objectives.taught import ModelTeacher
from dsi.training.settings import SettingsError
from tests.conftest import DOCIDS, DOCUMENTS, MAX_TOKENS
from tests.training.conftest import sequence_start, settings_json

TEACHING = {"weight": 0.5, "temperature": 1.0}


def settings(**changes: Any) -> DocidSettings:
    return docid_settings(settings_json("atomic", **changes))


def written(model: Any, tokenizer: Path, documents: pd.DataFrame, folder: Path) -> Path:
    docids = atomic(documents, load_tokenizer(tokenizer).get_vocab_size())
    described = {"task": "docid", "scheme": "atomic", "max_tokens": MAX_TOKENS}
    save_checkpoint(model, tokenizer, docids, folder, described)
    return folder


@pytest.fixture
def taught(tiny_model: Any, tokenizer_folder: Path) -> Checkpoint:
    return Checkpoint(tiny_model, load_tokenizer(tokenizer_folder, MAX_TOKENS), DOCIDS)


def test_the_dense_model_of_the_same_documents_teaches(
    taught: Checkpoint, tokenizer_folder: Path, tmp_path: Path
) -> None:
    folder = written(taught.model, tokenizer_folder, DOCUMENTS, tmp_path / "dense")
    assert isinstance(load_teacher(folder, settings(teaching=TEACHING), taught), ModelTeacher)
    assert load_teacher(None, settings(), taught) is None


def test_a_teacher_and_how_it_teaches_go_together(taught: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="found teaching without --teacher"):
        load_teacher(None, settings(teaching=TEACHING), taught)
    with pytest.raises(SettingsError, match="found no teaching with --teacher, expected its weight"):
        load_teacher(tmp_path, settings(), taught)


def test_docids_of_several_tokens_are_not_taught(tokenizer_folder: Path, tmp_path: Path) -> None:
    taught = sequence_start("naive", tokenizer_folder)
    chosen = docid_settings(settings_json("naive", teaching=TEACHING))
    with pytest.raises(SettingsError, match="found naive with --teacher, expected atomic"):
        load_teacher(tmp_path, chosen, taught)


def test_a_teacher_of_other_docids_is_refused(
    taught: Checkpoint, tokenizer_folder: Path, tmp_path: Path
) -> None:
    folder = written(taught.model, tokenizer_folder, DOCUMENTS[::-1], tmp_path / "dense")
    with pytest.raises(CheckpointError, match="dense: found a model of other docids or pieces than"):
        load_teacher(folder, settings(teaching=TEACHING), taught)
