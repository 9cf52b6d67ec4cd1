"""The compiled kernels of the recurrent models: plain C, compiled on first use, with torch where that cannot be.

`status()` says whether they are in use. Where they cannot be compiled, everything runs on torch operations, slower and
equal to rounding, and the first use warns with `KernelsUnavailable`.
"""

import ctypes
import warnings
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from predictors.kernels.compiling import CompileError, compiled

__all__ = ["KernelStatus", "KernelsUnavailable", "library", "status"]

DEFINES = {
    torch.float32: ("REAL=float", "REAL_IS_DOUBLE=0"),
    torch.float64: ("REAL=double", "REAL_IS_DOUBLE=1"),
}


class KernelsUnavailable(UserWarning):
    """The compiled kernels cannot be used on this machine; the torch path is."""


@dataclass(frozen=True)
class KernelStatus:
    """Whether the compiled kernels are in use for float32 and float64 on the CPU.

    Attributes:
        compiled: they are; otherwise torch operations are.
        detail: the library's file, or why there is none.
    """

    compiled: bool
    detail: str


def status() -> KernelStatus:
    """Whether the kernels are compiled here, compiling them if nobody has. Warns of nothing."""
    found = _attempt(torch.float32)
    return KernelStatus(False, found) if isinstance(found, str) else KernelStatus(True, found._name)


def library(*tensors: Tensor) -> ctypes.CDLL | None:
    """The kernels for these tensors; None if they are for torch: elsewhere than on the CPU, of mixed or other
    precision, or on a machine where the kernels cannot be compiled, which is warned of once.
    """
    dtype = tensors[0].dtype
    if dtype not in DEFINES:
        return None
    for x in tensors:
        if x.dtype is not dtype or not x.is_cpu:
            return None
    found = _attempt(dtype)
    if isinstance(found, str):
        _warn(found)
        return None
    return found


@cache
def _attempt(dtype: torch.dtype) -> ctypes.CDLL | str:
    """The library, or why there is none. One attempt a process."""
    try:
        return compiled(DEFINES[dtype])
    except CompileError as error:
        return str(error)


@cache
def _warn(why: str) -> None:
    warnings.warn(
        f"the compiled kernels cannot be used; recurrent networks and Mamba run slower, on torch operations: {why}",
        KernelsUnavailable,
        stacklevel=4,
    )
