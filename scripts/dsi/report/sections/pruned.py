"""The section of tables.md about pruned and recovered models."""

from collections.abc import Mapping

from dsi.evaluation.measures import LOSS, QRELS_MEASURES
from dsi.report.results import Sparsity
from dsi.report.summary import Group, Spreads, before_after_table, measures_table
from dsi.systems import ARMS, JUDGING_CONTROLS, REFERENCES, spell_rate

SECTION = """## Pruned and recovered: {baseline}, {criterion}

*How much does pruning cost, and does recovery bring it back?*
Higher is better. "Minus restart" compares the recovered model with the control of the same seed:
below 0 it ends behind.

{quality}

- The rate is what was asked for: the share of each pruned layer's weights set to zero. Zeros are
  counted after pruning, as shares of the weights of dense E1 as it is stored: in all Linear layers
  (attention and feed-forward), and in the whole model with its embeddings. A head untied to be pruned
  adds weights to those.
- Rows without a rate are there to compare with. "Pruned" is then the state before E2 (dense E1),
  "recovered" the state after it; BM25 and random are not trained and have the same value twice.

*How good are the recovered models by every measure?*
Higher is better, except for the loss.

{every_measure}

*What does the loss say?*
Test loss in nats; lower is better, so above 0 is behind the control here.

{loss}
"""


def pruned_section(
    baseline: str,
    criterion: str,
    values: Spreads,
    changes: Spreads,
    zeros: Mapping[float, Sparsity],
) -> str:
    """Quality, every measure and loss of one baseline and criterion, rate by rate.

    Args:
        values, changes: what dsi.report.summary.spreads gives of means and of differences.
        zeros: what dsi.report.summary.mean_zeros gives.
    """
    quality, loss = (
        before_after_table(baseline, criterion, measures, values, changes, zeros)
        for measures in (("MAP", "R@10"), (LOSS,))
    )
    recovered = [
        (f"rate {spell_rate(rate)}", Group(baseline, "recovered", criterion, rate)) for rate in zeros
    ]
    controls = [(ARMS[arm].name, Group(baseline, arm)) for arm in JUDGING_CONTROLS]
    references = [(ARMS[arm].name, Group(None, arm)) for arm in REFERENCES]
    every_measure = measures_table([*recovered, *controls, *references], [*QRELS_MEASURES, LOSS], values)
    return SECTION.format(
        baseline=baseline, criterion=criterion, quality=quality, every_measure=every_measure, loss=loss
    )
