"""Statistics of a process with finitely many causal states, from its epsilon-machine."""

from dataclasses import dataclass
from math import inf, isinf, lcm

import numpy as np
from jaxtyping import Float, Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.graph import closed_classes, period
from compmech.measures.budget import DEFAULT, Budget
from compmech.measures.findings import Findings, at_least, put_relations
from compmech.measures.futures import futures
from compmech.measures.interval import Bounds, entropy, exact
from compmech.measures.pairs import cryptic_order, markov_order, pair_graph
from compmech.measures.proofs import infinitely_many
from compmech.measures.retrodiction import crypticity_and_ephemeral, retrodiction, reversed_matrices
from compmech.measures.synchronisation import Synchronisation, synchronisation

# Reverse causal states looked for before asking for a proof that they are infinitely many.
_FEW_REVERSE = 200

# With more states than this, no proof that there are infinitely many is looked for: it would take products of matrices.
_MOST_PROVED = 400

# What follows from each part of the search.
_OF_MIXED_STATES = ("transient_information", "synchronization_information")
_OF_FUTURES = (
    "excess_entropy",
    "crypticity",
    "bidirectional_complexity",
    "ephemeral_information",
    "bound_information",
    "enigmatic_information",
    "elusive_information",
)


@dataclass(frozen=True)
class Backward:
    """What the future says of the causal states of one ergodic part.

    Attributes:
        complexity: C-, in bits; None: no more is known than C- >= E.
        crypticity: chi, in bits.
        ephemeral: r, in bits.
        n_state: number of reverse causal states; None: not known.
        why: what proves that they are infinitely many.
    """

    complexity: Bounds | None
    crypticity: Bounds
    ephemeral: Bounds
    n_state: float | None
    why: str = ""


def finite_statistics(machine: EpsilonMachine, one_symbol: float, budget: Budget = DEFAULT) -> Findings:
    """Everything but the minimal dimension and the block entropies. Exact where mixed states close, or need not."""
    found = Findings()
    T, pi = machine.to_hmm().T, machine.start
    pairs = pair_graph(machine.successor, machine.emit)
    forward = float(entropy(pi))
    parts = _parts(machine)
    weights = np.array([pi[members].sum() for members in parts])
    apart = float(entropy(weights))  # bits that tell which ergodic part it is, known from the past and from the future
    back = [_backward(machine, T, pi, members, budget) for members in parts]
    sync = synchronisation(T, pi, pairs, max_beliefs=budget.max_states)

    ephemeral = _average(weights, [part.ephemeral for part in back])
    chi = _average(weights, [part.crypticity for part in back])
    E = (exact(forward) - chi).meet(sync.excess)
    crypticity = chi.meet((exact(forward) - E).at_least(0.0))
    sides = [part.complexity for part in back]
    known = [side for side in sides if side is not None]
    backward = exact(apart) + _average(weights, known) if len(known) == len(sides) else at_least(E)

    found.put("statistical_complexity", forward)
    found.put("crypticity", crypticity)
    found.put("reverse_statistical_complexity", backward, _reason(back))
    found.put("transient_information", sync.transient)
    found.put("synchronization_information", sync.synchronisation)
    put_relations(
        found,
        h=exact(pi @ entropy(machine.emit)),
        E=E,
        forward=exact(forward),
        backward=backward,
        one_symbol=one_symbol,
        ephemeral=ephemeral,
    )
    found.put("markov_order", markov_order(pairs))
    found.put("cryptic_order", cryptic_order(pairs))
    found.put("period", lcm(*(_period(machine, members) for members in parts)))
    _put_counts(found, machine.n_state, back, sync, budget)
    found.explain(f"from mixed states, max_states = {budget.max_states}", _OF_MIXED_STATES)
    found.explain(f"from words, max_words = {budget.max_words}", _OF_FUTURES)
    found.explain("C- is at least E", ("reverse_statistical_complexity",))
    return found


def _put_counts(found: Findings, n_causal: int, back: list[Backward], sync: Synchronisation, budget: Budget) -> None:
    n_transient, why = sync.n_transient, sync.why_infinite
    found.put("n_causal_states", n_causal)
    counts = [part.n_state for part in back]
    if any(count is not None and isinf(count) for count in counts):
        found.put("n_reverse_causal_states", inf, _reason(back))
    elif None in counts:
        found.leave("n_reverse_causal_states", budget.unproved("reverse causal states"))
    else:
        found.put("n_reverse_causal_states", sum(count for count in counts if count is not None))
    if n_transient is not None:
        found.put("n_mixed_states", n_transient + n_causal)
        found.put("n_transient_mixed_states", n_transient)
    elif why:
        found.put("n_mixed_states", inf, why)
        found.put("n_transient_mixed_states", inf, why)
    else:
        found.leave("n_mixed_states", budget.unproved("mixed states"))
        found.leave("n_transient_mixed_states", budget.unproved("mixed states"))


def _parts(machine: EpsilonMachine) -> tuple[Int[np.ndarray, " _"], ...]:
    state, _, after, _ = machine.edges
    return closed_classes(state, after, machine.n_state)


def _period(machine: EpsilonMachine, members: Int[np.ndarray, " member"]) -> int:
    state, _, after, _ = machine.edges
    return period(state, after, members)


def _average(weights: Float[np.ndarray, " part"], values: list[Bounds]) -> Bounds:
    lower = sum(float(w) * value.lower for w, value in zip(weights, values, strict=True))
    upper = sum(float(w) * value.upper for w, value in zip(weights, values, strict=True))
    return Bounds(lower, upper)


def _reason(back: list[Backward]) -> str:
    return next((part.why for part in back if part.why), "")


def _backward(
    machine: EpsilonMachine,
    T: Float[np.ndarray, "symbol state state"],
    pi: Float[np.ndarray, " state"],
    members: Int[np.ndarray, " member"],
    budget: Budget,
) -> Backward:
    """What the future says of the states of one ergodic part: exactly, or between bounds if it says infinitely much."""
    place = np.full(machine.n_state, -1)
    place[members] = np.arange(len(members))
    successor = np.where(machine.emit[members] > 0, place[machine.successor[members]], -1)
    T = T[:, members[:, None], members]
    pi = pi[members] / pi[members].sum()
    seen, many = None, None
    if len(pi) <= _MOST_PROVED:
        seen = retrodiction(successor, T, pi, max_states=min(_FEW_REVERSE, budget.max_states))
        many = infinitely_many(reversed_matrices(T, pi), pi) if seen is None else None
    if seen is None and many is None:
        seen = retrodiction(successor, T, pi, max_states=budget.max_states)
    if seen is not None:
        crypticity, ephemeral = crypticity_and_ephemeral(seen, T, pi)
        complexity = exact(float(entropy(seen.probability)))
        return Backward(complexity, exact(crypticity), exact(ephemeral), len(seen.beliefs))
    words = futures(successor, machine.emit[members], pi, max_numbers=budget.max_words)
    known = words.crypticity, words.ephemeral
    return Backward(None, *known, None) if many is None else Backward(many.complexity, *known, inf, many.reason)
