"""Statistics of a generalised process without a finite epsilon-machine: what its block entropies certify.

Without states that one can be in there is no lower bound from knowing the state; only words speak.
"""

from math import inf

import numpy as np

from compmech.hmm import GHMM
from compmech.measures.block import short_block_entropies
from compmech.measures.budget import DEFAULT, Budget
from compmech.measures.countable import renewal_bounds
from compmech.measures.findings import Findings, put_relations
from compmech.measures.interval import Bounds, between
from compmech.measures.periods import put_period
from compmech.measures.renewal import Renewal

# Words of the longest blocks.
_MAX_LENGTH = 24

# What a word costs, against the numbers that the budget counts.
_WORDS_EACH = 16

_STATES = "not computed: no finite epsilon-machine of this generalised process found within max_states = {}"

_EQUAL = "causal states could be equal for different numbers of symbols since the last event"
_UNDECIDED = (
    "not computed: a renewal process for which it was neither found nor excluded that beliefs return between events"
)


def signed_statistics(process: GHMM, events: Renewal | None, budget: Budget = DEFAULT) -> Findings:
    """Upper bounds of h and lower bounds of E, C and T, from words; all but T and S of a renewal process.

    Args:
        events: the law of the process if it is one.
    """
    found = Findings()
    H = np.array(
        short_block_entropies(
            process, max_length=_MAX_LENGTH, max_words=max(process.n_symbol, budget.max_words // _WORDS_EACH)
        )
    )
    rates = np.diff(H)
    half = (len(H) - 1) // 2
    h = Bounds(0.0, between(rates[-1], rates[-1]).upper)
    E = Bounds(between(2 * H[half] - H[2 * half], inf).lower, inf).at_least(0.0)
    ephemeral, complexity = Bounds(0.0, h.upper), E
    T = between(float(np.arange(1, len(H)) @ (rates - rates[-1])), inf).at_least(0.0)
    S = T
    if events is not None:
        h, E, T = events.entropy_rate, events.excess_entropy, events.transient_information
        ephemeral, (complexity, S) = events.ephemeral_information, renewal_bounds(events)
    found.put("statistical_complexity", complexity)
    # a renewal process read backwards is one with the same law
    found.put("reverse_statistical_complexity", complexity)
    found.put("crypticity", (complexity - E).at_least(0.0) if events is not None else Bounds(0.0, inf))
    found.put("transient_information", T)
    found.put("synchronization_information", S.at_least(complexity.lower))
    put_relations(found, h=h, E=E, forward=complexity, backward=complexity, one_symbol=float(H[1]), ephemeral=ephemeral)
    if events is not None:
        found.put("causal_irreversibility", 0.0, "a renewal process read backwards has the same law")
    why = f"no states to be in are known; from words, max_words = {budget.max_words}" if events is None else _EQUAL
    found.explain(why, found.values)
    for key in (
        "markov_order",
        "cryptic_order",
        "n_causal_states",
        "n_reverse_causal_states",
        "n_mixed_states",
        "n_transient_mixed_states",
    ):
        found.leave(key, _STATES.format(budget.max_states) if events is None else _UNDECIDED)
    put_period(found, process)
    return found
