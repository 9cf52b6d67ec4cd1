"""Statistics of a renewal process with infinitely many causal states, all from its law.

The causal states are the numbers of symbols since the last event. Read backwards it is the same process.
"""

from math import inf

from compmech.measures.findings import Findings, put_relations
from compmech.measures.interval import Bounds
from compmech.measures.renewal import Renewal

PROOF = "a renewal process whose belief never returns"

_LAW = "series over the law of the time between events, its tail bounded"


def renewal_statistics(events: Renewal, one_symbol: float) -> Findings:
    """Everything but the period, the minimal dimension and the block entropies: to rounding where the series converge.

    Before the first event, L quiet symbols leave a belief over all n >= L since the last one, of its own for each L and
    never sure: infinitely many transient mixed states. Quiet futures of any length leave several n open, so that no
    finite number of symbols before the present makes the state a function of the future.
    """
    found = Findings()
    C, E = events.since, events.excess_entropy
    crypticity = (C - E).at_least(0.0)
    found.put("statistical_complexity", C, PROOF)
    found.put("reverse_statistical_complexity", C, PROOF)
    found.put("crypticity", crypticity)
    found.put("transient_information", events.transient_information)
    found.put("synchronization_information", events.synchronisation)
    put_relations(
        found,
        h=events.entropy_rate,
        E=E,
        forward=C,
        backward=C,
        one_symbol=one_symbol,
        ephemeral=events.ephemeral_information,
    )
    found.put("causal_irreversibility", 0.0, "a renewal process read backwards has the same law")
    found.explain(_LAW, list(found.values))
    found.put("markov_order", inf, "a finite order would leave finitely many causal states")
    found.put("cryptic_order", inf, "quiet futures leave several numbers of symbols since the last event open")
    for key in ("n_causal_states", "n_reverse_causal_states"):
        found.put(key, inf, PROOF)
    for key in ("n_mixed_states", "n_transient_mixed_states"):
        found.put(key, inf, "quiet symbols before the first event leave ever new beliefs")
    return found


def renewal_bounds(events: Renewal) -> tuple[Bounds, Bounds]:
    """C and S, where causal states could be equal for some numbers of symbols since the last event."""
    return events.complexity, Bounds(events.transient_information.lower, events.synchronisation.upper)
