"""Keeping memory is done where there is glibc, and nothing is done elsewhere."""

import ctypes
import platform
import subprocess
import sys

import pytest

from predictors import malloc

CODE = """
import resource, torch
from predictors.malloc import keep_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(2**21)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
fresh = faults()
assert keep_memory()
faults()
print(fresh, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_is_used_again() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    fresh, kept = map(int, done.stdout.split())
    assert kept < 100  # of 4096 bytes each; the tensors have 2048 times as many
    assert fresh > 10 * max(kept, 1)


@pytest.mark.parametrize("error", [OSError, TypeError])
def test_nothing_is_done_without_a_c_library(monkeypatch, error: type[Exception]) -> None:
    def none(name: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", none)
    assert malloc.keep_memory() is False


def test_nothing_is_done_with_another_c_library(monkeypatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert malloc.keep_memory() is False
