"""Renyi entropies of words, their rates, and the Renyi complexity of the causal states.

    H_q(L) = log2(sum_w p(w)^q) / (1 - q),       h_q = lim H_q(L) / L,

with the limits H_0 = log2 of the number of possible words, H_1 Shannon's, H_inf = -log2 of the greatest probability.
None rises with q. In a unifilar machine a word and a first state are one path, so that h_q is log2 of the spectral
radius of the matrix sum_x (T_x)^q, entry by entry, over 1 - q; h_inf is the least mean of -log2 T on a cycle. Of
several ergodic parts the one with the greatest sum of p(w)^q prevails: the greatest h_q for q < 1, the least for q > 1,
and h_q jumps at q = 1, where it is their mean.

Without a finite epsilon-machine, h_0 follows from the sets of possible states, and h_k for whole k from the spectral
radius of sum_x T_x (x) ... (x) T_x, k factors, of any presentation. For other q there are bounds: h_q does not rise,
and h_q >= (q / (q - 1)) ((k - 1) / k) h_k for q > k.

Reference:
    Renyi, Proc. 4th Berkeley Symposium 1, 547 (1961); Rached, Alajaji and Campbell, IEEE Trans. Inf. Theory 47, 1553
    (2001), for Markov sources; Beck and Schloegl, Thermodynamics of Chaotic Systems (1993), for the inequalities.
"""

from math import isinf, isnan

import numpy as np
from jaxtyping import Float

from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.measures.block import MAX_WORDS, within_budget, word_probabilities
from compmech.measures.causal import finite_machine
from compmech.measures.findings import Quantity, as_bounds
from compmech.measures.growth import greatest_cycle_mean, perron_root, potentials
from compmech.measures.interval import ROUNDING, Bounds, between, entropy, exact
from compmech.measures.statistics import entropy_rate
from compmech.minimal import minimal
from compmech.spans import RANK_TOL, krylov_basis
from compmech.stationarity import as_stationary
from compmech.units import bits
from compmech.validation import check_count

# h_q has an error of some 1e-15 / |1 - q|. Nearer to 1 than this, where it is 1e-9, it is bounded by its neighbours.
_NEAR_ONE = 1e-6

# The k-fold product of a presentation may have at most this many states (some seconds), and is made of few factors.
_MAX_PRODUCT = 1500
_MAX_FACTORS = 8

# Sets of possible states that are enumerated for the topological entropy.
_MAX_SUBSETS = 5000

# Mixed states explored for the epsilon-machine.
MAX_STATES = 3000


def renyi_entropy(p: Float[np.ndarray, " outcome"], order: float) -> float:
    """Renyi entropy of a distribution, in bits.

    Args:
        order: q >= 0; inf is allowed.
    Raises:
        ValueError: if the order is negative or not a number.
    Example:
        >>> [round(renyi_entropy(np.array([0.5, 0.25, 0.25]), q), 6) for q in (0, 1, 2, float("inf"))]
        [1.584963, 1.5, 1.415037, 1.0]
    """
    order = _checked_order(order)
    logs = np.log(p[p > 0])
    if order == 1:
        return float(entropy(p))
    if isinf(order):
        return bits(-float(logs.max()))
    top = float((order * logs).max())
    return bits((top + float(np.log(np.exp(order * logs - top).sum()))) / (1 - order)) + 0.0


def renyi_block_entropies(
    process: AnyPresentation, length: int, order: float, *, max_words: int = MAX_WORDS
) -> tuple[float, ...]:
    """Renyi entropies of words of lengths 0, 1, ..., length, in bits, by enumeration.

    Args:
        length: greatest L >= 0.
        order: q >= 0; inf is allowed.
        max_words: the most possible words of one length that are allowed.
    Raises:
        ValueError: if an argument is out of range.
        BudgetExceeded: if there are more possible words than `max_words`; `.found` holds H_q(0), H_q(1), ... of the
            lengths that have no more.
    Example:
        >>> from compmech import zoo
        >>> [round(bits, 6) for bits in renyi_block_entropies(zoo.golden_mean(), 3, 0)]      # 1, 2, 3, 5 words
        [0.0, 1.0, 1.584963, 2.321928]
    """
    order, length = _checked_order(order), check_count(length, "length")
    found = tuple(renyi_entropy(p, order) for p in word_probabilities(process, length, max_words))
    return within_budget(process, found, length, max_words)


def renyi_complexity(process: AnyPresentation, order: float, *, max_states: int = MAX_STATES) -> float:
    """Renyi entropy of the distribution over causal states, in bits; of order 0 log2 of their number, of order 1 C.

    Args:
        order: q >= 0; inf is allowed.
        max_states: the most mixed states explored to find the causal states.
    Raises:
        ValueError: if the order is negative or not a number.
        NotStationary: if the start is not stationary.
        NoFiniteEpsilonMachine: if no finite epsilon-machine was found.
    """
    return renyi_entropy(finite_machine(process, max_states=max_states).start, _checked_order(order))


def renyi_entropy_rate(process: AnyPresentation, order: float, *, max_states: int = MAX_STATES) -> Quantity:
    """h_q = lim H_q(L) / L, in bits per symbol: a number where it is known to rounding, else certified bounds.

    Order 0 is the topological entropy, 1 the entropy rate, inf the min-entropy rate.

    Args:
        process: stationary.
        order: q >= 0; inf is allowed.
        max_states: the most mixed states explored to find a finite epsilon-machine.
    Raises:
        ValueError: if the order is negative or not a number.
        NotStationary: if the start is not stationary.
    Example:
        >>> from compmech import zoo
        >>> [round(renyi_entropy_rate(zoo.golden_mean(), q), 6) for q in (0, 1, 2, float("inf"))]
        [0.694242, 0.666667, 0.642981, 0.5]
    """
    order = _checked_order(order)
    presentation = as_stationary(process)
    try:
        machine = finite_machine(presentation, max_states=max_states)
    except NoFiniteEpsilonMachine:
        return _plain(_without_machine(presentation, order))
    return _plain(_of_machine(machine, order))


def _plain(rate: Bounds) -> Quantity:
    """No rate is negative; what is so by rounding, or for slack left for it, is 0."""
    assert rate.upper > -ROUNDING, f"a Renyi entropy rate of {rate.upper}"
    rate = rate.at_least(0.0)
    return rate.lower if rate.is_exact else rate


def _checked_order(order: float) -> float:
    if isnan(order) or order < 0:
        raise ValueError(f"order must be a number >= 0, inf allowed (0 counts words, 1 is Shannon's); got {order}")
    return float(order)


def _of_machine(machine: EpsilonMachine, order: float) -> Bounds:
    """The rate of the ergodic part that prevails at this order; at order 1 the mean."""
    if order == 1:
        return exact(float(machine.start @ entropy(machine.emit)))
    state, _, after, _ = machine.edges
    parts = [_of_part(machine, members, order) for members in closed_classes(state, after, machine.n_state)]
    pick = max if order < 1 else min
    return Bounds(pick(part.lower for part in parts), pick(part.upper for part in parts))


def _of_part(machine: EpsilonMachine, members: np.ndarray, order: float) -> Bounds:
    inside = np.zeros(machine.n_state, dtype=bool)
    inside[members] = True
    place = np.cumsum(inside) - 1
    state, _, after, probability = machine.edges
    kept = inside[state]
    source, target, logs = place[state[kept]], place[after[kept]], np.log(probability[kept])
    if abs(order - 1) >= _NEAR_ONE:
        return _rate(source, target, logs, len(members), order)
    pi = machine.start[members] / machine.start[members].sum()
    shannon = float(pi @ entropy(machine.emit[members]))
    side = 1 - _NEAR_ONE if order < 1 else 1 + _NEAR_ONE
    beyond = _rate(source, target, logs, len(members), side)
    return between(min(shannon, beyond.lower), max(shannon, beyond.upper))


def _rate(source: np.ndarray, target: np.ndarray, logs: np.ndarray, n: int, order: float) -> Bounds:
    """h_q of an irreducible unifilar machine. Edges are rescaled by the greatest cycle mean m and its potentials, which
    leaves cycles alone and every entry at most 1, so that no order is too large."""
    m = greatest_cycle_mean(source, target, logs, n)
    if isinf(order):
        return exact(bits(-m) + 0.0)
    phi = potentials(source, target, logs - m, n)
    root = perron_root(source, target, np.exp(order * (logs - m + phi[source] - phi[target])), n)
    return _in_bits((order * m + np.log([root.lower, root.upper])) / (1 - order))


def _in_bits(ends: Float[np.ndarray, " 2"]) -> Bounds:
    """A rate in nats, its two bounds in any order, in bits."""
    return Bounds(bits(float(ends.min())) + 0.0, bits(float(ends.max())) + 0.0)


def _without_machine(process: HMM | GHMM, order: float) -> Bounds:
    """What the orders that can be had say of this one: 0, 1, and whole ones up to `most`."""
    if order == 1:
        return _shannon(process)
    if order < 1:
        counted = _topological(process)
        return counted if order == 0 else between(_shannon(process).lower, counted.upper)
    least = minimal(process)
    most = max((k for k in range(2, _MAX_FACTORS + 1) if least.n_state**k <= _MAX_PRODUCT), default=1)
    below = int(min(order, most))
    nearest = _whole(process, least, below) if below > 1 else _shannon(process)
    if below == order:
        return nearest
    lower = nearest.lower * (1.0 if isinf(order) else order / (order - 1)) * (below - 1) / below
    if below < most and order < below + 1:
        lower = max(lower, _whole(process, least, below + 1).lower)
    return between(lower, nearest.upper)


def _shannon(process: HMM | GHMM) -> Bounds:
    return as_bounds(entropy_rate(process))


def _whole(process: HMM | GHMM, least: HMM | GHMM, k: int) -> Bounds:
    """h_k for whole k >= 2: the growth of sum_w P(w)^k in the k-fold product of a presentation with itself."""
    found = process if isinstance(process, HMM) and process.n_state**k <= _MAX_PRODUCT else least
    start, evaluate, product = found.start, found.evaluate, found.T
    for _ in range(k - 1):
        start, evaluate = np.kron(start, found.start), np.kron(evaluate, found.evaluate)
        product = np.stack([np.kron(left, right) for left, right in zip(product, found.T, strict=True)])
    net = product.sum(axis=0)
    if isinstance(found, HMM):
        possible = np.flatnonzero(start > 0)
        source, target = np.nonzero(net[np.ix_(possible, possible)])
        weight = net[possible[source], possible[target]]
        root = perron_root(source, target, weight, len(possible))
    else:
        root = exact(_signed_root(start, net, evaluate))
    return _in_bits(np.log([root.lower, root.upper]) / (1 - k))


def _signed_root(start: np.ndarray, net: np.ndarray, evaluate: np.ndarray) -> float:
    """Growth of start @ net^L @ evaluate: the greatest modulus of an eigenvalue that both ends see."""
    reach, _ = krylov_basis(start, net[None], RANK_TOL)
    net, evaluate = reach @ net @ reach.T, reach @ evaluate
    see, _ = krylov_basis(evaluate, net.T[None], RANK_TOL)
    return float(np.abs(np.linalg.eigvals(see @ net @ see.T)).max())


def _topological(process: HMM | GHMM) -> Bounds:
    """h_0 from the graph of sets of states that words leave possible; at most log2 of the number of symbols."""
    most = bits(float(np.log(process.n_symbol)))
    if isinstance(process, GHMM):
        return Bounds(_shannon(process).lower, most)
    allowed = process.T > 0
    sets = {(process.start > 0).tobytes(): 0}
    todo = [process.start > 0]
    source, target = [], []
    for node, possible in enumerate(todo):
        for x in range(process.n_symbol):
            after = allowed[x, possible].any(axis=0)
            if after.any():
                key = after.tobytes()
                if key not in sets:
                    sets[key] = len(todo)
                    todo.append(after)
                source.append(node)
                target.append(sets[key])
        if len(todo) > _MAX_SUBSETS:
            return Bounds(_shannon(process).lower, most)
    ones = np.ones(len(source))
    root = perron_root(np.array(source), np.array(target), ones, len(todo))
    return _in_bits(np.log([root.lower, root.upper]))
