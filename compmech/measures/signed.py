"""Statistics of a generalised process without a finite epsilon-machine: what its block entropies certify.

Without states that one can be in there is no lower bound from knowing the state; only words speak.
"""

from math import inf

import numpy as np

from compmech.hmm import GHMM
from compmech.measures.block import short_block_entropies
from compmech.measures.findings import Findings, put_relations
from compmech.measures.interval import Bounds, between
from compmech.measures.periods import put_period
from compmech.measures.renewal import Renewal

# Words of the longest blocks.
_MAX_LENGTH = 24
_MAX_WORDS = 2**16

_STATES = "not computed: a generalised process for which no finite epsilon-machine was found"


def signed_statistics(process: GHMM, events: Renewal | None) -> Findings:
    """Upper bounds of h and lower bounds of E, C and T, from words; all but T and S of a renewal process.

    Args:
        events: the law of the process if it is one.
    """
    found = Findings()
    H = np.array(short_block_entropies(process, max_length=_MAX_LENGTH, max_words=_MAX_WORDS))
    rates = np.diff(H)
    half = (len(H) - 1) // 2
    h = Bounds(0.0, between(rates[-1], rates[-1]).upper)
    E = Bounds(between(2 * H[half] - H[2 * half], inf).lower, inf).at_least(0.0)
    ephemeral, complexity = Bounds(0.0, h.upper), E
    if events is not None:
        h, E = events.entropy_rate, events.excess_entropy
        ephemeral, complexity = events.ephemeral_information, events.complexity
    T = float(np.arange(1, len(H)) @ (rates - rates[-1]))
    found.put("statistical_complexity", complexity)
    # a renewal process read backwards is one with the same law
    found.put("reverse_statistical_complexity", complexity)
    found.put("crypticity", (complexity - E).at_least(0.0) if events is not None else Bounds(0.0, inf))
    found.put("transient_information", Bounds(between(T, inf).lower, inf).at_least(0.0))
    found.put("synchronization_information", found.values["transient_information"] or 0.0)
    put_relations(found, h=h, E=E, forward=complexity, backward=complexity, one_symbol=float(H[1]), ephemeral=ephemeral)
    for key in (
        "markov_order",
        "cryptic_order",
        "n_causal_states",
        "n_reverse_causal_states",
        "n_mixed_states",
        "n_transient_mixed_states",
    ):
        found.leave(key, _STATES)
    put_period(found, process)
    return found
