"""What the measurements say about the published study's three claims.

Every sentence is computed, and says what one run per row cannot tell. Source: the study's claims,
docs/method/reproduction.md.
"""

from collections.abc import Sequence

import pandas as pd

from dsi.report.reproduction.descent_claim import descent_claim
from dsi.report.reproduction.epochs_claim import epochs_claim
from dsi.report.reproduction.histories import Histories
from dsi.report.reproduction.pruning_claim import pruning_claim
from dsi.report.reproduction.published import PublishedRow


def claims_section(
    rows: Sequence[PublishedRow],
    frame: pd.DataFrame,
    values: pd.DataFrame,
    histories: Histories,
    confidence: float,
) -> str:
    """The Markdown section with the evidence for and against each claim.

    Args:
        frame: what `reproduction_frame` returns.
        values: what `published_values` returns.
        histories: of E1, by baseline and seed, as in dsi.report.reproduction.histories.
        confidence: of the intervals of one claim together.
    """
    return f"""## The study's claims

### 1. "A larger K needs fewer epochs"

{epochs_claim(rows, histories)}

### 2. "MAP and recall rise with more epochs although the loss rises too"

{descent_claim(rows, histories)}

### 3. "Pruned beats dense at rates 0.2 and 0.3"

{pruning_claim(rows, frame, values, confidence)}
"""
