"""The sensitivity of sublayers, on a small model."""

import pandas as pd
import pytest
import torch

from dsi.docids.tokenizer import train_tokenizer
from dsi.model.checkpoint import Checkpoint
from dsi.model.scoring import score_queries
from dsi.model.t5 import build_model, untie_head
from dsi.pruning.layers import linear_names
from dsi.pruning.sensitivity import sublayer_sensitivity
from dsi.ranking.scores import measures_of_scores


@pytest.fixture
def checkpoint() -> Checkpoint:
    texts = [f"graph node {number} shortest path matrix" for number in range(6)]
    tokenizer = train_tokenizer(texts, 24)
    shape = {
        **{"d_model": 8, "d_kv": 4, "d_ff": 16, "num_heads": 2, "num_layers": 1, "num_decoder_layers": 1},
        **{"dropout": 0.0, "feed_forward": "gated-gelu", "embedding_std": 0.5},
    }
    model = build_model(shape, tokenizer.get_vocab_size(), len(texts), seed=1)
    untie_head(model)
    return Checkpoint(model, tokenizer, [f"d{number}" for number in range(6)], None)


def test_one_sublayer_goes_at_a_time_and_comes_back(checkpoint: Checkpoint) -> None:
    """q1 and q2 count: q3 has no document here, q4 is for training."""
    queries = pd.DataFrame(
        {
            "qid": ["q1", "q2", "q3", "q4"],
            "text": ["graph node", "shortest path", "matrix", "node"],
            "split": ["test", "test", "validation", "train"],
        }
    )
    qrels = pd.DataFrame(
        {"qid": ["q1", "q2", "q2", "q3", "q4"], "docid": ["d1", "d4", "gone", "gone", "d0"], "grade": 1}
    )
    texts, columns = ["graph node", "shortest path"], [[1], [4]]

    before = {name: value.clone() for name, value in checkpoint.model.state_dict().items()}
    result = sublayer_sensitivity(checkpoint, queries, qrels, 1, [0.5, 0.9999])
    after = checkpoint.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    dense = measures_of_scores(score_queries(checkpoint, texts), columns)["MAP"]
    assert result.iloc[0]["MAP"] == dense
    assert pd.isna(result.iloc[0]["sublayer"])
    assert set(result["split"]) == {"test"}

    sizes = result.dropna(subset="sublayer").drop_duplicates("sublayer")["weights"]
    names = [*linear_names(before), "shared.weight", "lm_head.weight"]
    assert sizes.sum() == sum(before[name].numel() for name in names)

    # By hand: the head alone without its weights scores every document alike.
    with torch.no_grad():
        checkpoint.model.get_parameter("lm_head.weight").zero_()
    flat = measures_of_scores(score_queries(checkpoint, texts), columns)["MAP"]
    head = result[result["sublayer"].fillna("").str.contains("head") & (result["rate"] == 0.9999)]
    assert head["MAP"].iloc[0] == pytest.approx(flat)
