"""Checks of what users hand in: matrices, starts, names, words. Each error names the entry and the likely repair."""

from collections.abc import Hashable, Iterable
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy.typing import ArrayLike

# Sums of a row of probabilities may miss 1 by this much: printed tables carry 9 digits or more, and sums of thousands
# of float64 entries err by 1e-13. Anything worse is a mistake, not rounding.
SUM_TOL = 1e-9

# Sums that miss 1 by no more than this were rounded, as a rule: float32 rounds to 6e-8, tables to six digits.
_ROUNDED = 1e-5


def frozen(array: np.ndarray) -> np.ndarray:
    """A private, contiguous, read-only copy."""
    copy = np.array(array, order="C")
    copy.setflags(write=False)
    return copy


def sealed(array: np.ndarray) -> np.ndarray:
    """An array that nobody else holds, made read-only as it is; a copy only where it is not contiguous."""
    own = np.ascontiguousarray(array)
    own.setflags(write=False)
    return own


def as_floats(value: ArrayLike, what: str) -> np.ndarray:
    """A float64 copy of an array of finite real numbers."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{what} must be a rectangular array of numbers; its rows have different lengths") from error
    if array.dtype.kind not in "biuf":
        exact = array.dtype.kind == "O" and any(isinstance(entry, Fraction) for entry in array.flat)
        repair = ". Fractions are kept exact by compmech.rational.RationalHMM; np.array(..., float) rounds them"
        raise ValueError(f"{what} must hold real numbers; got entries of type {array.dtype}{repair if exact else ''}")
    array = np.array(array, dtype=np.float64)
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(f"{what} must be finite; {what}{_place(bad)} is {array[tuple(bad)]}")
    return array


def check_square(value: ArrayLike) -> Float[np.ndarray, "symbol state state"]:
    """Labelled matrices with axes (symbol, state, next_state), at least one of each."""
    T = as_floats(value, "T")
    axes = "axes (symbol, state, next_state): T[x, i, j] = P(emit x and go to j | in i)"
    if T.ndim != 3:
        repair = " For a single symbol give T[None]." if T.ndim == 2 else ""
        raise ValueError(f"T must have 3 axes, {axes}; got shape {T.shape}.{repair}")
    if 0 in T.shape:
        raise ValueError(f"T must have at least one symbol and one state, {axes}; got shape {T.shape}")
    if T.shape[1] != T.shape[2]:
        repair = ""
        if T.shape[0] == T.shape[1]:
            repair = " It looks like (state, next_state, symbol): give np.moveaxis(T, -1, 0)."
        elif T.shape[0] == T.shape[2]:
            repair = " It looks like (state, symbol, next_state): give np.swapaxes(T, 0, 1)."
        raise ValueError(f"T must have as many states as next states, {axes}; got shape {T.shape}.{repair}")
    return T


def check_stochastic(value: ArrayLike) -> Float[np.ndarray, "symbol state state"]:
    """Labelled matrices whose entries are probabilities that sum to 1 from each state."""
    T = check_square(value)
    if T.min() < 0:
        place = np.argwhere(T < 0)[0]
        raise ValueError(
            f"T must be nonnegative; T{_place(place)} is {T[tuple(place)]:.6g} (symbol, state, next_state). "
            "Processes with signed matrices are GHMM(T, start, evaluate)."
        )
    sums = T.sum(axis=(0, 2))
    wrong = np.flatnonzero(np.abs(sums - 1) > SUM_TOL)
    if len(wrong):
        state = int(wrong[0])
        raise ValueError(
            f"T must sum to 1 over (symbol, next_state) from every state; state {state} sums to {sums[state]:.9g}"
            f"{_also(wrong)}.{_rounded(sums) or _transposed(T)}"
        )
    return T


def check_distribution(value: ArrayLike, n_state: int, what: str = "start") -> Float[np.ndarray, " state"]:
    """A probability distribution over the states."""
    start = check_vector(value, n_state, what)
    negative = np.flatnonzero(start < 0)
    if len(negative):
        raise ValueError(f"{what} must be nonnegative; {what}[{negative[0]}] is {start[negative[0]]:.6g}")
    if abs(start.sum() - 1) > SUM_TOL:
        raise ValueError(f"{what} must sum to 1; it sums to {start.sum():.9g}. Give {what} / {what}.sum()?")
    return start


def check_vector(value: ArrayLike, n_state: int, what: str) -> Float[np.ndarray, " state"]:
    """A vector with one finite number for each state."""
    vector = as_floats(value, what)
    if vector.shape != (n_state,):
        raise ValueError(f"{what} must have one entry for each of the {n_state} states; got shape {vector.shape}")
    return vector


def check_names(names: Iterable[object] | None, count: int, what: str) -> tuple[Hashable, ...]:
    """Names of symbols or states: as many as there are, all different; 0 .. count-1 where none are given."""
    if names is None:
        return tuple(range(count))
    given = tuple(names)
    if len(given) != count:
        raise ValueError(f"{what} must name the {count} of T one by one; got {len(given)} names: {given[:12]}")
    first: dict[Hashable, int] = {}
    for index, name in enumerate(given):
        if not isinstance(name, Hashable):
            raise ValueError(f"{what} must hold hashable names such as strings or numbers; {name!r} at {index} is not")
        if name in first:
            raise ValueError(f"{what} must be distinct; {name!r} stands at {first[name]} and at {index}")
        first[name] = index
    return tuple(first)


def check_words(words: ArrayLike, n_symbol: int) -> Int[np.ndarray, "seq time"]:
    """Words as integers 0 .. n_symbol-1 with axes (seq, time)."""
    return check_range(check_integers(words, n_symbol), n_symbol).astype(np.intp, copy=False)


def check_integers(words: ArrayLike, n_symbol: int) -> Shaped[np.ndarray, "seq time"]:
    """Words as an array of integers with axes (seq, time), or of nothing; see `check_range` for which integers."""
    try:
        array = np.asarray(words)
    except ValueError as error:
        raise ValueError("words must all have the same length, axes (seq, time); these do not") from error
    if array.ndim != 2:
        repair = " For a single word give words[None]." if array.ndim == 1 else ""
        raise ValueError(f"words must have axes (seq, time); got shape {array.shape}.{repair}")
    if array.dtype.kind not in "iu" and array.size:
        raise ValueError(
            f"words must be integers 0..{n_symbol - 1}, the positions of symbols in the alphabet; got {array.dtype}"
        )
    return array


def check_range(words: Shaped[np.ndarray, "seq time"], n_symbol: int) -> Shaped[np.ndarray, "seq time"]:
    """The words, if all their integers are 0 .. n_symbol-1; else the first one that is not is named."""
    # read as unsigned, negative numbers are the largest of all: one look at each
    if words.size and words.view(f"u{words.dtype.itemsize}").max() >= n_symbol:
        seq, t = (int(index) for index in np.argwhere((words < 0) | (words >= n_symbol))[0])
        raise ValueError(f"words must be integers 0..{n_symbol - 1}; words[{seq}, {t}] is {words[seq, t]}")
    return words


def check_count(value: object, what: str) -> int:
    """A nonnegative whole number."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{what} must be a whole number; got {value!r}")
    if value < 0:
        raise ValueError(f"{what} must be >= 0; got {value}")
    return int(value)


def check_rng(rng: object) -> np.random.Generator:
    """A generator of random numbers, so that it is the caller who decides whether two calls draw the same."""
    if not isinstance(rng, np.random.Generator):
        seed = str(rng) if isinstance(rng, int | np.integer) else "0"
        raise ValueError(
            f"rng must be a numpy Generator; got {rng!r}. Give rng=np.random.default_rng({seed}), one for all calls "
            "that should not draw the same"
        )
    return rng


def _place(index: np.ndarray) -> str:
    return "[" + ", ".join(str(int(i)) for i in index) + "]"


def _also(wrong: np.ndarray) -> str:
    if len(wrong) == 1:
        return ""
    others = ", ".join(str(int(state)) for state in wrong[1:6]) + (", ..." if len(wrong) > 6 else "")
    return f" (nor does state {others})" if len(wrong) == 2 else f" (nor do states {others})"


def _rounded(sums: Float[np.ndarray, " state"]) -> str:
    """A hint when the rows sum to 1 but for rounding, as single precision or few digits make it."""
    if (np.abs(sums - 1) < _ROUNDED).all():
        return " Rounded, as in float32? Give T / T.sum(axis=(0, 2), dtype=float)[None, :, None]."
    return ""


def _transposed(T: np.ndarray) -> str:
    """A hint when some other reading of the axes would make every row sum to 1."""
    if np.allclose(T.sum(axis=(0, 1)), 1, rtol=0, atol=SUM_TOL):
        return " T looks transposed, next_state and state exchanged: give np.swapaxes(T, 1, 2)."
    if np.allclose(T.sum(axis=(1, 2)), 1, rtol=0, atol=SUM_TOL):  # as many symbols as states: both readings fit
        return (
            " T looks transposed, (state, next_state, symbol): give np.moveaxis(T, -1, 0); "
            "or (state, symbol, next_state): give np.swapaxes(T, 0, 1)."
        )
    return " T was read as (symbol, state, next_state)."
