"""What the measurements say about the study's three claims.

Pure functions on data frames. Every sentence is computed, and says what one run per row cannot tell. Does
not know where files lie or how a model is trained. Source: the study's claims, docs/study.md.

Frames
    study      as in dsi.report.reproduction.tables.
    histories  by (baseline, seed): one row per epoch of E1 with epoch, validation_loss,
               validation_MAP-published; for claim 2 also test_loss, test_MAP-published.
"""

from collections.abc import Sequence

import pandas as pd

from dsi.report.reproduction.descent_claim import descent_claim
from dsi.report.reproduction.epochs_claim import epochs_claim
from dsi.report.reproduction.histories import Histories
from dsi.report.reproduction.pruning_claim import pruning_claim
from dsi.report.reproduction.tables import PublishedRow


def claims_section(rows: Sequence[PublishedRow], frame: pd.DataFrame, histories: Histories) -> str:
    """The Markdown section with the evidence for and against each claim."""
    return f"""## The study's claims

### 1. "A larger K needs fewer epochs"

{epochs_claim(rows, histories)}

### 2. "MAP and recall rise with more epochs although the loss rises too"

{descent_claim(rows, histories)}

### 3. "Pruned beats dense at rates 0.2 and 0.3"

{pruning_claim(rows, frame)}
"""
