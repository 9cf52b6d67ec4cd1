"""How tensors are handed to C."""

import ctypes
from typing import Any

from torch import Tensor

__all__ = ["address", "dense_rows", "structure"]


def address(x: Tensor | None) -> int | None:
    """Of the first number; None, which is C's NULL, for no tensor."""
    return None if x is None else x.data_ptr()


def dense_rows(x: Tensor) -> Tensor:
    """(channel, row, seq) with rows and sequences dense: a slice of channels or of rows is, as it stands."""
    n_row, n_seq = x.shape[1:]
    dense = (n_seq == 1 or x.stride(2) == 1) and (n_row == 1 or x.stride(1) == n_seq)
    return x if dense else x.contiguous()


def structure(name: str, fields: list[tuple[str, Any]]) -> type[ctypes.Structure]:
    """A C structure by its fields in order."""
    return type(name, (ctypes.Structure,), {"_fields_": fields})
