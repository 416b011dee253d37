"""What a training's log leaves out."""

import logging
import warnings

import pytest

from dsi.training.quiet import leave_out_advertisements


def test_an_advertisement_is_left_out_and_news_is_not(caplog: pytest.LogCaptureFixture) -> None:
    leave_out_advertisements()
    logger = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    logger.propagate = True
    with caplog.at_level(logging.INFO, logger.name):
        logger.info("Tip: try installing [litlogger](https://pypi.org/project/litlogger/)")
        logger.info("GPU available: False")
    assert [record.getMessage() for record in caplog.records] == ["GPU available: False"]


def test_a_note_on_lightnings_own_code_is_left_out() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        leave_out_advertisements()
        warnings.warn("`isinstance(treespec, LeafSpec)` is deprecated, use …", stacklevel=1)
        warnings.warn("another", stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["another"]
