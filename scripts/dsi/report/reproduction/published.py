"""The rows of the published study's tables, and its claim about rates.

Source: the study's Tables 1-3, docs/method/reproduction.md.
"""

from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dsi.base.command import read_json
from dsi.report.results import ReportError
from dsi.systems import ARMS, spell_rate

# At which pruned models are claimed to beat the dense one.
CLAIMED_RATES = (0.2, 0.3)
# By a published row's value: the measure that repeats it, and its decimals.
REPEATED = {"loss": ("loss-published", 3), "MAP": ("MAP-published", 5), "R@1000": ("R@1000-published", 5)}
EXAMPLE = (
    '{"table": 2, "name": "t5-small", "baseline": "t5-small-k5", "arm": "dense", "criterion": null, '
    '"rate": null, "K": 5, "batch": 8, "epochs": "25", "learning_rate": 0.001, "patience": null, '
    '"loss": 9.339, "MAP": 0.00119, "R@1000": 0.00002, "best": true}'
)


class PublishedRow(NamedTuple):
    """A row of the published tables, and the systems that repeat it: baseline, arm, criterion and rate.

    name: the model; epochs: as text, `10 + 15` where pruning came between; patience: epochs, None for no
    early stopping; values: published loss, MAP and R@1000, None where the authors could not run the row;
    best: whether the study prints it in bold.
    """

    table: int
    name: str
    baseline: str
    arm: str
    criterion: str | None
    rate: float | None
    k: int
    batch: int
    epochs: str
    learning_rate: float
    patience: int | None
    values: Mapping[str, float | None]
    best: bool

    @property
    def label(self) -> str:
        """`t5-small, K 5, rate 0.2`: what tells the row from others of its table."""
        last = f"{self.epochs} epochs" if self.rate is None else f"rate {spell_rate(self.rate)}"
        return f"{self.name}, K {self.k}, {last}"


def json_list(text: str) -> list[dict[str, Any]]:
    """An argparse type: a JSON list of objects, or @FILE to read one from a file."""
    value = read_json(text)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ArgumentTypeError(f"expected a JSON list of objects, found {text[:80]!r}")
    return value


def published_rows(entries: Iterable[Mapping[str, Any]]) -> list[PublishedRow]:
    """The rows of a JSON list, in its order.

    Raises:
        ReportError: a key is missing or unknown, an arm is unknown, or two rows are about one system.
    """
    rows: list[PublishedRow] = []
    for number, entry in enumerate(entries, start=1):
        row = _published_row(entry, number)
        if any(_system_of(row) == _system_of(other) for other in rows):
            raise ReportError(
                f"published row {number}: a row before it is about {row.label} ({row.arm}), too"
            )
        rows.append(row)
    return rows


def _published_row(entry: Mapping[str, Any], number: int) -> PublishedRow:
    named = {"K": "k"}
    fields = [name for name in PublishedRow._fields if name not in ("values", "k")]
    expected = {*fields, *named, *REPEATED}
    wrong = sorted(expected.symmetric_difference(entry))
    if wrong:
        found = "is missing" if wrong[0] in expected else "is not known"
        raise ReportError(f"published row {number}: {wrong[0]!r} {found}; for example {EXAMPLE}")
    if entry["arm"] not in ARMS:
        raise ReportError(
            f"published row {number}: found arm {entry['arm']!r}, expected one of {', '.join(ARMS)}"
        )
    values = {name: entry[name] for name in REPEATED}
    chosen = {name: entry[name] for name in fields} | {"epochs": str(entry["epochs"])}
    return PublishedRow(k=entry["K"], values=values, **chosen)


def _system_of(row: PublishedRow) -> tuple[Any, ...]:
    return row.baseline, row.arm, row.criterion, row.rate
