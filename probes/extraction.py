"""The machine that a predictor has learned, without the answer key: from its own sequences and predictions alone.

The predictor is left to itself for longer than it was trained. At late rows, where the state of its world is known if
it ever is, its predictions of all short futures are the rows of a Hankel matrix (`RollOut`, `Futures`). From these, and
nothing else, the horizon, the rank, the number of states and the machine are found (`compmech.inference`). A process is
only ever compared with what was found.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from compmech import GHMM, HMM, EpsilonMachine, NoFiniteEpsilonMachine, epsilon_machine, statistics
from compmech.inference import (
    InferredMachine,
    Interval,
    isomorphism,
    machine_from_futures,
    rank_growth,
    spectral_fit,
)
from compmech.inference.choosing import DROP_BELOW, TOLERANCE
from compmech.inference.interval import percentile_interval
from compmech.plain import plain
from predictors import Predictor, kl_to_optimum
from probes.rollout import RollOut, roll_out, structure_p_value

__all__ = ["TRAINED_KL", "Extraction", "compared", "extract"]

LONGER = 4
"""How many times as long as the training sequences the predictor is left to itself."""

SEQUENCES = 1000
KEPT_ROWS = (0.5, 0.75, 1.0)
"""Where in a sequence its futures are looked at, as parts of its length."""

SURROGATES = 99
SHUFFLED = 20
"""Shuffled sequences of each surrogate, and how many surrogates."""

RESAMPLES = 200

TRAINED_KL = 1e-3
"""Networks farther than this from the optimum, in nats, are called undertrained."""

JUDGED = 2000
"""Sequences of the process on which a predictor's divergence from it is measured."""


@dataclass(frozen=True, eq=False)
class Extraction:
    """What was found, and what pictures need.

    Attributes:
        found: the machine, its statistics and diagnostics.
        beliefs: canonical coordinates of the histories looked at (see SpectralFit): what the predictor holds of the
            past, as far as it bears on the future.
    """

    found: InferredMachine
    beliefs: Float[np.ndarray, "row direction"]


def extract(
    predictor: Predictor,
    *,
    length: int,
    rng: np.random.Generator,
    n_seq: int = SEQUENCES,
    n_time: int | None = None,
    horizon: int | None = None,
    tolerance: float = TOLERANCE,
    drop_below: float = DROP_BELOW,
    alphabet: Sequence[Hashable] | None = None,
    name: str | None = None,
) -> Extraction:
    """The machine of a predictor, found from the predictor alone.

    Args:
        length: of the sequences that it was trained on.
        n_seq, n_time: sequences drawn from it, and their length; None: four times `length`.
        horizon: length of the futures by which histories are merged; None: where the rank of its predictions stops to
            grow (`rank_growth`).
        tolerance: bits a symbol that a machine may be off the predictor, above 0.
        drop_below: symbols of smaller probability are never drawn, and transitions of smaller probability left out.
        alphabet: names of the symbols.
    Raises:
        ValueError: if a setting is out of its range; if the rank of the predictions still grows at the longest horizon,
            and none was given; or if the predictor cannot read so far.
    """
    if not 0 < tolerance < np.inf:
        raise ValueError(f"tolerance must be above 0, and finite, in bits a symbol; got {tolerance}")
    drawing, resampling, shuffling = rng.spawn(3)
    if n_time is None:
        n_time = LONGER * length
    longest = _longest(predictor, n_time, length, horizon)
    drawn = _drawn(predictor, length, n_seq, n_time, drop_below, drawing)
    ranks: tuple[int, ...] | None = None
    if horizon is None:
        horizon, ranks = rank_growth(
            lambda k: drawn.futures(predictor, k), predictor.n_symbol, tolerance=tolerance, longest=longest
        )
    futures = drawn.futures(predictor, horizon)
    late = drawn.entropy_bits[:, drawn.words.shape[1] // 2 :]
    few = drawn.words[: max(1, min(len(drawn.words), SHUFFLED))]
    found = machine_from_futures(
        futures,
        rng=resampling,
        alphabet=alphabet,
        name=name,
        tolerance=tolerance,
        drop_below=drop_below,
        entropies=late.mean(axis=1),
        p_structure=structure_p_value(predictor, few, n_surrogate=SURROGATES, rng=shuffling),
    )
    gained = _gained(drawn, length, resampling)
    more = {
        "rollout": {
            "sequences": len(drawn.words),
            "length": drawn.words.shape[1],
            "trained_length": length,
            "never_drawn": drawn.never_drawn,
        },
        "ranks": None if ranks is None else list(ranks),
        "excess_entropy_from_rollouts": plain(gained),
    }
    how = dict(found.diagnostics["how"])
    if found.excess_entropy is None and gained is not None:
        how["excess_entropy"] = (
            f"of the predictor itself: its uncertainty at each of the first {length} rows above that at late ones, "
            f"summed, over sequences drawn from it; {how['excess_entropy']}"
        )
        found = replace(found, excess_entropy=gained)
    found = replace(found, diagnostics={**found.diagnostics, **more, "how": how})
    beliefs = spectral_fit(futures, found.diagnostics["hankel"]["rank"]).beliefs
    return Extraction(found, beliefs)


_LONGEST = 8
"""Horizon at which a search for one ends."""


def _longest(predictor: Predictor, n_time: int, length: int, horizon: int | None) -> int:
    """The longest horizon to try. The rank is known to grow no more only from one horizon on to the next: two must fit
    behind the sequences, or the one that was asked for."""
    most: int | None = getattr(getattr(predictor, "config", None), "max_length", None)
    if most is None:
        return _LONGEST
    least = 2 if horizon is None else horizon
    if n_time + least > most:
        raise ValueError(
            f"this predictor reads at most {most} symbols: {n_time} and {least} more for their futures do not fit (it "
            f"was trained on {length}). Draw sequences of at most {most - least} symbols (n_time, --symbols), or train "
            "one that reads more"
        )
    return min(_LONGEST, most - n_time)


def _drawn(
    predictor: Predictor, length: int, n_seq: int, n_time: int, drop_below: float, rng: np.random.Generator
) -> RollOut:
    if length < 1 or n_seq < 2:
        raise ValueError(f"need a length of at least 1 and at least 2 sequences; got {length} and {n_seq}")
    if not 0 <= drop_below < 1 / predictor.n_symbol:
        raise ValueError(f"drop_below must be at least 0 and below one in {predictor.n_symbol}; got {drop_below}")
    rows = sorted({max(1, round(part * n_time)) for part in KEPT_ROWS})
    return roll_out(predictor, n_seq, n_time, rows=rows, drop_below=drop_below, rng=rng)


def _gained(drawn: RollOut, length: int, rng: np.random.Generator) -> Interval | None:
    """The sum over the first rows of how much surer the predictor is at late ones; None if it does not speak at row 0.

    It tends to E from below as the rows become more, if predictions only ever get surer.
    """
    entropy, half = drawn.entropy_bits, drawn.words.shape[1] // 2
    if np.isnan(entropy[0, 0]):
        return None
    early = entropy[:, : min(length, half)]
    each = early.sum(axis=1) - early.shape[1] * entropy[:, half:].mean(axis=1)
    picks = rng.integers(len(each), size=(RESAMPLES, len(each)))
    return percentile_interval(float(each.mean()), each[picks].mean(axis=1))


# ----------------------------------------------------------------------------------------------------- beside a process


def compared(
    found: InferredMachine, predictor: Predictor, process: HMM | GHMM, *, length: int, rng: np.random.Generator
) -> dict[str, Any]:
    """What was found beside the process that the predictor was trained on: nothing of it went into what was found.

    Returns:
        In JSON types: the process's own statistics; the predictor's divergence from it in nats, at the rows of training
        and beyond them as far as the predictor was left to itself; whether it is undertrained; whether the machine
        found is isomorphic to its epsilon-machine, and how far matching probabilities are apart.
    """
    own = statistics(process).to_dict()
    longest = found.diagnostics["rollout"]["length"]
    kl = kl_to_optimum(predictor, process, process.sample(JUDGED, longest, rng=rng))
    near, beyond = float(kl[:length].mean()), float(kl[length:].mean()) if longest > length else None
    described = {
        "name": process.name,
        "statistics": {key: own[key] for key in ("n_causal_states", *_COMPARED)},
        "kl_nats": plain(near),
        "kl_nats_beyond": plain(beyond),
        "undertrained": near > TRAINED_KL,
        "isomorphic": None,
        "largest_difference": None,
    }
    try:
        truth = epsilon_machine(process)
    except NoFiniteEpsilonMachine:
        return {**described, "why": "the process has no finite epsilon-machine"}
    if not isinstance(found.machine, EpsilonMachine):
        return {**described, "isomorphic": False, "why": "no finite machine was found"}
    if not (truth.is_strongly_connected and found.machine.is_strongly_connected):
        return {**described, "why": "a machine has several closed classes"}
    match = isomorphism(found.machine, truth)
    if match is None:
        return {**described, "isomorphic": False, "why": "the transitions differ"}
    return {**described, "isomorphic": True, "largest_difference": match.largest_difference, "why": None}


_COMPARED = ("entropy_rate", "statistical_complexity", "excess_entropy")
