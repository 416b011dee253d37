"""The same study in two surroundings: what it ends with is the same byte for byte."""

from pathlib import Path

from tests.chaos import Around, Study, corpus, served

ONE = Around(1, 0o022, {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "0"})
OTHER = Around(2, 0o077, {"LC_ALL": "C.UTF-8", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "12345"})


def test_results_depend_on_nothing_around_them(tmp_path: Path) -> None:
    """On --cores, locale, time zone, hash seed, umask, or a folder with blanks and letters of any script."""
    target = "metrics/recovered/smoke/seed1/magnitude-0.5.json"
    with served(corpus()) as server:
        # One after the other: the port stands in the configuration, not in the results.
        studies = [
            Study(tmp_path / name, server, target, around)
            for name, around in (("plain", ONE), ("with blanks/Füße 研究 ж", OTHER))
        ]
        for study in studies:
            study.finish()
    one, other = (study.digests() for study in studies)
    assert one == other
    assert {"runs/recovered/smoke/seed1/magnitude-0.5.trec.gz", target} <= one.keys()
    assert any(name.endswith("model.safetensors") for name in one)
