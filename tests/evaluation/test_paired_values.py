"""Values per query, and pairs of systems with the same seeds and queries."""

import pandas as pd
import pytest

from dsi.evaluation.paired_values import PairingError, per_query_values
from dsi.systems import System
from tests.evaluation.conftest import judged, study


def test_a_measure_is_read_from_the_per_query_frames() -> None:
    frame = pd.DataFrame(
        {"qid": ["1", "1"], "split": "test", "measure": ["MAP", "R@10"], "value": [0.25, 1.0]}
    )
    system = System("dsi", 1, "dense", None, None)
    values = per_query_values([(system, frame)], "MAP")
    assert values[["arm", "seed", "qid", "value"]].to_numpy().tolist() == [["dense", 1, "1", 0.25]]
    with pytest.raises(PairingError, match="baselines/dsi/seed1/dense lack MRR@10"):
        per_query_values([(system, frame)], "MRR@10")


def test_systems_without_the_same_seeds_or_queries_are_refused() -> None:
    values = study()
    lost = (values["arm"] == "recovered") & (values["rate"] == 0.3)
    with pytest.raises(PairingError, match=r"recovered magnitude 0.3 of dsi and restart .* same seeds"):
        judged(values[~(lost & (values["seed"] == 2))])
    with pytest.raises(PairingError, match=r"same queries: found 79 and 80, test007"):
        judged(values[~(lost & (values["qid"] == "test007"))])
    with pytest.raises(PairingError, match="lacks the value of a query in some seed"):
        judged(values[~(lost & (values["qid"] == "test007") & (values["seed"] == 2))])
    with pytest.raises(PairingError, match="two values for a query"):
        judged(pd.concat([values, values[lost].head(1)]))
    control = (values["arm"] == "restart") & (values["qid"] == "test007") & (values["seed"] == 2)
    with pytest.raises(PairingError, match="restart lacks the value of a query in some seed"):
        judged(values[~control])
