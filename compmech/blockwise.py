"""Filtering many words a block of symbols at a time, when that is much work for few states.

The beliefs after each symbol of a block, before they are normalised, are linear in the belief before it, with a matrix
that depends on the block's symbols alone. These matrices are tabulated for all words of the block's length. One product
of a sparse matrix, whose row for a sequence holds its belief in the columns of its next word, with that table then
moves all sequences by a block.

Letters: k symbols in a block; M table of words; b beliefs at the borders of blocks.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Integer

# A table holds at most this many numbers (0.5 MB), so that it stays in the cache beside the beliefs.
_TABLE = 2**16

# Sequences go through all blocks in groups whose unnormalised beliefs of one block are this many numbers, likewise.
_GROUP = 2**16

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
    symbols: Int[np.ndarray, "seq time"],
    faint: float,
    k: int,
) -> tuple[Float[np.ndarray, "seq row state"], Bool[np.ndarray, " seq"]]:
    """Beliefs along words, k symbols at a time, and which sequences they are right for.

    Args:
        T: nonnegative labelled matrices.
        faint: a sequence with a positive component below this at some border, or with a forbidden symbol, is not sure.
            No product of k positive entries of T may be so small that anything could underflow between two borders.
    """
    n_seq, n_time = symbols.shape
    n_state = len(start)
    n_block, rest = divmod(n_time, k)
    beliefs = np.empty((n_seq, n_time + 1, n_state))
    beliefs[:, 0] = start
    rows = beliefs.reshape(n_seq, (n_time + 1) * n_state)
    sure = np.ones(n_seq, dtype=bool)
    whole, part = n_state * (1 + n_block * k), n_state * rest
    read = np.ascontiguousarray(symbols.astype(np.uint16 if len(T) > 256 else np.uint8).T)
    columns = _columns(read[: n_block * k].reshape(n_block, k, n_seq), len(T), n_state)
    table = _table(T, k)
    last_columns, last_table = (
        (_columns(read[n_block * k :][None], len(T), n_state), _table(T, rest)) if rest else (columns[:0], table)
    )
    group = max(1, _GROUP // (k * n_state))
    room = np.empty(n_block * group * k * n_state), np.empty((n_block + 2) * group * n_state)  # one for all groups
    for first in range(0, n_seq, group):
        here = slice(first, min(first + group, n_seq))
        size = here.stop - first
        after = room[0][: n_block * size * k * n_state].reshape(n_block, size, k * n_state)
        n_border = n_block + 1 + len(last_columns)
        border = room[1][: n_border * size * n_state].reshape(n_border, size, n_state)
        border[0] = start
        with np.errstate(divide="ignore", invalid="ignore"):  # after forbidden symbols, whose sequences are not sure
            _walk(columns[:, here], table, border, after)
            rows[here, n_state:whole].reshape(size, n_block, k * n_state)[:] = after.transpose(1, 0, 2)
            if rest:
                last = np.empty((1, size, part))
                _walk(last_columns[:, here], last_table, border[n_block:], last)
                rows[here, whole:] = last[0]
        if not border.min() >= faint:  # zero, faint or not a number
            doubt = ~((border >= faint) | (border == 0))
            sure[here] = ~doubt.any(axis=(0, 2))
    return beliefs, sure


def _columns(
    words: Integer[np.ndarray, "block k seq"], n_symbol: int, n_state: int
) -> Int[np.ndarray, "block seq state"]:
    """Rows of the table that belong to each block's word, one for each state."""
    number = words[:, 0].astype(np.int32)
    for j in range(1, words.shape[1]):
        number *= n_symbol
        number += words[:, j]
    number *= n_state
    columns = np.empty((*number.shape, n_state), dtype=np.int32)
    for state in range(n_state):
        np.add(number, state, out=columns[:, :, state])
    return columns


def _table(T: Float[np.ndarray, "symbol state state"], k: int) -> Float[np.ndarray, "word_state k_state"]:
    """Products of matrices along every word of k symbols, after each of its symbols side by side."""
    n_symbol, n_state, _ = T.shape
    product = T
    products = [T]
    for _ in range(k - 1):
        product = np.einsum("wij,xjk->wxik", product, T).reshape(-1, n_state, n_state)
        products.append(product)
    each = [np.repeat(M, n_symbol ** (k - 1 - m), axis=0) for m, M in enumerate(products)]
    return np.ascontiguousarray(np.concatenate(each, axis=2).reshape(-1, k * n_state))


def _walk(
    columns: Int[np.ndarray, "block seq state"],
    table: Float[np.ndarray, "word_state k_state"],
    border: Float[np.ndarray, "border seq state"],
    after: Float[np.ndarray, "block seq k_state"],
) -> None:
    """Fill in the beliefs after each symbol, and those at the borders from the second on."""
    from scipy.sparse import csr_array

    n_block, size, n_state = columns.shape
    ends = np.arange(0, (size + 1) * n_state, n_state, dtype=np.int32)
    every = np.ones((n_state, n_state))  # sums over states, and repeats the sum for each of them
    total = np.empty((after.shape[1] * after.shape[2] // n_state, n_state))
    whole = np.dtype((np.void, n_state * border.itemsize))  # a belief as one item, copied at once
    step: Any = None
    for block in range(n_block):
        belief, place = border[block].ravel(), columns[block].ravel()
        if step is None:
            step = csr_array((belief, place, ends), shape=(size, len(table)))
        else:
            step.data, step.indices = belief, place
        moved = (step @ table).reshape(-1, n_state)
        np.divide(moved, np.matmul(moved, every, out=total), out=after[block].reshape(-1, n_state))
        border[block + 1].view(whole)[:, 0] = after[block].view(whole)[:, -1]
