"""From the metrics of every system to tidy frames and Markdown tables.

Pure functions on data frames. Does not know where files lie, Snakemake or Matplotlib, nor what a
difference proves (dsi.verdict).

Frames
    metrics      one row per system and split: COLUMNS.
    sparsity     one row per pruned model: baseline, seed, criterion, rate, linears, model.
    summary      one row per system, split and measure, seeds together: GROUP, measure, n, mean, sd.
    differences  the same against a control: GROUP, control, measure, n, mean, sd.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import pandas as pd

from dsi.metrics import AGREEMENT_MEASURES, LOSS, MEASURES, QRELS_MEASURES, RECALL_DEPTH

COLUMNS = ("baseline", "seed", "arm", "criterion", "rate", "split", *MEASURES)
GROUP = ["baseline", "arm", "criterion", "rate", "split"]
SPLITS = ("test", "validation")
# What a pruned model is known by. Types are given, as those of columns without a value would be a guess:
# in a study that prunes nothing no system has a criterion and no row has a sparsity.
KEY_TYPES = {"baseline": "object", "seed": "Int64", "criterion": "object", "rate": "float64"}

# Arms in the order of every table, with the names that readers see.
ARMS = {
    "bm25": "BM25",
    "random": "random",
    "dense": "dense E1",
    "dense-continued": "dense E1 + E2",
    "restart": "restart (rate 0)",
    "pruned": "pruned",
    "recovered": "recovered",
}
REFERENCES = ("bm25", "random")
DENSE_ARMS = ("dense", "dense-continued", "restart")
PRUNED_ARMS = ("pruned", "recovered")
# What an arm is compared with: the same seed and training, nothing pruned.
CONTROLS = {"pruned": "dense", "recovered": "restart", "dense-continued": "restart"}

ABSENT = "–"

_PRUNED_SLUG = re.compile(
    r"(?P<arm>pruned|recovered)/(?P<baseline>[^/]+)/seed(?P<seed>\d+)/"
    r"(?P<criterion>[^/]+)-(?P<rate>\d+(\.\d+)?)"
)


class ReportError(ValueError):
    """The results do not fit together; the message names the system and what is wrong."""


class System(NamedTuple):
    """What was evaluated; a field that does not apply is None."""

    baseline: str | None
    seed: int | None
    arm: str
    criterion: str | None
    rate: float | None

    @property
    def slug(self) -> str:
        """The relative path that names the system."""
        if self.arm in REFERENCES:
            return self.arm
        if self.arm in DENSE_ARMS:
            return f"baselines/{self.baseline}/seed{self.seed}/{self.arm}"
        return f"{self.arm}/{self.baseline}/seed{self.seed}/{self.criterion}-{self.rate:g}"


def pruned_system(slug: str) -> System:
    """The pruned or recovered system that a relative path names.

    Raises:
        ReportError: the path names none.
    """
    match = _PRUNED_SLUG.fullmatch(slug)
    if match is None:
        raise ReportError(
            f"{slug!r} names no pruned model; expected a folder "
            "pruned/<baseline>/seed<n>/<criterion>-<rate>, for example "
            "pruned/dsi/seed1/magnitude-0.2"
        )
    return System(
        match["baseline"],
        int(match["seed"]),
        match["arm"],
        match["criterion"],
        float(match["rate"]),
    )


def metrics_frame(reports: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per system and split, in the order of ARMS; values that do not apply are missing.

    Args:
        reports: contents of the metric JSONs: `system`, and `measures` by split.

    Raises:
        ReportError: a measure is not in a report, an arm is unknown, or a system comes twice.
    """
    rows = [_row(report, split) for report in reports for split in report["measures"]]
    types = {**KEY_TYPES, **dict.fromkeys(MEASURES, "float64")}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)
    twice = frame.duplicated([*GROUP, "seed"])
    if twice.any():
        slug = _system(frame[twice].iloc[0]).slug
        raise ReportError(f"two metric files are about {slug}; expected one a system")
    return _in_order(frame)


def sparsity_frame(records: Iterable[tuple[System, Mapping[str, float]]]) -> pd.DataFrame:
    """One row per pruned model: whose it is, and its shares of zeros in Linears and in the model.

    Args:
        records: systems, each with the contents of its sparsity JSON.
    """
    keys, shares = list(KEY_TYPES), ["linears", "model"]
    rows = [
        {name: system._asdict()[name] for name in keys} | {name: values[name] for name in shares}
        for system, values in records
    ]
    types = {**KEY_TYPES, **dict.fromkeys(shares, "float64")}
    return pd.DataFrame(rows, columns=[*keys, *shares]).astype(types).sort_values(keys, ignore_index=True)


def check_complete(metrics: pd.DataFrame, sparsity: pd.DataFrame) -> None:
    """Refuse results in which a mean would silently be over fewer seeds than another.

    Raises:
        ReportError: names a system that one seed has and another lacks, a value that is missing,
            a control or reference ranking that was not evaluated, or a pruned model whose
            sparsity is unknown.
    """
    absent = [arm for arm in REFERENCES if arm not in set(metrics["arm"])]
    if absent:
        raise ReportError(f"the metrics of {absent[0]} are missing; every table shows them")
    for baseline, rows in metrics.dropna(subset=["baseline"]).groupby("baseline"):
        _check_seeds(rows)
        for arm, control in CONTROLS.items():
            if arm in set(rows["arm"]) and control not in set(rows["arm"]):
                slug = f"baselines/{baseline}/seed{rows['seed'].min()}/{control}"
                raise ReportError(
                    f"the metrics of {slug} are missing: {arm} systems of {baseline} are compared with it"
                )
    _check_values(metrics)
    keys = list(KEY_TYPES)
    pruned = metrics[metrics["arm"].isin(PRUNED_ARMS)]
    merged = pruned.merge(sparsity, how="left", on=keys)
    unknown = merged[merged["model"].isna()]
    if len(unknown):
        first = unknown.iloc[0]
        one_shot = ((pruned["arm"] == "pruned") & (pruned["criterion"] == first["criterion"])).any()
        slug = _system(first)._replace(arm="pruned" if one_shot else "recovered").slug
        raise ReportError(f"the sparsity.json of {slug} is missing")


def summarise(metrics: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds: GROUP, measure, n, mean, sd.

    sd divides by n - 1 and is missing for n = 1. Measures that a system lacks have no row.
    """
    return _over_seeds(_long(metrics), GROUP)


def differences(metrics: pd.DataFrame) -> pd.DataFrame:
    """How far each arm lies from its control: GROUP, control, measure, n, mean, sd.

    The difference is taken within each seed; mean and sd are of these differences.
    """
    return _over_seeds(paired_differences(metrics), [*GROUP, "control"])


def paired_differences(metrics: pd.DataFrame) -> pd.DataFrame:
    """Arm minus its control (CONTROLS), seed by seed: GROUP, seed, measure, control, value."""
    long = _long(metrics)
    arms = long[long["arm"].isin(CONTROLS)].assign(control=lambda rows: rows["arm"].map(CONTROLS))
    controls = long.rename(columns={"arm": "control", "value": "control_value"})
    keys = ["baseline", "seed", "split", "measure", "control"]
    paired = arms.merge(controls[[*keys, "control_value"]], on=keys)
    paired["value"] -= paired.pop("control_value")
    return paired


def baselines_table(summary: pd.DataFrame) -> pd.DataFrame:
    """For CSV, all unpruned systems: baseline, arm, split, measure, n, mean, sd."""
    rows = summary[~summary["arm"].isin(PRUNED_ARMS)]
    return rows.drop(columns=["criterion", "rate"]).reset_index(drop=True)


def rates_table(summary: pd.DataFrame, difference: pd.DataFrame, sparsity: pd.DataFrame) -> pd.DataFrame:
    """For CSV, all pruned systems: zeros, mean, sd, and the difference from the control.

    zeros_linears and zeros_model are shares from 0 to 1, means over seeds.
    """
    keys = ["baseline", "criterion", "rate"]
    zeros = sparsity.groupby(keys)[["linears", "model"]].mean().add_prefix("zeros_").reset_index()
    zeros = zeros.astype({name: KEY_TYPES[name] for name in keys})
    change = difference.rename(columns={"mean": "difference_mean", "sd": "difference_sd"})
    rows = summary[summary["arm"].isin(PRUNED_ARMS)].merge(zeros, on=keys, how="left")
    rows = rows.merge(change.drop(columns="n"), on=[*GROUP, "measure"], how="left")
    first = [*keys, "zeros_linears", "zeros_model", "arm"]
    return rows[[*first, *[name for name in rows.columns if name not in first]]]


def _row(report: Mapping[str, Any], split: str) -> dict[str, Any]:
    system = System(**report["system"])
    if system.arm not in ARMS:
        raise ReportError(f"unknown arm {system.arm!r}; expected one of {', '.join(ARMS)}")
    values = report["measures"][split]
    absent = [measure for measure in MEASURES if measure not in values]
    if absent:
        raise ReportError(
            f"the {split} metrics of {system.slug} lack {absent[0]}; expected {', '.join(MEASURES)}"
        )
    return {**system._asdict(), "split": split, **{name: values[name] for name in MEASURES}}


def _system(row: "pd.Series[Any]") -> System:
    """The system of a row of a metrics frame."""
    return System._make(_or_none(row[name]) for name in System._fields)


def _or_none(value: Any) -> Any:
    """None for what pandas holds as missing."""
    return None if pd.isna(value) else value


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Reference rankings first, then by baseline, seed, arm, criterion, rate and split."""
    order = {arm: position for position, arm in enumerate(ARMS)}
    keys = frame.assign(arm=frame["arm"].map(order))
    by = ["baseline", "seed", "arm", "criterion", "rate", "split"]
    index = keys.sort_values(by, na_position="first", kind="stable").index
    return frame.loc[index].reset_index(drop=True)


def _check_seeds(rows: pd.DataFrame) -> None:
    """Of one baseline: every system must exist for every seed."""
    seeds = sorted({int(seed) for seed in rows["seed"]})
    for _, group in rows.groupby(GROUP, dropna=False):
        there = sorted({int(seed) for seed in group["seed"]})
        absent = sorted(set(seeds) - set(there))
        if absent:
            slug = _system(group.iloc[0])._replace(seed=absent[0]).slug
            raise ReportError(
                f"the metrics of {slug} are missing ({group['split'].iloc[0]} queries): "
                f"found seeds {there}, expected {seeds}"
            )


def _check_values(metrics: pd.DataFrame) -> None:
    """A measure is there for all seeds of a system, or for none."""
    for _, group in metrics.groupby(GROUP, dropna=False):
        for measure in MEASURES:
            absent = group[measure].isna()
            if absent.any() and not absent.all():
                row = group[absent].iloc[0]
                raise ReportError(
                    f"{measure} of {_system(row).slug} ({row['split']} queries) has no value, but "
                    "other seeds have one; evaluate that system again"
                )


def _long(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row per system, split and measure that has a value: GROUP, seed, measure, value."""
    long = metrics.melt(
        id_vars=[*GROUP, "seed"], value_vars=list(MEASURES), var_name="measure", value_name="value"
    )
    return long.dropna(subset=["value"]).reset_index(drop=True)


def _over_seeds(long: pd.DataFrame, group: list[str]) -> pd.DataFrame:
    grouped = long.groupby([*group, "measure"], dropna=False, sort=False)["value"]
    frame = grouped.agg(n="count", mean="mean", sd="std").reset_index()
    return frame.astype({name: KEY_TYPES[name] for name in group if name in KEY_TYPES})


class Study(NamedTuple):
    """What the tables say about where their numbers come from.

    e1: epochs before pruning, by baseline; e2: epochs after it. evaluated: queries by split;
    left_out: queries without a relevant document, over all splits. agreement_k: K of BM25-MAP.
    """

    collection: str
    documents: int
    e1: Mapping[str, int]
    e2: int
    evaluated: Mapping[str, int]
    left_out: int
    seeds: Sequence[int]
    agreement_k: int


class Group(NamedTuple):
    """The systems that differ by seed only."""

    baseline: str | None
    arm: str
    criterion: str | None = None
    rate: float | None = None


class Spread(NamedTuple):
    """Mean and standard deviation over seeds; sd is NaN for one seed."""

    mean: float
    sd: float


Spreads = Mapping[tuple[Group, str], Spread]
NamedGroups = Sequence[tuple[str, Group]]


def describe_study(facts: Mapping[str, Any], documents: int, reports: Sequence[Mapping[str, Any]]) -> Study:
    """What the configuration states, and what all metric JSONs must agree on.

    Args:
        facts: collection, e1, e2, agreement_k.

    Raises:
        ReportError: systems were evaluated on different numbers of queries or with different
            parameters, so that they cannot stand in one table.
    """
    first = reports[0]
    for report in reports:
        for what, expected, found in (
            ("queries", _query_counts(first), _query_counts(report)),
            ("parameters", first["parameters"], report["parameters"]),
        ):
            if found != expected:
                raise ReportError(
                    f"{System(**report['system']).slug} was evaluated with other {what} than "
                    f"{System(**first['system']).slug}: found {found}, expected {expected}; "
                    "evaluate both again"
                )
    return Study(
        collection=facts["collection"],
        documents=documents,
        e1=facts["e1"],
        e2=facts["e2"],
        evaluated={split: counts["evaluated"] for split, counts in first["queries"].items()},
        left_out=sum(counts["without_relevant"] for counts in first["queries"].values()),
        seeds=sorted({report["system"]["seed"] for report in reports} - {None}),
        agreement_k=facts["agreement_k"],
    )


def markdown_report(
    study: Study,
    summary: pd.DataFrame,
    difference: pd.DataFrame,
    sparsity: pd.DataFrame,
    sections: Sequence[str] = (),
) -> str:
    """The whole of tables.md: what was measured, then each table under the question it answers.

    Args:
        sections: Markdown that follows the baselines' table.
    """
    values = spreads(summary[summary["split"] == "test"])
    changes = spreads(difference[difference["split"] == "test"])
    parts = [_introduction(study), _baselines_section(study, values), *sections]
    for baseline, criterion in _pairs(values):
        zeros = mean_zeros(sparsity, baseline, criterion)
        parts.append(_pruned_section(baseline, criterion, values, changes, zeros))
    parts.append(_agreement_section(study, values, changes, sparsity))
    return "\n".join(parts)


def spreads(summary: pd.DataFrame) -> dict[tuple[Group, str], Spread]:
    """The rows of a summary (or of differences) of one split, by system and measure."""
    return {
        (Group._make(_or_none(row[name]) for name in Group._fields), row["measure"]): Spread(
            row["mean"], row["sd"]
        )
        for row in summary.to_dict("records")
    }


def mean_zeros(sparsity: pd.DataFrame, baseline: str, criterion: str) -> dict[float, tuple[float, float]]:
    """By rate, the shares of zeros in Linear layers and in the whole model, means over seeds."""
    rows = sparsity[(sparsity["baseline"] == baseline) & (sparsity["criterion"] == criterion)]
    means = rows.groupby("rate")[["linears", "model"]].mean()
    return {cast(float, rate): (float(row["linears"]), float(row["model"])) for rate, row in means.iterrows()}


def before_after_table(
    baseline: str,
    criterion: str,
    measures: Sequence[str],
    values: Spreads,
    changes: Spreads,
    zeros: Mapping[float, tuple[float, float]],
) -> str:
    """A row per rate with each measure before and after recovery; below, the unpruned systems.

    For those, before and after mean before and after E2: dense E1 stands before both of its
    continuations. BM25 and random, not trained, have one value in both columns.
    """
    header = ["", "zeros in Linears", "zeros in model"]
    for measure in measures:
        header += [f"{measure} pruned", f"{measure} recovered", f"{measure} minus restart"]

    def row(name: str, shares: Sequence[str], before: Group, after: Group) -> list[str]:
        shown = [name, *shares]
        for measure in measures:
            shown += [
                plus_minus(values.get((before, measure))),
                plus_minus(values.get((after, measure))),
                plus_minus(changes.get((after, measure)), signed=True),
            ]
        return shown

    rows = [
        row(
            f"rate {rate:g}",
            [percent(share) for share in shares],
            Group(baseline, "pruned", criterion, rate),
            Group(baseline, "recovered", criterion, rate),
        )
        for rate, shares in zeros.items()
    ]
    for arm in ("restart", "dense-continued"):
        dense, continuation = Group(baseline, "dense"), Group(baseline, arm)
        rows.append(row(ARMS[arm], [percent(0), percent(0)], dense, continuation))
    for arm in REFERENCES:
        rows.append(row(ARMS[arm], [ABSENT, ABSENT], Group(None, arm), Group(None, arm)))
    # BM25 and random have no loss, for example.
    return pipe_table(header, [cells for cells in rows if set(cells[3:]) != {ABSENT}])


def measures_table(systems: NamedGroups, measures: Sequence[str], values: Spreads) -> str:
    """A row per named system and a column per measure."""
    rows = [
        [name, *(plus_minus(values.get((group, measure))) for measure in measures)] for name, group in systems
    ]
    return pipe_table(["", *measures], rows)


def pipe_table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: str = "right") -> str:
    """A Markdown table that reads raw too; `numbers` aligns all columns but the first."""
    frame = pd.DataFrame(list(rows), columns=list(header))
    alignment = ["left", *[numbers] * (len(header) - 1)]
    text: str = frame.to_markdown(index=False, colalign=alignment, disable_numparse=True)
    return text


def plus_minus(spread: Spread | None, decimals: int = 4, signed: bool = False) -> str:
    """`0.6012 ± 0.0034`; the mean alone where there is no spread, as of one seed; – where there is none."""
    if spread is None or math.isnan(spread.mean):
        return ABSENT
    text = f"{spread.mean:{'+' if signed else ''}.{decimals}f}"
    return text if math.isnan(spread.sd) else f"{text} ± {spread.sd:.{decimals}f}"


def percent(share: float) -> str:
    """`11.70 %` of a share from 0 to 1."""
    return f"{100 * share:.2f} %"


def _query_counts(report: Mapping[str, Any]) -> dict[str, Any]:
    """Of each split, the counts that depend on the collection alone."""
    names = ("evaluated", "without_relevant")
    return {split: {name: counts[name] for name in names} for split, counts in report["queries"].items()}


def _introduction(study: Study) -> str:
    e1 = ", ".join(f"{name} {epochs}" for name, epochs in study.e1.items())
    queries = " and ".join(f"{study.evaluated[s]:,} {s}" for s in SPLITS if s in study.evaluated)
    left_out = (
        f"\n{study.left_out:,} queries have no relevant document and are left out." if study.left_out else ""
    )
    n, seeds = len(study.seeds), ", ".join(map(str, study.seeds))
    spread = (
        f"A value `0.6012 ± 0.0034` is a mean over the {n} seeds and, behind ±, their standard\n"
        f"deviation (n = {n}). A difference is taken within each seed, then averaged; its ± is\n"
        "the standard deviation of these differences."
        if n > 1
        else "With one seed there is no spread to show: a small difference may well be chance."
    )
    return f"""# {study.collection}: how far can the retriever be pruned?

Collection {study.collection}: {study.documents:,} documents; {queries} queries evaluated.{left_out}
All tables here are about the test queries; `tables/*.csv` hold the validation queries too, and
every digit.

Each seed ({seeds}) is one whole experiment: training, pruning at every rate, recovery.
{spread}
What a difference proves, only the section "Verdict" says.

## The words

A retriever answers a query with a ranked list of documents. Training has two parts: E1, the epochs
before pruning ({e1}), and E2, the epochs after it ({study.e2}).

{pipe_table(["system", "what it is"], SYSTEM_WORDS, "left")}

{pipe_table(["measure", "what it says"], MEASURE_WORDS, "left")}

Measures are averaged over the queries.
"""


SYSTEM_WORDS = (
    ("BM25", "Lucene's classic ranking by shared words; not trained"),
    ("random", "the documents in random order: what no skill at all reaches"),
    ("dense E1", "the model after E1, nothing pruned"),
    ("dense E1 + E2", "the same model trained on through E2, optimiser state kept"),
    (
        "restart (rate 0)",
        "the control: trained through E2 exactly like a recovered model, unpruned",
    ),
    ("pruned", "dense E1 with a share of its weights set to zero (the rate); not trained after"),
    ("recovered", "the pruned model trained through E2, zeros kept at zero; gradual prunes meanwhile"),
)
MEASURE_WORDS = (
    (
        "MAP",
        "average precision: how near the top the relevant documents are; 0 to 1, higher is better",
    ),
    (
        "MRR@10",
        "1 / rank of the first relevant document, 0 beyond rank 10; 0 to 1, higher is better",
    ),
    (
        "nDCG@10",
        "relevance found in the first 10, less the lower it stands; 0 to 1, higher is better",
    ),
    (
        "R@k",
        "share of the relevant documents in the first k (10, 100, 1000); 0 to 1, higher is better",
    ),
    ("loss", "cross-entropy of the right output, in nats; from 0 upwards, lower is better"),
)


def _baselines_section(study: Study, values: Spreads) -> str:
    table = measures_table(_unpruned(values), [*QRELS_MEASURES, LOSS], values)
    remarks = []
    bm25 = values[Group(None, "bm25"), "MAP"].mean
    for baseline in _baselines(values):
        dense = values.get((Group(baseline, "dense"), "MAP"))
        if dense and bm25:
            share = 100 * dense.mean / bm25
            remarks.append(f"- {baseline}: the MAP of dense E1 is {share:.1f} % of BM25's.")
    remarks.append(f"- {_random_recall(study.documents)}")
    return f"""## Baselines

*Does the retriever find documents before anything is pruned?*
Higher is better, except for the loss.

{table}

{chr(10).join(remarks)}
"""


def _random_recall(documents: int) -> str:
    if documents <= RECALL_DEPTH:
        return f"With {documents:,} documents R@1000 is 1 for every ranking of them all."
    return (
        f"Among {documents:,} documents a random ranking is expected to have R@1000 "
        f"{RECALL_DEPTH / documents:.4f} and R@100 {100 / documents:.4f}."
    )


def _pruned_section(
    baseline: str,
    criterion: str,
    values: Spreads,
    changes: Spreads,
    zeros: Mapping[float, tuple[float, float]],
) -> str:
    quality, loss = (
        before_after_table(baseline, criterion, measures, values, changes, zeros)
        for measures in (("MAP", "R@10"), (LOSS,))
    )
    recovered = [(f"rate {rate:g}", Group(baseline, "recovered", criterion, rate)) for rate in zeros]
    controls = [(ARMS[arm], Group(baseline, arm)) for arm in ("restart", "dense-continued")]
    references = [(ARMS[arm], Group(None, arm)) for arm in REFERENCES]
    every_measure = measures_table([*recovered, *controls, *references], [*QRELS_MEASURES, LOSS], values)
    return f"""## Pruned and recovered: {baseline}, {criterion}

*How much does pruning cost, and does recovery bring it back?*
Higher is better. "Minus restart" compares the recovered model with the control of the same seed:
below 0 it ends behind.

{quality}

- The rate is what was asked for: the share of each pruned layer's weights set to zero. Zeros are
  counted after pruning: in all Linear layers (attention and feed-forward), and in the whole model
  with its embeddings.
- Rows without a rate are there to compare with. "Pruned" is then the state before E2 (dense E1),
  "recovered" the state after it; BM25 and random are not trained and have the same value twice.

*How good are the recovered models by every measure?*
Higher is better, except for the loss.

{every_measure}

*What does the loss say?*
Test loss in nats; lower is better, so above 0 is behind the control here.

{loss}
"""


def _agreement_section(study: Study, values: Spreads, changes: Spreads, sparsity: pd.DataFrame) -> str:
    tables = [measures_table(_unpruned(values), AGREEMENT_MEASURES, values)]
    for baseline, criterion in _pairs(values):
        zeros = mean_zeros(sparsity, baseline, criterion)
        table = before_after_table(baseline, criterion, AGREEMENT_MEASURES, values, changes, zeros)
        tables.append(f"{baseline}, {criterion}:\n\n{table}")
    return f"""## Agreement with BM25

*How far does a model imitate BM25?*
Not how good it is: a ranking better than BM25's agrees with it less.
BM25-MAP: average precision with BM25's first {study.agreement_k} documents as the relevant ones.
BM25-R@1000: share of BM25's first 1000 documents that are among the model's first 1000.
Both from 0 to 1, higher is more alike; BM25's own row is the ceiling.

{(chr(10) * 2).join(tables)}
"""


def _unpruned(values: Spreads) -> list[tuple[str, Group]]:
    """The reference rankings and every baseline's unpruned systems, as far as they are there."""
    groups = [(ARMS[arm], Group(None, arm)) for arm in REFERENCES]
    groups += [
        (f"{baseline}, {ARMS[arm]}", Group(baseline, arm))
        for baseline in _baselines(values)
        for arm in DENSE_ARMS
    ]
    there = {group for group, _ in values}
    return [(name, group) for name, group in groups if group in there]


def _baselines(values: Spreads) -> list[str]:
    return sorted({group.baseline for group, _ in values if group.baseline})


def _pairs(values: Spreads) -> list[tuple[str, str]]:
    """Baseline and criterion of every pruned model, each pair once."""
    return sorted(
        {(group.baseline, group.criterion) for group, _ in values if group.baseline and group.criterion}
    )
