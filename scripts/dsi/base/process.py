"""What a process that computes with torch sets before it starts: threads, algorithms, memory."""

import ctypes
import os

import torch

# The options of mallopt, from glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def prepare_torch(threads: int) -> None:
    """Make results reproducible to the last bit, and keep freed memory for the next step.

    Sums depend on the number of threads and on the algorithms. On a GPU some operations have no
    deterministic form: there torch warns of them, on a CPU it refuses them.
    """
    _keep_freed_memory()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it starts
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())


def compute_device() -> torch.device:
    """Where models compute: the first GPU that this process sees, or the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _keep_freed_memory() -> None:
    """Have glibc keep large blocks instead of returning them to the kernel at every step.

    Otherwise tensors of tens of megabytes are mapped, zeroed page by page and unmapped again each time,
    which takes a third to two thirds of a training step on a CPU with T5's vocabulary. Without glibc
    nothing changes.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_MAX, 0)
        library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
