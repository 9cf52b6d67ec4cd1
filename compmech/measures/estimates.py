"""Estimates by sampling, for machines whose mixed states are too many to enumerate: `estimate(process, rng=...)`.

Letters: C = H[S_0] the statistical complexity, h the entropy rate and H[X_0] are exact; chi = H[S_0 | X_0:inf] and
r = H[X_0 | S_0, X_1:inf] are averaged along sampled paths (see smoothing), and the rest follows from these:

    E = C - chi,    b = h - r,    q = H[X_0] - 2h + r,    sigma = C - chi - H[X_0] + h.
"""

from dataclasses import dataclass, fields
from math import sqrt
from time import perf_counter

import numpy as np
from jaxtyping import Float

from compmech.causal_states import epsilon_machine
from compmech.epsilon_machine import EpsilonMachine
from compmech.hmm import AnyPresentation, as_presentation
from compmech.measures.interval import ROUNDING, entropy
from compmech.measures.smoothing import Smoothed, sample_paths, smooth, truncation_by_lag
from compmech.stationarity import check_stationary
from compmech.validation import check_count, check_rng

# Paths in lockstep: many for small machines, where a step costs as much for one path as for a hundred, and enough for
# the spread among them to be known. The arrays of one step stay within a fast cache, and those of a round of paths take
# some tenths of a second.
_LANES = 2**15
_ROUND = 2**26
_FEWEST, _MOST = 32, 2048

# Symbols at the end of each path are read and not scored, so many that the state at the end tells less than this many
# bits more. What it still tells is part of the result.
_TELLS_LITTLE = 1e-9

# The number of such symbols is found from short paths, up to this length and this number of entries in all steps, and
# raised by this factor: what these paths show may be less than usual.
_PILOT_LENGTH = 1024
_PILOT_ENTRIES = 2**23
_FEWEST_PILOTS, _MOST_PILOTS = 16, 512
_RAISED = 1.5

# Scored symbols of a path: so many times those that are only read, and at least so many.
_SCORED_PER_READ = 8
_LEAST_SCORED = 128


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A quantity as sampled, in bits.

    Attributes:
        value: the estimate, kept within what holds for certain (0 <= chi <= C - H[X_0] + h and 0 <= r <= h).
        standard_error: how far chance moves it, one standard deviation.
        low, high: the interval that holds the quantity with the confidence asked for, truncation included.
        truncation: how far the estimate may be off because sampled futures end. It lies half way between the averages
            with the state at the end known and unknown, which enclose the truth, and this is half their distance.
    """

    value: float
    standard_error: float
    low: float
    high: float
    truncation: float

    def to_dict(self) -> dict[str, float]:
        """The estimate in JSON types."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """What `estimate` found, in bits. The names are those of `Statistics`.

    Attributes:
        excess_entropy: E = I[past; future].
        crypticity: chi = H[S_0 | future], S_0 the causal state.
        ephemeral_information: r = H[X_0 | past, future].
        bound_information: b = I[X_0; future | past].
        enigmatic_information: q = I[X_0; past; future], which may be negative.
        elusive_information: sigma = I[past; future | X_0].
        confidence: probability with which each interval holds its quantity.
        n_symbols: symbols scored. The same number and the same generator give the same estimates.
        n_paths: independent paths they lie on.
        margin: symbols read beyond the last one scored on each path.
    """

    excess_entropy: Estimate
    crypticity: Estimate
    ephemeral_information: Estimate
    bound_information: Estimate
    enigmatic_information: Estimate
    elusive_information: Estimate
    confidence: float
    n_symbols: int
    n_paths: int
    margin: int

    def to_dict(self) -> dict[str, object]:
        """The estimates in JSON types."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value.to_dict() if isinstance(value, Estimate) else value for key, value in named.items()}


def estimate(
    process: AnyPresentation,
    *,
    rng: np.random.Generator,
    seconds: float | None = None,
    n_symbols: int | None = None,
    confidence: float = 0.95,
) -> Estimates:
    """E, crypticity and the anatomy of a bit by sampling, where `statistics` has only wide bounds.

    For a process with a finite epsilon-machine, however many mixed states and reverse causal states it has. Stationary
    paths are drawn and read backwards, which gives P(causal state | all symbols to come) at each time; the cost of a
    symbol is proportional to the number of causal states. Standard errors come from the spread among independent paths
    and halve with four times the symbols. What rare states or words contribute is unknown until they are drawn.

    Args:
        process: stationary, with a finite epsilon-machine.
        rng: draws the paths. The same generator and `n_symbols` give the same estimates.
        seconds: draw what can be read in this time; at least one round of paths. Without `n_symbols`, 1.
        n_symbols: score this many symbols, rounded up to whole rounds, instead.
        confidence: of the intervals, each on its own.
    Raises:
        ValueError: if both `seconds` and `n_symbols` are given, or one of the arguments is out of range.
        NotStationary: if one step changes the start.
        NoFiniteEpsilonMachine: if none was found; `statistics(process)` has what can be certified then.
    Reference:
        James, Ellison and Crutchfield, Chaos 21, 037109 (2011), for the quantities.
    Example:
        >>> from compmech import zoo
        >>> found = estimate(zoo.nemo(), rng=np.random.default_rng(0), n_symbols=100_000)
        >>> E = found.excess_entropy     # 0.5817...
        >>> E.low < 0.581704165945 < E.high, E.standard_error < 0.01
        (True, True)
    """
    begun = perf_counter()
    duration, wanted = _budget(seconds, n_symbols)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1; got {confidence}")
    check_rng(rng)
    check_stationary(process if isinstance(process, EpsilonMachine) else as_presentation(process))
    machine = epsilon_machine(process)
    margin = _margin(machine, rng)
    n_scored = max(_LEAST_SCORED, _SCORED_PER_READ * margin)
    fitting = min(_LANES, _ROUND // (n_scored + margin)) // machine.n_state
    n_path = int(np.clip(fitting, _FEWEST, _MOST))

    rounds: list[Smoothed] = []
    is_done = False
    while not is_done:
        before = perf_counter()
        rounds.append(smooth(machine, sample_paths(machine, n_path, n_scored + margin, rng=rng), n_scored))
        now = perf_counter()
        another_ends = now - begun + (now - before)
        is_done = another_ends > duration if wanted is None else len(rounds) * n_path * n_scored >= wanted
    return _estimates(
        machine,
        np.concatenate([part.uncertainty for part in rounds]),
        np.concatenate([part.ephemeral for part in rounds]),
        confidence=confidence,
        n_symbols=len(rounds) * n_path * n_scored,
        margin=margin,
    )


def _budget(seconds: float | None, n_symbols: int | None) -> tuple[float, int | None]:
    if seconds is not None and n_symbols is not None:
        raise ValueError(f"give seconds or n_symbols, not both; got seconds={seconds}, n_symbols={n_symbols}")
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds must be positive; got {seconds}")
    if n_symbols is not None and check_count(n_symbols, "n_symbols") < 1:
        raise ValueError(f"n_symbols must be >= 1; got {n_symbols}")
    return 1.0 if seconds is None else float(seconds), n_symbols


def _margin(machine: EpsilonMachine, rng: np.random.Generator) -> int:
    """Symbols to read until the state at their end tells little more of that at their beginning, from short paths."""
    n_path = int(np.clip(_LANES // machine.n_state, _FEWEST_PILOTS, _MOST_PILOTS))
    at_most = int(np.clip(_PILOT_ENTRIES // (n_path * machine.n_state), 32, _PILOT_LENGTH))
    length = 32
    while True:
        tells = truncation_by_lag(machine, sample_paths(machine, n_path, length, rng=rng)) > _TELLS_LITTLE
        if not tells[length // 2 :].any():
            return int(_RAISED * (np.flatnonzero(tells).max(initial=-1) + 2))
        if length == at_most:
            return length
        length = min(2 * length, at_most)


def _estimates(
    machine: EpsilonMachine,
    uncertainty: Float[np.ndarray, "seq two"],
    ephemeral: Float[np.ndarray, "seq two"],
    *,
    confidence: float,
    n_symbols: int,
    margin: int,
) -> Estimates:
    """Intervals from averages along independent paths."""
    C = float(entropy(machine.start))
    h = float(machine.start @ entropy(machine.emit))
    one_symbol = float(entropy(machine.start @ machine.emit))
    rho = one_symbol - h
    # 0 <= chi = C - E with E >= rho, and 0 <= r = h - b with b >= 0
    chi = _averaged(uncertainty, confidence, most=C - rho)
    r = _averaged(ephemeral, confidence, most=h)
    return Estimates(
        excess_entropy=_from(C, chi, -1),
        crypticity=chi,
        ephemeral_information=r,
        bound_information=_from(h, r, -1),
        enigmatic_information=_from(rho - h, r, 1),
        elusive_information=_from(C - rho, chi, -1),
        confidence=float(confidence),
        n_symbols=n_symbols,
        n_paths=len(uncertainty),
        margin=margin,
    )


def _averaged(along: Float[np.ndarray, "seq two"], confidence: float, *, most: float) -> Estimate:
    """A quantity between 0 and `most` that lies between the expectations of the two columns."""
    from scipy.special import stdtrit

    n_path = len(along)
    known, unknown = (float(x) for x in along.mean(axis=0))
    error_known, error = (float(x) / sqrt(n_path) for x in along.std(axis=0, ddof=1))
    times = float(stdtrit(n_path - 1, (1 + confidence) / 2))
    return Estimate(
        value=float(np.clip((known + unknown) / 2, 0.0, most)),
        standard_error=max(error_known, error),
        low=float(np.clip(known - times * error_known, 0.0, most)) - ROUNDING,
        high=float(np.clip(unknown + times * error, 0.0, most)) + ROUNDING,
        truncation=max(0.0, (unknown - known) / 2),
    )


def _from(constant: float, known: Estimate, sign: int) -> Estimate:
    """constant + known or constant - known."""
    ends = sorted(constant + sign * end for end in (known.low, known.high))
    return Estimate(
        value=constant + sign * known.value,
        standard_error=known.standard_error,
        low=ends[0],
        high=ends[1],
        truncation=known.truncation,
    )
