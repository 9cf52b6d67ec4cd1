"""Hidden Markov models by expectation-maximisation of the likelihood of a series, all restarts side by side.

Each round sets T[x, i, j] ~ N_x(i, j), the transitions that the model expects of the data (see `forward_backward`).

Reference:
    Baum, Petrie, Soules and Weiss, Annals of Mathematical Statistics 41, 164 (1970).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.hmm import HMM
from compmech.inference.forward_backward import expected, segments_of
from compmech.inference.series import Series
from compmech.validation import check_count, check_rng

__all__ = ["BaumWelch", "baum_welch"]

GAIN = 1e-6
"""Nats a symbol: rounds that bring less end it."""

ROUNDS = 300
RESTARTS = 4


@dataclass(frozen=True, eq=False)
class BaumWelch:
    """The best of several runs.

    Attributes:
        T: labelled matrices.
        start: distribution over states before each piece.
        log_likelihood: nats a symbol, of the best run in each round; it never falls.
        converged: whether the last round brought less than `GAIN`, in the best run.
        ends: of each run, nats a symbol: how far restarts disagree.
    """

    T: Float[np.ndarray, "symbol state state"]
    start: Float[np.ndarray, " state"]
    log_likelihood: tuple[float, ...]
    converged: bool
    ends: tuple[float, ...]

    @property
    def process(self) -> HMM:
        """The model in its stationary distribution; several closed classes in proportion to where pieces start."""
        return HMM(self.T, start=HMM(self.T, start=self.start).stationary())


def baum_welch(
    data: Series,
    n_state: int,
    *,
    rng: np.random.Generator,
    restarts: int = RESTARTS,
    rounds: int = ROUNDS,
    starts: Sequence[Float[np.ndarray, "symbol state state"]] = (),
) -> BaumWelch:
    """The hidden Markov model with `n_state` states that makes the data most likely, as far as restarts can tell.

    Every round is exact, so that the likelihood never falls; where it ends is a maximum of its surroundings.

    Args:
        rng: of the random starts.
        restarts: random starts, drawn uniformly from all such models.
        rounds: at most.
        starts: others, such as a spectral fit. An entry that is 0 stays 0.
    Raises:
        ValueError: if there are no symbols, no states or no starts, or none of the starts allows the data.
    """
    n_state, rng = check_count(n_state, "n_state"), check_rng(rng)
    if n_state < 1 or restarts < 0 or restarts + len(starts) < 1 or rounds < 1:
        raise ValueError(
            "n_state, rounds and the number of starts must be at least 1; got "
            f"{n_state}, {rounds} and {restarts + len(starts)}"
        )
    if not data.n_observed:
        raise ValueError("there are no symbols")
    k = data.n_symbol
    drawn = rng.dirichlet(np.ones(k * n_state), size=(restarts, n_state)).reshape(restarts, n_state, k, n_state)
    T = np.concatenate([drawn.transpose(0, 2, 1, 3), np.array(starts).reshape(-1, k, n_state, n_state)])
    start = np.full((len(T), n_state), 1 / n_state)
    segments = segments_of([piece.astype(np.intp) for piece in data.pieces], k)
    running = np.ones(len(T), dtype=bool)
    history: list[list[float]] = [[] for _ in T]
    for _ in range(rounds):
        number = np.flatnonzero(running)
        count, first, log = expected(T[number], start[number], segments)
        for i, n in enumerate(number):
            value = float(log[i]) / data.n_observed
            before = history[n][-1] if history[n] else -np.inf
            history[n].append(value)
            if not np.isfinite(value) or value - before < GAIN:
                running[n] = False
                continue
            total = count[i].sum(axis=(0, 2), keepdims=True)
            T[n] = np.where(total > 0, count[i] / np.where(total > 0, total, 1.0), T[n])
            start[n] = first[i] / first[i].sum()
        if not running.any():
            break
    ends = tuple(runs[-1] for runs in history)
    best = int(np.argmax(ends))
    if not np.isfinite(ends[best]):
        raise ValueError("none of the starts allows the data: an entry that is 0 stays 0")
    return BaumWelch(T[best], start[best], tuple(history[best]), not running[best], ends)
