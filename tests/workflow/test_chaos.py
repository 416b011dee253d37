"""A few kills of a study without trainings; `python tests/chaos.py` has any number, in all stages."""

from pathlib import Path

from tests.chaos import LEXICAL, SIGNALS, STAGES, planned, survive


def test_kills_meet_every_stage_and_every_signal() -> None:
    kills = planned(40, 1, tuple(STAGES))
    assert {(kill.stage, kill.number) for kill in kills} == {(a, b) for a in STAGES for b in SIGNALS}
    assert [kill.stage for kill in kills] == sorted((kill.stage for kill in kills), key=[*STAGES].index)
    assert kills == planned(40, 1, tuple(STAGES))
    assert kills != planned(40, 2, tuple(STAGES))


def test_a_study_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    kills = planned(len(LEXICAL), 3, LEXICAL)
    assert {kill.number for kill in kills} == set(SIGNALS)
    hits = survive(kills, tmp_path, "metrics/bm25.json")
    assert sum(hits.values()) == len(kills)
