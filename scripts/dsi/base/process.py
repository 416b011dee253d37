"""What a process that computes with torch sets before it starts: threads, algorithms, memory.

Does not know training, so that commands which only rank need not load Lightning.
"""

import ctypes
import os

import torch

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def prepare_torch(threads: int) -> None:
    """Fix what decides the last bits of a result, and keep freed memory for the next step.

    The number of threads and the algorithms decide; some operations have no deterministic form on a GPU,
    where they are warned of, not refused.
    """
    _keep_freed_memory()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it starts
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())


def _keep_freed_memory() -> None:
    """Have glibc keep large blocks instead of returning them to the kernel at every step.

    Tensors of tens of megabytes are mapped, zeroed page by page and unmapped again each time: a third to
    two thirds of a step on a CPU with T5's vocabulary. Elsewhere than on glibc nothing is changed.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_MAX, 0)
        library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
