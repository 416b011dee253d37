"""Where the parts of a collection come from, as messages name them, and what is refused of any of them."""

from typing import NamedTuple

from dsi.base.lines import FileFormatError

# In a corpus of several files a place is the file's number and the line: number · FILE + line.
FILE = 2**40
# What programs write where a text is missing.
MISSING = frozenset(["None", "null", "NULL", "nan", "NaN", "<NA>"])


class Origin(NamedTuple):
    """name: of a file or data set. unit: what a place counts. files: those of a folder, by their number."""

    name: str
    unit: str = "line"
    files: tuple[str, ...] = ()

    def at(self, place: int) -> str:
        """A place as in a message: `corpus.jsonl, line 3`."""
        number, line = divmod(place, FILE)
        return f"{self.files[number] if self.files else self.name}, {self.unit} {line}"

    def first(self, place: int) -> str:
        """An earlier place, shorter where there is one file only: `on line 3`."""
        return f"in {self.at(place)}" if len(self.files) > 1 else f"on {self.unit} {place}"


def check_id(what: str, value: str, where: str) -> None:
    """Refuse what cannot be the id of a document or topic.

    Args:
        what: docid or topic, for messages.
        where: file and line, for messages.

    Raises:
        FileFormatError: it is empty or has white space.
    """
    if value.split() != [value]:
        raise FileFormatError(
            f"{where}: found the {what} {value!r}, expected one without white space, which separates the "
            "columns of runs and judgements"
        )
