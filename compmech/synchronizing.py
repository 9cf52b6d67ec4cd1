"""Synchronising words: after which an observer who knew nothing knows the causal state.

Letters: S a set of states that are still possible; a word that not all of S can emit leaves those that can. A word w
synchronises when the set of all states becomes a single one. The shortest is found breadth first among the sets; that
there is one is decided among pairs (see pair_removal), however many sets there are.

Of infinitely many causal states there are no such sets. There a word resets the observer when the belief after it is
the same whatever belief was before: when T_w of the minimal realisation has rank one. Words are looked at by their row
spaces, row space of T_wx = (row space of T_w) T_x, each with an orthonormal basis: rounding does not add up along a
word, as it would in products, which come close to rank one without ever being it.
"""

from dataclasses import dataclass
from math import inf, isinf

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.causal_states import epsilon_machine, ergodic_parts
from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.measures.interval import Bounds
from compmech.minimal import merge_equal_states, minimal
from compmech.pair_removal import NEVER, PairRemoval, pair_removal
from compmech.validation import check_count

# Singular values below this, as a part of the largest entry of the symbol's matrix, count as zero; projections on row
# spaces that agree to so many decimals are the same; and so many row spaces are looked at.
_SINGULAR = 1e-10
_DECIMALS = 9
_MAX_SPACES = 2000


@dataclass(frozen=True)
class Synchronizing:
    """A word after which the causal state is known, or why there is none.

    Attributes:
        word: a synchronising word, as positions in the alphabet; None where there is none, or none was found. A
            shortest one where `length` is a number.
        state: the causal state it leads to; None without a word, or where the causal states are infinitely many.
        length: least length of such a word, the reset threshold: a number where it is known, inf where there is no such
            word, Bounds where the search ended early.
        kind: what becomes of an observer in the long run. "exact": sooner or later, with probability one, the state is
            known. "asymptotic": in the closed classes no word tells it, the observer is only ever surer. "mixed": some
            closed classes are of one kind and some of the other.
        reason: that in a sentence.
    """

    word: tuple[int, ...] | None
    state: int | None
    length: float | Bounds
    kind: str
    reason: str


def synchronizing_word(process: AnyPresentation, *, max_sets: int = 100_000) -> Synchronizing:
    """A shortest word after which the causal state is known, whatever state the machine was in.

    Forbidden words count: a state that cannot emit the word is no longer possible. Processes other than
    epsilon-machines are taken through theirs. Where that is not finite, as of most renewal processes, a word is looked
    for after which the belief is the same whatever it was before.

    Args:
        max_sets: sets of possible states looked at in search of a shortest word. Beyond that a word is given that may
            not be the shortest, and its length as Bounds. Whether there is a word needs no budget, unless all depends
            on transient states.
    Raises:
        NoFiniteEpsilonMachine: if the process has none, and no word was found that resets all beliefs.
    Reference:
        Travers and Crutchfield, J. Stat. Phys. 145, 1181 (2011) for exact and 1202 for asymptotic synchronisation.
    Example:
        >>> from compmech import zoo
        >>> synchronizing_word(zoo.even()).word     # 1s leave it open, one 0 does not
        (0,)
    """
    if check_count(max_sets, "max_sets") < 1:
        raise ValueError(f"max_sets must be >= 1; got {max_sets}")
    try:
        machine = process if isinstance(process, EpsilonMachine) else epsilon_machine(process)
    except NoFiniteEpsilonMachine:
        reset = _reset_word(as_presentation(process), min(max_sets, _MAX_SPACES))
        if reset is None:
            raise
        reason = "a word resets the observer: the belief after it is the same whatever belief was before"
        return Synchronizing(reset, None, len(reset), "exact", reason)
    pairs = pair_removal(machine.successor)
    kind, reason = _long_run(machine, pairs)
    recurrent = sum(len(members) for members in pairs.untold)
    if recurrent == machine.n_state:
        return Synchronizing(None, None, inf, kind, reason)
    found, searched = _search(machine.successor, max_sets)
    if found is not None:
        return Synchronizing(found, _after(machine.successor, found), len(found), kind, reason)
    if not pairs.told:
        return Synchronizing(None, None, searched if isinf(searched) else Bounds(searched, inf), kind, reason)
    word = _one_by_one(machine.successor, pairs)
    length = len(word) if len(word) == searched else Bounds(searched, len(word))
    return Synchronizing(word, _after(machine.successor, word), length, kind, reason)


def reset_threshold(process: AnyPresentation, *, max_sets: int = 100_000) -> float | Bounds:
    """Length of a shortest synchronising word; inf where there is none, Bounds where the budget was too small.

    The name is that of automata theory. A complete automaton of n states is conjectured (by Cerny) to need at most
    (n - 1)^2 symbols if it can be reset at all.

    Args:
        max_sets: as for `synchronizing_word`.
    Raises:
        NoFiniteEpsilonMachine: as for `synchronizing_word`.
    Reference:
        Cerny, Matematicko-fyzikalny casopis 14, 208 (1964); Volkov, Russian Mathematical Surveys 77, 819 (2022).
    Example:
        >>> from compmech import zoo
        >>> reset_threshold(zoo.golden_mean())
        1
    """
    return synchronizing_word(process, max_sets=max_sets).length


def _reset_word(process: HMM | GHMM, max_spaces: int) -> tuple[int, ...] | None:
    """A shortest word w with T_w of rank one in the minimal realisation, breadth first; None if none was found, or if
    the process can end in several closed classes."""
    if isinstance(process, GHMM):
        settled: HMM | GHMM = GHMM(process.T, process.stationary(), process.evaluate)
    else:
        parts = ergodic_parts(process)
        if len(parts) > 1:
            return None
        settled = merge_equal_states(parts[0][0])
    T = minimal(settled).T
    size = np.abs(T).max(axis=(1, 2))
    whole = np.eye(T.shape[1])
    seen = {_key(whole)}
    level: list[tuple[tuple[int, ...], np.ndarray]] = [((), whole)]
    while level:
        longer = []
        for word, rows in level:
            for x in np.flatnonzero(size):
                _, sizes, directions = np.linalg.svd(rows @ T[x], full_matrices=False)
                after = directions[sizes > _SINGULAR * size[x]]
                if len(after) == 1:
                    return (*word, int(x))
                if not len(after) or (key := _key(after)) in seen:
                    continue
                if len(seen) >= max_spaces:
                    return None
                seen.add(key)
                longer.append(((*word, int(x)), after))
        level = longer
    return None


def _key(rows: Float[np.ndarray, "rank state"]) -> bytes:
    """The projection on a row space, rounded; -0 made 0."""
    return np.asarray(np.round(rows.T @ rows, _DECIMALS) + 0.0).tobytes()


def _long_run(machine: EpsilonMachine, pairs: PairRemoval) -> tuple[str, str]:
    """The kind of synchronisation, and why."""
    if not pairs.untold:
        return "exact", "from every state a word can be read after which the state is known"
    members = pairs.untold[0]
    row, j = (int(k) for k in np.argwhere(pairs.steps[members] == NEVER)[0])
    pair = f"no word from state {machine.states[members[row]]} rules out {machine.states[j]} or takes both to one state"
    if not pairs.told:
        return "asymptotic", f"{pair}; the observer is exponentially surer of the state, but never certain"
    inside = ", ".join(str(machine.states[i]) for i in members[:6]) + (", ..." if len(members) > 6 else "")
    return "mixed", f"some words tell the state, but none does in the closed class {{{inside}}}: {pair}"


def _search(successor: Int[np.ndarray, "state symbol"], max_sets: int) -> tuple[tuple[int, ...] | None, float]:
    """A shortest synchronising word, breadth first, or None; and how long one must be at least, as far as searched."""
    n_state, n_symbol = successor.shape
    moves = np.zeros((n_symbol, n_state, n_state), dtype=np.float32)
    state, symbol = np.nonzero(successor >= 0)
    moves[symbol, state, successor[state, symbol]] = 1
    sets: Bool[np.ndarray, "set state"] = np.ones((1, n_state), dtype=bool)
    seen = {np.packbits(sets[0]).tobytes()}
    parents: list[np.ndarray] = []
    symbols: list[np.ndarray] = []
    while len(sets):
        single = np.flatnonzero(sets.sum(axis=1) == 1)
        if len(single):
            word = _traced(int(single[0]), parents, symbols)
            return word, len(word)
        parent, symbol_of, grown = [], [], []
        for x in range(n_symbol):
            image = sets @ moves[x] > 0
            packed = np.packbits(image, axis=1)
            for row in np.flatnonzero(image.any(axis=1)):
                key = packed[row].tobytes()
                if key not in seen:
                    seen.add(key)
                    parent.append(row)
                    symbol_of.append(x)
                    grown.append(image[row])
            if len(seen) > max_sets:
                return None, len(parents) + 1
        sets = np.array(grown)
        parents.append(np.array(parent))
        symbols.append(np.array(symbol_of))
    return None, inf


def _traced(row: int, parents: list[np.ndarray], symbols: list[np.ndarray]) -> tuple[int, ...]:
    word: list[int] = []
    for parent, symbol in zip(reversed(parents), reversed(symbols), strict=True):
        word.append(int(symbol[row]))
        row = int(parent[row])
    return tuple(reversed(word))


def _one_by_one(successor: Int[np.ndarray, "state symbol"], pairs: PairRemoval) -> tuple[int, ...]:
    """A synchronising word, not the shortest: one state is followed, and each time the quickest other one removed."""
    here = int(pairs.told[0][0])
    possible = np.ones(len(successor), dtype=bool)
    word: list[int] = []
    while possible.sum() > 1:
        others = np.flatnonzero(possible)
        others = others[others != here]
        other = int(others[np.argmin(pairs.steps[here, others])])
        while other not in (here, NEVER):
            x = int(pairs.symbol[here, other])
            word.append(x)
            here, other = int(successor[here, x]), int(successor[other, x])
            after = successor[possible, x]
            possible = np.zeros(len(successor), dtype=bool)
            possible[after[after >= 0]] = True
    return tuple(word)


def _after(successor: Int[np.ndarray, "state symbol"], word: tuple[int, ...]) -> int:
    """The one state that a synchronising word leaves of all."""
    states = np.arange(len(successor))
    for x in word:
        after = successor[states, x]
        states = np.unique(after[after >= 0])
    assert len(states) == 1, f"{word} leaves {states}"
    return int(states[0])
