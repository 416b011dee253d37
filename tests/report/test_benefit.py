"""What pruning buys: the table's numbers by hand, and the sensitivity of sublayers on a small model."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from dsi.docids.tokenizer import train_tokenizer
from dsi.model.checkpoint import Checkpoint
from dsi.model.scoring import score_queries
from dsi.model.t5 import build_model, untie_head
from dsi.pruning.layers import linear_names
from dsi.pruning.registry import CRITERIA
from dsi.ranking.scores import measures_of_scores
from dsi.report.sections.benefit import benefit_frame, benefit_report
from dsi.systems import System
from plan.criteria import CRITERIA as FACTS
from plan.criteria import calibrated, one_shot, rates_of
from pruning.measure_sensitivity import judged, measured
from report.make_benefit import rounded_quality, system_of
from report.plot_frontier import points

DENSE = System("dsi", 1, "dense", None, None)
HALF = System("dsi", 1, "recovered", "magnitude", 0.5)
SIZES = {
    "size_nz": 600,
    "parameters": 1000,
    "compression_ratio": 1000 / 600,
    "theoretical_speedup": 1.5,
    "dense_bytes": 4_000_000,
    "compressed_bytes": 3_000_000,
    "small_bytes": 1_000_000,
}


def times(median: float) -> dict[str, object]:
    return {"seconds": {"median": median, "lower": median, "upper": median}}


def workload(batch: int, dense: float, csr: float, gain: str) -> dict[str, object]:
    kernels = {"dense": times(dense), "csr": times(csr)}
    return {
        "batch": batch,
        "dense": times(dense),
        "checkpoints": {"magnitude-0.5": {"kernels": kernels, "gain": gain}},
    }


LATENCY = {
    "dsi": {
        "hardware": {"processor": "a processor", "threads": 1, "cores": 2, "gpu": "none", "torch": "2"},
        "input_length": 20,
        "query": workload(1, 0.004, 0.005, "1.0×"),
        "batch": workload(64, 0.032, 0.016, "2.0×"),
    }
}
SPARSITY = pd.DataFrame(
    {
        "baseline": ["dsi"],
        "seed": [1],
        "criterion": ["magnitude"],
        "rate": [0.5],
        "linears": [0.5],
        "model": 0.4,
    }
)
METRICS = pd.DataFrame(
    {
        "baseline": "dsi",
        "seed": 1,
        "arm": ["dense", "pruned", "recovered"],
        "criterion": [None, "magnitude", "magnitude"],
        "rate": [None, 0.5, 0.5],
        "split": "test",
        "MAP": [0.6, 0.3, 0.58],
    }
)


def frame() -> pd.DataFrame:
    sizes = [(HALF, SIZES), (DENSE, {**SIZES, "size_nz": 1000, "compression_ratio": 1.0})]
    return benefit_frame(sizes, {HALF: 0.57}, LATENCY, SPARSITY)


def test_the_best_kernel_and_the_gain_of_each_workload() -> None:
    dense, pruned = frame().to_dict("records")
    assert pd.isna(dense["criterion"])
    assert (dense["query_ms"], dense["batch_qps"]) == (4.0, 2000.0)
    assert (dense["query_gain"], dense["batch_gain"]) == (1.0, 1.0)
    # Of one query the dense kernel is the faster one, of a batch CSR.
    assert (pruned["query_ms"], pruned["batch_qps"]) == (4.0, 4000.0)
    assert (pruned["query_gain"], pruned["batch_gain"]) == (1.0, 2.0)
    assert (pruned["dense_mb"], pruned["exact_mb"], pruned["small_mb"]) == (4.0, 3.0, 1.0)
    assert (pruned["linears"], pruned["model"]) == (0.5, 0.4)


def test_the_page_has_quality_beside_each_saving() -> None:
    text = benefit_report(frame(), METRICS, LATENCY)
    assert "queries of 20 tokens, a batch of 64. Dense: 4.00 ms a query, 2,000 queries a second" in text
    row = next(line for line in text.splitlines() if line.startswith("| magnitude 0.5"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        *("magnitude 0.5", "50.00 %", "40.00 %", "1,000", "600", "1.67×"),
        *("3.00 (0.75)", "1.00 (0.25)", "1.50×", "1.0×", "2.0×", "0.5800", "0.5700"),
    ]
    dense = next(line for line in text.splitlines() if line.startswith("| dense E1 (4.00 MB) |"))
    assert dense.rstrip(" |").endswith("–"), "no test query was ranked with rounded weights"


def test_rounded_quality_is_of_the_test_queries(tmp_path: Path) -> None:
    path = tmp_path / "dsi-seed1.csv"
    path.write_text("checkpoint,split,MAP\ndense,validation,0.1\ndense,test,0.6\nmagnitude-0.5,test,0.5\n")
    assert rounded_quality([path]) == {DENSE: 0.6, HALF: 0.5}


def test_a_file_of_sizes_is_somebodys() -> None:
    folder = Path("/study/sizes")
    assert system_of(folder / "baselines/dsi/seed2/dense.json") == DENSE._replace(seed=2)
    assert system_of(folder / "recovered/dsi/seed1/magnitude-0.5.json") == HALF


def test_points_lie_where_a_cost_is_known() -> None:
    frame = points(METRICS, SPARSITY, "recovered", "model")
    assert frame.to_dict("records") == [
        {"criterion": "magnitude", "rate": 0.5, "seed": 1, "MAP": 0.58, "cost": 0.4}
    ]
    assert points(METRICS, SPARSITY, "pruned", "model")["MAP"].tolist() == [0.3]


def test_the_workflow_knows_the_criteria() -> None:
    assert set(FACTS) == {*CRITERIA, "gradual"}
    for name, criterion in CRITERIA.items():
        assert FACTS[name].needs == criterion.needs, name
    assert [name for name in FACTS if calibrated(name)] == ["wanda", "sparsegpt", "movement"]
    assert [name for name in FACTS if not one_shot(name)] == ["gradual"]
    assert rates_of("2of4", [0.2, 0.5, 0.8]) == [0.5]
    assert rates_of("ffn", [0.2, 0.5, 0.8]) == [0.2, 0.5, 0.8]


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
    queries = pd.DataFrame(
        {
            "qid": ["q1", "q2", "q3", "q4"],
            "text": ["graph node", "shortest path", "matrix", "node"],
            "split": ["test", "test", "validation", "train"],
        }
    )
    relevant = {"q1": {"d1"}, "q2": {"d4", "gone"}, "q3": {"gone"}}
    rows = judged(queries, relevant, checkpoint.docids)
    assert list(rows["columns"]) == [[1], [4]]  # q3 has no document here, q4 is for training

    before = {name: value.clone() for name, value in checkpoint.model.state_dict().items()}
    result = pd.DataFrame(measured(checkpoint, rows, [0.5, 0.9999]))
    after = checkpoint.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    dense = measures_of_scores(score_queries(checkpoint, list(rows["text"])), list(rows["columns"]))["MAP"]
    assert result.iloc[0]["MAP"] == dense
    assert pd.isna(result.iloc[0]["sublayer"])
    assert set(result["split"]) == {"test"}

    sizes = result.dropna(subset="sublayer").drop_duplicates("sublayer")["weights"]
    names = [*linear_names(before), "shared.weight", "lm_head.weight"]
    assert sizes.sum() == sum(before[name].numel() for name in names)

    # By hand: the head alone without its weights scores every document alike.
    with torch.no_grad():
        checkpoint.model.get_parameter("lm_head.weight").zero_()
    flat = measures_of_scores(score_queries(checkpoint, list(rows["text"])), list(rows["columns"]))["MAP"]
    head = result[result["sublayer"].fillna("").str.contains("head") & (result["rate"] == 0.9999)]
    assert head["MAP"].iloc[0] == pytest.approx(flat)
