"""Keeping memory is done where there is glibc, and nothing is done elsewhere."""

import ctypes
import platform
import subprocess
import sys

import pytest

from predictors import malloc

CODE = """
import ctypes, resource, runpy, sys
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        block = libc.malloc(2**26)
        libc.memset(block, 1, 2**20)
        libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
fresh = faults()
assert runpy.run_path(sys.argv[1])["keep_memory"]()
faults()
print(fresh, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_is_used_again() -> None:
    done = subprocess.run([sys.executable, "-c", CODE, malloc.__file__], capture_output=True, text=True, check=True)
    fresh, kept = map(int, done.stdout.split())
    assert fresh > 20 * 200  # 256 pages of 4096 bytes are written each time
    assert kept < 100


@pytest.mark.parametrize("error", [OSError, TypeError])
def test_nothing_is_done_without_a_c_library(monkeypatch, error: type[Exception]) -> None:
    def none(name: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", none)
    assert malloc.keep_memory() is False


def test_nothing_is_done_with_another_c_library(monkeypatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert malloc.keep_memory() is False
