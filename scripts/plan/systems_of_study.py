"""Which systems a configuration asks for: what is trained, pruned, recovered, evaluated, measured and drawn.

Lists of `System`s; a slug is written only where a path or an option needs it. In all lists baselines come in
the order of `run`, seeds, criteria and rates in theirs.
"""

import re
from collections.abc import Iterable, Sequence

from dsi.pruning.registry import one_shot, rates_of
from dsi.systems import ALWAYS, DENSE_ARMS, INITIAL, PRUNED_ARMS, REFERENCES, SMALL_ARMS, System
from plan.config.baseline import DocidBaseline
from plan.config.study import Study

# In place of a criterion in the name of a figure of a baseline that is not pruned.
UNPRUNED = "dense"


def slugs(systems: Sequence[System]) -> list[str]:
    """Their slugs."""
    return [system.slug for system in systems]


def one_of(names: Iterable[str]) -> str:
    """A wildcard's pattern that some names match and nothing else; without names, nothing at all."""
    return "|".join(map(re.escape, names)) or "(?!)"


def pruned_baselines(study: Study) -> list[str]:
    """Those of the baselines that are run and pruned."""
    return [name for name in study.run if study.baselines[name].prune]


def docid_baselines(study: Study) -> list[str]:
    """Those of task docid that are run."""
    return [name for name in study.run if study.baselines[name].task == "docid"]


def list_baselines(study: Study) -> list[str]:
    """Those of task ranked-list that are run."""
    return [name for name in study.run if study.baselines[name].task == "ranked-list"]


def measured_baselines(study: Study) -> list[str]:
    """Those of which files and times are measured: pruned ones that score every document at once."""
    return [name for name in pruned_baselines(study) if scores_all_at_once(study, name)]


def scores_all_at_once(study: Study, baseline: str) -> bool:
    """Whether one decoder step ranks all documents: a docid baseline with atomic docids."""
    chosen = study.baselines[baseline]
    return isinstance(chosen, DocidBaseline) and chosen.docids.scheme == "atomic"


def dense_systems(study: Study) -> list[System]:
    """The unpruned ones: E1 of every baseline, and of pruned ones the two controls after E2."""
    return [
        System(name, seed, arm, None, None)
        for name in study.run
        for seed in study.seeds
        for arm in (DENSE_ARMS if study.baselines[name].prune else DENSE_ARMS[:1])
    ]


def initial_systems(study: Study) -> list[System]:
    """Models before their first step: of docid baselines, which all begin from scratch; if asked for."""
    names = docid_baselines(study) if study.controls.initial else []
    return [System(name, seed, INITIAL, None, None) for name in names for seed in study.seeds]


def small_systems(study: Study) -> list[System]:
    """Dense models of the shape that removing units leaves, those that are taught last."""
    return [
        System(name, seed, arm, "ffn", rate)
        for arm in SMALL_ARMS
        for name in pruned_baselines(study)
        for seed in study.seeds
        for rate in study.controls.small
    ]


def e1_systems(study: Study, baselines: Sequence[str]) -> list[System]:
    """Dense models after E1 of some baselines, one a seed."""
    return [System(name, seed, "dense", None, None) for name in baselines for seed in study.seeds]


def systems_of_arm(
    study: Study,
    arm: str,
    *,
    baselines: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    criteria: Sequence[str] | None = None,
) -> list[System]:
    """Those of the arm pruned or recovered; None: all that the study has.

    A criterion that prunes in recovery has no pruned model; each has those of the rates that it can have.
    """
    if arm == "pruned":
        criteria = [name for name in (study.criteria if criteria is None else criteria) if one_shot(name)]
    return [
        System(name, seed, arm, criterion, rate)
        for name in (pruned_baselines(study) if baselines is None else baselines)
        for seed in (study.seeds if seeds is None else seeds)
        for criterion in (study.criteria if criteria is None else criteria)
        for rate in rates_of(criterion, study.rates)
    ]


def references(study: Study) -> list[str]:
    """The references that the study has; those that learn from judged queries only where there are such."""
    collection = study.selected_collection
    chosen = {
        *(*ALWAYS, "rm3"),
        *(("bm25-tuned",) if collection.has_validation_queries else ()),
        *(("lookup", "lookup-bm25") if collection.has_training_queries else ()),
    }
    return [name for name in REFERENCES if name in chosen]


def untrained_references(study: Study) -> list[str]:
    """Those of them that rank_references makes."""
    return [name for name in references(study) if name not in ALWAYS]


def evaluated_systems(study: Study) -> list[System]:
    """Every system of the study, references first."""
    return [
        *(System(None, None, name, None, None) for name in references(study)),
        *initial_systems(study),
        *dense_systems(study),
        *systems_of_arm(study, "pruned"),
        *systems_of_arm(study, "recovered"),
        *small_systems(study),
    ]


def explored_systems(study: Study) -> list[System]:
    """Whose rankings the explorer shows: BM25, dense and its restart, pruned and recovered."""
    arms = ("bm25", "dense", "restart", *PRUNED_ARMS)
    return [system for system in evaluated_systems(study) if system.arm in arms]


def masked_systems(study: Study) -> list[System]:
    """Beside which masks and sparsity lie: pruned models, or recovered ones where recovery made the masks."""
    gradual = [name for name in study.criteria if not one_shot(name)]
    return [*systems_of_arm(study, "pruned"), *systems_of_arm(study, "recovered", criteria=gradual)]


def measured_systems(study: Study) -> list[System]:
    """Whose files and times are measured, dense ones first.

    A recovered model has the zeros of the pruned one, which is therefore left out.
    """
    baselines = measured_baselines(study)
    return [*e1_systems(study, baselines), *systems_of_arm(study, "recovered", baselines=baselines)]


def measured_systems_of(study: Study, baseline: str, seed: int) -> list[System]:
    """Those of one baseline and seed, as far as it is asked for by name."""
    dense = System(baseline, seed, "dense", None, None)
    return [dense, *systems_of_arm(study, "recovered", baselines=[baseline], seeds=[seed])]


def timed_systems(study: Study, baseline: str) -> list[System]:
    """The recovered models whose latency is measured: of the first seed, as zeros cost the same in all."""
    return systems_of_arm(study, "recovered", baselines=[baseline], seeds=study.seeds[:1])


def trained_systems(study: Study, baseline: str, criterion: str) -> list[System]:
    """Whose training curves stand in one figure: the dense arms, then what the criterion's models recovered.

    Args:
        criterion: or UNPRUNED.
    """
    dense = [system for system in dense_systems(study) if system.baseline == baseline]
    if criterion == UNPRUNED or baseline not in pruned_baselines(study):
        return dense
    recovered = [
        System(baseline, seed, "recovered", criterion, rate)
        for seed in study.seeds
        for rate in rates_of(criterion, study.rates)
    ]
    return [*dense, *recovered]


def systems_of_lost_queries(study: Study, baseline: str, criterion: str) -> list[System]:
    """Which say what queries a criterion loses: BM25, dense, restart, pruned and recovered."""
    bm25 = System(None, None, "bm25", None, None)
    pruned = [
        system
        for arm in ("pruned", "recovered")
        for system in systems_of_arm(study, arm, baselines=[baseline], criteria=[criterion])
    ]
    restart = [system._replace(arm="restart") for system in e1_systems(study, [baseline])]
    return [bm25, *e1_systems(study, [baseline]), *restart, *pruned]


def compared_baselines(study: Study) -> list[str]:
    """The docid baselines that are compared with `report.reference`; none without a reference."""
    return docid_baselines(study) if study.report.reference is not None else []
