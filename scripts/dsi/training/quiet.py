"""Leaves out of a training's log what helps nobody there: an advertisement, and notes on Lightning itself."""

import logging
import re
import warnings

_NO_NEWS = (
    "`isinstance(treespec, LeafSpec)` is deprecated",
    # One process loads all data; dsi.training.ahead keeps the order.
    "Your `IterableDataset` has `__len__` defined",
    # Each of several processes validates on all queries, and has what the others have.
    "It is recommended to use `self.log('validation_loss', ..., sync_dist=True)`",
)


def leave_out_advertisements() -> None:
    """Of Lightning; called before its trainer is made."""
    logging.getLogger("lightning.pytorch.utilities.rank_zero").addFilter(_is_news)
    for start in _NO_NEWS:
        warnings.filterwarnings("ignore", message=re.escape(start))


def _is_news(record: logging.LogRecord) -> bool:
    return "litlogger" not in record.getMessage()
