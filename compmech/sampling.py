"""Drawing sequences: alias tables over blocks of symbols, one draw a block, all sequences in lockstep.

From each state the outcomes of a block are (word, state at its end). An alias table turns one uniform number into one
outcome by two look-ups, whatever their number, so a block costs as much as a symbol.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from compmech.filtering import Filterable
from compmech.signed import without_rounding

# Fewer sequences than this are walked one at a time in plain Python, which is then faster than arrays of a few entries.
_FEW = 8

# Few long sequences are cut into pieces of this many blocks, walked side by side from every state, while these are at
# most so many. Walking from one state in lockstep costs 1/30 of a step in plain Python.
_PIECE = 32
_MOST_STATES = 16
_MOST_LANES = 512


@dataclass(frozen=True, eq=False)
class BlockTable:
    """Outcomes of one block from each state, laid out state after state.

    Attributes:
        symbols: the symbols of each outcome's word.
        target: the state after each outcome.
        threshold: an outcome's own part of its cell; the rest of the cell belongs to `alias`.
        alias: the other outcome of the cell.
        offset: first cell of each state.
        count: number of cells of each state.
    """

    symbols: Int[np.ndarray, "outcome time"]
    target: Int[np.ndarray, " outcome"]
    threshold: Float[np.ndarray, " outcome"]
    alias: Int[np.ndarray, " outcome"]
    offset: Int[np.ndarray, " state"]
    count: Int[np.ndarray, " state"]


def block_table(
    source: Int[np.ndarray, " outcome"],
    symbols: Int[np.ndarray, "outcome time"],
    target: Int[np.ndarray, " outcome"],
    probability: Float[np.ndarray, " outcome"],
    n_state: int,
) -> BlockTable:
    """The alias table of outcomes given in order of their source state, at least one for each state.

    Walker's table, built for all states at once: scaled by their number, outcomes of a state average 1. Those below 1
    leave a deficit in their cell, those above have an excess. Laid end to end in any order, each deficit is covered by
    the outcome whose excess lies where the deficit begins, and an outcome that runs dry within a deficit passes the
    remainder on to the next.

    Reference:
        Walker, ACM Transactions on Mathematical Software 3, 253 (1977); in parallel form Huebschle-Schneider and
        Sanders, ACM Transactions on Mathematical Software (2022), arXiv 1903.00227.
    """
    count = np.bincount(source, minlength=n_state)
    offset = np.cumsum(count) - count
    mass = np.bincount(source, weights=probability, minlength=n_state)
    scaled = probability / mass[source] * count[source]
    scaled[abs(scaled - 1) <= 4 * np.finfo(float).eps * count[source]] = 1.0
    light = np.flatnonzero(scaled < 1)
    heavy = np.flatnonzero(scaled >= 1)
    deficit_end = np.cumsum(1 - scaled[light])
    deficit_begin = np.concatenate([[0.0], deficit_end[:-1]])
    excess_end = np.cumsum(scaled[heavy] - 1)
    threshold = np.where(scaled < 1, scaled, 1.0)
    alias = np.arange(len(source))
    if len(light):
        # Where a state ends, deficits and excesses agree but for rounding: nothing is passed on to another state.
        light_end, heavy_end = np.searchsorted(light, offset + count), np.searchsorted(heavy, offset + count)
        heavy_begin = np.searchsorted(heavy, offset)
        cover = np.searchsorted(excess_end, deficit_begin, side="right")
        alias[light] = heavy[np.clip(cover, heavy_begin[source[light]], heavy_end[source[light]] - 1)]
        index = np.arange(len(heavy))
        dry = np.searchsorted(deficit_end, excess_end)
        begins = np.append(deficit_begin, np.inf)[dry] < excess_end
        passes = begins & (dry < light_end[source[heavy]]) & (index < heavy_end[source[heavy]] - 1)
        missing = deficit_end[dry[passes]] - excess_end[passes]
        threshold[heavy[passes]] = np.clip(1 - missing, 0.0, 1.0)
        alias[heavy[passes]] = heavy[index[passes] + 1]
    return BlockTable(symbols, target, threshold, alias, offset, count)


def sample_blocks(
    table: BlockTable, start: Float[np.ndarray, " state"], n_seq: int, n_time: int, rng: np.random.Generator
) -> Int[np.ndarray, "seq time"]:
    """Sequences from a start distribution. The same draws give the same sequences, walked singly or in lockstep."""
    block = table.symbols.shape[1]
    n_block = -(-n_time // block)
    state = rng.choice(len(start), size=n_seq, p=start / start.sum())
    uniform = rng.random((n_block, n_seq))
    outcomes = _way_of_walking(n_seq, n_block, len(start))(table, state, uniform)
    return np.take(table.symbols, outcomes, axis=0).reshape(n_seq, n_block * block)[:, :n_time]


def _way_of_walking(
    n_seq: int, n_block: int, n_state: int
) -> Callable[[BlockTable, np.ndarray, np.ndarray], np.ndarray]:
    """The quickest way, by measurement; all take the same draws to the same outcomes."""
    if n_block > 4 * _PIECE and n_state <= _MOST_STATES and n_seq * n_state <= _MOST_LANES:
        return _walk_in_pieces
    return _walk_singly if n_seq < _FEW else _walk_together


def _walk_together(
    table: BlockTable, state: Int[np.ndarray, " seq"], uniform: Float[np.ndarray, "block seq"]
) -> Int[np.ndarray, "seq block"]:
    return _lockstep(table, state, uniform)[0].T


def _lockstep(
    table: BlockTable, state: Int[np.ndarray, "..."], uniform: Float[np.ndarray, "block ..."]
) -> tuple[Int[np.ndarray, "block ..."], Int[np.ndarray, "..."]]:
    """The outcomes from each of an array of states, one draw a block for those along its last axis; the last states."""
    outcomes = np.empty((len(uniform), *state.shape), dtype=np.intp)
    for block, draw in enumerate(uniform):
        place = draw * table.count[state]
        cell = place.astype(np.intp)
        place -= cell
        cell += table.offset[state]
        outcomes[block] = np.where(place < table.threshold[cell], cell, table.alias[cell])
        state = table.target[outcomes[block]]
    return outcomes, state


def _walk_in_pieces(
    table: BlockTable, state: Int[np.ndarray, " seq"], uniform: Float[np.ndarray, "block seq"]
) -> Int[np.ndarray, "seq block"]:
    """Each piece from every state that it could begin in, all in lockstep; then those that join on to one another."""
    n_state, (n_block, n_seq) = len(table.count), uniform.shape
    n_piece = -(-n_block // _PIECE)
    draws = np.zeros((n_piece * _PIECE, n_seq))  # drawn beyond the end: dropped again
    draws[:n_block] = uniform
    lanes = draws.reshape(n_piece, _PIECE, n_seq).transpose(1, 2, 0).reshape(_PIECE, n_seq * n_piece)
    every = np.repeat(np.arange(n_state)[:, None], n_seq * n_piece, axis=1)
    outcomes, ends = _lockstep(table, every, lanes)
    begins = _joined(state, ends.reshape(n_state, n_seq, n_piece))
    walked = outcomes.reshape(_PIECE, -1)[:, begins.ravel() * (n_seq * n_piece) + np.arange(n_seq * n_piece)]
    return walked.T.reshape(n_seq, -1)[:, :n_block]


def _joined(state: Int[np.ndarray, " seq"], ends: Int[np.ndarray, "state seq piece"]) -> Int[np.ndarray, "seq piece"]:
    """The state in which each piece begins, given where each would end from every state."""
    begins = []
    for seq, at in enumerate(state.tolist()):
        for end in ends[:, seq].T.tolist():
            begins.append(at)
            at = end[at]
    return np.array(begins).reshape(ends.shape[1:])


def _walk_singly(
    table: BlockTable, state: Int[np.ndarray, " seq"], uniform: Float[np.ndarray, "block seq"]
) -> Int[np.ndarray, "seq block"]:
    threshold, alias, target = table.threshold.tolist(), table.alias.tolist(), table.target.tolist()
    offset, count = table.offset.tolist(), table.count.tolist()
    outcomes = np.empty(uniform.shape[::-1], dtype=np.intp)
    for seq, at in enumerate(state.tolist()):
        path = []
        for draw in uniform[:, seq].tolist():
            place = draw * count[at]
            cell = int(place)
            place -= cell
            cell += offset[at]
            outcome = cell if place < threshold[cell] else alias[cell]
            path.append(outcome)
            at = target[outcome]
        outcomes[seq] = path
    return outcomes


def block_length(n_pair: int, n_symbol: int, n_drawn: int) -> int:
    """Symbols per block: as many as keep the table below a quarter of the symbols drawn, and below 65,536 outcomes.

    Args:
        n_pair: number of pairs of a state and a state that may follow it; each has at most n_symbol ** block outcomes.
    """
    at_most = min(2**16, n_drawn // 4)
    block = 1
    while block < 16 and n_pair * n_symbol ** (block + 1) <= at_most:
        block += 1
    return block


def matrix_table(T: Float[np.ndarray, "symbol state state"], block: int) -> BlockTable:
    """The table of blocks for labelled matrices: outcomes of a block have probabilities T_w[i, j]."""
    n_symbol, n_state = T.shape[:2]
    single = T.transpose(1, 0, 2)
    probability = single
    for _ in range(block - 1):
        probability = np.einsum("iwj,jxk->iwxk", probability, single).reshape(n_state, -1, n_state)
    source, word, target = np.nonzero(probability)
    symbols = np.stack(np.unravel_index(word, (n_symbol,) * block), axis=1)
    return block_table(source, symbols, target, probability[source, word, target], n_state)


def successor_table(
    successor: Int[np.ndarray, "causal symbol"], emit: Float[np.ndarray, "causal symbol"], block: int
) -> BlockTable:
    """The table of blocks for a unifilar machine."""
    state = np.arange(len(emit))
    source, target, probability = state, state, np.ones(len(emit))
    symbols = np.empty((len(emit), 0), dtype=np.intp)
    for _ in range(block):
        flow = probability[:, None] * emit[target]
        row, symbol = np.nonzero(flow)
        source, probability = source[row], flow[row, symbol]
        symbols = np.concatenate([symbols[row], symbol[:, None]], axis=1)
        target = successor[target[row], symbol]
    return block_table(source, symbols, target, probability, len(emit))


def _word_after(read: Int[np.ndarray, "time seq"], row: int, symbol: int) -> list[int]:
    return [*(int(x) for x in read[:, row]), symbol]


def sample_signed(
    process: Filterable, n_seq: int, n_time: int, rng: np.random.Generator
) -> Int[np.ndarray, "seq time"]:
    """Sequences of a generalised process, by filtering: each symbol is drawn from its prediction."""
    belief = np.repeat(process.start[None], n_seq, axis=0)
    words = np.empty((n_time, n_seq), dtype=np.intp)
    for t in range(n_time):
        moved = process.branch(belief)
        probability = without_rounding(
            moved @ process.evaluate,
            process.signed_scale(belief),
            np.zeros(n_seq),
            partial(_word_after, words[:t]),
        )
        edge = np.cumsum(probability, axis=1)
        words[t] = (edge <= rng.random((n_seq, 1)) * edge[:, -1:]).sum(axis=1)
        every = np.arange(n_seq)
        belief = moved[every, words[t]] / probability[every, words[t], None]
    return np.ascontiguousarray(words.T)
