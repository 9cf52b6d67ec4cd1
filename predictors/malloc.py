"""glibc's malloc told to keep memory: by default each large tensor is fresh pages from the system, every time.

Training on long sequences spends up to half its time on that. The settings are those of the environment variables
MALLOC_MMAP_MAX_=0, MALLOC_TRIM_THRESHOLD_=<large> and MALLOC_TOP_PAD_=268435456, made from within a process.
"""

import ctypes

__all__ = ["keep_memory"]

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
"""As in malloc.h."""

SETTINGS = {
    M_MMAP_MAX: 0,  # no block comes from mmap, which gives and takes back fresh pages
    M_TRIM_THRESHOLD: 2**31 - 1,  # nothing free at the end of the heap goes back to the system
    M_TOP_PAD: 2**28,  # the heap grows by so much at once
}


def keep_memory() -> bool:
    """Let this process keep the memory that it frees, for its next tensors. Call it once, before the first work.

    It changes how fast a process runs and how much memory it holds at its end, and no result. It cannot be undone, so
    it is for a process that trains and then ends, not for a library to do on import.

    Returns:
        True if it was done; False where the C library is not glibc, and nothing was done.
    """
    try:
        libc = ctypes.CDLL(None)
        mallopt, _ = libc.mallopt, libc.gnu_get_libc_version
    except (OSError, AttributeError, TypeError):  # TypeError: Windows has no library of the process itself
        return False
    return all(mallopt(parameter, value) == 1 for parameter, value in SETTINGS.items())
