"""Whether two unifilar machines are the same but for the names of their states."""

from dataclasses import dataclass

import numpy as np

from compmech.epsilon_machine import EpsilonMachine

__all__ = ["Isomorphism", "isomorphism"]


@dataclass(frozen=True)
class Isomorphism:
    """Which state of one machine is which of the other, and how far their probabilities are apart.

    Attributes:
        states: for each state of the first machine the state of the second.
        largest_difference: of the probabilities of matching transitions.
    """

    states: tuple[int, ...]
    largest_difference: float


def isomorphism(a: EpsilonMachine, b: EpsilonMachine) -> Isomorphism | None:
    """The matching of states that keeps all transitions and their symbols, whatever their probabilities.

    Symbols are matched by name. Of several matchings the one with the nearest probabilities is given; None: there is
    none. Every state must be reachable from every other one, so that the match of one state fixes that of all.

    Raises:
        ValueError: if a machine is not strongly connected.
    """
    for machine in (a, b):
        if not machine.is_strongly_connected:
            raise ValueError(
                f"isomorphism is of machines whose states all reach one another; those of {machine!r} do not"
            )
    symbols = [b.alphabet.index(name) if name in b.alphabet else None for name in a.alphabet]
    used = {a.alphabet[x] for x in np.flatnonzero((a.emit > 0).any(axis=0))}
    if used != {b.alphabet[x] for x in np.flatnonzero((b.emit > 0).any(axis=0))} or a.n_state != b.n_state:
        return None
    pairs = [(x, y) for x, y in enumerate(symbols) if y is not None]
    found = [match for first in range(b.n_state) if (match := _matched(a, b, first, pairs)) is not None]
    if not found:
        return None
    apart = [max(float(abs(a.emit[:, x] - b.emit[list(match), y]).max()) for x, y in pairs) for match in found]
    best = int(np.argmin(apart))
    return Isomorphism(tuple(found[best]), apart[best])


def _matched(a: EpsilonMachine, b: EpsilonMachine, first: int, pairs: list[tuple[int, int]]) -> list[int] | None:
    """The matching under which state 0 of `a` is `first` of `b`, if the transitions allow it."""
    match = [-1] * a.n_state
    match[0] = first
    open_states = [0]
    while open_states:
        state = open_states.pop()
        for x, y in pairs:
            after, image = int(a.successor[state, x]), int(b.successor[match[state], y])
            if (after < 0) != (image < 0):
                return None
            if after >= 0 and match[after] < 0:
                match[after] = image
                open_states.append(after)
            elif after >= 0 and match[after] != image:
                return None
    return match if len(set(match)) == len(match) else None
