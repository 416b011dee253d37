"""The claim that a larger K needs fewer epochs."""

from dsi.report.reproduction.epochs_claim import epochs_claim, turning_points
from dsi.report.reproduction.published import published_rows
from tests.report.reproduction.conftest import entry, history


def test_turns_are_the_epochs_of_lowest_loss_and_first_best_map() -> None:
    rows = published_rows([entry(), entry("short", epochs="2"), entry("k10", K=10), entry("absent", K=3)])
    histories = {
        ("small-k5", 1): history([3, 2, 1, 2], [0, 0.1, 0.3, 0.3]),
        ("short", 1): history([3, 2], [0, 0.1]),  # the same training, cut: only the longest counts
        ("k10", 1): history([3, 1, 2, 2], [0, 0, 0, 0]),
    }
    turns = turning_points(rows, histories)
    found = [(turn.row.baseline, turn.epochs, turn.lowest_loss, turn.best_map) for turn in turns]
    assert found == [("small-k5", 4, 3, 3), ("k10", 4, 2, None)]
    text = " ".join(epochs_claim(rows, histories).split())
    assert (
        "**Lowest validation loss**: of 1 pairs with the same batch size the larger K reached it earlier in 1"
        in text
    )
    assert "**Best validation MAP**: no pair to compare." in text
    assert "always 0" in text
    assert "One run per row" in text


def test_pairs_of_other_models_seeds_and_batch_sizes_are_kept_apart() -> None:
    rows = published_rows([entry(), entry("k25", K=25, batch=16), entry("base", name="t5-base", K=25)])
    early, late = history([1, 2], [0.2, 0.1]), history([2, 1], [0.1, 0.2])
    text = " ".join(epochs_claim(rows, {("small-k5", 1): early, ("k25", 1): late, ("base", 1): late}).split())
    assert "same batch size the" not in text
    assert "of 1 pairs with different batch sizes the larger K reached it earlier in 0, later in 1" in text
    assert "In 2 of 3 runs the best MAP is that of the last epoch" in text
    assert "no pair" in epochs_claim(rows[:2], {("small-k5", 1): early, ("k25", 2): late})
    assert epochs_claim(rows, {}).startswith("Not run")
