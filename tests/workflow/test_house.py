"""docs/house.md: its table is what the tree gives, and every file lies in a room of its own stage."""

from pathlib import Path

import pytest
import write_house

ROOT = Path(__file__).resolve().parents[2]
SMK = """\
rule train_tokenizer:
    output: "a"

if SCOPED:
    rule assign_docids:
        output: "b"

else:
    rule assign_docids:
        output: "b"


use rule assign_docids as assign_again with:
    output: "c"

# rule commented_out:
def rule_of(name): ...
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small checkout with a file of each kind."""
    for name in (
        "rules/docids.smk",
        "scripts/docids/train_tokenizer.py",
        "scripts/docids/assign_docids.py",
        "scripts/dsi/__init__.py",
        "scripts/dsi/systems.py",
        "scripts/dsi/docids/__init__.py",
        "scripts/dsi/docids/trie.py",
        "scripts/dsi/docids/schemes/atomic.py",
        "scripts/plan/digests.py",
        "tests/docids/__init__.py",
        "tests/docids/conftest.py",
        "tests/docids/test_trie.py",
        "tests/docids/schemes/test_atomic.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SMK if path.suffix == ".smk" else "", encoding="utf-8")
    return tmp_path


def test_the_page_has_the_table_that_the_tree_gives() -> None:
    page = write_house.PAGE.read_text(encoding="utf-8")
    assert page == write_house.rewritten(page, write_house.table(ROOT)), (
        "docs/house.md is not what the tree gives; write it with: .venv/bin/python docs/write_house.py"
    )


def test_every_file_lies_in_a_room() -> None:
    assert write_house.strays(ROOT) == []


@pytest.mark.parametrize("stage", write_house.STAGES, ids=lambda room: room.name)
def test_every_stage_has_rules_commands_modules_tests_and_outputs(stage: write_house.Room) -> None:
    for found in (write_house.rules, write_house.commands, write_house.modules, write_house.tests):
        assert found(ROOT, stage.name), f"{found.__name__} of {stage.name}"
    assert stage.outputs


def test_rules_are_found_at_any_depth_once_and_twins_too(tree: Path) -> None:
    assert write_house.rules(tree, "docids") == ["train_tokenizer", "assign_docids", "assign_again"]
    assert write_house.rules(tree, "training") == []


def test_files_of_a_room_are_named_without_what_is_no_module_or_test(tree: Path) -> None:
    assert write_house.commands(tree, "docids") == ["assign_docids", "train_tokenizer"]
    assert write_house.modules(tree, "docids") == ["schemes/atomic", "trie"]
    assert write_house.tests(tree, "docids") == ["schemes/test_atomic", "test_trie"]


def test_modules_in_no_package_are_listed_with_base_and_the_plan_has_no_commands(tree: Path) -> None:
    assert write_house.modules(tree, "base") == ["systems"]
    assert write_house.modules(tree, "plan") == ["digests"]
    assert write_house.commands(tree, "plan") == []


def test_a_folder_that_is_no_room_is_named(tree: Path) -> None:
    assert write_house.strays(tree) == []
    (tree / "rules" / "common.smk").touch()
    for folder in ("scripts/helpers", "scripts/dsi/misc", "tests/misc"):
        (tree / folder).mkdir()
        (tree / folder / "anything.py").touch()
    expected = ["rules/common.smk", "scripts/dsi/misc", "scripts/helpers", "tests/misc"]
    assert write_house.strays(tree) == expected


def test_a_row_names_what_a_room_has_and_a_dash_stands_for_nothing(tree: Path) -> None:
    rows = {line.split(" | ")[0]: line for line in write_house.table(tree).splitlines()}
    cells = rows["| **docids**"].strip("| ").split(" | ")
    assert cells[2:6] == [
        "`train_tokenizer`, `assign_docids`, `assign_again`",
        "`assign_docids`, `train_tokenizer`",
        "`schemes/atomic`, `trie`",
        "`schemes/test_atomic`, `test_trie`",
    ]
    assert rows["| **base**"].endswith("| – | – | `systems` | – | – |")


def test_only_what_lies_between_the_marks_is_rewritten() -> None:
    page = f"before\n{write_house.BEGIN}\nold\n{write_house.END}\nafter\n"
    written = write_house.rewritten(page, "new\n")
    assert written == f"before\n{write_house.BEGIN}\n\nnew\n\n{write_house.END}\nafter\n"
    assert write_house.rewritten(written, "new\n") == written


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one line"):
        write_house.rewritten("no marks\n", "new\n")
