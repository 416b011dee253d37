"""Tables of a study: from metric JSONs to tidy frames and Markdown.

Works on what the files hold, not on paths; does not know Snakemake or figures.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from dsi.metrics import MEASURES, QRELS_MEASURES
from dsi.statistics import summary

SYSTEM_COLUMNS = ("baseline", "seed", "arm", "criterion", "rate")
METRIC_COLUMNS = (*SYSTEM_COLUMNS, "split", *MEASURES)
ARMS = ("bm25", "random", "dense", "dense-continued", "restart", "pruned", "recovered")
REFERENCE_NAMES = {
    "bm25": "BM25",
    "random": "random ranking",
    "dense": "dense, E1",
    "dense-continued": "dense, E1 + E2 (optimiser kept)",
    "restart": "dense, E1 + E2 (optimiser restarted: rate 0)",
}
REPORTED_SPLIT = "test"


class ReportError(ValueError):
    """The results do not make a table; the message names the system that is missing."""


class StudyFacts(NamedTuple):
    """What the introduction states: the collection's name and sizes, epochs of E1 and E2."""

    collection: str
    documents: int
    e1: Mapping[str, int]
    e2: int
    agreement_k: int


def metrics_frame(metrics: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per system and split with METRIC_COLUMNS, sorted; cells that do not apply are NA."""
    rows = [
        {**metric["system"], "split": split, **measures}
        for metric in metrics
        for split, measures in metric["measures"].items()
    ]
    frame = pd.DataFrame(rows, columns=list(METRIC_COLUMNS))
    frame["seed"] = frame["seed"].astype("Int64")
    frame["rate"] = frame["rate"].astype("Float64")
    frame["arm"] = pd.Categorical(frame["arm"], categories=list(ARMS), ordered=True)
    keys = ["baseline", "arm", "criterion", "rate", "seed", "split"]
    frame = frame.sort_values(keys, ignore_index=True, na_position="first")
    frame["arm"] = frame["arm"].astype(str)
    return frame


def sparsity_frame(sparsities: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per nominal rate: shares of zeros over Linears and the model, equal in every seed."""
    frame = pd.DataFrame(sparsities, columns=["nominal", "linears", "model", "parameters"])
    return frame.groupby("nominal", as_index=False).mean()


def tables_markdown(
    frame: pd.DataFrame,
    sparsity: pd.DataFrame,
    queries: Mapping[str, Mapping[str, int]],
    facts: StudyFacts,
) -> str:
    """The whole of tables.md.

    Args:
        frame: as `metrics_frame` gives it.
        sparsity: as `sparsity_frame` gives it.
        queries: split → counts of queries, the same for every system.
        facts: of the study.
    """
    test = frame[frame["split"] == REPORTED_SPLIT]
    models = test.dropna(subset=["baseline"])
    parts = [_introduction(test, queries, facts), _baselines_section(test)]
    for (baseline, criterion), group in models.dropna(subset=["criterion"]).groupby(
        ["baseline", "criterion"]
    ):
        controls = models[(models["baseline"] == baseline) & models["criterion"].isna()]
        references = test[test["baseline"].isna()]
        parts.append(_rates_section(str(baseline), str(criterion), group, controls, references, sparsity))
    parts.append(_agreement_section(test, facts))
    return "\n".join(parts)


def paired_differences(group: pd.DataFrame, control: pd.DataFrame, measure: str) -> "pd.Series[float]":
    """Measure of each seed less the control's of the same seed, indexed by seed.

    Raises:
        ReportError: a seed has no control.
    """
    values = group.set_index("seed")[measure]
    base = control.set_index("seed")[measure]
    missing = sorted(set(values.index) - set(base.index))
    if missing:
        raise ReportError(f"{control['arm'].iloc[0]}: no result for seed {missing[0]}")
    return values - base.loc[values.index]


def _introduction(test: pd.DataFrame, queries: Mapping[str, Mapping[str, int]], facts: StudyFacts) -> str:
    seeds = sorted(test["seed"].dropna().unique())
    counts = "; ".join(
        f"{split}: {count['evaluated']} queries evaluated"
        + (
            f" ({count['without_relevant']} without a relevant document left out)"
            if count["without_relevant"]
            else ""
        )
        for split, count in queries.items()
    )
    epochs = ", ".join(f"{name}: {epochs}" for name, epochs in facts.e1.items())
    return f"""# Pruning a generative retriever: results

Collection **{facts.collection}**, {facts.documents} documents; {counts}. Every number below is on the
**{REPORTED_SPLIT}** queries, higher is better except for the loss. Models were trained with
{len(seeds)} seeds ({", ".join(map(str, seeds))}); `a ± b` is their mean and standard deviation.
E1 is training before pruning ({epochs} epochs), E2 the recovery after it ({facts.e2} epochs).
The same numbers for every seed and for the validation queries: `tables/metrics.csv`.
"""


def _baselines_section(test: pd.DataFrame) -> str:
    rows = [_measures_row(REFERENCE_NAMES[arm], "", _of_arm(test, arm)) for arm in ("bm25", "random")]
    for baseline, group in test.dropna(subset=["baseline"]).groupby("baseline"):
        for arm in ("dense", "dense-continued", "restart"):
            rows.append(_measures_row(REFERENCE_NAMES[arm], str(baseline), _of_arm(group, arm)))
    return (
        "## Baselines: does the retriever find things?\n\n"
        "Measures against the relevance judgements (ir_measures; a query without results counts as 0)."
        " The loss is the mean cross-entropy of the relevant docids, in nats.\n\n" + _table(rows)
    )


def _rates_section(
    baseline: str,
    criterion: str,
    group: pd.DataFrame,
    controls: pd.DataFrame,
    references: pd.DataFrame,
    sparsity: pd.DataFrame,
) -> str:
    """One row per rate, pruned and recovered side by side, and the reference rows below."""
    restart = _of_arm(controls, "restart")
    rows = []
    for rate, at_rate in group.groupby("rate"):
        zeros = sparsity[sparsity["nominal"] == rate]
        if zeros.empty:
            raise ReportError(f"{baseline}, {criterion}-{rate}: no sparsity.json")
        recovered = _of_arm(at_rate, "recovered")
        difference = summary(list(paired_differences(recovered, restart, "MAP")))
        rows.append(
            {
                "rate": f"{rate:g}",
                "zeros in Linears": f"{zeros['linears'].iloc[0]:.1%}",
                "zeros in model": f"{zeros['model'].iloc[0]:.1%}",
                "MAP pruned": _cell(_of_arm(at_rate, "pruned"), "MAP"),
                "MAP recovered": _cell(recovered, "MAP"),
                "recovered − restart": _signed(difference.mean, difference.deviation),
                "nDCG@10 recovered": _cell(recovered, "nDCG@10"),
                "R@10 pruned": _cell(_of_arm(at_rate, "pruned"), "R@10"),
                "R@10 recovered": _cell(recovered, "R@10"),
                "loss recovered": _cell(recovered, "loss"),
            }
        )
    reference_rows = [
        _measures_row(REFERENCE_NAMES[arm], "", _of_arm(source, arm))
        for source, arms in (
            (controls, ("restart", "dense-continued", "dense")),
            (references, ("bm25", "random")),
        )
        for arm in arms
    ]
    return (
        f"## Pruned and recovered: {baseline}, criterion {criterion}\n\n"
        "*Rate*: share of each prunable layer's weights set to zero, one-shot, after E1. *Pruned*:"
        " evaluated at once. *Recovered*: after E2 more epochs with the zeros held. *Recovered −"
        " restart*: MAP less that of the unpruned model that got the same E2 with the same restarted"
        " optimiser, paired by seed: above 0, pruning helped; three seeds alone do not show that a"
        " difference is real.\n\n"
        + _table(rows)
        + "\nFor comparison, none of them pruned:\n\n"
        + _table(reference_rows)
    )


def _agreement_section(test: pd.DataFrame, facts: StudyFacts) -> str:
    rows = []
    keys = ["baseline", "arm", "criterion", "rate"]
    for (baseline, arm, criterion, rate), group in test.groupby(keys, dropna=False, sort=False):
        rows.append(
            {
                "system": _system_name(baseline, str(arm), criterion, rate),
                f"BM25-MAP (K = {facts.agreement_k})": _cell(group, "BM25-MAP", 5),
                "BM25-R@1000": _cell(group, "BM25-R@1000", 5),
            }
        )
    return (
        "## Agreement with BM25: does the retriever imitate its teacher?\n\n"
        "Not a measure of worth: BM25's own lists stand in for the judgements. *BM25-MAP*: average"
        f" precision against BM25's first {facts.agreement_k} documents, divided by their number."
        " *BM25-R@1000*: share of BM25's first 1000 documents found in the first 1000 of the ranking."
        " A ranking of all documents can reach 1 in both; BM25 itself does.\n\n" + _table(rows)
    )


def _system_name(baseline: Any, arm: str, criterion: Any, rate: Any) -> str:
    if pd.isna(baseline):
        return REFERENCE_NAMES[arm]
    if pd.isna(criterion):
        return f"{baseline}: {REFERENCE_NAMES[arm]}"
    return f"{baseline}: {criterion} {rate:g}, {arm}"


def _of_arm(frame: pd.DataFrame, arm: str) -> pd.DataFrame:
    """The rows of an arm.

    Raises:
        ReportError: there are none.
    """
    chosen = frame[frame["arm"] == arm]
    if chosen.empty:
        raise ReportError(f"no metrics of the arm {arm!r} among {len(frame)} rows")
    return chosen


def _measures_row(name: str, baseline: str, group: pd.DataFrame) -> dict[str, str]:
    cells = {measure: _cell(group, measure) for measure in (*QRELS_MEASURES, "loss")}
    return {"system": f"{baseline}: {name}" if baseline else name, **cells}


def _cell(group: pd.DataFrame, measure: str, decimals: int = 4) -> str:
    """`mean ± sd` over the rows, the bare value of a single one, or a dash where none applies."""
    values = group[measure].dropna()
    if values.empty:
        return "–"
    mean, deviation, count = summary([float(value) for value in values])
    return f"{mean:.{decimals}f}" + (f" ± {deviation:.{decimals}f}" if count > 1 else "")


def _signed(mean: float, deviation: float) -> str:
    spread = "" if pd.isna(deviation) else f" ± {deviation:.4f}"
    return f"{mean:+.4f}{spread}"


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    frame = pd.DataFrame(rows)
    alignment = ["left", *["right"] * (len(frame.columns) - 1)]
    text: str = frame.to_markdown(index=False, colalign=alignment, disable_numparse=True)
    return f"{text}\n"
