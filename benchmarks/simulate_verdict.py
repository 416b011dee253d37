"""Does the verdict keep its promises? Family-wise error, coverage and power on simulated experiments.

    python benchmarks/simulate_verdict.py --output simulation.md      # every table of docs/method/verdict.md
    python benchmarks/simulate_verdict.py --quick                     # the same, coarser

Four tables. *Procedures*: every way to answer "training in general", with normal effects, over a grid of
the shares that seeds, queries and the rest have in the error. *Intervals over queries*, which answer "these
checkpoints", and *level* and *power* of what dsi.evaluation.estimates uses: on average precisions. There each
query has one relevant document and AP is 1 / rank; the logarithm of the rank is normal, with effects of the
query, of seed × query, and of the arm's training.
The control and seven rates form a chain: the higher the rate, the less a model ranks like its control. The
constants reproduce what the default study measured (253 test queries, 3 seeds): mean and variance of MAP,
share of the queries in it, variance and sparsity of the differences from the restart control.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtr, stdtrit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from dsi.evaluation.estimates import MeanSquares, howe_estimate, query_estimate
from dsi.evaluation.significance import Comparison, Question, compare, holm

Array = NDArray[np.float64]

# log(rank) before rounding: mean, standard deviation, and the share of its variance that queries have.
MEAN, SD, BETWEEN_QUERIES = 0.3245, 1.6045, 0.82
# Correlation of the rest with the control's, rate by rate; a part of it is the same in every seed.
RATES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
LIKENESS = (0.9986, 0.9978, 0.9958, 0.9914, 0.9807, 0.9590, 0.9065)
SAME_IN_EVERY_SEED = 0.05
SHIFTED = 3  # the rate that truly differs, where one does
LEVEL = 0.05
MARGIN = 0.02  # of the control's MAP
RESAMPLES = 999
DOCUMENTS = np.arange(1, 1501)
# Standard deviation, over trainings, of a mean difference in MAP without its queries' share.
SEED_VARIANCE = {"off": 0.0, "as measured (0.005)": 0.005, "large (0.02)": 0.02}
COLLAPSE = "one recovery in ten collapses (MAP - 0.1)"
COLLAPSES, LOSS = 0.1, 0.1
SHARES = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


class Case(NamedTuple):
    """One kind of experiment."""

    seeds: int
    queries: int
    seed_variance: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the experiments, 200 queries only")
    parser.add_argument("--output", type=Path, help="Markdown to write; it is printed anyway")
    arguments = parser.parse_args()
    experiments, draws = (100, 4000) if arguments.quick else (2000, 40000)
    queries = (200,) if arguments.quick else (200, 318)
    cases = [Case(s, q, v) for v in [*SEED_VARIANCE, COLLAPSE] for q in queries for s in (2, 3, 5, 10)]
    cases = [case for case in cases if case.seed_variance != COLLAPSE or case.queries == queries[0]]
    results = [simulate(case, experiments) for case in cases]
    few = experiments // 5
    text = "\n\n".join(
        [
            f"**Procedures** ({draws:,} experiments at each point of the grid, 200 queries)",
            table(procedures(draws)),
            f"**Intervals over queries** ({few:,} experiments of {len(RATES)} rates, 200 queries)",
            table([intervals_over_queries(seeds, few) for seeds in (1, 3, 10)]),
            f"**Level** ({experiments:,} experiments a row)",
            table([result[0] for result in results]),
            *(
                f"**Power, {question}** ({experiments:,} experiments a row)\n\n"
                + table([result[1][question] for result in results if result[1]])
                for question in Question
            ),
        ]
    )
    print(text)
    if arguments.output:
        arguments.output.write_text(f"{text}\n", encoding="utf-8")


def table(rows: Sequence[dict[str, str]]) -> str:
    frame = pd.DataFrame(list(rows))
    return str(frame.to_markdown(index=False, disable_numparse=True))


def procedures(draws: int, queries: int = 200) -> list[dict[str, str]]:
    """The worst of the grid for each way to answer the second question."""
    rows = []
    for seeds in (2, 3, 5, 10):
        points = [(a, b) for a in SHARES for b in SHARES if a + b <= 1]
        found = [_halves(seeds, queries, *point, draws) for point in points]
        for name in found[0][1]:
            errors = [
                [float((np.abs(mean) > halves[name][i]).mean()) for mean, halves in found] for i in (0, 1)
            ]
            off = points.index((0.0, 0.02))
            rows.append(
                {
                    "seeds": str(seeds),
                    "procedure": name,
                    "coverage of 95 %, worst": _percent(1 - max(errors[0])),
                    "seeds' share of the error there": f"{points[int(np.argmax(errors[0]))][0]:g}",
                    "alarms at 0.71 % (5 % / 7), worst": _percent(max(errors[1])),
                    "width, seed variance off": f"{float(found[off][1][name][0].mean()) / 1.96:.2f}",
                }
            )
    return rows


def _halves(
    seeds: int, queries: int, from_seeds: float, from_queries: float, draws: int
) -> tuple[Array, dict[str, tuple[Array, Array]]]:
    """Errors of the mean, of variance 1, and half widths at 5 % and 5 % / 7 of every procedure."""
    rng = np.random.default_rng(7)
    cells, residual = seeds * queries, max(1 - from_seeds - from_queries, 0.0)
    freedom = (seeds - 1, queries - 1, (seeds - 1) * (queries - 1))
    expected = [
        from_seeds * cells + residual * cells,
        from_queries * cells + residual * cells,
        residual * cells,
    ]
    squares = MeanSquares(
        *(e * rng.chisquare(df, draws) / df for e, df in zip(expected, freedom, strict=True))
    )
    estimate = howe_estimate(rng.normal(size=draws), squares, seeds, queries)
    variance = estimate.from_seeds + estimate.from_queries
    of_each = sum(square**2 / df for square, df in zip(squares, freedom, strict=True)) / cells**2
    total = sum(square * df for square, df in zip(squares, freedom, strict=True))
    # Of resampled rows and columns, each drawn with replacement (Owen 2007): its variance of the mean.
    pigeonhole = sum(
        square * share
        for square, share in zip(
            squares, (1 - 1 / seeds, 1 - 1 / queries, (1 - 1 / seeds) * (1 - 1 / queries)), strict=True
        )
    )
    halves: dict[str, Callable[[float], Array]] = {
        "over seeds × queries as if independent (flips per query × seed)": lambda tail: (
            stdtrit(cells - 1, tail) * np.sqrt(total / (cells - 1) / cells)
        ),
        "over queries only": lambda tail: stdtrit(queries - 1, tail) * np.sqrt(squares.queries / cells),
        "over seeds only (t test)": lambda tail: stdtrit(seeds - 1, tail) * np.sqrt(squares.seeds / cells),
        "crossed bootstrap": lambda tail: stdtrit(np.inf, tail) * np.sqrt(pigeonhole / cells),
        "analysis of variance, Satterthwaite": lambda tail: (
            stdtrit(variance**2 / of_each, tail) * np.sqrt(variance)
        ),
        "**analysis of variance, Howe (used)**": lambda tail: estimate.half_width(2 * (1 - tail)),
    }
    tails = (1 - LEVEL / 2, 1 - LEVEL / len(RATES) / 2)
    return estimate.mean, {name: (half(tails[0]), half(tails[1])) for name, half in halves.items()}


def intervals_over_queries(seeds: int, experiments: int) -> dict[str, str]:
    """Coverage of 95 % intervals of the mean over queries, for the rate nearest the control and all rates."""
    covered: dict[str, list[NDArray[np.bool_]]] = {"percentile bootstrap": [], "BCa bootstrap": []}
    covered["**Student's t (used)**"] = []
    rng = np.random.default_rng(13)
    for values, truth in _experiments(Case(seeds, 200, "off"), experiments, 0.0, rng):
        averaged = values.mean(axis=-2)
        ends = [
            stats.bootstrap(
                (averaged,), np.mean, axis=-1, n_resamples=RESAMPLES, batch=100, method=method, rng=rng
            ).confidence_interval
            for method in ("percentile", "BCa")
        ]
        ends.append(query_estimate(values).interval(1 - LEVEL))
        for name, (lower, upper) in zip(covered, ends, strict=True):
            covered[name].append((lower <= truth) & (truth <= upper))
    row = {"seeds": str(seeds)}
    for name, parts in covered.items():
        inside = np.concatenate(parts)
        row |= {f"{name}: rate 0.1": _share(inside[:, 0]), f"{name}: all rates": _share(inside)}
    return row


def simulate(case: Case, experiments: int) -> tuple[dict[str, str], dict[Question, dict[str, str]]]:
    """The rows of the tables of level and power; no power for the case that only tests the level."""
    rng = np.random.default_rng(11)
    named = {"seeds": str(case.seeds), "queries": str(case.queries), "seed variance": case.seed_variance}
    margin = MARGIN * expected_map(0.0)
    same = _run(case, experiments, 0.0, margin, rng)
    level = named | _level(case, same)
    if case.seed_variance == COLLAPSE:
        return level, {}
    at_margin = _run(case, experiments, -MARGIN, margin, rng)
    beyond = _run(case, experiments, -0.05, margin, rng)
    level["called equivalent at the margin"] = _share(_equivalent(at_margin, Question.TRAINING)[:, SHIFTED])
    power = {question: named | _power(question, same, at_margin, beyond) for question in Question}
    return level, power


def _power(question: Question, same: "Outcome", at_margin: "Outcome", beyond: "Outcome") -> dict[str, str]:
    answers = same.answers[question]
    half = (answers.upper - answers.lower) / 2
    cells = {
        "2 % found": _share(_rejected(at_margin, question)[:, SHIFTED]),
        "5 % found": _share(_rejected(beyond, question)[:, SHIFTED]),
    }
    for i in (0, -1):
        cells[f"equality shown, rate {RATES[i]}"] = _share(_equivalent(same, question)[:, i])
        cells[f"half interval, rate {RATES[i]}"] = f"{half[:, i].mean():.4f}"
    return cells


class Outcome(NamedTuple):
    """Answers of many experiments, of shape (experiments, rates), and the truth of each question."""

    answers: dict[Question, Comparison]
    truth: dict[Question, Array]


def _run(case: Case, experiments: int, change: float, margin: float, rng: np.random.Generator) -> Outcome:
    parts = [
        (compare(values, margin, 1 - LEVEL, RESAMPLES), truth)
        for values, truth in _experiments(case, experiments, change, rng)
    ]
    answers = {
        question: Comparison(*map(np.concatenate, zip(*(part[question] for part, _ in parts), strict=True)))
        for question in Question
    }
    truth = np.concatenate([truth for _, truth in parts])
    of_training = np.full(len(RATES), -COLLAPSES * LOSS if case.seed_variance == COLLAPSE else 0.0)
    of_training[SHIFTED] += change * expected_map(0.0)
    return Outcome(
        answers,
        {Question.CHECKPOINTS: truth, Question.TRAINING: np.broadcast_to(of_training, truth.shape)},
    )


def _experiments(
    case: Case, experiments: int, change: float, rng: np.random.Generator, part: int = 50
) -> Iterator[tuple[Array, Array]]:
    """Differences (part, rates, S, Q), and (part, rates) their true mean over queries, seeds as drawn."""
    shift = np.zeros(1 + len(RATES))
    shift[1 + SHIFTED] = shift_of_map(change)
    grid = np.linspace(-3, 3, 1201)
    maps = np.array([expected_map(value) for value in grid])
    for start in range(0, experiments, part):
        n = min(part, experiments - start)
        trained = _training_effects(case, n, rng) + shift[:, None]  # (n, arms, S)
        common = rng.normal(0, SD * np.sqrt(BETWEEN_QUERIES), (n, 1, 1, case.queries))
        own = np.sqrt(SAME_IN_EVERY_SEED) * _chain((n, 1, case.queries), rng)
        own = own + np.sqrt(1 - SAME_IN_EVERY_SEED) * _chain((n, case.seeds, case.queries), rng)
        log_rank = MEAN + common + SD * np.sqrt(1 - BETWEEN_QUERIES) * own + trained[..., None]
        precision = 1 / (1 + np.floor(np.exp(np.minimum(log_rank, np.log(len(DOCUMENTS))))))
        true = np.interp(trained, grid, maps).mean(axis=-1)
        yield precision[:, 1:] - precision[:, :1], true[:, 1:] - true[:, :1]


def _training_effects(case: Case, n: int, rng: np.random.Generator) -> Array:
    """How much each training shifts the log of all its ranks, (n, arms, S)."""
    shape = (n, 1 + len(RATES), case.seeds)
    slope = (expected_map(0.01) - expected_map(-0.01)) / 0.02
    if case.seed_variance == COLLAPSE:
        collapsed = rng.random(shape) < COLLAPSES
        collapsed[:, 0] = False
        return np.asarray(shift_of_map(-LOSS / expected_map(0.0)) * collapsed, dtype=np.float64)
    # A difference has the variance of two trainings.
    return rng.normal(0, SEED_VARIANCE[case.seed_variance] / abs(slope) / np.sqrt(2), shape)


def _chain(shape: tuple[int, int, int], rng: np.random.Generator) -> Array:
    """Standard normal effects of the control and the rates: (n, arms, S, Q); less alike down the chain."""
    effects = [rng.normal(size=shape)]
    for likeness, before in zip(LIKENESS, (1.0, *LIKENESS[:-1]), strict=True):
        step = likeness / before
        effects.append(step * effects[-1] + np.sqrt(1 - step**2) * rng.normal(size=shape))
    return np.stack(effects, axis=1)


def expected_map(shift: float) -> float:
    """MAP of an arm whose log ranks are shifted: E[1 / rank]."""
    up_to = ndtr((np.log(DOCUMENTS) - MEAN - shift) / SD)
    return float((np.diff(up_to, prepend=0) / DOCUMENTS).sum())


def shift_of_map(change: float) -> float:
    """The shift of log ranks that changes MAP by a share of it."""
    return float(brentq(lambda shift: expected_map(shift) - (1 + change) * expected_map(0.0), -3, 3))


def _level(case: Case, same: Outcome) -> dict[str, str]:
    cells = {}
    for question in Question:
        answers, truth = same.answers[question], same.truth[question]
        covered = (answers.lower <= truth) & (truth <= answers.upper)
        cells[f"{question}: coverage"] = _share(covered)
        counts = np.allclose(truth, 0)
        alarms = _share(_rejected(same, question).any(axis=1))
        cells[f"{question}: family-wise error"] = alarms if counts else "–"
    misread = _share(_rejected(same, Question.CHECKPOINTS).any(axis=1))
    return cells | {
        "checkpoints' p read as about training": "–" if case.seed_variance == COLLAPSE else misread,
        "called equivalent at the margin": "–",
    }


def _rejected(outcome: Outcome, question: Question) -> NDArray[np.bool_]:
    return np.asarray(holm(outcome.answers[question].p) <= LEVEL)


def _equivalent(outcome: Outcome, question: Question) -> NDArray[np.bool_]:
    return np.asarray(outcome.answers[question].equivalence_p <= LEVEL)


def _share(values: NDArray[np.bool_] | np.bool_) -> str:
    return _percent(float(np.asarray(values).mean()))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    main()
