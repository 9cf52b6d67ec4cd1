"""Pairs of states of a unifilar machine: can reading on from one of them rule out the other, or join it?

An observer who holds states i and j possible while i is the true one gets rid of the pair by a word that i can emit,
and that j either cannot emit or that takes both to one state. If that can be done for every j and every i of a closed
class, then one after the other all states but one are ruled out, for what is possible only shrinks and i stays in its
class; if it cannot for some i and j, no word from i tells the state. So the graph of ordered pairs, with n^2 nodes,
decides what the graph of sets, with 2^n nodes, is about. (Transient states are another matter: on leaving them the
observer may know more than one who begins in the class they lead to.)

Reference:
    Travers and Crutchfield, J. Stat. Phys. 145, 1181 (2011), for exact synchronisation;
    Eppstein, SIAM J. Computing 19, 500 (1990), for the pairs of complete automata.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from compmech.graph import closed_classes

NEVER = -1


@dataclass(frozen=True, eq=False)
class PairRemoval:
    """How each state gets rid of each other one.

    Attributes:
        steps: length of a shortest word that i can emit and that removes j or joins it; 0 for i = j, NEVER where there
            is none.
        symbol: first symbol of such a word; NEVER where there is none.
        told: closed classes from all of whose states some word leaves one state possible, whatever was possible before.
        untold: the other closed classes, where no word does.
    """

    steps: Int[np.ndarray, "state state"]
    symbol: Int[np.ndarray, "state state"]
    told: tuple[Int[np.ndarray, " _"], ...]
    untold: tuple[Int[np.ndarray, " _"], ...]


def pair_removal(successor: Int[np.ndarray, "state symbol"]) -> PairRemoval:
    """The ordered pairs of a unifilar machine, searched backwards from those that one symbol settles.

    Args:
        successor: next state for each (state, symbol); -1 where the symbol is forbidden.
    """
    n_state, n_symbol = successor.shape
    steps = np.full((n_state, n_state), NEVER)
    symbol = np.full((n_state, n_state), NEVER)
    np.fill_diagonal(steps, 0)
    level = fresh = 1
    while fresh:
        reached = np.full((n_state, n_state), NEVER)
        for x in range(n_symbol):
            after = successor[:, x]
            can = np.flatnonzero(after >= 0)
            settled = steps[after[can][:, None], after] == level - 1
            if level == 1:
                settled |= after < 0  # so that no later level has to do with these
            row, column = np.nonzero(settled & (steps[can] == NEVER))
            reached[can[row], column] = x
        new = reached >= 0
        fresh = int(new.sum())
        symbol[new] = reached[new]
        steps[new] = level
        level += 1
    source, emitted = np.nonzero(successor >= 0)
    classes = closed_classes(source, successor[source, emitted], n_state)
    is_told = [bool((steps[members] != NEVER).all()) for members in classes]
    return PairRemoval(
        steps,
        symbol,
        told=tuple(members for members, yes in zip(classes, is_told, strict=True) if yes),
        untold=tuple(members for members, yes in zip(classes, is_told, strict=True) if not yes),
    )
