"""Rows of a published study, and what was measured of them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from dsi.evaluation.published_measures import STUDY_MEASURES
from dsi.report.reproduction.per_query import MEASURES
from dsi.report.reproduction.published import PublishedRow, published_rows
from dsi.report.results import MetricReport
from dsi.systems import System


def entry(baseline: str = "small-k5", **changes: Any) -> dict[str, Any]:
    return {
        "table": 2,
        "name": "t5-small",
        "baseline": baseline,
        "arm": "dense",
        "criterion": None,
        "rate": None,
        "K": 5,
        "batch": 8,
        "epochs": "25",
        "learning_rate": 0.001,
        "patience": None,
        "loss": 9.339,
        "MAP": 0.00119,
        "R@1000": 0.00002,
        "best": True,
        **changes,
    }


def pruned_entry(rate: float, **changes: Any) -> dict[str, Any]:
    pruned = {"arm": "recovered", "criterion": "magnitude", "rate": rate, "table": 3, "epochs": "10 + 15"}
    return entry("small-k5-pruned", **{**pruned, "best": False, **changes})


def report(
    baseline: str, arm: str, seed: int = 1, rate: float | None = None, **changes: float
) -> MetricReport:
    """Of a ranked-list model: on validation 0 everywhere, on test as given."""
    nothing: dict[str, float] = dict.fromkeys(STUDY_MEASURES, 0.0)
    test = {**nothing, "R@1000-ceiling": 0.005, "queries": 1400, **changes}
    system = System(baseline, seed, arm, None if rate is None else "magnitude", rate)
    return MetricReport(system, {}, {}, {}, {"k": 5, "batch_size": 8, "test": test, "validation": nothing})


def pruned_reports(seed: int, at_02: float, at_03: float) -> list[MetricReport]:
    """Dense and restart have 0.001 of both measures, recovered what is given."""
    names = ("MAP-published", "R@1000-published")
    return [
        report("small-k5", "dense", seed, **dict.fromkeys(names, 0.001)),
        report("small-k5-pruned", "restart", seed, **dict.fromkeys(names, 0.001)),
        report("small-k5-pruned", "recovered", seed, 0.2, **dict.fromkeys(names, at_02)),
        report("small-k5-pruned", "recovered", seed, 0.3, **dict.fromkeys(names, at_03)),
    ]


def claimed_rows() -> list[PublishedRow]:
    return published_rows([entry(), pruned_entry(0.2, MAP=0.00214), pruned_entry(0.3, MAP=0.00211)])


def history(loss: list[float], quality: list[float], **more: list[float]) -> pd.DataFrame:
    columns = {"validation_loss": loss, "validation_MAP-published": quality, **more}
    return pd.DataFrame({"epoch": range(1, len(loss) + 1), "phase": "E1", **columns})


def long_history() -> pd.DataFrame:
    """Lowest loss at epoch 2; then up to epoch 5, and back by half of the rise of 4."""
    quality = [0.5, 0.1, 0.3, 0.2, 0.4, 0.5]
    loss = [3.0, 1.0, 2.0, 3.0, 5.0, 3.0]
    test = {"test_loss": loss, "test_MAP-published": quality, "test_R@1000-published": [0.0] * 6}
    return history(loss, quality, **test)


def published_values(reports: Iterable[MetricReport], queries: int = 40) -> pd.DataFrame:
    """Values per query with the reported means, as dsi.report.reproduction.per_query reads them."""
    frames = []
    for number, item in enumerate(reports):
        rng = np.random.default_rng(number)
        for name in MEASURES.values():
            noise = rng.normal(0, 0.0001, queries)
            frame = pd.DataFrame({"qid": [f"t{query:02d}" for query in range(queries)], "split": "test"})
            mean = (item.published or {})["test"][name]
            frames.append(
                frame.assign(**item.system._asdict(), measure=name, value=mean + noise - noise.mean())
            )
    return pd.concat(frames, ignore_index=True)
