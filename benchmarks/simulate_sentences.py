"""Do the verdict's sentences keep their promises? The claim, many criteria, seeds added after a look.

    python benchmarks/simulate_sentences.py --output sentences.md    # tables of docs/method/verdict.md
    python benchmarks/simulate_sentences.py --tiny                   # the same of a few experiments

Experiments are those of benchmarks/simulate_verdict.py: average precisions of queries that are asked of every
seed's model, the control and the rates of a criterion forming a chain. Three tables. *The claim*: that the
pruned model beats its control at 0.2 and at 0.3, as dsi.evaluation.claims answers it, and as it was answered
before (Holm over seven rates). *Criteria*: how often any of nine criteria at six rates, none of which differs
from the control that all share, is called better or worse. *Looks*: seeds added because three could not tell.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from simulate_verdict import (
    BETWEEN_QUERIES,
    DOCUMENTS,
    LEVEL,
    MARGIN,
    MEAN,
    RESAMPLES,
    SAME_IN_EVERY_SEED,
    SD,
    SEED_VARIANCE,
    Array,
    expected_map,
    shift_of_map,
    table,
)

from dsi.evaluation.claims import Answer, Look, answer, answer_beyond_margin
from dsi.evaluation.multiplicity import step_down_max
from dsi.evaluation.significance import Comparison, Question, compare, holm

QUERIES = 200
CLAIMED = (0.9958, 0.9807)  # likeness to the control at 0.2 and 0.3
CRITERIA = 9
FRONTIER = (0.9958, 0.9065, 0.85, 0.8, 0.7, 0.6)  # at six rates
OFF, MEASURED = list(SEED_VARIANCE)[:2]
# What is counted where one rate loses nothing, and where it loses 5 %: corrected by criterion, and over all.
ALARMS = {
    0.0: ("by criterion", "over all"),
    -0.05: ("5 % found, by criterion", "5 % found, over all"),
}
ALL_RATES = 7  # that Holm's correction was over


class Design(NamedTuple):
    """gains: of the arms, criterion by criterion, as shares of the control's MAP."""

    seeds: int
    seed_variance: str
    likeness: Sequence[float]
    criteria: int
    gains: Sequence[float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiny", action="store_true", help="a few experiments a row, to see that it runs")
    parser.add_argument("--output", type=Path, help="Markdown to write; it is printed anyway")
    arguments = parser.parse_args()
    claims, criteria, looks = (10, 4, 10) if arguments.tiny else (1000, 400, 2000)
    text = "\n\n".join(
        [
            f"**The claim** ({claims:,} experiments a row, {QUERIES} queries; {error(claims)})",
            table([row for seeds in (3, 5, 16) for row in claim_rows(seeds, claims)]),
            f"**Criteria** ({criteria:,} experiments a row, {QUERIES} queries; {error(criteria)})",
            table([criteria_row(s, v, criteria) for v in SEED_VARIANCE for s in (3, 5)]),
            f"**Looks** ({looks:,} experiments a row, {QUERIES} queries; {error(looks)})",
            table([row for v in SEED_VARIANCE for row in looks_rows(v, looks)]),
        ]
    )
    print(text)
    if arguments.output:
        arguments.output.write_text(f"{text}\n", encoding="utf-8")


def error(experiments: int) -> str:
    """Standard errors of shares of 5 and 50 %."""
    at_05, at_50 = (100 * np.sqrt(share * (1 - share) / experiments) for share in (0.05, 0.5))
    return f"standard error {at_05:.1f} % at 5 %, {at_50:.1f} % at 50 %"


def claim_rows(seeds: int, experiments: int) -> Iterator[dict[str, str]]:
    """Each gain at both rates, and one at 0.2 alone: what the sentence says of the two questions."""
    for gains in ((0.0, 0.0), (0.01, 0.01), (0.03, 0.03), (0.03, 0.0), (-0.03, -0.03)):
        rng = np.random.default_rng(17)
        counts: dict[str, int] = {}
        design = Design(seeds, MEASURED, CLAIMED, 1, gains)
        for values in differences(design, experiments, rng):
            answers = compare(values, MARGIN * expected_map(0.0), 1 - LEVEL, RESAMPLES)
            for question, found in answers.items():
                for place in range(len(values)):
                    for name in said(found, place):
                        counts[f"{question}: {name}"] = counts.get(f"{question}: {name}", 0) + 1
        row = {"seeds": str(seeds), "gain at 0.2, at 0.3": ", ".join(f"{100 * gain:g} %" for gain in gains)}
        for question in Question:
            for name in ("holds", "does not hold", "beyond margin excluded", "holds by Holm over 7"):
                share = counts.get(f"{question}: {name}", 0) / experiments
                row[f"{question}: {name}"] = f"{100 * share:.1f} %"
        yield row


def said(found: Comparison, place: int) -> Iterator[str]:
    """What is said of one experiment."""
    control, margin = expected_map(0.0), MARGIN * expected_map(0.0)
    looks = [
        Look(
            name,
            *(float(part[place, i]) for part in (found.mean, found.lower, found.upper, found.p)),
            control,
            margin,
        )
        for i, name in enumerate(("0.2", "0.3"))
    ]
    reached = answer(looks, LEVEL)
    if reached is not Answer.OPEN:
        yield str(reached)
    if answer_beyond_margin(looks) is Answer.REFUTED:
        yield "beyond margin excluded"
    # Both have to pass the correction over seven rates; the other five, without a gain, come last.
    padded = np.append(found.p[place], np.ones(ALL_RATES - 2))
    if (holm(padded)[:2] <= LEVEL).all() and (found.mean[place] > 0).all():
        yield "holds by Holm over 7"


def criteria_row(seeds: int, seed_variance: str, experiments: int) -> dict[str, str]:
    """Any false alarm of all criteria and rates, and how often a loss of 5 % by one of them is found."""
    counts: dict[str, float] = {}
    for loss, names in ALARMS.items():
        gains = np.zeros(CRITERIA * len(FRONTIER))
        gains[1] = loss  # of the first criterion at the second rate
        design = Design(seeds, seed_variance, FRONTIER, CRITERIA, tuple(gains))
        for values in differences(design, experiments, np.random.default_rng(19)):
            for question, found in compare(values, None, 1 - LEVEL, RESAMPLES).items():
                for name, adjusted in zip(names, corrected(question, values, found.p), strict=True):
                    rejected = adjusted <= LEVEL
                    key = f"{question}: {name}"
                    alarms = (rejected[:, 1] if loss else rejected.any(axis=1)).sum()
                    counts[key] = counts.get(key, 0.0) + float(alarms)
    row = {"seeds": str(seeds), "seed variance": seed_variance}
    for question in Question:
        for name in (name for names in ALARMS.values() for name in names):
            # Where seeds vary, these very checkpoints do differ: there is no error to count.
            known = question is Question.TRAINING or seed_variance == OFF
            key = f"{question}: {name}"
            row[key] = f"{100 * counts[key] / experiments:.1f} %" if known else "–"
    return row


def corrected(question: Question, values: Array, p: Array) -> tuple[Array, Array]:
    """p-values corrected over the rates of each criterion, and over all, (experiments, criteria · rates)."""
    alone = holm(p.reshape(-1, CRITERIA, len(FRONTIER))).reshape(p.shape)
    if question is Question.TRAINING:
        return alone, holm(p)
    return alone, np.stack([step_down_max(one.mean(axis=-2), RESAMPLES) for one in values])


def looks_rows(seed_variance: str, experiments: int) -> Iterator[dict[str, str]]:
    """One comparison without a difference, with 3 seeds; 5 and then 8 more while it is open."""
    rng = np.random.default_rng(23)
    stages = (slice(0, 3), slice(3, 8), slice(8, 16))
    p: dict[Question, list[Array]] = {question: [] for question in Question}
    for values in differences(Design(16, seed_variance, CLAIMED[1:], 1, (0.0,)), experiments, rng):
        single = values[:, 0]
        sets = [single[:, : stage.stop] for stage in stages] + [single[:, stage] for stage in stages[1:]]
        answers = [compare(one, None, 1 - LEVEL, RESAMPLES) for one in sets]
        for question in Question:
            p[question].append(np.stack([answer[question].p for answer in answers]))
    for question in Question:
        if question is Question.CHECKPOINTS and seed_variance != OFF:
            continue
        three, eight, sixteen, fresh_five, _ = np.concatenate(p[question], axis=1) <= LEVEL
        shares = {
            "3 seeds, one look": three,
            "all 8 at a second look": three | eight,
            "all 16 at a third": three | eight | sixteen,
            "the first look or 5 fresh": three | fresh_five,
            "5 fresh alone (used)": fresh_five,
        }
        row = {"question": str(question), "seed variance": seed_variance}
        yield row | {name: f"{100 * found.mean():.1f} %" for name, found in shares.items()}


def differences(
    design: Design, experiments: int, rng: np.random.Generator, part: int = 50
) -> Iterator[Array]:
    """Arms minus control, (part, criteria · rates, S, Q): criteria are chains that start at one control."""
    shifts = np.array([shift_of_map(gain) for gain in design.gains])
    slope = (expected_map(0.01) - expected_map(-0.01)) / 0.02
    sd_seeds = SEED_VARIANCE[design.seed_variance] / abs(slope) / np.sqrt(2)
    for start in range(0, experiments, part):
        n = min(part, experiments - start)
        common = rng.normal(0, SD * np.sqrt(BETWEEN_QUERIES), (n, 1, 1, QUERIES))
        own = np.sqrt(SAME_IN_EVERY_SEED) * chains(design, (n, 1, QUERIES), rng)
        own = own + np.sqrt(1 - SAME_IN_EVERY_SEED) * chains(design, (n, design.seeds, QUERIES), rng)
        trained = rng.normal(0, sd_seeds, (n, own.shape[1], design.seeds, 1))
        trained[:, 1:] += shifts[:, None, None]
        log_rank = MEAN + common + SD * np.sqrt(1 - BETWEEN_QUERIES) * own + trained
        precision = 1 / (1 + np.floor(np.exp(np.minimum(log_rank, np.log(len(DOCUMENTS))))))
        yield precision[:, 1:] - precision[:, :1]


def chains(design: Design, shape: tuple[int, int, int], rng: np.random.Generator) -> Array:
    """Standard normal effects of the control, then of every criterion's rates: (n, arms, S, Q)."""
    effects = [rng.normal(size=shape)]
    for _ in range(design.criteria):
        last = effects[0]
        for likeness, before in zip(design.likeness, (1.0, *design.likeness[:-1]), strict=True):
            step = likeness / before
            last = step * last + np.sqrt(1 - step**2) * rng.normal(size=shape)
            effects.append(last)
    return np.stack(effects, axis=1)


if __name__ == "__main__":
    main()
