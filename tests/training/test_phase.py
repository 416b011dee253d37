"""Phases: what E1 and E2 take from the settings, and the precision that a processor has."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dsi.base.records import read_record
from dsi.training.phase import describe_phase, processor_flags, resolve_precision
from dsi.training.settings import RecoverySettings, SettingsError, TrainingSettings
from tests.training.conftest import TRAINING

SETTINGS = read_record(TrainingSettings, {**TRAINING, "epochs": 5, "warmup": 0.2}, "training")


def test_the_rewound_schedule_is_e1s_whatever_the_recovery_says() -> None:
    rewound = describe_phase("E2", SETTINGS, RecoverySettings(2, 0.5, 0.5, rewind=True), 1)
    assert (rewound.first_epoch, rewound.epochs, rewound.rewound) == (6, 2, 3)
    assert (rewound.learning_rate, rewound.warmup) == (0.01, 0.2)
    tuned = describe_phase("E2", SETTINGS, RecoverySettings(2, 0.5, 0.5, rewind=False), 1)
    assert (tuned.rewound, tuned.learning_rate, tuned.warmup) == (0, 0.5, 0.5)


def test_e1_follows_the_training_section() -> None:
    phase = describe_phase("E1", SETTINGS, None, seed=3)
    assert (phase.first_epoch, phase.epochs, phase.warmup, phase.seed) == (1, 5, 0.2, 3)
    assert phase.optimisation.betas == (0.9, 0.999)


def test_e2_without_a_recovery_is_refused() -> None:
    with pytest.raises(SettingsError, match="found no recovery with --phase E2"):
        describe_phase("E2", SETTINGS, None, 1)


def test_e2_has_no_patience() -> None:
    waiting = replace(SETTINGS, patience=2)
    assert describe_phase("E1", waiting, None, 1).patience == 2
    with pytest.raises(SettingsError, match="found patience 2 with --phase E2, expected null"):
        describe_phase("E2", waiting, RecoverySettings(2, 0.5, 0.5, rewind=False), 1)


@pytest.mark.parametrize(("native", "expected"), [(True, "bf16"), (False, "fp32")])
def test_a_card_that_only_emulates_bf16_trains_in_fp32(
    monkeypatch: pytest.MonkeyPatch, native: bool, expected: str
) -> None:
    """As torch answers on a T4 or V100: True unless emulation is left out."""

    def supported(including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert resolve_precision("auto") == expected


def test_precision_follows_the_processors_flags(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16 sse\n\n")
    assert processor_flags(cpuinfo) == {"fpu", "avx512_bf16", "sse"}
    assert processor_flags(tmp_path / "absent") == set()
    assert resolve_precision("fp32") == "fp32"
    assert resolve_precision("bf16") == "bf16"
