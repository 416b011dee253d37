"""Documents withheld from the training judgements."""

import pandas as pd
import pytest

from dsi.collection.judged_queries import JudgedQueries, JudgementError
from dsi.collection.withholding import without_withheld

QUERIES = pd.DataFrame(
    [(f"r{number}", "train") for number in range(10)] + [("v", "validation"), ("t", "test")],
    columns=["qid", "split"],
)
# Ten training queries with a document each, which the test query asks for, too; d10 is relevant to the test
# query alone, d11 to the validation query alone, and r0 judges d12 irrelevant.
QRELS = pd.DataFrame(
    [(f"r{number}", f"d{number}", 1) for number in range(10)]
    + [("r0", "d12", 0)]
    + [("t", f"d{number}", 1) for number in range(11)]
    + [("v", "d0", 1), ("v", "d11", 1)],
    columns=["qid", "docid", "grade"],
)
JUDGED = JudgedQueries(QUERIES, QRELS, "qrels.txt")


def of_split(qrels: pd.DataFrame, start: str) -> pd.DataFrame:
    return qrels[qrels["qid"].str.startswith(start)].reset_index(drop=True)


def test_a_share_of_the_documents_loses_its_training_judgements_and_no_others() -> None:
    found = without_withheld(JUDGED, 1, 0.5, 1)
    left = of_split(found.qrels, "r")
    # round(0.5 · 11) = 6 (halves go to the even number) of d0 … d10 are withheld.
    withheld = {f"d{number}" for number in range(10)} - set(left["docid"])
    assert len(withheld) in (5, 6)
    assert "d12" in set(left["docid"])
    for start in ("t", "v"):
        pd.testing.assert_frame_equal(of_split(found.qrels, start), of_split(QRELS, start))
    assert found.queries is QUERIES


def test_the_seed_and_not_the_order_of_the_judgements_decides() -> None:
    shuffled = JUDGED._replace(qrels=QRELS.sample(frac=1, random_state=3).reset_index(drop=True))
    first, again, other = (
        set(of_split(without_withheld(judged, 1, 0.5, seed).qrels, "r")["docid"])
        for judged, seed in ((JUDGED, 1), (shuffled, 1), (JUDGED, 2))
    )
    assert first == again != other


def test_withholding_everything_or_nothing_is_refused() -> None:
    for share in (0.01, 0.99):
        with pytest.raises(JudgementError, match=r"qrels\.txt: withholding .* expected some of both"):
            without_withheld(JUDGED, 1, share, 1)
