"""What pruning buys: the table's numbers by hand, and the points of the frontier."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.report.benefit_frame import (
    Latency,
    RoundedMap,
    benefit_frame,
    read_latency,
    read_rounded,
    read_sizes,
)
from dsi.report.figures.frontier import frontier_points
from dsi.report.sections.benefit import benefit_report
from dsi.systems import System, SystemNameError

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
    "int8_bytes": 500_000,
    "int4_bytes": 300_000,
}


def seconds(median: float) -> dict[str, object]:
    return {"seconds": {"median": median, "lower": median, "upper": median}}


def quartiles(median: float, spread: float) -> dict[str, float]:
    return {"median": median, "lower": median - spread, "upper": median + spread}


def kernel(median: float, gain: float, spread: float = 0.05) -> dict[str, object]:
    return {**seconds(median), "speedup": quartiles(gain, spread)}


def workload(batch: int, of_dense: float, /, **kernels: dict[str, object]) -> dict[str, object]:
    measured = {name.replace("semi", "2:4"): values for name, values in kernels.items()}
    return {
        "batch": batch,
        "dense": seconds(of_dense),
        "checkpoints": {HALF.slug: {"kernels": measured}},
        "runtime": {
            DENSE.slug: {
                "float32": kernel(of_dense / 2, 2.0),
                "int8": {**kernel(of_dense / 4, 4.0), "over_float32": quartiles(2.0, 0.1)},
            }
        },
    }


LATENCY = {
    "hardware": {"processor": "a processor", "threads": 1, "cores": 2, "gpu": "none", "torch": "2"},
    "runtime": "onnxruntime 1",
    "runtime_bytes": {DENSE.slug: {"float32": 4_000_000, "int8": 2_000_000}},
    "input_length": 20,
    "query": workload(1, 0.004, dense=kernel(0.004, 1.01), csr=kernel(0.005, 0.8)),
    "batch": workload(64, 0.032, dense=kernel(0.032, 1.0), csr=kernel(0.016, 2.0)),
}
ROUNDED = "system,bits,activations,split,MAP\n"
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


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A study's folder with what the commands measured."""
    for system, sizes in ((HALF, SIZES), (DENSE, {**SIZES, "size_nz": 1000, "compression_ratio": 1.0})):
        path = tmp_path / "sizes" / f"{system.slug}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(sizes))
    (tmp_path / "dsi.json").write_text(json.dumps(LATENCY))
    (tmp_path / "dsi-seed1.csv").write_text(
        f"{ROUNDED}{DENSE.slug},16,32,validation,0.1\n{HALF.slug},16,32,test,0.57\n"
        f"{HALF.slug},8,32,test,0.56\n{HALF.slug},4,32,test,0.4\n{DENSE.slug},8,8,test,0.59\n"
    )
    return tmp_path


@pytest.fixture
def frame(results: Path) -> pd.DataFrame:
    sizes = [read_sizes(path, results) for path in sorted(results.glob("sizes/**/*.json"))]
    rounded, latency = read_rounded([results / "dsi-seed1.csv"]), read_latency(results / "dsi.json")
    return benefit_frame(sizes, rounded, {"dsi": latency}, SPARSITY)


def test_the_best_kernel_and_the_gain_of_each_workload(frame: pd.DataFrame) -> None:
    dense, pruned = frame.to_dict("records")
    assert pd.isna(dense["criterion"])
    assert (dense["query_ms"], dense["batch_qps"]) == (4.0, 2000.0)
    assert (dense["query_gain"], dense["batch_gain"]) == (1.0, 1.0)
    # Of one query the dense kernel is the faster one, of a batch CSR.
    assert (pruned["query_ms"], pruned["batch_qps"]) == (4.0, 4000.0)
    assert (pruned["query_gain"], pruned["batch_gain"]) == (1.01, 2.0)
    assert (pruned["batch_gain_lower"], pruned["batch_gain_upper"]) == (1.95, 2.05)
    assert (pruned["dense_mb"], pruned["exact_mb"], pruned["small_mb"]) == (4.0, 3.0, 1.0)
    assert (pruned["int8_mb"], pruned["int4_mb"]) == (0.5, 0.3)
    assert (pruned["small_map"], pruned["int8_map"], pruned["int4_map"]) == (0.57, 0.56, 0.4)
    assert (pruned["linears"], pruned["model"]) == (0.5, 0.4)


def test_int8_models_are_measured_where_matrices_are_as_large_as_dense_ones(frame: pd.DataFrame) -> None:
    dense, pruned = frame.to_dict("records")
    names = ("query_ms", "query_gain", "batch_qps", "batch_gain", "map")
    assert [dense[f"int8_model_{name}"] for name in names] == [1.0, 4.0, 8000.0, 4.0, 0.59]
    assert all(pd.isna(pruned[f"int8_model_{name}"]) for name in names)


def latency_of(results: Path, query: dict[str, object]) -> Latency:
    (results / "dsi.json").write_text(json.dumps({**LATENCY, "query": query}))
    return read_latency(results / "dsi.json")


def page(latency: Latency) -> str:
    frame = benefit_frame([(DENSE, SIZES), (HALF, SIZES)], {}, {"dsi": latency}, SPARSITY)
    return benefit_report(frame, METRICS, {"dsi": latency}, 0.95)


def test_slower_is_printed_as_slower(results: Path) -> None:
    kernels = {"dense": kernel(0.00533, 0.7512), "csr": kernel(0.006, 0.67)}
    text = page(latency_of(results, workload(1, 0.004, **kernels)))
    row = next(line for line in text.splitlines() if "magnitude" in line)
    assert " 0.75× |" in row


def test_times_of_a_gpu_stand_in_no_column_of_the_cpu(results: Path) -> None:
    """Each gain is that of the kernel whose time stands beside it."""
    kernels = {"dense": kernel(0.004, 1.0), "csr": kernel(0.005, 0.8), "semi": kernel(0.0003, 1.7)}
    one, many = workload(1, 0.004, **kernels), workload(64, 0.032, **kernels)
    (results / "dsi.json").write_text(json.dumps({**LATENCY, "query": one, "batch": many}))
    latency = read_latency(results / "dsi.json")
    times = latency.times["magnitude", 0.5]
    assert (times.query_ms, times.query_gain) == (4.0, 1.0)
    assert latency.two_of_four["magnitude", 0.5].query_gain == 1.7
    text = page(latency)
    assert "1.7" not in next(line for line in text.splitlines() if "| magnitude" in line)
    assert "magnitude 0.5 0.30 ms a query (1.70×), 213,333 queries a second in a batch (1.70×)." in text


def test_the_page_has_quality_beside_each_saving(results: Path, frame: pd.DataFrame) -> None:
    text = benefit_report(frame, METRICS, {"dsi": read_latency(results / "dsi.json")}, 0.95)
    assert "queries of 20 tokens, a batch of 64. Dense: 4.00 ms a query, 2,000 queries a second" in text
    row = next(line for line in text.splitlines() if line.startswith("| magnitude 0.5"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        *("magnitude 0.5", "50.00 %", "40.00 %", "1,000", "600", "1.67×"),
        *("3.00 (0.75)", "1.00 (0.25)", "0.50 (0.12)", "0.30 (0.07)", "1.50×", "(1.01×)", "2.00×"),
        *("0.5800", "0.5700", "0.5600", "0.4000"),
    ]
    int8 = text.partition("### Computed in 8 bits")[2].splitlines()[-1]
    assert [cell.strip() for cell in int8.strip("|").split("|")] == [
        *("dense E1", "2.00 ms (2.00×)", "4,000 a second (2.00×)", "1.00 ms (4.00×)"),
        *("8,000 a second (4.00×)", "2.00×", "2.00×", "2.00", "0.6000", "0.5900"),
    ]
    dense = next(line for line in text.splitlines() if line.startswith("| dense E1 (4.00 MB) |"))
    assert dense.rstrip(" |").endswith("–"), "no test query was ranked with rounded weights"


def test_times_of_one_seed_count_for_all(results: Path) -> None:
    latency = {"dsi": read_latency(results / "dsi.json")}
    sizes = [(system._replace(seed=seed), SIZES) for seed in (1, 2) for system in (DENSE, HALF)]
    frame = benefit_frame(sizes, {}, latency, SPARSITY)
    assert frame["batch_qps"].tolist() == [2000.0, 2000.0, 4000.0, 4000.0]


def test_rounded_quality_is_of_the_test_queries(tmp_path: Path) -> None:
    path = tmp_path / "dsi-seed1.csv"
    path.write_text(
        f"{ROUNDED}{DENSE.slug},16,32,validation,0.1\n{DENSE.slug},16,32,test,0.6\n"
        f"{DENSE.slug},8,8,test,0.59\n{HALF.slug},4,32,test,0.5\n"
    )
    assert read_rounded([path]) == {
        DENSE: RoundedMap(small_map=0.6, int8_model_map=0.59),
        HALF: RoundedMap(int4_map=0.5),
    }


def test_a_file_of_sizes_is_named_after_its_system(results: Path) -> None:
    assert read_sizes(results / "sizes/baselines/dsi/seed1/dense.json", results)[0] == DENSE
    assert read_sizes(results / "sizes/recovered/dsi/seed1/magnitude-0.5.json", results)[0] == HALF
    with pytest.raises(SystemNameError, match="expected a file below"):
        read_sizes(results / "dsi.json", results)
    with pytest.raises(SystemNameError, match="'other' names no system"):
        read_sizes(results / "sizes/other.json", results)


def test_the_command_writes_page_and_csv(
    results: Path, frame: pd.DataFrame, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    METRICS.to_csv(results / "metrics.csv", index=False)
    SPARSITY.to_csv(results / "sparsity.csv", index=False)
    options = ["--results", results, "--sizes", *results.glob("sizes/**/*.json")]
    options += ["--latency", results / "dsi.json", "--rounded", results / "dsi-seed1.csv"]
    options += ["--metrics", results / "metrics.csv", "--sparsity", results / "sparsity.csv"]
    ended = command("make_benefit", *options, "--output", results / "b.md", "--csv", results / "b.csv")
    assert ended.returncode == 0, ended.stderr
    expected = benefit_report(frame, METRICS, {"dsi": read_latency(results / "dsi.json")}, 0.95)
    assert (results / "b.md").read_text() == expected
    pd.testing.assert_frame_equal(pd.read_csv(results / "b.csv"), frame, check_dtype=False)


def test_points_lie_where_a_cost_is_known() -> None:
    frame = frontier_points(METRICS, SPARSITY, "recovered", "model")
    assert frame.to_dict("records") == [
        {"criterion": "magnitude", "rate": 0.5, "seed": 1, "MAP": 0.58, "cost": 0.4}
    ]
    assert frontier_points(METRICS, SPARSITY, "pruned", "model")["MAP"].tolist() == [0.3]
