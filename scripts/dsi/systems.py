"""The name of a system: what was trained, pruned and evaluated, and every way in which that is written.

A system is written as a slug (`pruned/dsi/seed1/magnitude-0.2`, a path relative to the study's results), as
columns of a frame (`System._fields`), and as an arm's words in tables and figures. All three are here and
nowhere else. Imports the standard library only: the Snakefile reads this at every start.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

# One spelling for each rate: 0.2, never 0.20 or .2.
RATE_PATTERN = r"0\.\d*[1-9]"
# Files of a checkpoint besides its weights, which are model.safetensors.
CHECKPOINT_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "docids.parquet",
    "retriever.json",
)
# Of a checkpoint's compressed files <name>.<word>.dsz: bits of a weight → the word.
ROUNDED_FILES: dict[Literal[16, 8, 4], str] = {16: "small", 8: "int8", 4: "int4"}


class Arm(NamedTuple):
    """The words for an arm: in tables, in legends of figures, and what it is."""

    name: str
    legend: str
    meaning: str


# In the order of every table.
ARMS = {
    "bm25": Arm("BM25", "BM25", "Lucene's classic ranking by shared words; not trained"),
    "bm25-tuned": Arm("BM25, tuned", "BM25, tuned", "BM25 with k1 and b chosen on the validation queries"),
    "rm3": Arm("BM25 + RM3", "BM25 + RM3", "BM25, its query expanded by words of its first documents (RM3)"),
    "lookup": Arm(
        "look-up",
        "look-up in training queries",
        "the training queries most like the query vote with their relevant documents; no network",
    ),
    "lookup-bm25": Arm(
        "look-up + BM25", "look-up + BM25", "both scores added, their weight chosen on validation"
    ),
    "random": Arm("random", "random ranking", "the documents in random order: what no skill at all reaches"),
    "initial": Arm(
        "initial",
        "initial, not trained",
        "the model before its first step: embeddings from latent semantic analysis, layers at random",
    ),
    "dense": Arm("dense E1", "dense, E1", "the model after E1, nothing pruned"),
    "dense-continued": Arm(
        "dense E1 + E2",
        "dense, E1 + E2 (optimiser kept)",
        "the same model trained on through E2, optimiser state kept",
    ),
    "restart": Arm(
        "restart (rate 0)",
        "dense, E1 + E2 (optimiser restarted)",
        "the control: trained through E2 exactly like a recovered model, unpruned",
    ),
    "pruned": Arm(
        "pruned",
        "pruned, no recovery",
        "dense E1 with a share of its weights set to zero (the rate); not trained after",
    ),
    "recovered": Arm(
        "recovered",
        "pruned, then recovered (E2)",
        "the pruned model trained through E2, zeros kept; gradual, iterative and movement prune meanwhile",
    ),
    "small": Arm(
        "small",
        "small from the start",
        "a dense model of the shape that removing units leaves, trained from the start for E1 + E2",
    ),
    "small-taught": Arm("small, taught", "small, taught by dense", "the same, taught by the dense model"),
}
REFERENCES = ("bm25", "bm25-tuned", "rm3", "lookup", "lookup-bm25", "random")
# References that every study has; the others take training or validation queries.
ALWAYS = ("bm25", "random")
INITIAL = "initial"
DENSE_ARMS = ("dense", "dense-continued", "restart")
PRUNED_ARMS = ("pruned", "recovered")
# Named like pruned ones, by the criterion and rate whose shape they have.
SMALL_ARMS = ("small", "small-taught")
# What an arm is subtracted from: the same seed and as much training, nothing pruned.
CONTROL_OF = {"pruned": "dense", "recovered": "restart", "dense-continued": "restart"}
# The controls that a recovered model is judged against, the decisive one first.
JUDGING_CONTROLS = ("restart", "dense-continued")

_NAME = r"[a-z0-9][a-z0-9-]*"
_SLUG = re.compile(
    rf"(?P<reference>{'|'.join(REFERENCES)})"
    rf"|(?:baselines/(?P<dense_of>{_NAME})/seed(?P<dense_seed>\d+)"
    rf"/(?P<dense>{'|'.join((INITIAL, *DENSE_ARMS))}))"
    rf"|(?:(?P<arm>{'|'.join((*PRUNED_ARMS, *SMALL_ARMS))})/(?P<baseline>{_NAME})/seed(?P<seed>\d+)"
    rf"/(?P<criterion>{_NAME})-(?P<rate>{RATE_PATTERN}))"
)


class SystemNameError(ValueError):
    """A text names no system; the message says what was found and what is expected."""


def spell_rate(rate: float) -> str:
    """The one spelling of a rate: 0.50 gives '0.5', 0.15 gives '0.15'."""
    return format(Decimal(repr(float(rate))).normalize(), "f")


class System(NamedTuple):
    """What was evaluated; a field that does not apply is None."""

    baseline: str | None
    seed: int | None
    arm: str
    criterion: str | None
    rate: float | None

    @property
    def slug(self) -> str:
        """The path that names the system, relative to the study's results."""
        if self.arm in REFERENCES:
            return self.arm
        if self.rate is None:
            return f"baselines/{self.baseline}/seed{self.seed}/{self.arm}"
        return f"{self.arm}/{self.baseline}/seed{self.seed}/{self.criterion}-{spell_rate(self.rate)}"

    @property
    def words(self) -> str:
        """The arm's name in tables."""
        return ARMS[self.arm].name

    @classmethod
    def parse(cls, slug: str) -> "System":
        """The system that a slug names.

        Raises:
            SystemNameError: it names none.
        """
        found = _SLUG.fullmatch(slug)
        if found is None:
            raise SystemNameError(
                f"{slug!r} names no system; expected {', '.join(REFERENCES)}, "
                "baselines/<baseline>/seed<n>/<arm>, or <pruned, recovered or small>/<baseline>/"
                "seed<n>/<criterion>-<rate>, for example pruned/dsi/seed1/magnitude-0.2"
            )
        if found["reference"]:
            return cls(None, None, found["reference"], None, None)
        if found["dense"]:
            return cls(found["dense_of"], int(found["dense_seed"]), found["dense"], None, None)
        return cls(
            found["baseline"], int(found["seed"]), found["arm"], found["criterion"], float(found["rate"])
        )

    @classmethod
    def of_columns(cls, columns: Mapping[Any, Any]) -> "System":
        """The system of a row; what pandas holds as missing (NaN, NA, None) is None."""
        return cls._make(_or_none(columns[name]) for name in cls._fields)


def _or_none(value: Any) -> Any:
    # NaN alone differs from itself; comparing pandas.NA gives NA, whose type says so.
    return None if type(value).__name__ == "NAType" or value != value else value
