"""The cells of an LSTM at every row from its gates."""

import ctypes
from ctypes import c_long, c_void_p

from torch import Tensor

__all__ = ["compiled_cells"]


def compiled_cells(library: ctypes.CDLL, gates: Tensor, c: Tensor) -> Tensor:
    """(seq, row, width) from gates i, f and g before their activation, (seq, row, 3 width), and the cell before the
    first row, (seq, width). Nothing is differentiated.
    """
    gates, c = gates.contiguous(), c.contiguous()
    n_seq, n_row, _ = gates.shape
    cells = c.new_empty(n_seq, n_row, c.shape[1])
    function = library.lstm_cells
    function.restype, function.argtypes = None, [c_void_p] * 3 + [c_long] * 3
    function(gates.data_ptr(), c.data_ptr(), cells.data_ptr(), *cells.shape)
    return cells
