"""Small languages: parentheses that match, days of the week, and Mr. Somebody."""

from collections.abc import Sequence
from math import log2

import numpy as np
from numpy.typing import ArrayLike

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import Edge, machine
from compmech.zoo.ranges import Distribution, Probabilities, Range

_SIMPLEXITY = "The process list of simplexity (2025)"
_DAYS = ("M", "Tu", "W", "Th", "F", "Sa", "Su")


@listed(
    "Parentheses that match, nested up to a greatest depth.",
    source=f"{_SIMPLEXITY} (matching_parens)",
    aliases=("matching_parens", "dyck"),
    golden={
        "entropy_rate": 2 / 3,
        "statistical_complexity": 1 / 3 + log2(3),
        "markov_order": "inf",
        "cryptic_order": 0,
        "period": 2,
        "n_mixed_states": "inf",
    },
    open_probs=Probabilities("P(( | depth 0), P(( | depth 1), ...; the first is 1", open_low=True),
)
def matching_parentheses(open_probs: ArrayLike = (1.0, 0.5, 0.5)) -> HMM:
    """A walk on the depth of nesting, 0 to the number of given probabilities: up with (, down with ).

    Args:
        open_probs: the probability of a ( at each depth but the last, where there is none; at depth 0 it is 1.
    """
    up = np.asarray(open_probs, dtype=float)
    if up[0] != 1:
        raise ValueError(f"matching_parentheses: open_probs must begin with 1, nothing can close; got {up[0]:g}")
    depth = [str(d) for d in range(len(up) + 1)]
    edges: list[Edge] = [(depth[-1], ")", depth[-2], 1.0)]
    for d, p in enumerate(up.tolist()):
        edges.append((depth[d], "(", depth[d + 1], p))
        if d > 0:
            edges.append((depth[d], ")", depth[d - 1], 1 - p))
    return machine("matching_parentheses", depth, "()", edges)


@listed(
    "Text with parentheses in it that match, nested up to a greatest depth.",
    source=f"{_SIMPLEXITY} (an earlier matching_parens)",
    golden={"n_causal_states": 4, "period": 1, "markov_order": "inf"},
    p=Range("P(( | depth 0)"),
    q=Range("P(( | depth 1, 2, ...)"),
    n=Range("greatest depth", low=1, high=64, whole=True),
)
def text_with_parentheses(p: float = 0.5, q: float = 0.5, n: int = 3) -> HMM:
    """A walk on the depth of nesting: at depth 0 text (!) or a (, at depth n a ), in between ( or ).

    Args:
        p: P(( | depth 0).
        q: P(( | depth 1 to n - 1).
        n: greatest depth.
    """
    depth = [str(d) for d in range(int(n) + 1)]
    edges: list[Edge] = [("0", "!", "0", 1 - p), ("0", "(", "1", p), (depth[-1], ")", depth[-2], 1.0)]
    for d in range(1, int(n)):
        edges += [(depth[d], "(", depth[d + 1], q), (depth[d], ")", depth[d - 1], 1 - q)]
    return machine("text_with_parentheses", depth, "!()", edges)


@listed(
    "Talk of days, by name, as tomorrow or yesterday, as on a weekday or on the weekend.",
    source=f"{_SIMPLEXITY} (days_of_week)",
    golden={"period": 1, "n_causal_states": 21, "n_mixed_states": 28},
)
def days_of_week() -> HMM:
    """States: the day that was spoken of last. Each of the eleven words leads from a day to a day:

    a day's name to that day, five times as often if it is tomorrow's; Tmrw and Yest to the day after and before; Wkdy
    and Wknd to any of theirs, so that the state is hidden. All words but tomorrow's name are equally likely. The causal
    states are the days, and the weekdays and the weekend put off by 0 to 6 days. Until one of them is known the belief
    is the stationary distribution or one of its 6 turns.
    """
    week, weekend = _DAYS[:5], _DAYS[5:]
    edges: list[Edge] = []
    for index, day in enumerate(_DAYS):
        after, before = _DAYS[(index + 1) % 7], _DAYS[index - 1]
        edges += [(day, name, name, (5 if name == after else 1) / 15) for name in _DAYS]
        edges += [(day, "Tmrw", after, 1 / 15), (day, "Yest", before, 1 / 15)]
        edges += [(day, "Wkdy", name, 1 / 75) for name in week]
        edges += [(day, "Wknd", name, 1 / 30) for name in weekend]
    return machine("days_of_week", _DAYS, (*_DAYS, "Tmrw", "Yest", "Wknd", "Wkdy"), edges)


@listed(
    "Mr. is followed by the name, everything else by chatter.",
    source=f"{_SIMPLEXITY} (mr_name)",
    golden={"markov_order": 1, "cryptic_order": 1, "n_causal_states": 4, "n_mixed_states": 5},
    p=Range("P(Blah | Something) = P(Something | Blah)"),
    q=Range("P(Mr. | Something) = P(Mr. | Blah); p + q is at most 1", open_low=True),
)
def mr_name(p: float = 0.4, q: float = 0.25) -> HMM:
    """A chain of the last word: after Mr. comes the name, after it Something or Blah, which go on as p and q say.

    Args:
        p: probability of a change between Something and Blah.
        q: probability of a Mr. after either.
    """
    return machine(
        "mr_name", "MNSB", ("Mr.", "Blah", "name", "Something"), _name_edges("MNSB", "name", p, q, "mr_name")
    )


@listed(
    "Mr. Dursley in some texts, Mr. Wonka in others: not ergodic.",
    source=f"{_SIMPLEXITY} (nonergodic)",
    golden={"n_causal_states": 8, "markov_order": "inf", "period": 1},
    p=Range("P(Blah | Something) = P(Something | Blah)"),
    q=Range("P(Mr. | Something) = P(Mr. | Blah); p + q is at most 1", open_low=True),
    w=Distribution("probability of a text of each of the two", shortest=2),
)
def two_names(p: float = 0.4, q: float = 0.25, w: ArrayLike = (0.5, 0.5)) -> HMM:
    """Two copies of `mr_name` with names of their own, one of which is chosen once.

    Args:
        p: probability of a change between Something and Blah.
        q: probability of a Mr. after either.
        w: weights of Dursley and Wonka.
    """
    weights = np.asarray(w, dtype=float)
    if len(weights) != 2:
        raise ValueError(f"two_names: w must have one entry for each of the two names; got {len(weights)}")
    names = ("Dursley", "Wonka")
    states = [[f"{part} {name}" for part in ("Mr.", "after", "Something", "Blah")] for name in names]
    edges = [
        edge for own, name in zip(states, names, strict=True) for edge in _name_edges(own, name, p, q, "two_names")
    ]
    # the stationary distribution of one: Mr. and the name q each, the other two halves of the rest, over 1 + 2q
    one = np.array([q, q, 0.5, 0.5]) / (1 + 2 * q)
    start = np.concatenate([weight * one for weight in weights])
    return machine("two_names", [*states[0], *states[1]], ("Mr.", "Blah", *names, "Something"), edges, start=start)


def _name_edges(states: Sequence[str], name: str, p: float, q: float, process: str) -> list[Edge]:
    if p + q > 1 + 1e-12:  # what rounding may add to two probabilities
        raise ValueError(f"{process}: p + q must be at most 1, the rest repeats the word; got {p + q:g}")
    stay = max(1 - p - q, 0.0)
    mister, named, something, blah = states
    return [
        (mister, name, named, 1.0),
        (named, "Something", something, 0.5),
        (named, "Blah", blah, 0.5),
        (something, "Mr.", mister, q),
        (something, "Something", something, stay),
        (something, "Blah", blah, p),
        (blah, "Mr.", mister, q),
        (blah, "Something", something, p),
        (blah, "Blah", blah, stay),
    ]
