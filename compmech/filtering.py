"""Bayesian filtering: the distribution over states after each symbol, and the probability of words.

Beliefs are carried forward scaled to total 1, many words in lockstep. A component that falls below `FAINT` could
underflow to zero and be missing when later symbols speak for it; where one does, the piece is filtered in logarithms.
A few long words are cut into pieces that are filtered side by side, once what each piece does to each state is known.

Much work for few states goes through quicker filters first: those of numba where the extra `fast` is installed
(compmech.compiled), else SciPy's (compmech.blockwise). Which one it is depends on the call alone, so equal calls give
equal bytes. They say which sequences they are sure of; the others are filtered here after all.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from compmech import blockwise, compiled
from compmech.errors import ImpossibleWord
from compmech.signed import carried_noise, fresh_noise, relative_noise, without_rounding
from compmech.validation import check_integers, check_range, check_words

# Positive components below this are left to logarithms. One step would have to shrink a component by 1e-170 to pass
# unseen from above this to zero; processes with transition probabilities below 1e-100 are all left to logarithms.
FAINT = 1e-150
_FAINT_STEP = 1e-100

# Symbols filtered at a time: a piece.
_PIECE = 64

# Up to so many symbols, one product with the matrices of all of them is quicker than each with its own.
_FEW_SYMBOLS = 8

# Pieces are filtered side by side while (words x pieces x states ** 2) stays below this, which takes 32 MB.
_LANES = 2**16


@runtime_checkable
class Filterable(Protocol):
    """A process presented by states that can be filtered: HMM, GHMM, EpsilonMachine."""

    @property
    def n_symbol(self) -> int: ...
    @property
    def start(self) -> Float[np.ndarray, " state"]: ...
    @property
    def evaluate(self) -> Float[np.ndarray, " state"]: ...
    @property
    def emission(self) -> Float[np.ndarray, "state symbol"]:
        """Next-symbol probabilities: P(x_t | x_<t) = belief @ emission."""
        ...

    @property
    def nonnegative(self) -> bool:
        """Whether beliefs are distributions over states, so that exact zeros stay exact."""
        ...

    @property
    def least_step(self) -> float:
        """The smallest positive transition probability."""
        ...

    @property
    def wide(self) -> Any:
        """The matrices of all symbols side by side, (state, symbol * state), as an array or a sparse one."""
        ...

    def branch(self, beliefs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol state"]:
        """Each belief moved by the matrix of every symbol, not normalised."""
        ...

    def log_branch(self, logs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol state"]:
        """The same from and to logarithms of nonnegative beliefs."""
        ...

    def signed_scale(self, beliefs: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, "seq symbol"]:
        """A bound on the absolute terms of branch(...) @ evaluate, to hold rounding against."""
        ...


def filter_beliefs(process: Filterable, words: ArrayLike) -> Float[np.ndarray, "seq row state"]:
    """Beliefs along words: row t = 0 .. time is start @ T_w / (start @ T_w @ evaluate) for w = x_<t.

    For an HMM this is the distribution over hidden states given the symbols so far; row 0 is the start.

    Args:
        process: an HMM, a GHMM or an EpsilonMachine.
        words: integers 0 .. n_symbol-1, axes (seq, time).
    Raises:
        ImpossibleWord: if a word has probability zero.
    """
    return _found_beliefs(process, _integers(process, words))


def _found_beliefs(process: Filterable, symbols: Int[np.ndarray, "seq time"]) -> Float[np.ndarray, "seq row state"]:
    """Beliefs along words whose integers are still to be checked, by the quickest filter there is."""
    quick = _quick_beliefs(process, symbols)
    if quick is not None and quick[1].all():
        return quick[0]
    check_range(symbols, process.n_symbol)
    if quick is None:
        return _beliefs(process, symbols)
    beliefs, sure = quick
    beliefs[~sure] = _beliefs(process, symbols[~sure])
    return beliefs


def _beliefs(process: Filterable, symbols: Int[np.ndarray, "seq time"]) -> Float[np.ndarray, "seq row state"]:
    """The reference that quicker filters are held against, for all numbers of states and symbols."""
    beliefs = np.empty((len(symbols), symbols.shape[1] + 1, len(process.start)))
    beliefs[:, 0] = process.start
    for begin, after, log_conditional, _ in _filtered(process, symbols):
        _refuse_impossible(symbols, begin, log_conditional)
        beliefs[:, begin + 1 : begin + 1 + after.shape[1]] = after
    return beliefs


def predictions(process: Filterable, words: ArrayLike) -> Float[np.ndarray, "seq row symbol"]:
    """P(x_t | x_<t) along words; raises ImpossibleWord where a word has probability zero."""
    symbols = _integers(process, words)
    if process.nonnegative and _quick_stride(process, symbols):
        return np.asarray(_found_beliefs(process, symbols) @ process.emission)
    check_range(symbols, process.n_symbol)
    probability = np.empty((len(symbols), symbols.shape[1] + 1, process.n_symbol))
    probability[:, 0] = _first_prediction(process)
    for begin, after, log_conditional, relative in _filtered(process, symbols):
        _refuse_impossible(symbols, begin, log_conditional)
        following = after @ process.emission
        if relative is not None:
            for t in range(after.shape[1]):
                scale, word = process.signed_scale(after[:, t]), partial(_word_after, symbols[:, : begin + t + 1])
                following[:, t] = without_rounding(following[:, t], scale, relative[:, t], word)
        probability[:, begin + 1 : begin + 1 + after.shape[1]] = following
    return probability


def _first_prediction(process: Filterable) -> Float[np.ndarray, "one symbol"]:
    start = process.start[None]
    probability = start @ process.emission
    if process.nonnegative:
        return np.asarray(probability)
    return without_rounding(probability, process.signed_scale(start), np.zeros(1), lambda _, symbol: [symbol])


def _word_after(read: Int[np.ndarray, "seq time"], row: int, symbol: int) -> list[int]:
    return [*(int(x) for x in read[row]), symbol]


def log_probability(process: Filterable, words: ArrayLike) -> Float[np.ndarray, " seq"]:
    """Log probability of words in nats; -inf for forbidden ones."""
    symbols = _integers(process, words)
    stride = _quick_stride(process, symbols)
    if not (stride and compiled.is_installed()):
        return _log_probability(process, check_range(symbols, process.n_symbol))
    total, sure = compiled.compiled_log_probability(_matrices(process), process.start, symbols, FAINT, stride)
    if not sure.all():
        check_range(symbols, process.n_symbol)
        total[~sure] = _log_probability(process, symbols[~sure])
    return total


def _log_probability(process: Filterable, symbols: Int[np.ndarray, "seq time"]) -> Float[np.ndarray, " seq"]:
    total = np.zeros(len(symbols))
    for _, _, log_conditional, _ in _filtered(process, symbols):
        total += log_conditional.sum(axis=1)
    return total


def _quick_stride(process: Filterable, symbols: Int[np.ndarray, "seq time"]) -> int:
    """Symbols that a quick filter may read between looks at how faint its beliefs are; 0 where it is not to be used."""
    if not process.nonnegative or symbols.size < compiled.MANY or len(process.start) > compiled.MOST_STATES:
        return 0
    return next((stride for stride in (64, 16, 4, 1) if process.least_step**stride >= _FAINT_STEP), 0)


def _quick_beliefs(
    process: Filterable, symbols: Int[np.ndarray, "seq time"]
) -> tuple[Float[np.ndarray, "seq row state"], Bool[np.ndarray, " seq"]] | None:
    """Beliefs and which sequences they are right for; None where the reference is to be used.

    The integers are checked on the way: where one is no symbol, its sequence is not sure, or ValueError is raised.
    """
    stride = _quick_stride(process, symbols)
    if not stride:
        return None
    T = _matrices(process)
    if compiled.is_installed():
        return compiled.compiled_beliefs(T, process.start, symbols, FAINT, stride)
    block = blockwise.block_symbols(process.n_symbol, len(process.start), stride, symbols)
    if not block:
        return None
    return blockwise.beliefs_in_blocks(T, process.start, symbols, FAINT, block)


def _matrices(process: Filterable) -> Float[np.ndarray, "symbol state state"]:
    n_state = len(process.start)
    return np.asarray(process.wide.reshape(n_state, process.n_symbol, n_state).transpose(1, 0, 2))


def check_filterable(process: object) -> None:
    """Refuse a process that is not presented by states."""
    if not hasattr(process, "branch"):
        kind = type(process).__name__
        raise ValueError(f"only processes presented by states are filtered (HMM, GHMM, EpsilonMachine); got {kind}")


def _integers(process: Filterable, words: ArrayLike) -> Int[np.ndarray, "seq time"]:
    """Words as integers; whether these are symbols is seen while they are read, or by `check_range`.

    To look at all of them beforehand would take as long as a fifth of the compiled filter.
    """
    check_filterable(process)
    array = check_integers(words, process.n_symbol)
    return array if array.dtype == np.intp else check_words(array, process.n_symbol)


# First symbol of a stretch, beliefs after each of its symbols (seq, time, state), log P(x_t | x_<t) (seq, time).
# For signed beliefs also the rounding of each, as a part of its largest coordinate (seq, time).
_Stretch = tuple[int, np.ndarray, np.ndarray, np.ndarray | None]


def _filtered(process: Filterable, symbols: Int[np.ndarray, "seq time"]) -> Iterator[_Stretch]:
    """Stretches along time. After a forbidden symbol beliefs are zero and log probabilities -inf."""
    n_seq, n_time = symbols.shape
    belief = np.repeat(np.asarray(process.start, dtype=np.float64)[None], n_seq, axis=0)
    if not process.nonnegative:
        noise = fresh_noise(belief)
        for begin in range(0, n_time, _PIECE):
            after, log_conditional, relative, noise = _signed(
                process, belief, noise, symbols[:, : begin + _PIECE], begin
            )
            yield begin, after, log_conditional, relative
            belief = after[:, -1]
        return
    logs = _log(belief)
    n_side = max(1, _LANES // max(1, n_seq * belief.shape[1] ** 2))
    begin = 0
    while begin < n_time:
        pieces = min(n_side, (n_time - begin) // _PIECE)
        stretch = symbols[:, begin : begin + max(1, pieces) * _PIECE]
        if pieces > 4:  # else the maps of the pieces cost more than they save
            after, log_conditional, logs = _side_by_side(process, logs, stretch)
        else:
            stretch = stretch[:, :_PIECE]
            after, log_conditional, logs = _nonnegative(process, belief, logs, stretch)
        yield begin, after, log_conditional, None
        belief = after[:, -1]
        begin += stretch.shape[1]


def _side_by_side(
    process: Filterable, logs: Float[np.ndarray, "seq state"], symbols: Int[np.ndarray, "seq time"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Filter a stretch of whole pieces at once; also the logarithms of the last beliefs.

    First each piece from each state on its own; then the beliefs at the borders, one after the other; then the pieces.
    """
    n_seq, n_state = logs.shape
    pieces = symbols.reshape(n_seq, -1, _PIECE)
    n_piece = pieces.shape[1]
    unit = np.tile(np.eye(n_state), (n_seq * n_piece, 1))
    each = np.repeat(pieces.reshape(-1, _PIECE), n_state, axis=0)
    _, passed, ends = _nonnegative(process, unit, _log(unit), each)
    log_map = (passed.sum(axis=1)[:, None] + ends).reshape(n_seq, n_piece, n_state, n_state)
    borders = np.empty((n_seq, n_piece, n_state))
    for piece in range(n_piece):
        borders[:, piece] = logs
        moved = np.logaddexp.reduce(logs[:, :, None] + log_map[:, piece], axis=1)
        logs = _log_normalised(moved, np.logaddexp.reduce(moved, axis=1))
    flat = borders.reshape(-1, n_state)
    after, log_conditional, _ = _nonnegative(process, np.exp(flat), flat, pieces.reshape(-1, _PIECE))
    return after.reshape(n_seq, -1, n_state), log_conditional.reshape(n_seq, -1), logs


def _nonnegative(
    process: Filterable,
    belief: Float[np.ndarray, "seq state"],
    logs: Float[np.ndarray, "seq state"],
    piece: Int[np.ndarray, "seq time"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Filter a piece from beliefs given also in logarithms, and in these where something is faint."""
    beliefs, log_conditional = _scaled(process, belief, piece)
    ends = _log(beliefs[:, -1])
    faint = (np.isfinite(logs) & (belief < FAINT)).any(axis=1) | (process.least_step < _FAINT_STEP)
    small = beliefs < FAINT
    if small.any():
        faint |= (small & (beliefs > 0)).any(axis=(1, 2))
    if faint.any():
        beliefs[faint], log_conditional[faint], ends[faint] = _logarithmic(process, logs[faint], piece[faint])
    return beliefs, log_conditional, ends


def _scaled(
    process: Filterable, belief: Float[np.ndarray, "seq state"], piece: Int[np.ndarray, "seq time"]
) -> tuple[np.ndarray, np.ndarray]:
    """Nonnegative beliefs after each symbol, and each symbol's log probability given those before it."""
    n_seq, n_time = piece.shape
    n_state = belief.shape[1]
    wide, evaluate = process.wide, process.evaluate
    beliefs = np.empty((n_time, n_seq, n_state))
    totals = np.empty((n_time, n_seq))
    every = np.arange(n_seq)
    for t in range(n_time):
        moved = (belief @ wide).reshape(n_seq, process.n_symbol, n_state)[every, piece[:, t]]
        belief = _normalised(moved, moved @ evaluate, beliefs[t], totals[t])
    return beliefs.transpose(1, 0, 2), _log(totals).T


def _signed(
    process: Filterable,
    belief: Float[np.ndarray, "seq state"],
    noise: Float[np.ndarray, "seq two state"],
    read: Int[np.ndarray, "seq time"],
    begin: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same for signed beliefs and the symbols from `begin` on, with their rounding and the noise of the last."""
    n_seq, n_time = read.shape
    n_state = belief.shape[1]
    beliefs = np.empty((n_time - begin, n_seq, n_state))
    totals, rounding = np.empty((n_time - begin, n_seq)), np.empty((n_time - begin, n_seq))
    every = np.arange(n_seq)
    relative = relative_noise(noise, belief)
    for t in range(begin, n_time):
        moved = _moved(process, np.concatenate([belief[:, None], noise], axis=1), read[:, t])
        scale = process.signed_scale(belief)[every, read[:, t], None]
        word = partial(_word, read[:, : t + 1])
        total = without_rounding((moved[:, 0] @ process.evaluate)[:, None], scale, relative, word)[:, 0]
        belief = _normalised(moved[:, 0], total, beliefs[t - begin], totals[t - begin])
        noise = carried_noise(moved[:, 1:], process.evaluate, belief, np.where(total > 0, total, 1.0))
        rounding[t - begin] = relative = relative_noise(noise, belief)
    return beliefs.transpose(1, 0, 2), _log(totals).T, rounding.T, noise


def _moved(
    process: Filterable, vectors: Float[np.ndarray, "seq row state"], symbols: Int[np.ndarray, " seq"]
) -> Float[np.ndarray, "seq row state"]:
    """Vectors times the matrix of each sequence's symbol: those of all symbols at once where these are few."""
    n_seq, n_row, n_state = vectors.shape
    if process.n_symbol > _FEW_SYMBOLS:
        matrices = process.wide.reshape(n_state, process.n_symbol, n_state).transpose(1, 0, 2)
        return np.asarray(vectors @ matrices[symbols])
    branches = (vectors.reshape(-1, n_state) @ process.wide).reshape(n_seq, n_row, process.n_symbol, n_state)
    return np.asarray(branches[np.arange(n_seq), :, symbols])


def _word(read: Int[np.ndarray, "seq time"], row: int, _: int) -> list[int]:
    return [int(symbol) for symbol in read[row]]


def _normalised(moved: np.ndarray, total: np.ndarray, into: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Write moved / total, zero where total is, and total itself into the rows given."""
    kept[:] = total
    if total.all():
        np.divide(moved, total[:, None], out=into)
    else:
        np.divide(moved, np.where(total > 0, total, 1.0)[:, None], out=into)
        into[total == 0] = 0
    return into


def _logarithmic(
    process: Filterable, logs: Float[np.ndarray, "seq state"], piece: Int[np.ndarray, "seq time"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same from and to logarithms of beliefs, which do not underflow."""
    beliefs = np.empty((*piece.shape, logs.shape[1]))
    log_conditional = np.empty(piece.shape)
    every = np.arange(len(piece))
    for t in range(piece.shape[1]):
        moved = process.log_branch(logs)[every, piece[:, t]]
        log_conditional[:, t] = np.logaddexp.reduce(moved, axis=1)
        logs = _log_normalised(moved, log_conditional[:, t])
        beliefs[:, t] = np.exp(logs)
    return beliefs, log_conditional, logs


def _log(array: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(array))


def _log_normalised(logs: Float[np.ndarray, "seq state"], total: Float[np.ndarray, " seq"]) -> np.ndarray:
    """Logarithms less their total, where that is not zero."""
    return np.asarray(logs - np.where(np.isneginf(total), 0.0, total)[:, None])


def _refuse_impossible(
    symbols: Int[np.ndarray, "seq time"], begin: int, log_conditional: Float[np.ndarray, "seq piece"]
) -> None:
    """Raise ImpossibleWord for the first word that has a symbol of probability zero."""
    forbidden = np.argwhere(np.isneginf(log_conditional))
    if len(forbidden):
        seq, t = forbidden[0]
        raise ImpossibleWord(symbols[seq].tolist(), begin + int(t))
