"""Statistics of a process without a finite epsilon-machine: bounds from recent words, and what can be proved beyond."""

from math import inf, sqrt

import numpy as np

from compmech.causal_states import ergodic_parts
from compmech.hmm import HMM
from compmech.measures.anatomy import ephemeral_bounds
from compmech.measures.budget import DEFAULT, Budget
from compmech.measures.contexts import contexts
from compmech.measures.findings import Findings, as_bounds, at_least, put_relations
from compmech.measures.interval import Bounds, exact
from compmech.measures.periods import put_period
from compmech.measures.proofs import Infinite, infinitely_many
from compmech.measures.recent_words import rate_bounds
from compmech.measures.retrodiction import reversed_matrices

# Words on either side of the symbol are kept short for r, which needs all pairs of them.
_NUMBERS_PER_SIDE = 3000

_UNCOUNTED = "not computed: infinitely many causal states"


def infinite_statistics(process: HMM, one_symbol: float, proof: Infinite | None, budget: Budget = DEFAULT) -> Findings:
    """Everything but the minimal dimension and the block entropies.

    Args:
        process: stationary, with every state possible.
        proof: what is known of its causal states, if it is ergodic and something is.
    """
    found = Findings()
    T, pi = process.T, process.start
    back = reversed_matrices(T, pi)
    known = contexts(T, pi, max_numbers=budget.max_words)
    E = known.excess_entropy
    backward_proof = None if proof is None else infinitely_many(back, pi)
    forward, backward = _complexity(proof, E), _complexity(backward_proof, E)
    side = max(1, int(_NUMBERS_PER_SIDE * sqrt(budget.max_words / DEFAULT.max_words)))
    near = contexts(T, pi, max_numbers=side), contexts(back, pi, max_numbers=side)

    found.put("statistical_complexity", forward, "" if proof is None else proof.reason)
    found.put("reverse_statistical_complexity", backward, "" if backward_proof is None else backward_proof.reason)
    found.put("crypticity", (forward - E).at_least(0.0))
    found.put("transient_information", known.transient_information)
    _put_synchronisation(found, forward, known.transient_information)
    put_relations(
        found,
        h=known.entropy_rate.meet(rate_bounds(T, pi, max_words=budget.max_words)),
        E=E,
        forward=forward,
        backward=backward,
        one_symbol=one_symbol,
        ephemeral=ephemeral_bounds(T, pi, *near),
    )
    found.explain("C is at least E", ("statistical_complexity", "reverse_statistical_complexity"))
    found.explain(f"from words, max_words = {budget.max_words}", list(found.values))
    _put_counts(found, proof, backward_proof, budget)
    put_period(found, process)
    return found


def _complexity(proof: Infinite | None, E: Bounds) -> Bounds:
    """C as it was proved, or at least E: causal states carry all that the past tells of the future."""
    return at_least(E) if proof is None or proof.complexity is None else proof.complexity


def _put_synchronisation(found: Findings, forward: Bounds, transient: Bounds) -> None:
    """S >= H[S_0] = C, its first term, and S >= T: no more is computed where the causal states are infinitely many."""
    if forward.is_exact:
        found.put("synchronization_information", inf, "its first term is C")
    else:
        found.put("synchronization_information", Bounds(max(forward.lower, transient.lower), inf))


def _put_counts(found: Findings, proof: Infinite | None, backward_proof: Infinite | None, budget: Budget) -> None:
    for key, known in (("n_causal_states", proof), ("n_reverse_causal_states", backward_proof)):
        if known is None:
            found.leave(key, budget.unproved("causal states"))
        else:
            found.put(key, inf, known.reason)
    if proof is None:
        for key in ("markov_order", "cryptic_order", "n_mixed_states", "n_transient_mixed_states"):
            found.leave(key, budget.unproved("causal states"))
        return
    found.put("markov_order", inf, "a finite order would leave finitely many causal states")
    found.put("n_mixed_states", inf, "finitely many would leave finitely many causal states")
    found.leave("cryptic_order", _UNCOUNTED)
    found.leave("n_transient_mixed_states", _UNCOUNTED)


def turned(found: Findings, proof: Infinite | None, budget: Budget = DEFAULT) -> Findings:
    """Statistics of a process from those of its reverse, which has a finite epsilon-machine.

    What past and future share is the same in both directions, and so are the Markov order and the period.
    """
    for left, right in (
        ("statistical_complexity", "reverse_statistical_complexity"),
        ("n_causal_states", "n_reverse_causal_states"),
    ):
        found.exchange(left, right)
    forward, E = (as_bounds(found.values[key]) for key in ("statistical_complexity", "excess_entropy"))
    found.put("crypticity", (forward - E).at_least(0.0))
    irreversibility = found.values["causal_irreversibility"]
    if irreversibility is not None:
        found.put_difference("causal_irreversibility", exact(0.0) - as_bounds(irreversibility), forward.lower)
    _put_synchronisation(found, forward, as_bounds(found.values["transient_information"]))
    if proof is None:
        found.leave("n_mixed_states", budget.unproved("mixed states"))
    else:
        found.put("n_mixed_states", inf, "finitely many would leave finitely many causal states")
    found.leave("cryptic_order", _UNCOUNTED if proof is not None else budget.unproved("mixed states"))
    found.leave("n_transient_mixed_states", _UNCOUNTED if proof is not None else budget.unproved("mixed states"))
    return found


def ergodic_mixture(process: HMM) -> tuple[HMM, bool]:
    """The same stationary process on the states that are possible, and whether it is ergodic."""
    parts = ergodic_parts(process)
    n_kept = sum(part.n_state for part, _ in parts)
    T = np.zeros((process.n_symbol, n_kept, n_kept))
    first = 0
    for part, _ in parts:
        inside = slice(first, first + part.n_state)
        T[:, inside, inside] = part.T
        first += part.n_state
    start = np.concatenate([weight * part.start for part, weight in parts])
    return HMM(T, start=start, alphabet=process.alphabet, name=process.name), len(parts) == 1
