"""What docs/write_reference.py and docs/write_rules.py write lies there, and is read off as it should be."""

from types import ModuleType

import pytest
import write_reference
import write_rules
from write_house import STAGES, rules
from write_rules import Job

# As Snakemake prints it, without colours and sizes that say nothing.
GRAPH = """\
digraph snakemake_dag {
0 [ shape=none, margin=0, label=<<table>
<b><font point-size="18">evaluate</font></b>
<tr><td align="left"> <b><font point-size="14">&#8618; input</font></b> </td></tr>
<td><font face="monospace">&lt;input function&gt;</font></td>
<td><font face="monospace">results/reference/runs/{slug}.trec.gz</font></td>
<tr><td align="right"> <b><font point-size="14">output &rarr;</font></b> </td> </tr>
<td><font face="monospace">results/reference/metrics/{slug,bm25|[a-z]{2}/seed\\\\d+}.json</font></td>
</table>>]
1 [ shape=none, margin=0, label=<<table>
<b><font point-size="18">make_tables</font></b>
<tr><td align="left"> <b><font point-size="14">&#8618; input</font></b> </td></tr>
<td><font face="monospace">results/reference/metrics/baselines/smoke/seed1/dense.json</font></td>
<td><font face="monospace">results/reference/metrics/baselines/smoke/seed2/dense.json</font></td>
<td><font face="monospace">results/reference/metrics/recovered/smoke/seed2/wanda-0.5.json</font></td>
<td><font face="monospace">results/reference/metrics/lookup-bm25.json</font></td>
<tr><td align="right"> <b><font point-size="14">output &rarr;</font></b> </td> </tr>
<td><font face="monospace">results/reference/tables.md</font></td>
</table>>]
	0 -> 1
}
"""


@pytest.mark.parametrize("module", [write_reference, write_rules], ids=lambda module: module.__name__)
def test_generated_files_are_what_would_be_written(module: ModuleType) -> None:
    for path, text in module.generated().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run `make docs`"


def test_the_page_has_every_rule_once_with_what_it_writes() -> None:
    page = write_rules.PAGE.read_text(encoding="utf-8")
    for stage in STAGES:
        _, _, text = page.partition(f"\n## {stage.name}\n")
        own = text.partition("\n## ")[0].split("\n### `")[1:]
        assert [part.partition("`")[0] for part in own] == rules(write_rules.ROOT, stage.name)
        assert all("\n| writes | `" in part for part in own)


def test_paths_are_read_off_a_graph_with_names_in_braces_and_each_kind_once() -> None:
    assert write_rules.jobs(GRAPH) == {
        "evaluate": Job(("runs/{slug}.trec.gz",), (), ("metrics/{slug}.json",)),
        "make_tables": Job(
            (
                "metrics/baselines/{baseline}/seed{seed}/{arm}.json",
                "metrics/recovered/{baseline}/seed{seed}/{criterion}-{rate}.json",
                "metrics/{reference}.json",
            ),
            ("evaluate",),
            ("tables.md",),
        ),
    }


def test_paths_of_a_folder_stand_together() -> None:
    assert write_rules.table(Job(("runs/a.gz", "runs/b.json", "c.md"), ("prune", "dense"), ())) == (
        "| | |\n|:--|:--|\n| after | [`dense`](#dense), [`prune`](#prune) |\n"
        "| reads | `runs/` `a.gz`, `b.json`; `c.md` |\n"
    )


def test_plans_of_several_studies_are_joined() -> None:
    plans = [
        {"dense": Job(("a",), ("x",), ("c",))},
        {"dense": Job(("a", "b"), ("y",), ("c",)), "prune": Job((), (), ())},
    ]
    assert write_rules.joined(plans) == {
        "dense": Job(("a", "b"), ("x", "y"), ("c",)),
        "prune": Job((), (), ()),
    }


def test_a_twin_says_what_its_rule_says() -> None:
    text = 'rule prune:\n    message:\n        "{wildcards.baseline}: pruning (progress in {log})"\n'
    twin = f"{text}\nuse rule prune as prune_again with:\n    threads: 2\n"
    assert (
        write_rules.message(twin, "prune")
        == write_rules.message(twin, "prune_again")
        == "{baseline}: pruning"
    )


def test_example_settings_are_the_default_studys_for_an_epoch() -> None:
    study = write_reference.default_study()
    for name, baseline in write_reference.EXAMPLES.items():
        assert study.baselines[baseline].task == name
        assert '"epochs": 1' in write_reference.example_settings(study, baseline)
