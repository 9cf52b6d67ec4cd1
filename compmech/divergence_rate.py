"""Relative entropy per symbol of one process to another, exact where the other's beliefs close along the first's words.

Letters: i a state of p, eta the belief over states of q, x a symbol. p moves i, and the symbols that it emits move eta:
together (i, eta) is a Markov chain. Where it settles into finitely many nodes, with stationary distribution mu,

    D = -h(p) - sum mu(i, eta) P(x | i) log Q(x | eta).

Otherwise let w be the last symbols. Whatever eta was before them, Q(x | past) lies between the least and the greatest
of Q(x | j w) over states j of q before w from which w is possible, and so the mean of its logarithm is bounded.

Reference:
    Juang and Rabiner, AT&T Technical Journal 64, 391 (1985), for the rate; Cover and Thomas, Elements of Information
    Theory, section 4.5, for bounds by conditioning on a state before the last symbols.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from math import inf, isinf, log

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.causal_states import epsilon_machine, ergodic_parts
from compmech.errors import BudgetExceeded, NoFiniteEpsilonMachine
from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.measures.contexts import contexts
from compmech.measures.findings import BOUNDS, EXACT
from compmech.measures.interval import ROUNDING, Bounds, between, entropy, exact
from compmech.merging import MERGE_TOL, BeliefIndex
from compmech.minimal import equivalent
from compmech.mixed_state import GAP
from compmech.names import check_names_match
from compmech.stationarity import is_stationary
from compmech.stationary import class_weights, stationary_distribution
from compmech.units import bits, nats
from compmech.validation import check_count

# Mixed states explored in search of an epsilon-machine of a process that is not unifilar as it stands.
_MACHINE_STATES = 300

# Edges between triples (state of p, two states of q) in a proof that q's state becomes known.
_MAX_TRIPLES = 2_000_000

# Words whose last symbols leave less than this undecided, in nats weighted by probability, are not extended.
_NEGLIGIBLE = 1e-16
_MAX_DEPTH = 500


@dataclass(frozen=True, kw_only=True)
class RelativeEntropyRate:
    """The relative entropy of p to q per symbol, lim D(p || q on words of length L) / L.

    Attributes:
        nats: a number where it is known exactly (inf where p allows a word that q forbids), else certified bounds.
        how: "exact" or "bounds", and why.
        forbidden: the shortest word, in symbols of p's alphabet, that p allows and q forbids; None if there is none or
            none was found.
    """

    nats: float | Bounds
    how: str
    forbidden: tuple[Hashable, ...] | None

    @property
    def bits(self) -> float | Bounds:
        """The same in bits per symbol."""
        if isinstance(self.nats, Bounds):
            return Bounds(bits(self.nats.lower), bits(self.nats.upper))
        return bits(self.nats)


def relative_entropy_rate(
    p: AnyPresentation, q: AnyPresentation, *, max_states: int = 3000, max_numbers: int = 1_000_000
) -> RelativeEntropyRate:
    """What each symbol of p costs more, in the long run, to one who takes it for a symbol of q.

    Symbols are matched by name. Exact where p is unifilar, or has a finite epsilon-machine, and either finitely many
    beliefs over q's states occur along p's words or q is unifilar and p's words in the end reveal its state; and where
    the two are equivalent, whatever presents them: then it is 0.

    Args:
        p: an HMM, an EpsilonMachine, or a stationary GHMM with a finite epsilon-machine; any that is equivalent to q.
        q: the same.
        max_states: pairs of a state of p and a belief over q's states that are explored; where they are more, bounds
            are computed.
        max_numbers: entries of the matrices of all words looked at for bounds.
    Raises:
        ValueError: for a GHMM that is not stationary or has no finite epsilon-machine, and is not equivalent to the
            other process: no states emit its words; or if the symbols differ in type alone, as '1' and 1 do.
    Example:
        >>> from compmech import HMM
        >>> fair, biased = HMM([[[0.5]], [[0.5]]]), HMM([[[0.75]], [[0.25]]])
        >>> found = relative_entropy_rate(fair, biased)
        >>> round(found.nats, 6), found.how     # log(2 / sqrt(3))
        (0.143841, 'exact')
    """
    max_states, max_numbers = check_count(max_states, "max_states"), check_count(max_numbers, "max_numbers")
    if _is_signed(p, q) and equivalent(p, q):
        return _one_process()
    source = _with_states(p, "p")
    target = _aligned(_with_states(q, "q"), source.alphabet)
    word, allowed = _search(source, target, max_states)
    if word is not None:
        forbidden = tuple(source.alphabet[x] for x in word)
        return RelativeEntropyRate(nats=inf, how=f"{EXACT}: p allows a word that q forbids", forbidden=forbidden)
    source = _unifilar(source) or source
    walk = _explored(source, target, max_states)
    if walk is not None:
        return _result(_settled(source, walk), "")
    if allowed == inf and equivalent(p, q):
        return _one_process()
    rate, why = exact(0.0), ""
    for part, weight in ergodic_parts(source):
        known = _known_states(part, target)
        if known is None:
            # where q forbids no word of p, each has a path, and no step of it costs more than the rarest there is
            most = -log(target.least_step) if allowed == inf else inf
            term, why = _by_recent_words(part, target, max_numbers, most), "from the most recent words"
        else:
            term = _settled(part, known)
        rate = rate + Bounds(weight * term.lower, weight * term.upper)
    return _result(rate, why)


def forbidden_word(p: AnyPresentation, q: AnyPresentation, *, max_states: int = 100_000) -> tuple[Hashable, ...] | None:
    """A shortest word that p allows and q forbids, in symbols of p's alphabet; None if there is none.

    Args:
        p: an HMM, an EpsilonMachine, or a stationary GHMM with a finite epsilon-machine.
        q: the same.
        max_states: pairs of a state of p and a set of states of q that are looked at.
    Raises:
        BudgetExceeded: if `max_states` did not suffice; `.found` is a length up to which q forbids no word of p.
        ValueError: if a GHMM has no states that emit its words, or the symbols differ in type alone, as '1' and 1 do.
    Example:
        >>> from compmech import zoo
        >>> forbidden_word(zoo.golden_mean(), zoo.even()), forbidden_word(zoo.even(), zoo.golden_mean())
        (('0', '1', '0'), ('1', '1'))
    """
    source = _with_states(p, "p")
    target = _aligned(_with_states(q, "q"), source.alphabet)
    word, allowed = _search(source, target, check_count(max_states, "max_states"))
    if word is None and allowed < inf:
        raise BudgetExceeded(
            f"q forbids no word of p up to length {int(allowed)}, and to go on takes more pairs of states and sets",
            "max_states",
            max_states,
            source.n_state * (2**target.n_state - 1),
            int(allowed),
        )
    return None if word is None else tuple(source.alphabet[x] for x in word)


def _is_signed(*processes: AnyPresentation) -> bool:
    return any(isinstance(as_presentation(process), GHMM) for process in processes)


def _one_process() -> RelativeEntropyRate:
    return RelativeEntropyRate(nats=0.0, how=f"{EXACT}: the two are equivalent, one process", forbidden=None)


def _result(rate: Bounds, why: str) -> RelativeEntropyRate:
    """A rate that is negative by rounding alone is 0, and bounds of one that cannot be negative begin there."""
    how = (EXACT if rate.is_exact else BOUNDS) + (f": {why}" if why else "")
    if rate.is_exact:
        value = rate.lower
        assert value > -ROUNDING, f"a relative entropy rate of {value}"
        return RelativeEntropyRate(nats=max(0.0, value), how=how, forbidden=None)
    return RelativeEntropyRate(nats=rate.at_least(0.0), how=how, forbidden=None)


# --- processes as they are needed


def _with_states(process: AnyPresentation, name: str) -> HMM:
    """A process as an HMM."""
    presentation = as_presentation(process)
    if isinstance(presentation, HMM):
        return presentation
    machine = _machine(presentation) if is_stationary(presentation) else None
    if machine is None:
        raise ValueError(
            f"{name} must be given by states that emit its words; it is a GHMM that is not stationary, or for which no "
            "finite epsilon-machine was found. word_divergences and sampled_divergence compare words of any process."
        )
    return machine


def _machine(process: HMM | GHMM) -> HMM | None:
    try:
        return epsilon_machine(process, max_states=_MACHINE_STATES).to_hmm()
    except NoFiniteEpsilonMachine:
        return None


def _unifilar(process: HMM) -> HMM | None:
    """A unifilar presentation of a stationary process, or None if no finite one was found."""
    if process.is_unifilar:
        return process
    return _machine(process) if is_stationary(process) else None


def _aligned(process: HMM, names: tuple[Hashable, ...]) -> HMM:
    """The process with its symbols in the order of `names`. Symbols without a name there are put at the end."""
    if process.alphabet == names:
        return process
    check_names_match([names, process.alphabet])
    own = {name: index for index, name in enumerate(process.alphabet)}
    wanted = list(dict.fromkeys([*names, *process.alphabet]))
    T = np.zeros((len(wanted), process.n_state, process.n_state))
    for x, name in enumerate(wanted):
        if name in own:
            T[x] = process.T[own[name]]
    return HMM(T, start=process.start, alphabet=wanted)


# --- words that p allows and q forbids


def _search(source: HMM, target: HMM, max_states: int) -> tuple[tuple[int, ...] | None, float]:
    """A shortest forbidden word if one was found, and a length up to which no word is forbidden: inf if none ever is.

    Breadth first over pairs of a state that p may be in and the set of states that q may be in, as bits of a number.
    """
    steps = [
        [(int(x), int(j)) for x, j in zip(*np.nonzero(source.T[:, i]), strict=True)] for i in range(source.n_state)
    ]
    after = [[_bits(row) for row in matrix > 0] for matrix in target.T]
    begin = _bits(target.start > 0)
    parent: dict[tuple[int, int], tuple[tuple[int, int], int] | None]
    parent = {(int(i), begin): None for i in np.flatnonzero(source.start)}
    todo = deque(parent)
    while todo:
        node = todo.popleft()
        i, possible = node
        reached = {x: _union(after[x], possible) for x in {x for x, _ in steps[i]}}
        for x, j in steps[i]:
            if not reached[x]:
                word = _word(parent, node, x)
                return word, len(word) - 1
            fresh = (j, reached[x])
            if fresh not in parent:
                if len(parent) >= max_states:
                    # breadth first: all words shorter than this one have been followed
                    return None, len(_word(parent, node, x)) - 1
                parent[fresh] = (node, x)
                todo.append(fresh)
    return None, inf


def _bits(mask: Bool[np.ndarray, " state"]) -> int:
    return sum(1 << int(j) for j in np.flatnonzero(mask))


def _union(after: list[int], possible: int) -> int:
    found = 0
    while possible:
        lowest = possible & -possible
        found |= after[lowest.bit_length() - 1]
        possible ^= lowest
    return found


def _word(
    parent: dict[tuple[int, int], tuple[tuple[int, int], int] | None], node: tuple[int, int], last: int
) -> tuple[int, ...]:
    symbols = [last]
    while (step := parent[node]) is not None:
        node, x = step
        symbols.append(x)
    return tuple(reversed(symbols))


# --- the chain of p's states and beliefs over q's


@dataclass(frozen=True, eq=False)
class _Chain:
    """A Markov chain on nodes that hold a state of p and a prediction of q.

    Attributes:
        state: the state of p at each node.
        predict: Q(x | belief) at each node.
        source, target, weight: edges.
        start: distribution over nodes.
    """

    state: Int[np.ndarray, " node"]
    predict: Float[np.ndarray, "node symbol"]
    source: Int[np.ndarray, " edge"]
    target: Int[np.ndarray, " edge"]
    weight: Float[np.ndarray, " edge"]
    start: Float[np.ndarray, " node"]


def _explored(source: HMM, target: HMM, max_states: int) -> _Chain | None:
    """The chain from p's and q's starts, level by level; None if it does not close, or it is in doubt whether it does.

    No word of p is forbidden by q.
    """
    begin, symbol, after, probability = _edges(source)
    count = np.bincount(begin, minlength=source.n_state)
    offset = np.cumsum(count) - count
    # the state, as a number of its own from 1 on, stands before the belief: nodes of different states are far apart
    index = BeliefIndex(1 + target.n_state, tol=MERGE_TOL, by_support=True)
    states = np.flatnonzero(source.start)
    fresh = np.column_stack([states + 1.0, np.tile(target.start, (len(states), 1))])
    index.add(fresh)
    edges = []
    n_known = 0
    while len(fresh):
        state = fresh[:, 0].astype(np.intp) - 1
        moved = target.branch(fresh[:, 1:])
        predict = moved.sum(axis=2)
        row = np.repeat(np.arange(len(fresh)), count[state])
        edge = offset[state][row] + np.arange(len(row)) - (np.cumsum(count[state]) - count[state])[row]
        x = symbol[edge]
        beliefs = moved[row, x] / predict[row, x, None]
        vectors = np.column_stack([after[edge] + 1.0, beliefs])
        node, distance, new = index.match(vectors)
        if len(index.vectors) + len(new) > max_states or (distance > MERGE_TOL / GAP).any():
            return None
        edges.append((n_known + row, node, probability[edge]))
        n_known = len(index.vectors)
        fresh = vectors[new]
        index.add(fresh)
    nodes = index.vectors
    start = np.zeros(len(nodes))
    start[: len(states)] = source.start[states]
    state = nodes[:, 0].astype(np.intp) - 1
    columns = [np.concatenate(column) for column in zip(*edges, strict=True)]
    return _Chain(state, nodes[:, 1:] @ target.emission, columns[0], columns[1], columns[2], start)


def _edges(process: HMM) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """State, symbol, next state and probability of each transition, in order of the state."""
    state, symbol, after = np.nonzero(process.T.transpose(1, 0, 2))
    return state, symbol, after, process.T[symbol, state, after]


def _settled(source: HMM, chain: _Chain) -> Bounds:
    """The rate on the closed classes of a chain, in nats."""
    classes = closed_classes(chain.source, chain.target, len(chain.state))
    weights = class_weights(chain.source, chain.target, chain.weight, chain.start, classes)
    mu = np.zeros(len(chain.state))
    for members, weight in zip(classes, weights, strict=True):
        if weight > 0:
            place = np.full(len(mu), -1)
            place[members] = np.arange(len(members))
            inside = place[chain.source] >= 0
            edges = place[chain.source[inside]], place[chain.target[inside]], chain.weight[inside]
            mu[members] = weight * stationary_distribution(*edges, len(members))
    lasting = mu > 0
    mu, predict, emit = mu[lasting], chain.predict[lasting], source.emission[chain.state[lasting]]
    emitted = emit > 0
    cost = -np.log(predict[:, : emit.shape[1]], where=emitted, out=np.zeros_like(emit))
    if source.is_unifilar:
        cost += np.log(emit, where=emitted, out=np.zeros_like(emit))
        return exact(float(mu @ (emit * cost).sum(axis=1)))
    return exact(float(mu @ (emit * cost).sum(axis=1))) - _entropy_rate(source)


def _entropy_rate(process: HMM) -> Bounds:
    """h of what a process settles into, in nats."""
    total = exact(0.0)
    for part, weight in ergodic_parts(process):
        h = exact(float(part.start @ entropy(part.emission))) if part.is_unifilar else _bounded_rate(part)
        total = total + Bounds(nats(weight * h.lower), nats(weight * h.upper))
    return total


def _bounded_rate(part: HMM) -> Bounds:
    return contexts(part.T, part.start).entropy_rate


# --- q unifilar, its state known in the end


def _known_states(source: HMM, target: HMM) -> _Chain | None:
    """The chain of the states of an ergodic p and of q, begun where it settles, if an observer of p's words comes to
    know q's state almost surely; None if that was not proved.

    Whatever two states q may be in, p's symbols must be able to take them to one state, or to rule one out. Then they
    do so sooner or later, and one state is left, for p's words are not forbidden.
    """
    unifilar = target if target.is_unifilar else (_machine(target) if is_stationary(target) else None)
    if unifilar is None:
        return None
    emit = unifilar.emission
    successor = np.where(emit > 0, unifilar.T.argmax(axis=2).T, -1)
    begin, symbol, after, probability = _edges(source)
    if len(begin) * unifilar.n_state**2 > _MAX_TRIPLES or not _always_resolves(source, successor):
        return None
    n_target = unifilar.n_state
    j = np.arange(n_target)
    allowed = successor[:, symbol].T >= 0
    edge, state = np.nonzero(allowed)
    chain = _Chain(
        state=np.repeat(np.arange(source.n_state), n_target),
        predict=np.tile(emit[j], (source.n_state, 1)),
        source=begin[edge] * n_target + state,
        target=after[edge] * n_target + successor[state, symbol[edge]],
        weight=probability[edge],
        start=np.zeros(source.n_state * n_target),
    )
    dies = np.zeros(len(chain.state), dtype=bool)
    edge, state = np.nonzero(~allowed)
    dies[begin[edge] * n_target + state] = True
    classes = closed_classes(chain.source, chain.target, len(chain.state))
    lasting = [members for members in classes if not dies[members].any()]
    if not lasting:
        return None
    assert len(lasting) == 1, (
        "states of q in different classes, with p in one state, can neither merge nor be ruled out"
    )
    chain.start[lasting[0][0]] = 1.0
    return chain


def _always_resolves(source: HMM, successor: Int[np.ndarray, "state symbol"]) -> bool:
    """Whether from every state of p and pair of states of q some word of p merges the pair or rules out one of it."""
    begin, symbol, after, _ = _edges(source)
    n_target = len(successor)
    resolves = np.zeros((source.n_state, n_target, n_target), dtype=bool)
    resolves[:, np.arange(n_target), np.arange(n_target)] = True
    for i, x in zip(begin, symbol, strict=True):
        ruled_out = successor[:, x] < 0
        resolves[i] |= ruled_out[:, None] | ruled_out
    while True:
        further = resolves.copy()
        for i, x, k in zip(begin, symbol, after, strict=True):
            to = np.maximum(successor[:, x], 0)  # those ruled out resolve already
            further[i] |= resolves[k][to[:, None], to]
        if (further == resolves).all():
            return bool(resolves.all())
        resolves = further


# --- bounds from the most recent words


def _by_recent_words(source: HMM, target: HMM, max_numbers: int, most_per_symbol: float) -> Bounds:
    """The rate of an ergodic stationary p, in nats.

    Words are extended into the past until what came before no longer matters. Row i of `along` is P(w, S = j | i), row
    j of `ahead` that of q up to a factor common to all rows; `possible` tells rows that are zero from rows that
    underflow.

    Args:
        most_per_symbol: what a symbol of p costs at most on average under q.
    """
    n_symbol, pi = source.n_symbol, source.start
    along, ahead = np.eye(source.n_state)[None], np.eye(target.n_state)[None]
    possible = np.ones((1, target.n_state), dtype=bool)
    steps = target.T[:n_symbol]
    least = most = 0.0
    for depth in range(_MAX_DEPTH + 1):
        following = np.einsum("i,wij->wj", pi, along) @ source.emission
        low, high = _predicted(ahead, possible, target.emission[:, :n_symbol])
        lower, upper = _cost(following, high), _cost(following, low)
        undecided = np.where(np.isinf(lower), 0.0, upper - np.where(np.isinf(lower), 0.0, lower))
        goes_on = undecided > _NEGLIGIBLE
        max_numbers -= int(goes_on.sum()) * n_symbol * (source.n_state**2 + target.n_state**2)
        if max_numbers < 0 or depth == _MAX_DEPTH:
            goes_on[:] = False
        least += float(lower[~goes_on].sum())
        most += float(upper[~goes_on].sum())
        if not goes_on.any():
            break
        along = _flat(np.einsum("xik,wkj->wxij", source.T, along[goes_on]))
        ahead = _flat(np.einsum("xik,wkj->wxij", steps, ahead[goes_on]))
        possible = np.einsum("xik,wk->wxi", steps > 0, possible[goes_on]).reshape(-1, target.n_state)
        kept = along.any(axis=(1, 2))
        along, ahead, possible = along[kept], ahead[kept], possible[kept]
        largest = ahead.max(axis=(1, 2), keepdims=True)
        ahead = ahead / np.where(largest > 0, largest, 1.0)
    if isinf(least):
        return Bounds(inf, inf)
    most = min(most, max(least, most_per_symbol))
    return (Bounds(least - ROUNDING, inf) if isinf(most) else between(least, most)) - _entropy_rate(source)


def _flat(matrices: Float[np.ndarray, "word symbol row column"]) -> Float[np.ndarray, "longer row column"]:
    return matrices.reshape(-1, *matrices.shape[2:])


def _predicted(
    ahead: Float[np.ndarray, "word state state"], possible: Bool[np.ndarray, "word state"], emission: np.ndarray
) -> tuple[Float[np.ndarray, "word symbol"], Float[np.ndarray, "word symbol"]]:
    """Least and greatest Q(x | j w) over the states j from which w is possible; 0 and 0 where it is from none."""
    total = ahead.sum(axis=2)
    rows = ahead @ emission / np.where(total > 0, total, 1.0)[:, :, None]
    seen = (total > 0)[:, :, None]
    low = np.where(seen, rows, 1.0).min(axis=1)
    high = np.where(seen, rows, 0.0).max(axis=1)
    lost = (possible & (total == 0)).any(axis=1)
    low[lost], high[lost] = 0.0, 1.0
    low[~possible.any(axis=1)] = 0.0
    return low, np.minimum(high, 1.0)


def _cost(following: Float[np.ndarray, "word symbol"], predict: Float[np.ndarray, "word symbol"]) -> np.ndarray:
    """-sum_x P(w x) log predict[w, x], inf where something possible is predicted with 0."""
    with np.errstate(divide="ignore"):
        logs = np.log(predict, where=following > 0, out=np.zeros_like(predict))
    return np.asarray(-(np.where(following > 0, following, 0.0) * logs).sum(axis=1))
