"""Timing: calls in turn, quartiles and speed-ups by hand, the machine by its name."""

from pathlib import Path

from dsi.efficiency.timing import hardware, interleaved, processor_name, quartiles, speedup


def test_calls_take_turns_and_none_always_follows_the_same() -> None:
    order: list[str] = []
    calls = {name: lambda name=name: order.append(name) for name in "abc"}
    samples = interleaved(calls, rounds=29, warmup=1)
    assert {name: len(values) for name, values in samples.items()} == {"a": 29, "b": 29, "c": 29}
    rounds = ["".join(order[start : start + 3]) for start in range(0, 90, 3)]
    assert {"".join(sorted(names)) for names in rounds} == {"abc"}
    assert len(set(rounds)) == 6
    again, order[:] = list(order), []
    interleaved(calls, rounds=29, warmup=1)
    assert order == again


def test_quartiles_and_speedup_by_hand() -> None:
    assert quartiles([4.0, 1.0, 2.0, 3.0, 5.0]) == (3.0, 2.0, 4.0)
    # 2/1, 3/2, 6/2: round by round, so that a slow moment of the machine cancels out.
    assert speedup([2.0, 3.0, 6.0], [1.0, 2.0, 2.0]) == (2.0, 1.75, 2.5)
    # Slower is below 1.
    assert speedup([3.0, 3.0], [4.0, 4.0]) == (0.75, 0.75, 0.75)


def test_hardware_is_named(tmp_path: Path) -> None:
    assert set(hardware()) == {"processor", "cores", "gpu", "threads", "torch"}
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some Processor 9000\n")
    assert processor_name(tmp_path / "cpuinfo") == "Some Processor 9000"
    assert processor_name(tmp_path / "absent")
