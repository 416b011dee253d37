"""Seen and unseen documents: what stands in the section, and when there is none."""

import math

import pandas as pd

from dsi.evaluation.group_losses import GroupLoss
from dsi.report.markdown import Spread
from dsi.report.sections.groups import groups_section
from dsi.report.sections.introduction import Configured, Study
from dsi.report.summary import Group
from tests.report.conftest import FACTS, row

EVALUATED = {"test": 20, "validation": 10, "test-seen": 18, "test-unseen": 9}
STUDY = Study(Configured(**FACTS), 2000, EVALUATED, 0, (1, 2))  # type: ignore[arg-type]
VALUES = {
    split: {
        (group, measure): Spread(mean, math.nan if group.baseline is None else 0.01)
        for group in (Group(None, "bm25"), Group("dsi", "dense"))
        for measure in ("MAP", "nDCG@10")
    }
    for split, mean in (("test", 0.5), ("test-seen", 0.6), ("test-unseen", 0.2))
}
LOSS = GroupLoss(
    "dsi", "recovered", "magnitude", 0.9, "MAP", "restart", 2, 18, 9,
    0.55, 0.14, 0.6, 0.2, -0.0833, -0.3, -0.2167, -0.31, -0.12,
)  # fmt: skip
FRAME = pd.DataFrame([LOSS._replace(arm="dense-continued", criterion=None, rate=None, lower=math.nan), LOSS])


def test_quality_and_losses_by_group() -> None:
    section = groups_section(STUDY, VALUES, FRAME, 0.95)
    assert "in seen (18 queries)" in section
    assert "95 % interval (for training in general)" in " ".join(section.split())
    assert row(section, "BM25")[1:] == ["0.6000", "0.2000", "0.6000", "0.2000"]
    assert row(section, "dsi, dense E1")[1:3] == ["0.6000 ± 0.0100", "0.2000 ± 0.0100"]
    assert row(section, "0.9, recovered")[1:] == [
        "0.5500", "0.1400", "-8.3 %", "-30.0 %", "-21.7 [-31.0, -12.0]"
    ]  # fmt: skip
    assert "MAP of dsi, magnitude:" in section
    assert row(section, "dense E1 + E2")[-1] == "-21.7"


def test_one_seed_is_said_to_be_one() -> None:
    section = groups_section(STUDY._replace(seeds=(1,)), VALUES, FRAME, 0.95)
    assert "(over the queries alone: one seed)" in " ".join(section.split())


def test_without_groups_there_is_no_section() -> None:
    alone = STUDY._replace(evaluated={"test": 20})
    assert groups_section(alone, {"test": VALUES["test"]}, FRAME[:0], 0.95) == ""
