"""The rules as they are written: their names, what each has, and which of them use a GPU."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from plan.commands import command_files
from plan.settings import PRUNERS, TRAINERS

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "rules").glob("*.smk"))
COMMANDS = command_files(ROOT / "scripts")
# Rules that are not named for their command: the trainings for their arm, as they run that of the baseline's
# task, as pruning by weights does; and the tokenizer of lists, a twin of that of queries and documents.
TRAININGS = {"dense", "dense_continued", "restart", "recover", "prune_in_recovery", "small", "small_taught"}
OF_THE_TASK = {**dict.fromkeys(TRAININGS, "training"), "prune": "pruning"}
TWINS = {"train_list_tokenizer": "train_tokenizer"}
BY_HAND = {"search", "compare", "status", "export", "decompress", "clean"}

RULE = re.compile(r"^ *(?:rule (?P<own>\w+)|use rule (?P<parent>\w+) as (?P<twin>\w+) with):$", re.MULTILINE)
COMMAND = re.compile(r'run\(\s*"([a-z0-9_]+|\{params\.command\})')


class Rule(NamedTuple):
    """A rule as it is written; a twin has the rule that it is derived from."""

    name: str
    file: Path
    text: str
    parent: "Rule | None"

    def section(self, name: str) -> str | None:
        """What is written under a directive, the parent's where the rule itself has none."""
        found = re.search(rf"^( *){name}:(.*(?:\n\1 .*)*)", self.text, re.MULTILINE)
        if found is None:
            return self.parent.section(name) if self.parent else None
        return found[2]

    @property
    def command(self) -> str:
        """What it runs, as far as it is written: `{params.command}` stands for what wildcards decide."""
        found = COMMAND.search(self.section("shell") or "")
        assert found, self.name
        written = re.search(r'command="(\w+)"', self.section("params") or "")
        return written[1] if found[1].startswith("{") and written else found[1]


def rules() -> Iterator[Rule]:
    found: dict[str, Rule] = {}
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        heads = list(RULE.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            body = text[head.end() : following.start() if following else len(text)]
            name = head["own"] or head["twin"]
            found[name] = Rule(name, file, body, found[head["parent"]] if head["parent"] else None)
    yield from found.values()


RULES = {rule.name: rule for rule in rules()}


def test_there_are_rules_to_check() -> None:
    assert len(FILES) == 10
    assert len(RULES) >= 42


def test_every_stage_has_one_file_of_rules() -> None:
    assert {file.stem for file in FILES} == {path.parent.name for path in COMMANDS.values()}


def test_a_rule_has_the_name_of_the_command_that_it_runs() -> None:
    run = {name: rule.command for name, rule in RULES.items() if name not in OF_THE_TASK}
    assert run == {name: TWINS.get(name, name) for name in run}


def test_trainings_and_prunings_run_the_command_of_their_baselines_task() -> None:
    assert {rule.name for rule in RULES.values() if "{params.command}" in rule.command} == set(OF_THE_TASK)
    assert "settings.trainer(study, wildcards.baseline)" in str(RULES["restart"].section("params"))
    assert "settings.pruner(study, wildcards.baseline)" in str(RULES["prune"].section("params"))
    twins = [RULES[name] for name in TRAININGS - {"restart"}]
    assert {rule.parent.name for rule in twins if rule.parent} == {"restart", "dense", "small"}


def test_every_command_has_its_rule_but_those_for_use_by_hand() -> None:
    of_the_task = {*TRAINERS.values(), *PRUNERS.values()}
    run = {rule.command for name, rule in RULES.items() if name not in OF_THE_TASK} | of_the_task
    assert set(COMMANDS) - run == BY_HAND


def test_a_rule_stands_in_the_file_of_its_commands_stage() -> None:
    stages = {
        name: OF_THE_TASK.get(name) or COMMANDS[rule.command].parent.name for name, rule in RULES.items()
    }
    assert {name: rule.file.stem for name, rule in RULES.items()} == stages


def test_a_rule_says_what_it_makes_and_tells() -> None:
    directives = ("output", "log", "benchmark", "message", "conda", "shell")
    assert not [(name, key) for name, rule in RULES.items() for key in directives if not rule.section(key)]


def test_log_and_benchmark_are_in_folders_with_the_rules_name() -> None:
    """The report adds up times by folder."""
    for name, rule in RULES.items():
        job = re.search(r'job="([^"]+)"', rule.section("pathvars") or "")
        for directive, folder in (("log", "<logs>"), ("benchmark", "<benchmarks>")):
            path = str(rule.section(directive)).replace("<job>", job[1] if job else "<job>")
            assert f'"{folder}/{name}/' in path, path


def test_params_that_are_made_of_inputs_hold_paths_alone() -> None:
    """Snakemake does not compare them: a setting among them would make nothing stale."""
    paths = "lambda wildcards, input: inputs.as_options(input),"
    params = [line.strip() for rule in RULES.values() for line in str(rule.section("params")).splitlines()]
    made_of_inputs = [line for line in params if "lambda wildcards, " in line]
    assert len(made_of_inputs) >= 4
    assert not [line for line in made_of_inputs if not line.endswith(paths)]


def test_no_rules_file_needs_what_another_defines() -> None:
    defined = {
        file: set(re.findall(r"^(\w+) = ", file.read_text(encoding="utf-8"), re.MULTILINE)) for file in FILES
    }
    assert sum(map(len, defined.values())) > 5
    foreign = [
        f"{file.name} uses {name} of {other.name}"
        for file in FILES
        for other in FILES
        for name in defined[other] - defined[file]
        if other != file
        and re.search(rf"(?<![\w.{{\"-]){name}\b(?! *[=:])", file.read_text(encoding="utf-8"))
    ]
    assert not foreign


def profile(name: str) -> dict[str, Any]:
    path = ROOT / f"profiles/{name}/config.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_on_a_cluster_every_job_that_uses_a_gpu_asks_for_one() -> None:
    using = {name for name, rule in RULES.items() if "GPU" in (rule.section("resources") or "")}
    assert len(using) >= 9
    asked = [entry.split(":")[0] for entry in profile("slurm")["set-resources"] if entry.endswith(":gpu=1")]
    assert sorted(asked) == sorted(using)


def test_on_slurm_pages_and_figures_of_a_group_run_a_few_at_a_time() -> None:
    """All at once would ask one node for as many cores as a study has figures."""
    slurm = profile("slurm")
    together = {entry.removesuffix("=report") for entry in slurm["groups"] if entry.endswith("=report")}
    limited = {
        entry.removesuffix(":beside=1") for entry in slurm["set-resources"] if entry.endswith("beside=1")
    }
    assert limited == together
    assert slurm["resources"] == ["beside=4"]
    assert slurm["set-resource-scopes"] == ["beside=local"]


def test_on_a_cluster_short_jobs_travel_together() -> None:
    """Rules in groups are there; what needs the network, E1 and measured times travel alone."""
    groups = dict(entry.split("=") for entry in profile("slurm")["groups"])
    assert set(groups) <= set(RULES)
    assert set(groups.values()) == {"collection", "system", "report"}
    assert groups["prune"] == groups["recover"] == groups["evaluate"] == "system"
    alone = {name for name in RULES if name.startswith(("fetch_", "measure_"))}
    alone |= {"dense", "summarise_timings"}
    assert len(alone) >= 8
    assert not alone & set(groups)


def test_latency_is_measured_alone_on_its_machine() -> None:
    (threads,) = profile("default")["set-threads"]
    assert re.fullmatch(r"measure_latency=\d{4,}", threads)
    assert 'measure_latency:slurm_extra="--exclusive"' in profile("slurm")["set-resources"]


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_snakemakes_own_locks_are_off(name: str) -> None:
    """A run that ends removes those of all others; plan.one_study takes one that it cannot remove."""
    assert profile(name)["nolock"] is True


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_jobs_have_memory_by_default(name: str) -> None:
    assert "mem_mb=3000" in profile(name)["default-resources"]
    assert not [rule.name for rule in RULES.values() if "mem_mb=3000" in rule.text]
