"""A hint where a target is asked for that no rule makes: most often it is that of another study."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from plan.config.study import Study
from plan.results_of_study import figure_files, pages

_NO_RULE = re.compile(r"No rule to produce (.+?) \(if you use input functions")


def target_without_rule(message: str) -> str | None:
    """The target that Snakemake's message says no rule makes; None for another message."""
    found = _NO_RULE.search(message)
    return found[1] if found else None


def hint(target: str, study: Study, here: Path) -> str:
    """What a user may have meant by a target that the study does not make.

    Args:
        here: the checkout, whose studies are looked through.
    """
    found = ", ".join(f"--configfile {path}" for path in _studies_with(target, study, here))
    if found:
        return f"It lies in the results folder of another study, whose file has to be appended: {found}"
    made = [*pages(study), *figure_files(study)]
    own = [path.replace("<results>", study.results.rstrip("/")) for path in made]
    near = difflib.get_close_matches(target, ["all", *own], n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return (
        f"{meant}The results of this study lie in {study.results}, for example {own[0]}; a target of another "
        "study needs that study's file, appended: --configfile studies/NAME.yaml"
    )


def _studies_with(target: str, study: Study, here: Path) -> Iterator[Path]:
    """Files of other studies in whose results folder a target lies, of several the innermost folder's."""
    folders = {path: folder for path in _files(here) if (folder := _results(here / path)) is not None}
    around = [folder for folder in folders.values() if Path(target).is_relative_to(folder)]
    innermost = max(around, key=lambda folder: len(folder.parts), default=None)
    if innermost is not None and innermost != Path(study.results):
        yield from (path for path, folder in folders.items() if folder == innermost)


def _files(here: Path) -> list[Path]:
    found = [*here.glob("*.yaml"), *here.glob("studies/*.yaml")]
    return sorted(path.relative_to(here) for path in found if path.name != "config.yaml")


def _results(path: Path) -> Path | None:
    """The results folder that an overlay names."""
    try:
        overlay = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    named = overlay.get("results") if isinstance(overlay, dict) else None
    return Path(named) if isinstance(named, str) else None
