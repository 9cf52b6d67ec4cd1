"""Filtering many words a block of symbols at a time, when that is much work for few states.

The beliefs after each symbol of a block, before they are normalised, are linear in the belief before it, with a matrix
that depends on the block's symbols alone. These matrices are tabulated for all words of the block's length. One product
of a sparse matrix, whose row for a sequence holds its belief in the columns of its next word, with that table then
moves all sequences by a block.

Letters: k symbols in a block; M table of words; b beliefs at the borders of blocks.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

# A table holds at most this many numbers (0.5 MB), so that it stays in the cache beside the beliefs.
_TABLE = 2**16

# Sequences go through all blocks in groups whose unnormalised beliefs of one block are this many numbers, likewise.
_GROUP = 2**16

# Numbers in a row whose sums over states are one product: with so many BLAS is quickest.
_SUMMED = 6

# Blocks pay where all sequences together are this many; with fewer, their products are left to the reference.
_SIDE = 256


def block_symbols(n_symbol: int, n_state: int, at_most: int, symbols: Int[np.ndarray, "seq time"]) -> int:
    """Symbols in a block; 0 where blocks do not pay."""
    n_seq, n_time = symbols.shape
    at_most = min(at_most, n_time) if n_seq >= _SIDE else 0
    k = 1
    while k < at_most and n_symbol ** (k + 1) * (k + 1) * n_state**2 <= _TABLE:
        k += 1
    return k if k > 1 else 0


def beliefs_in_blocks(
    T: Float[np.ndarray, "symbol state state"],
    start: Float[np.ndarray, " state"],
    words: Int[np.ndarray, "seq time"],
    faint: float,
    k: int,
) -> tuple[Float[np.ndarray, "seq row state"], Bool[np.ndarray, " seq"]]:
    """Beliefs along words, k symbols at a time, and which sequences they are right for.

    Args:
        T: nonnegative labelled matrices.
        words: integers; where one is no symbol, none of the sequences of its group is sure.
        faint: a sequence with a positive component below this at some border, or with a forbidden symbol, is not sure.
            No product of k positive entries of T may be so small that anything could underflow between two borders.
    """
    from scipy.sparse import csr_array

    n_seq, n_time = words.shape
    n_state = len(start)
    width = k * n_state
    n_block = -(-n_time // k)
    whole, part = n_time // k * width, n_time % k * n_state
    beliefs = np.empty((n_seq, n_time + 1, n_state))
    beliefs[:, 0] = start
    rows = beliefs.reshape(n_seq, -1)[:, n_state:]
    sure = np.ones(n_seq, dtype=bool)
    size = _group(n_seq, width)
    read = np.zeros((size, n_block * k), dtype=np.float32)  # after the end the first symbol
    border = np.empty((n_block + 1, size, n_state))
    border[0] = start
    after = np.empty((n_block, size, width))
    step = csr_array((size, len(T) ** k * n_state))
    step.indptr = np.arange(0, (size + 1) * n_state, n_state, dtype=np.int32)
    table, sums = _table(T, k), _sums(k, n_state)
    block = np.dtype((np.void, width * rows.itemsize))  # the beliefs of a block as one item, copied at once
    for first in range(0, n_seq, size):
        here = slice(min(first, n_seq - size), min(first, n_seq - size) + size)  # the last group may overlap
        read[:, :n_time] = words[here]
        if not _are_symbols(read, len(T)):
            sure[here] = False
            continue
        columns = _columns(read.reshape(size, n_block, k), len(T), n_state)
        with np.errstate(divide="ignore", invalid="ignore"):  # after forbidden symbols, whose sequences are not sure
            _walk(step, columns, table, sums, border, after)
        rows[here, :whole].view(block)[:] = after[: n_time // k].view(block)[:, :, 0].T
        if part:
            rows[here, whole:] = after[-1, :, :part]
        border[-1] = beliefs[here, -1]
        if not border.min() >= faint:  # zero, faint or not a number
            sure[here] = ((border >= faint) | (border == 0)).all(axis=(0, 2))
    return beliefs, sure


def _group(n_seq: int, width: int) -> int:
    """Sequences in a group, so that the groups are few and nearly cover all of them once."""
    n_group = max(1, -(-n_seq * width // _GROUP))
    return max(1, -(-n_seq // n_group))


def _are_symbols(read: Float32[np.ndarray, "seq time"], n_symbol: int) -> bool:
    # the bits of floating-point numbers are in their order, and negative ones beyond all others
    return bool(read.view(np.uint32).max(initial=0) < np.float32(n_symbol).view(np.uint32))


def _columns(
    read: Float32[np.ndarray, "seq block k"], n_symbol: int, n_state: int
) -> Int[np.ndarray, "block seq state"]:
    """Rows of the table that belong to each block's word, one for each state; single precision holds such integers."""
    n_seq, n_block, k = read.shape
    places = n_state * np.float32(n_symbol) ** np.arange(k - 1, -1, -1, dtype=np.float32)
    row = (read.reshape(-1, k) @ places).astype(np.int32).reshape(n_seq, n_block)
    columns = np.empty((n_block, n_seq, n_state), dtype=np.int32)
    columns[:, :, 0] = row.T
    for state in range(1, n_state):
        np.add(columns[:, :, 0], state, out=columns[:, :, state])
    return columns


def _table(T: Float[np.ndarray, "symbol state state"], k: int) -> Float[np.ndarray, "word_state k_state"]:
    """Products of matrices along every word of k symbols, after each of its symbols side by side."""
    n_symbol, n_state, _ = T.shape
    table = np.empty((n_symbol**k, n_state, k, n_state))
    product = np.eye(n_state)[None]
    for j in range(k):
        product = (product[:, None] @ T).reshape(-1, n_state, n_state)
        begun = table.reshape(len(product), -1, n_state, k, n_state)
        begun[:, :, :, j] = product[:, None]
    return table.reshape(-1, k * n_state)


def _sums(k: int, n_state: int) -> Float[np.ndarray, "width width"]:
    """Sums each belief over its states, and repeats the sum for each of them; for some beliefs of a block at once."""
    some = max(d for d in range(1, k + 1) if k % d == 0 and (d == 1 or d * n_state <= _SUMMED))
    return np.kron(np.eye(some), np.ones((n_state, n_state)))


def _walk(
    step: Any,
    columns: Int[np.ndarray, "block seq state"],
    table: Float[np.ndarray, "word_state k_state"],
    sums: Float[np.ndarray, "width width"],
    border: Float[np.ndarray, "border seq state"],
    after: Float[np.ndarray, "block seq k_state"],
) -> None:
    """Fill in the beliefs after each symbol, and those at the borders from the second on.

    Args:
        step: a sparse matrix with as many entries in each row as there are states, to be filled in as well.
    """
    width = len(sums)
    total = np.empty((after[:1].size // width, width))
    belief = np.dtype((np.void, border.shape[2] * border.itemsize))  # as one item, copied at once
    for block in range(len(after)):
        step.data, step.indices = border[block].reshape(-1), columns[block].reshape(-1)
        moved = (step @ table).reshape(-1, width)
        np.divide(moved, np.matmul(moved, sums, out=total), out=after[block].reshape(-1, width))
        border[block + 1].view(belief)[:, 0] = after[block].view(belief)[:, -1]
