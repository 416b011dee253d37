"""Faults of the machine that end a command: no room, no right to write, no memory.

They come from libraries in many forms, some with an error number, some in words alone. What is said here
names the file, as far as it is known, and the way out; the traceback would not help.
"""

import errno
import re
from collections.abc import Iterator

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
# As the libraries of safetensors, tokenizers, torch, Arrow and Lucene say it.
_FULL_WORDS = re.compile(
    r"(?i)no space left|disk quota exceeded|file too large|os error (28|27|122)\b"
    r"|PytorchStreamWriter failed|inline_container.*unexpected pos"
)
_FORBIDDEN_WORDS = re.compile(r"(?i)read-only file system|permission denied|os error (13|30)\b")
_MEMORY_WORDS = re.compile(r"can't allocate memory|cannot allocate memory|java\.lang\.OutOfMemoryError")
_GPU = "OutOfMemoryError"  # torch's; a RuntimeError, whose module is not imported for its sake


def fault_message(error: BaseException) -> str | None:
    """What to say of an error that is a fault of the machine; None for any other."""
    for cause in _chain(error):
        where = _place(cause) or _place(error)
        number, words = getattr(cause, "errno", None), str(cause)
        if number in _FULL or _FULL_WORDS.search(words):
            return (
                f"{where or 'an output'}: cannot be written, as the disk is full ({_first(words)}); make "
                "room or choose another folder, for example --config results=/data/mine, and run again"
            )
        if number in _FORBIDDEN or _FORBIDDEN_WORDS.search(words):
            return (
                f"{where or 'a file'}: there is no right to write or read here ({_first(words)}); change the "
                "folder's, or choose another one, for example --config results=/data/mine, and run again"
            )
        if type(cause).__name__ == _GPU:
            return (
                f"the GPU's memory is full ({_first(words)}); stop what else uses it, or halve what is "
                "computed at a time, for example training: {accumulate: 2, checkpointing: true}"
            )
        if isinstance(cause, MemoryError) or _MEMORY_WORDS.search(words):
            return (
                f"the memory is full ({_first(words) or 'MemoryError'}); run fewer jobs beside each other, "
                "for example --cores 1, or halve what is computed at a time, for example training: "
                "{accumulate: 2}"
            )
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _place(error: BaseException) -> str:
    """The file that is being written, as `dsi.base.files` notes it, or that the system names."""
    notes = getattr(error, "__notes__", ())
    named = getattr(error, "filename", None)
    return str(notes[-1] if notes else named or "")


def _first(words: str) -> str:
    return (words.strip().splitlines() or [""])[0][:200]
