"""What code and rules may not do, as SECURITY.md says: run what data hold, or let it reach a shell."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(path for folder in ("scripts", "docs", "envs") for path in (ROOT / folder).rglob("*.py"))
RULES = sorted((ROOT / "rules").glob("*.smk"))
# What would run code that a file holds, or hand text to a shell.
FORBIDDEN = {
    "a pickle": r"\b(pickle\.loads?|read_pickle|joblib|dill|shelve|marshal\.loads?)\b|allow_pickle=T",
    "torch.load of more than tensors": r"weights_only=False|torch\.load\((?![^\n]*weights_only=True)",
    "code of a model's author": r"trust_remote_code",
    "YAML that makes objects": r"yaml\.(unsafe_load|full_load|load\((?![^\n]*BaseLoader))",
    "a shell": r"shell=True|os\.(system|popen)\b|subprocess\.getoutput",
    "text as code": r"(?<![\w.])(eval|exec)\(",
    "a temporary file that others can foresee": r"\bmktemp\(|[\"']/tmp\b",
    "an archive unpacked without a filter": r"\.extractall\((?![^\n]*filter=)|shutil\.unpack_archive|zipfile",
    "an unverified connection": r"_create_unverified_context|CERT_NONE|verify=False",
}
# Parameters of rules that are numbers, names of a fixed form, or options that Python has quoted.
PLAIN = """agreement_k b batch cache code command confidence dense depth dpi drawing files flags histories
judging k1 language length lists margin options phase prune rates reference results rounds sample seed
selection settings state systems threads vocabulary"""
# Those that hold text of the configuration: a shell would read it.
QUOTED = "corpus facts model name packages queries relevance rows sampling source split"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_code_does_what_is_forbidden(what: str) -> None:
    assert len(CODE) > 300
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in CODE
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(FORBIDDEN[what], line)
    ]
    assert not found


@pytest.mark.parametrize("name", [path.stem for path in RULES])
def test_what_a_configuration_says_reaches_a_shell_quoted(name: str) -> None:
    text = (ROOT / f"rules/{name}.smk").read_text(encoding="utf-8")
    shells = "".join(re.findall(r"^ +shell:\n((?: {8,}.*\n?)+)", text, re.MULTILINE))
    used = re.findall(r"\{params\.(\w+)(:q)?\}", shells)
    assert {key for key, quoted in used if not quoted} <= set(PLAIN.split()) - set(QUOTED.split())
    assert used


def test_every_package_of_a_pinned_build_is_pinned_to_one_version() -> None:
    lines = (ROOT / "envs/requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line.strip() and not line.startswith("#")]
    assert len(pins) > 50
    assert not [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!]+(\s*[;#].*)?", line)]


def test_the_page_about_security_names_what_is_checked() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for word in ("safetensors", "weights_only", "digest", "https", "links", "hashes", "docids"):
        assert word in page
