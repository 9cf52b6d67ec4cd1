"""Sampling the Blackwell measure: many orbits of the belief in lockstep, after a burn-in that is seen to suffice.

Each orbit is run twice over the same symbols while it burns in: from the stationary distribution, and from one state
drawn from it, which is also what draws the symbols. The first knows less than the whole past and the second more, so

    E H[X | second belief]  <=  h  <=  E H[X | first belief],

and the difference bounds what the burn-in leaves. (A generalised process has no states to start from: there the second
belief has read 32 symbols more.)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from compmech.blackwell.system import BeliefSystem, belief_system
from compmech.hmm import AnyPresentation
from compmech.measures.interval import entropy
from compmech.validation import check_count, check_rng

# The burn-in is over when no two beliefs of a pair differ by more than this; looked at once every so many symbols, and
# given up after so many.
_FORGOTTEN = 1e-9
_ROUND = 32
_MOST_BURN_IN = 1024


@dataclass(frozen=True, eq=False)
class Orbits:
    """Orbits of the belief, independent of each other and each (nearly) stationary.

    Attributes:
        system: the maps.
        beliefs: row t is the belief before symbol t.
        symbols: the symbols drawn.
        history: the last symbols of the burn-in, those before row 0.
        burn_in: number of symbols read before row 0.
        remaining: an estimate of E H[X | belief] less the same with more knowledge, in bits, at the end of the burn-in:
            by so much at most, on average, does the belief at row 0 fall short of the whole past. (For generalised
            processes: by so much does it fall short of a past 32 symbols longer.)
    """

    system: BeliefSystem
    beliefs: Float[np.ndarray, "seq row state"]
    symbols: Int[np.ndarray, "seq time"]
    history: Int[np.ndarray, "seq before"]
    burn_in: int
    remaining: float

    @property
    def n_seq(self) -> int:
        """Number of orbits."""
        return len(self.symbols)

    @property
    def n_time(self) -> int:
        """Number of symbols of each orbit."""
        return int(self.symbols.shape[1])


def sample_orbits(
    process: AnyPresentation | BeliefSystem,
    n_seq: int,
    n_time: int,
    *,
    rng: np.random.Generator,
    burn_in: int | None = None,
) -> Orbits:
    """Draw orbits of the belief of an ergodic process from its Blackwell measure.

    Args:
        n_seq: number of orbits.
        n_time: symbols of each orbit after the burn-in.
        burn_in: symbols read before; None: until two beliefs that start differently agree to 1e-9, 1024 at most.
    Raises:
        ValueError: if an argument is out of range.
        NotErgodic: if the process has several closed classes.
    """
    system = process if isinstance(process, BeliefSystem) else belief_system(process)
    for value, what in ((n_seq, "n_seq"), (n_time, "n_time")):
        if check_count(value, what) < 1:
            raise ValueError(f"{what} must be >= 1; got {value}")
    check_rng(rng)
    most = _MOST_BURN_IN if burn_in is None else check_count(burn_in, "burn_in")
    driver, read = _second_start(system, n_seq, rng)
    belief = np.repeat(system.process.start[None], n_seq, axis=0)
    past = [read]
    done = 0
    while done < most and (burn_in is not None or done == 0 or np.abs(belief - driver).max() > _FORGOTTEN):
        steps = min(_ROUND, most - done)
        driver, symbols, _ = _run(system, driver, steps, rng)
        belief = _follow(system, belief, symbols)
        past.append(symbols)
        done += steps
    remaining = float(_uncertain(system, belief).mean() - _uncertain(system, driver).mean())
    _, symbols, beliefs = _run(system, belief, n_time, rng)
    return Orbits(
        system=system,
        beliefs=beliefs.transpose(1, 0, 2),
        symbols=symbols.T,
        history=np.concatenate(past).T,
        burn_in=done,
        remaining=max(remaining, 0.0),
    )


def _second_start(
    system: BeliefSystem, n_seq: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "seq state"], Int[np.ndarray, "time seq"]]:
    """Beliefs that know more than the stationary one, of the same mean, and the symbols they have read."""
    start = system.process.start
    if system.process.nonnegative:
        state = rng.choice(system.n_state, size=n_seq, p=start / start.sum())
        return np.eye(system.n_state)[state], np.empty((0, n_seq), dtype=np.intp)
    belief, symbols, _ = _run(system, np.repeat(start[None], n_seq, axis=0), _ROUND, rng)
    return belief, symbols


def _run(
    system: BeliefSystem, belief: Float[np.ndarray, "seq state"], n_time: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "seq state"], Int[np.ndarray, "time seq"], Float[np.ndarray, "row seq state"]]:
    """Orbits that draw their own symbols: the last belief, the symbols, and all beliefs."""
    n_seq, n_state = belief.shape
    every = np.arange(n_seq)
    symbols = np.empty((n_time, n_seq), dtype=np.intp)
    beliefs = np.empty((n_time + 1, n_seq, n_state))
    beliefs[0] = belief
    uniform = rng.random((n_time, n_seq))
    for t in range(n_time):
        moved, probability = system.branch(belief)
        edge = np.cumsum(probability, axis=1)
        symbols[t] = (edge <= (uniform[t] * edge[:, -1])[:, None]).sum(axis=1)
        belief = moved[every, symbols[t]] / probability[every, symbols[t], None]
        beliefs[t + 1] = belief
    return belief, symbols, beliefs


def _follow(
    system: BeliefSystem, belief: Float[np.ndarray, "seq state"], symbols: Int[np.ndarray, "time seq"]
) -> Float[np.ndarray, "seq state"]:
    for read in symbols:
        belief = system.image(belief, read)
    return belief


def _uncertain(system: BeliefSystem, belief: Float[np.ndarray, "seq state"]) -> Float[np.ndarray, " seq"]:
    return entropy(system.branch(belief)[1])
