"""Beliefs that are not the process's own: those of an observer who is bounded, mistaken, or sees less.

Each is a target like the belief itself. A probe that reads one of them better than the true belief says what kind of
observer the features are.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from compmech import GHMM, HMM, ImpossibleWord, filter_beliefs
from compmech.compose import coarse_grained
from compmech.compose.relabelling import Naming
from compmech.hmm import as_presentation
from compmech.spans import future_map
from probes.history import Histories
from probes.prefixes import Source
from probes.targets import Gauge, Target, empty, future_basis, varying

__all__ = [
    "coarse_target",
    "constrained_target",
    "foreign_target",
    "last_symbols_target",
    "log_odds_target",
    "markov_approximation",
    "position_target",
    "state_target",
]


def state_target(histories: Histories) -> Target:
    """The probabilities of the hidden states of the presentation that the histories were made with.

    Of these only what `identifiability` says is identifiable can be learned from words.
    """
    return varying("state", histories.belief, distribution=histories.belief)


def position_target(histories: Histories) -> Target:
    """The number of symbols read."""
    at = np.eye(histories.length)[histories.row - 1]
    return varying("position", histories.row[:, None].astype(float), distribution=at)


def constrained_target(process: Source, histories: Histories, *, gauge: Gauge = "future") -> Target:
    """The belief of an observer who attends to one past symbol at a time, and adds what each of them says.

    With p_t = P(S_t), the state before x_t with nothing read, and S_t given only the symbol x_s at time s < t,

        c(x_<t) = p_t + sum_{s < t} (P(S_t | x_s) - p_t),     P(S_t | x_s) = p_s T^(x_s) A^(t-1-s) / P(X_s = x_s).

    Every symbol updates the prior on its own and is carried to the present by the net matrix A, along whose
    eigenvectors its weight decays: (1 - 3x)^lag on Mess3. The terms are what one layer of attention can add up. The sum
    of c is 1, but its entries may be negative. In the gauge "future" it is c in the coordinates of the belief, the same
    for every presentation.

    Reference:
        Piotrowski, Riechers, Filan and Shai, arXiv 2502.01954 (the definition here is derived from its description of
        the update as parallel, one source symbol at a time; it is not copied from its formulae).
    """
    presentation = as_presentation(process)
    length, A = histories.length, presentation.A
    prior = [presentation.start]
    for _ in range(length):
        prior.append(prior[-1] @ A)
    constrained = np.empty(histories.belief.shape)
    # told[s][x]: P(S_t | x_s = x) - p_t for the present t; symbols that cannot occur at s are never looked up
    told: list[Float[np.ndarray, "symbol state"]] = []
    for t in range(1, length + 1):
        told = [one @ A for one in told]
        after = np.einsum("i,xij->xj", prior[t - 1], presentation.T)
        chance = (after @ presentation.evaluate)[:, None]
        told.append(np.divide(after, chance, out=np.zeros_like(after), where=chance > 0) - prior[t])
        here = np.flatnonzero(histories.row == t)
        words = histories.words[histories.word[here], :t]
        constrained[here] = prior[t] + sum(told[s][words[:, s]] for s in range(t))
    if gauge == "state":
        return varying("constrained", constrained)
    return varying("constrained", constrained @ future_basis(process).of_states(process))


def last_symbols_target(process: Source, histories: Histories, k: int, *, gauge: Gauge = "future") -> Target:
    """The belief of an observer who knows the process, its time, and the last k symbols only: belief-last-k.

    P(S_t | x_{t-k} .. x_{t-1}), from p_{t-k} = start A^(t-k). Histories of up to k symbols have their true belief.

    Raises:
        ValueError: if k < 0.
    """
    if k < 0:
        raise ValueError(f"k, the number of symbols known, must be at least 0; got {k}")
    presentation = as_presentation(process)
    prior = [presentation.start]
    for _ in range(histories.length):
        prior.append(prior[-1] @ presentation.A)
    belief = np.array([prior[max(0, t - k)] for t in histories.row])
    recent = histories.recent(k)
    for lag in range(k - 1, -1, -1):
        known = np.flatnonzero(recent[:, lag] >= 0)
        moved = np.einsum("hi,hij->hj", belief[known], presentation.T[recent[known, lag]])
        belief[known] = moved / (moved @ presentation.evaluate)[:, None]
    name = f"belief-last-{k}"
    if gauge == "state":
        return varying(name, belief, distribution=belief if isinstance(presentation, HMM) else None)
    return varying(name, belief @ future_basis(process).of_states(process))


def foreign_target(other: Source, histories: Histories, name: str) -> Target:
    """The belief that another process would hold after the same symbols, in its own coordinates.

    Symbols are matched by name. Empty, with the reason, where a history is impossible under the other process or has a
    symbol it does not know.

    Args:
        name: what rows call it.
    """
    foreign = as_presentation(other)
    unknown = [symbol for symbol in histories.alphabet if symbol not in foreign.alphabet]
    if unknown:
        return empty(name, histories, f"the other process has no symbol {unknown[0]!r}")
    index = np.array([foreign.alphabet.index(symbol) for symbol in histories.alphabet])
    return _filtered(foreign, histories, index[histories.words], name)


def coarse_target(process: Source, histories: Histories, names: Naming, name: str = "coarse") -> Target:
    """The belief of one who sees the process through names that several symbols share, in what it predicts of them.

    Args:
        names: of each symbol, as for `compmech.compose.coarse_grained`.
    Raises:
        ValueError: if a symbol has no name.
    """
    seen = coarse_grained(process, names)
    new = [names[symbol] if isinstance(names, Mapping) else names(symbol) for symbol in histories.alphabet]
    index = np.array([seen.alphabet.index(symbol) for symbol in new])
    return _filtered(seen, histories, index[histories.words], name)


def _filtered(process: HMM | GHMM, histories: Histories, words: np.ndarray, name: str) -> Target:
    try:
        belief = histories.gather(filter_beliefs(process, words))
    except ImpossibleWord as error:
        return empty(name, histories, f"a history is impossible under the other process: {error}")
    return varying(name, belief @ future_basis(process).of_states(process))


def markov_approximation(process: Source, k: int) -> HMM:
    """The Markov process of order k with the same probabilities of words of k + 1 symbols.

    Its states are the words of k symbols; it starts as the process would be after long, so the process must be
    stationary for its first symbols to have the right probabilities as well.

    Args:
        k: at least 1.
    Raises:
        ValueError: if k < 1.
    Example:
        >>> from compmech import entropy_rate, zoo
        >>> round(entropy_rate(markov_approximation(zoo.even(), 1)), 6)     # h_2 of the even process
        0.874185
    """
    if k < 1:
        raise ValueError(f"k, the order, must be at least 1; got {k}")
    presentation = as_presentation(process)
    n_symbol = presentation.n_symbol
    joint = presentation.start @ future_map(presentation, k + 1)
    table = np.where(abs(joint) > 1e-14, joint, 0.0).reshape(-1, n_symbol)  # rows: words of k symbols
    words = np.flatnonzero(table.sum(axis=1) > 0)
    place = np.full(len(table), -1)
    place[words] = np.arange(len(words))
    T = np.zeros((n_symbol, len(words), len(words)))
    for x in range(n_symbol):
        goes = np.flatnonzero(table[words, x] > 0)
        T[x, goes, place[words[goes] * n_symbol % len(table) + x]] = table[words[goes], x] / table[words[goes]].sum(
            axis=1
        )
    return HMM(T, start=table[words].sum(axis=1), alphabet=presentation.alphabet)


def log_odds_target(process: Source, histories: Histories, *, gauge: Gauge = "future") -> Target:
    """Log-odds of the belief, in nats: logarithms of probabilities minus their mean, in orthonormal coordinates.

    A softmax undoes them, so this is the form in which a logistic observer would hold a belief, and in which evidence
    adds up. The probabilities are those of the words of length k* (gauge "future", the same for every presentation), or
    of the hidden states (gauge "state"). Empty, with the reason, where one of them is 0 after some history: its
    log-odds are infinite.

    Reference:
        Egozcue, Pawlowsky-Glahn, Mateu-Figueras and Barcelo-Vidal, Mathematical Geology 35, 279 (2003).
    """
    if gauge == "state":
        p, of = histories.belief, "state"
    else:
        p = histories.belief @ future_map(process, future_basis(process).horizon)
        p, of = p[:, (p > 0).any(axis=0)], "word"
    lowest = p.min(axis=1)
    if (lowest <= 1e-13).any():
        worst = int(np.argmax(lowest <= 1e-13))
        return empty("log-odds", histories, f"infinite: after {histories.text(worst)!r} some {of} has probability 0")
    logs = np.log(p)
    n = p.shape[1]
    # Helmert's contrasts: orthonormal, each orthogonal to the constant vector
    contrasts = np.array([np.r_[np.ones(i), -i, np.zeros(n - 1 - i)] / np.sqrt(i * (i + 1)) for i in range(1, n)])
    if n == 1:
        return empty("log-odds", histories, f"there is only one {of}")
    return varying("log-odds", logs @ contrasts.T)
