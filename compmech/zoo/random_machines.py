"""Random machines: given numbers of states and symbols and a connectivity, or the edges of a process; and a seed."""

from itertools import product

import numpy as np

from compmech.hmm import HMM
from compmech.zoo.catalogue import get, listed
from compmech.zoo.edges import Edge, letters, machine
from compmech.zoo.ranges import Range, Word

_SEED = Range("seed of the random numbers", low=0, high=2**32 - 1, whole=True)
_STATES = Range("number of states", low=1, high=1024, whole=True)
_SYMBOLS = Range("number of symbols", low=1, high=64, whole=True)


@listed(
    "A random unifilar machine: each state gives some of the symbols, each leading to a random state.",
    source="Standard random ensemble, as in Johnson, Crutchfield, Ellison and McTague, arXiv 1011.0036 (2010)",
    golden={"minimal_dimension": 5, "n_causal_states": 5, "period": 1},
    n=_STATES,
    symbols=_SYMBOLS,
    connectivity=Range("number of edges that leave a state", low=1, high=64, whole=True),
    seed=_SEED,
)
def random_unifilar(n: int = 5, symbols: int = 2, connectivity: int = 2, seed: int = 0) -> HMM:
    """A random unifilar machine whose states can all be reached from one another.

    One edge of each state leads along a random cycle through all states, the others anywhere; the symbols of a state's
    edges are drawn without repetition, their probabilities evenly from the simplex. The same arguments give the same
    machine. It is minimal unless chance made two states alike.

    Args:
        n: number of states.
        symbols: number of symbols.
        connectivity: number of edges from each state, at most the number of symbols.
        seed: seed of the random numbers.
    """
    count, width, degree = int(n), int(symbols), int(connectivity)
    if degree > width:
        raise ValueError(f"random_unifilar: connectivity must be at most the number of symbols; got {degree} > {width}")
    rng = np.random.default_rng(int(seed))
    T = np.zeros((width, count, count))
    for state, after in _random_cycle(count, rng):
        targets = np.append(after, rng.integers(0, count, degree - 1))
        T[rng.permutation(width)[:degree], state, targets] = rng.dirichlet(np.ones(degree))
    return _named("random_unifilar", T)


@listed(
    "A random hidden Markov model: from each state edges to random states with random symbols.",
    source="Standard random ensemble",
    golden={"period": 1, "minimal_dimension": 3},
    n=_STATES,
    symbols=_SYMBOLS,
    connectivity=Range("number of edges that leave a state", low=1, high=65536, whole=True),
    seed=_SEED,
)
def random_hmm(n: int = 3, symbols: int = 2, connectivity: int = 4, seed: int = 0) -> HMM:
    """A random hidden Markov model, unifilar or not, whose states can all be reached from one another.

    One edge of each state leads along a random cycle through all states, with a random symbol; the others are drawn
    without repetition from all pairs of a symbol and a next state. Probabilities are even on the simplex.

    Args:
        n: number of states.
        symbols: number of symbols.
        connectivity: number of edges from each state, at most n times the number of symbols.
        seed: seed of the random numbers.
    """
    count, width, degree = int(n), int(symbols), int(connectivity)
    if degree > count * width:
        raise ValueError(
            f"random_hmm: connectivity must be at most n * symbols = {count * width}, the number of pairs of a symbol "
            f"and a next state; got {degree}"
        )
    rng = np.random.default_rng(int(seed))
    T = np.zeros((width, count, count))
    for state, after in _random_cycle(count, rng):
        first = int(rng.integers(width)) * count + after
        rest = rng.permutation(np.delete(np.arange(width * count), first))[: degree - 1]
        symbol, target = np.divmod(np.append(first, rest), count)
        T[symbol, state, target] = rng.dirichlet(np.ones(degree))
    return _named("random_hmm", T)


@listed(
    "A random Markov chain of given order: a distribution drawn for every word of that length.",
    source="Strelioff, Crutchfield and Hübler, Phys. Rev. E 76, 011106 (2007), for the ensemble",
    golden={"markov_order": 2, "n_causal_states": 4, "period": 1},
    order=Range("number of symbols that the next one depends on", low=0, high=8, whole=True),
    symbols=Range("number of symbols", low=1, high=10, whole=True),
    seed=_SEED,
)
def random_markov_chain(order: int = 2, symbols: int = 2, seed: int = 0) -> HMM:
    """A chain whose states are the last words; every symbol is possible after each.

    Args:
        order: number of symbols that the next one depends on.
        symbols: number of symbols.
        seed: seed of the random numbers.
    """
    alphabet = "0123456789"[: int(symbols)]
    if len(alphabet) ** int(order) > 4096:
        raise ValueError(f"random_markov_chain: symbols ** order must be at most 4096; got {symbols} ** {order}")
    rng = np.random.default_rng(int(seed))
    states = ["".join(word) for word in product(alphabet, repeat=int(order))]
    edges: list[Edge] = []
    for state in states:
        row = rng.dirichlet(np.ones(len(alphabet))).tolist()
        edges += [(state, x, (state + x)[1:] if order else "", p) for x, p in zip(alphabet, row, strict=True)]
    return machine("random_markov_chain", states, alphabet, edges)


@listed(
    "The edges of another process, its probabilities drawn at random.",
    source="The process list of CMPy, kept by sofic 0.2 (uniform_mealyhmm, RandomGoldenMean, RandomEven)",
    golden={"markov_order": 1, "n_causal_states": 2, "minimal_dimension": 2, "period": 1},
    edges_of=Word("name of a process of this catalogue that is a hidden Markov model, at its defaults"),
    seed=_SEED,
)
def random_probabilities(edges_of: str = "golden_mean", seed: int = 0) -> HMM:
    """A process as it is drawn without its numbers: each state's edges get probabilities even on the simplex.

    Args:
        edges_of: name of the process whose edges are taken.
        seed: seed of the random numbers.
    Raises:
        UnknownName: if there is no process of that name.
    """
    model = get(str(edges_of))()
    if not isinstance(model, HMM):
        raise ValueError(
            f"random_probabilities: edges_of must name a hidden Markov model; {edges_of!r} is a generalised one, whose "
            f"entries are no probabilities"
        )
    rng = np.random.default_rng(int(seed))
    T = np.zeros_like(model.T)
    for state in range(model.n_state):
        symbol, target = model.T[:, state].nonzero()
        T[symbol, state, target] = rng.dirichlet(np.ones(len(symbol)))
    return HMM(T, alphabet=model.alphabet, states=model.states, name="random_probabilities")


def _random_cycle(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Each state with the one after it on a random cycle through all."""
    way = rng.permutation(count).tolist()
    return sorted(zip(way, way[1:] + way[:1], strict=True))


def _named(name: str, T: np.ndarray) -> HMM:
    alphabet = [str(symbol) for symbol in range(len(T))]
    return HMM(T, alphabet=alphabet, states=letters(T.shape[1]), name=name)
