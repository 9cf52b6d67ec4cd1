"""Simple processes made in roundabout ways: the same words from other hidden states than the causal ones."""

from itertools import product
from math import log2

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import Edge, machine
from compmech.zoo.ranges import Range

_FOX = "Ruebeck, James, Mahoney and Crutchfield, Chaos 28, 013109 (2018)"
# H(.3) after a 1, 4/7 of the symbols, and H(.4) after a 0
_RATE = 4 / 7 * (-0.3 * log2(0.3) - 0.7 * log2(0.7)) + 3 / 7 * (-0.4 * log2(0.4) - 0.6 * log2(0.6))
_CHAIN = {"entropy_rate": _RATE, "markov_order": 1, "n_causal_states": 2, "minimal_dimension": 2}


@listed(
    "Any binary Markov chain from two hidden states, one of which always gives the same symbol.",
    source=f"{_FOX}; BMC_gen of sofic 0.2",
    golden=_CHAIN,
    p=Range("P(1 | last symbol 0)"),
    q=Range("P(1 | last symbol 1)"),
)
def binary_chain_generator(p: float = 0.4, q: float = 0.7) -> HMM:
    """The chain of `binary_markov_chain` generated with less memory than it takes to predict it.

    The state "fixed" gives one symbol for certain, "free" either of them. Where p > q symbols tend to alternate and
    "fixed" gives a 0; elsewhere they tend to stay and it gives the rarer one. At p = q, a coin, it is never visited.

    Args:
        p: P(1), after a 0.
        q: P(1), after a 1. (The paper writes q for the probability of a 0 after a 1.)
    """
    if p > q:
        edges = [
            ("fixed", "0", "free", 1.0),
            ("free", "1", "fixed", p - q),
            ("free", "0", "free", 1 - p),
            ("free", "1", "free", q),
        ]
    else:
        # a run of the rarer symbol begins with probability `begin` and ends with probability `end`
        begin, end, rare, common = (p, 1 - q, "1", "0") if p < 1 - q else (1 - q, p, "0", "1")
        edges = [
            ("fixed", rare, "fixed", (q - p) / (1 - begin)),
            ("fixed", rare, "free", end / (1 - begin)),
            ("free", rare, "fixed", begin * (q - p) / (1 - begin)),
            ("free", rare, "free", begin * end / (1 - begin)),
            ("free", common, "free", 1 - begin),
        ]
    return machine("binary_chain_generator", ("fixed", "free"), "01", edges)


@listed(
    "Any binary Markov chain from two coins, the last symbol drawing which is tossed next.",
    source=f"{_FOX}; BMC_param of sofic 0.2",
    golden=_CHAIN,
    p=Range("P(1 | last symbol 0)"),
    q=Range("P(1 | last symbol 1)"),
    a=Range("P(1 | high), at least p and q"),
    b=Range("P(1 | low), at most p and q"),
)
def binary_chain_family(p: float = 0.4, q: float = 0.7, a: float = 0.9, b: float = 0.2) -> HMM:
    """The chain of `binary_markov_chain` in any of its presentations by two coins, whose memory is smaller or larger.

    After either symbol the coin "high" or "low" is drawn so that the next symbol has the probability of the chain. With
    a and b at p and q the states are the causal ones.

    Args:
        p: P(1), after a 0.
        q: P(1), after a 1. (The paper writes q for the probability of a 0 after a 1.)
        a: P(1 | high). (Other code gives the probability of a 0, for both coins.)
        b: P(1 | low).
    """
    if not b <= min(p, q) <= max(p, q) <= a:
        raise ValueError(
            f"binary_chain_family: p and q must lie between b and a, so that coins can be drawn that give them; got "
            f"p = {p}, q = {q} and [b, a] = [{b}, {a}]"
        )
    if a == b:
        raise ValueError(f"binary_chain_family: a must be more than b, or the two coins are one; got {a} for both")
    edges: list[Edge] = []
    for state, one in (("high", a), ("low", b)):
        for symbol, tossed, following in (("0", 1 - one, p), ("1", one, q)):
            high = (following - b) / (a - b)
            edges += [(state, symbol, "high", tossed * high), (state, symbol, "low", tossed * (1 - high))]
    return machine("binary_chain_family", ("high", "low"), "01", edges)


@listed(
    "All words of some length as states and all symbols alike: a fair die that remembers in vain.",
    source="The process list of CMPy, kept by sofic 0.2 (markov_skeleton)",
    golden={
        "entropy_rate": 1.0,
        "statistical_complexity": 0.0,
        "excess_entropy": 0.0,
        "markov_order": 0,
        "n_causal_states": 1,
        "minimal_dimension": 1,
    },
    order=Range("length of the words that are states", low=0, high=8, whole=True),
    symbols=Range("number of symbols", low=1, high=10, whole=True),
)
def markov_skeleton(order: int = 2, symbols: int = 2) -> HMM:
    """The de Bruijn graph with even probabilities: what a Markov chain of that order fills in.

    Args:
        order: length of the words that are states.
        symbols: number of symbols.
    """
    alphabet = "0123456789"[: int(symbols)]
    if len(alphabet) ** int(order) > 4096:
        raise ValueError(f"markov_skeleton: symbols ** order must be at most 4096; got {symbols} ** {order}")
    states = ["".join(word) for word in product(alphabet, repeat=int(order))]
    share = 1 / len(alphabet)
    edges: list[Edge] = [(state, x, (state + x)[1:] if order else "", share) for state in states for x in alphabet]
    return machine("markov_skeleton", states, alphabet, edges)
