"""The tiny collection's atomic docids, as a checkpoint holds them."""

from typing import Any

from dsi.docids.schemes import atomic
from tests.conftest import DOCUMENTS, MAX_TOKENS, PIECES

DOCID_FRAME = atomic(DOCUMENTS, PIECES)
ATOMIC_DESCRIPTION: dict[str, Any] = {"task": "docid", "scheme": "atomic", "max_tokens": MAX_TOKENS}
