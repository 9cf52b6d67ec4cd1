"""Factored processes whose factors steer each other: chains, hierarchies, and couplings through states."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import product as tuples
from math import prod
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.compose.assembling import MAX_ENTRIES, as_part, check_budget
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.validation import check_vector

Names: TypeAlias = tuple[Hashable, ...]

# (symbols of this step, states of all factors before it) -> the variant that a factor uses.
Choice: TypeAlias = Callable[[Names, Names], Hashable]


@dataclass(frozen=True, eq=False)
class Factor:
    """One factor of a coupled process: variants of a process on the same states, and what chooses among them.

    Attributes:
        variants: the processes to choose from, by name; alike in alphabet and states.
        emits_by: given the symbols of the factors before this one (in this step) and the states of all factors, the
            variant that the symbol is drawn from. None: the first variant.
        moves_by: given the symbols of all factors and the states of all, the variant by whose P(next state | state,
            symbol) the factor moves. None: the one it emitted by.
    """

    variants: Mapping[Hashable, HMM | GHMM]
    emits_by: Choice | None = None
    moves_by: Choice | None = None

    def __post_init__(self) -> None:
        if not self.variants:
            raise ValueError("variants must hold at least one process")
        parts = {name: as_part(process, MAX_ENTRIES) for name, process in self.variants.items()}
        object.__setattr__(self, "variants", parts)
        for name, part in parts.items():
            for what in ("alphabet", "states"):
                expected, got = getattr(self.first, what), getattr(part, what)
                if expected != got:
                    raise ValueError(
                        f"variants of a factor must have the same {what}; variant {name!r} has {got[:12]}, the first "
                        f"{expected[:12]}. Write them on one list of {what}, with zeros where one is not used."
                    )
            if isinstance(part, HMM) != isinstance(self.first, HMM) or not np.array_equal(
                part.evaluate, self.first.evaluate
            ):
                raise ValueError(
                    f"variants of a factor must be closed by the same vector; the `evaluate` of variant {name!r} is "
                    "not that of the first. Change its basis, or make all of them HMMs."
                )
        if self.moves_by is not None and isinstance(self.first, GHMM):
            raise ValueError(
                "a GHMM's coordinates are no states one can be in, so it cannot emit by one variant and move by "
                "another: leave moves_by out"
            )

    @property
    def first(self) -> HMM | GHMM:
        """The first variant."""
        return next(iter(self.variants.values()))

    @property
    def evaluate(self) -> Float[np.ndarray, " state"]:
        """The vector that closes the words of every variant."""
        return self.first.evaluate


def by_symbol(factor: int, variants: Mapping[Hashable, Hashable]) -> Choice:
    """A choice of variant by the symbol of another factor in this step.

    Args:
        factor: number of the other factor; for `emits_by` one that comes before.
        variants: the variant for each of its symbols.
    """

    def choice(symbols: Names, _: Names) -> Hashable:
        if factor >= len(symbols):
            raise ValueError(
                f"the symbol of factor {factor} is not known yet when {len(symbols)} factors have emitted theirs: list "
                "that factor earlier, or choose by its state (by_state) or the movement only (moves_by)"
            )
        return _looked_up(variants, symbols[factor], f"symbol of factor {factor}")

    return choice


def by_state(factor: int, variants: Mapping[Hashable, Hashable]) -> Choice:
    """A choice of variant by the state that a factor, another or this one, is in before the step.

    Args:
        factor: number of the factor; an HMM, since the coordinates of a GHMM are no states one can be in.
        variants: the variant for each of its states.
    """
    return lambda _, states: _looked_up(variants, states[factor], f"state of factor {factor}")


def coupled(
    *factors: Factor | AnyPresentation, start: ArrayLike | None = None, max_entries: int = MAX_ENTRIES
) -> HMM | GHMM:
    """Factors in step that steer each other: which variant of itself each uses depends on symbols and states of others.

    Within a step the factors emit one after the other, then all move::

        P(x, s' | s) = prod_i P_i(x_i | s_i; variant chosen by x_<i and s) P_i(s'_i | s_i, x_i; chosen by x and s)

    A chain chooses by the symbol of the factor before (`by_symbol`), a hierarchy lets one factor choose for
    all others, `moves_by` couples the movement of factors that emit independently, `by_state` gives influence in both
    directions, and any function of (symbols, states) will do. Nothing chosen anywhere makes `product`. Symbols and
    states are tuples; `factor_maps` of the factors leads from the belief to each factor's.

    Args:
        factors: each a `Factor`, or a process that nothing steers.
        start: distribution over the joint states, the last factor's fastest (np.kron of the factors' own); None: the
            stationary one.
        max_entries: the most numbers n_symbol * n_state ** 2 that the result may have.
    Returns:
        An HMM, or a GHMM if one of the factors is one. In `states` the place of such a factor is None.
    Raises:
        ValueError: if a choice is no variant, or a variant to move by cannot have emitted the symbol.
        NotErgodic: if start is None and the stationary distribution is not unique.
        PresentationTooLarge: before anything is built.
    Reference:
        arXiv 2602.02385 (factored processes); the package simplexity, structures sequential_conditional and
        conditional_transitions. (Its fully_conditional normalises a product of experts along each word, which no hidden
        Markov model does, and is not offered.)
    Example:
        >>> from compmech import zoo
        >>> follower = Factor(
        ...     {"calm": zoo.golden_mean(p=0.1), "wild": zoo.golden_mean(p=0.9)},
        ...     emits_by=by_symbol(0, {"0": "calm", "1": "wild"}),
        ... )
        >>> coupled(zoo.even(), follower)
        HMM(4 states, 4 symbols)
    """
    given = tuple(
        factor if isinstance(factor, Factor) else Factor({0: as_part(factor, max_entries)}) for factor in factors
    )
    if not given:
        raise ValueError("coupled needs at least one factor; got none")
    parts = [factor.first for factor in given]
    n_symbol, n_state = prod(part.n_symbol for part in parts), prod(part.n_state for part in parts)
    check_budget("the coupled process", n_symbol, n_state, max_entries)
    T = np.zeros((n_symbol, n_state, n_state))
    sizes = [part.n_symbol for part in parts]
    for source, state in enumerate(tuples(*(range(part.n_state) for part in parts))):
        for symbols, row in _outcomes(given, state):
            T[np.ravel_multi_index(symbols, sizes), source] = row
    alphabet, states = list(tuples(*(p.alphabet for p in parts))), list(tuples(*(p.states for p in parts)))
    if all(isinstance(part, HMM) for part in parts):
        return HMM(T, start=start, alphabet=alphabet, states=states)
    evaluate = reduce(np.kron, (part.evaluate for part in parts))
    own = reduce(np.kron, (part.start for part in parts))
    if start is None:
        own = GHMM(T, own, evaluate, check_words=0).stationary()
    return GHMM(T, own if start is None else check_vector(start, n_state, "start"), evaluate, alphabet, states)


def _outcomes(
    factors: tuple[Factor, ...], state: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], Float[np.ndarray, " state"]]]:
    """Every joint symbol possible from a joint state, with the row of the matrices that belongs to it."""
    states: Names = tuple(
        f.first.states[i] if isinstance(f.first, HMM) else None for f, i in zip(factors, state, strict=True)
    )

    def emitted(symbols: tuple[int, ...], rows: tuple[np.ndarray, ...]) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
        i = len(symbols)
        names = tuple(f.first.alphabet[x] for f, x in zip(factors, symbols, strict=False))
        if i == len(factors):
            yield symbols, reduce(np.kron, _moved(factors, state, symbols, rows, names, states))
            return
        variant = _chosen(factors[i], i, factors[i].emits_by, names, states)
        for x in np.flatnonzero(variant.T[:, state[i]].any(axis=1)):
            yield from emitted((*symbols, int(x)), (*rows, variant.T[x, state[i]]))

    return emitted((), ())


def _moved(
    factors: tuple[Factor, ...],
    state: tuple[int, ...],
    symbols: tuple[int, ...],
    rows: tuple[np.ndarray, ...],
    names: Names,
    states: Names,
) -> list[Float[np.ndarray, " state"]]:
    """The row of each factor, its movement taken from the variant chosen for that."""
    moved = []
    for i, (factor, row) in enumerate(zip(factors, rows, strict=True)):
        if factor.moves_by is None:
            moved.append(row)
            continue
        other = _chosen(factor, i, factor.moves_by, names, states).T[symbols[i], state[i]]
        if not other.any():
            raise ValueError(
                f"factor {i} is to move by a variant that never emits {names[i]!r} in state {states[i]!r} (joint "
                f"symbol {names}, states {states}), so that it says nothing of the next state. Choose another, or "
                "let that variant emit the symbol."
            )
        moved.append(row.sum() / other.sum() * other)
    return moved


def _chosen(factor: Factor, number: int, choice: Choice | None, symbols: Names, states: Names) -> HMM | GHMM:
    if choice is None:
        return factor.first
    name = choice(symbols, states)
    if name not in factor.variants:
        raise ValueError(
            f"factor {number} has no variant {name!r}, chosen for symbols {symbols} and states {states}; it has "
            f"{list(factor.variants)[:12]}"
        )
    return factor.variants[name]


def _looked_up(variants: Mapping[Hashable, Hashable], name: Hashable, what: str) -> Hashable:
    if name is None:
        raise ValueError(f"the {what} cannot choose: it is a GHMM, whose coordinates are no states one can be in")
    if name not in variants:
        raise ValueError(f"no variant is given for {name!r}, {what}; given are {list(variants)[:12]}")
    return variants[name]
