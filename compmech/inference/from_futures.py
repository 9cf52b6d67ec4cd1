"""From predicted futures to a machine: rank, merging, spectral fit, and the statistics of what was found."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import asdict
from math import sqrt
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.epsilon_machine import EpsilonMachine
from compmech.hmm import GHMM, HMM
from compmech.inference.canonical import HankelRank, hankel_rank, resampled_rows
from compmech.inference.choosing import DROP_BELOW, TOLERANCE, Ladder, merging_ladder
from compmech.inference.futures import Futures
from compmech.inference.interval import Interval, middle, percentile_interval, spread_interval
from compmech.inference.result import InferredMachine
from compmech.inference.spectral import SpectralFit, spectral_fit
from compmech.inference.state_order import by_probability
from compmech.inference.unifilar import Candidate
from compmech.io import machine_text
from compmech.measures import entropy_rate, excess_entropy, statistical_complexity
from compmech.measures.interval import Bounds, entropy
from compmech.plain import plain
from compmech.units import bits
from compmech.validation import as_floats, check_rng

__all__ = ["machine_from_futures"]

RESAMPLES = 200
"""Of histories, for intervals of what is quick to compute."""

COSTLY = 10
"""Of histories, for the excess entropy and the number of states: their spread gives a t interval, and how often each
number was found."""

_BEYOND = 4
"""Groups more than those of the machine that are tried with resampled histories."""


def machine_from_futures(
    futures: Futures,
    *,
    rng: np.random.Generator,
    alphabet: Sequence[Hashable] | None = None,
    name: str | None = None,
    rank: int | None = None,
    tolerance: float = TOLERANCE,
    drop_below: float = DROP_BELOW,
    entropies: ArrayLike | None = None,
    p_structure: float | None = None,
) -> InferredMachine:
    """The machine of a predictor, from what it says of the futures of histories drawn from itself.

    Where a finite machine stands out (`merging_ladder`) it is given, by the method "merged-futures". Where none does,
    the number of causal states, C and the machine of merged histories are not given; the process of least dimension
    (`spectral_fit`) stands in, by the method "spectral".

    The histories should be stationary: drawn long after the start, where whatever is to be known of the state is known.
    Intervals are of resampled histories, for the machine as it is: they hold the error of drawing few histories, and
    not that of the predictor.

    Args:
        rng: of the resampling.
        alphabet: names of the symbols; None: 0, 1, ...
        rank: dimension of the spectral fit; None: that of the Hankel matrix of predictions (`hankel_rank`).
        tolerance: bits a symbol that a machine may be off the predictor.
        drop_below: transitions of smaller probability are left out, and listed in the diagnostics.
        entropies: mean entropy of the next symbol in each group, bits, if more is known of it than from its histories.
        p_structure: a p-value found elsewhere.
    """
    names = tuple(range(futures.n_symbol)) if alphabet is None else tuple(alphabet)
    if len(names) != futures.n_symbol:
        raise ValueError(f"alphabet must name {futures.n_symbol} symbols; got {len(names)}")
    check_rng(rng)
    ladder = merging_ladder(futures, tolerance=tolerance, drop_below=drop_below)
    found = hankel_rank(futures, tolerance=tolerance, rng=rng)
    spectral = spectral_fit(futures, found.rank if rank is None else rank)
    chosen = ladder.chosen
    diagnostics = {
        **_of_ladder(ladder),
        **_of_candidate(chosen, names),
        "histories": len(futures),
        "groups": futures.n_group,
        "horizon": futures.horizon,
        "hankel": _of_rank(found),
        "spectral": _of_spectral(spectral, names, name),
    }
    rate = entropy_interval(futures, entropies, rng)
    if not ladder.finite:
        process = _named(spectral.process, names, name)
        information, how = _spectral_excess_entropy(process)
        why = {"n_causal_states": ladder.reason, "statistical_complexity": ladder.reason, "excess_entropy": how}
        return InferredMachine(
            "spectral",
            process,
            None,
            rate,
            None,
            information,
            spectral.residual_process + _block_rate(futures),
            p_structure,
            diagnostics | {"how": _HOW | why},
        )
    machine = _lettered(chosen, names, name)
    complexity, information, how = _resampled_machine(futures, chosen, machine, rng)
    counts = _numbers_of_states(futures, ladder, rng, tolerance=tolerance, drop_below=drop_below)
    numbers = np.array([n for n, times in counts.items() for _ in range(times)], dtype=float)
    return InferredMachine(
        "merged-futures",
        machine,
        percentile_interval(chosen.n_state, numbers),
        rate,
        complexity,
        information,
        chosen.cross_entropy,
        p_structure,
        diagnostics
        | {
            "machine_statistics": {
                "entropy_rate": plain(entropy_rate(machine)),
                "statistical_complexity": plain(statistical_complexity(machine)),
                "excess_entropy": plain(excess_entropy(machine)),
            },
            "state_frequencies": {str(n): counts[n] / COSTLY for n in sorted(counts)},
            "how": _HOW | {"excess_entropy": how} | ({"statistical_complexity": how} if complexity is None else {}),
        },
    )


_HOW = {
    "entropy_rate": "of the predictor itself: the mean entropy of its next symbol over histories drawn from it",
    "statistical_complexity": "of the machine",
    "held_out_bits_per_symbol": "cross-entropy of the predictor's words of one symbol more than the horizon and the "
    "machine's, over histories that did not make it and words that it allows",
    "n_causal_states": "recurrent states; the interval holds those found from resampled histories",
}


def _named(process: GHMM | HMM, names: tuple[Hashable, ...], name: str | None) -> GHMM | HMM:
    if isinstance(process, HMM):
        return HMM(process.T, start=process.start, alphabet=names, name=name)
    return GHMM(process.T, process.start, process.evaluate, alphabet=names, name=name)


def _lettered(chosen: Candidate, names: tuple[Hashable, ...], name: str | None) -> EpsilonMachine:
    """The machine with states A, B, ... in order of their probability."""
    bare = chosen.machine
    order, place, states = by_probability(chosen.weight)
    successor = np.where(bare.successor[order] >= 0, place[bare.successor[order]], -1)
    return EpsilonMachine(
        successor, bare.emit[order], start=bare.start[order], alphabet=names, states=states, name=name
    )


# --------------------------------------------------------------------------------------------------------- statistics


def _entropies(probability: Float[np.ndarray, "row symbol"]) -> Float[np.ndarray, " row"]:
    safe = np.where(probability > 0, probability, 1.0)
    return np.asarray(-bits(1.0) * (probability * np.log(safe)).sum(axis=1))


def entropy_interval(futures: Futures, entropies: ArrayLike | None, rng: np.random.Generator) -> Interval:
    """Mean entropy of the next symbol, bits, over groups drawn with replacement."""
    count = np.bincount(futures.group)
    if entropies is None:
        each = np.bincount(futures.group, weights=_entropies(futures.next)) / count
    else:
        each, count = as_floats(entropies, "entropies"), np.ones_like(count)
        if each.shape != (futures.n_group,):
            raise ValueError(f"entropies must have one for each of {futures.n_group} groups; got shape {each.shape}")
    drawn = rng.integers(futures.n_group, size=(RESAMPLES, futures.n_group))
    resampled = (each * count)[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    return percentile_interval(float(each @ count / count.sum()), resampled)


def _block_rate(futures: Futures) -> float:
    """Mean entropy of the futures of held-out histories, bits a symbol."""
    held_out = futures.halves()[1]
    return float(_entropies(held_out.joint).mean() / (futures.horizon + 1))


def _resampled_machine(
    futures: Futures, chosen: Candidate, machine: EpsilonMachine, rng: np.random.Generator
) -> tuple[Interval | None, Interval | None, str]:
    """C and E of the machine, and how: its probabilities from resampled histories, its transitions as they are."""
    again = _resampled_emissions(futures, chosen, rng)
    if len(again) < COSTLY:
        few = f"{len(again)} of {RESAMPLES} resamples of {futures.n_group} groups of histories"
        return None, None, f"not given: only {few} hold every transition of the machine, too few for an interval"
    values = np.asarray(entropy(chosen.stationary(again)))
    complexity = percentile_interval(middle(statistical_complexity(machine)), values)
    found = excess_entropy(machine)
    if found is None:
        return complexity, None, "not computed for the machine"
    if isinstance(found, Bounds):
        between = Interval(middle(found), found.lower, found.upper)
        return complexity, between, "bounds for the machine as it is, histories not resampled"
    others = [excess_entropy(chosen.reweighted(emit)) for emit in again[:COSTLY]]
    how = f"of the machine; a t interval from {len(others)} resamples of the histories"
    return complexity, spread_interval(found, np.array([middle(value) for value in others])), how


def _resampled_emissions(
    futures: Futures, chosen: Candidate, rng: np.random.Generator
) -> Float[np.ndarray, "resample causal symbol"]:
    """Probabilities of the machine's transitions in resampled histories, of those that hold every transition."""
    state = chosen.states(futures)
    again = []
    for rows in resampled_rows(futures, rng, RESAMPLES):
        inside = rows[state[rows] >= 0]
        total = np.zeros_like(chosen.emit)
        np.add.at(total, state[inside], futures.next[inside])
        if (total > 0)[chosen.emit > 0].all():
            kept = np.where(chosen.emit > 0, total, 0.0)
            again.append(kept / kept.sum(axis=1, keepdims=True))
    return np.array(again).reshape(-1, *chosen.emit.shape)


def _spectral_excess_entropy(process: GHMM | HMM) -> tuple[Interval | None, str]:
    from compmech.stationarity import is_stationary

    if not is_stationary(process):
        return None, "not computed: the process found has several stationary distributions"
    found = excess_entropy(process)
    if found is None:
        return None, "not computed for the process of least dimension"
    if isinstance(found, Bounds) and not np.isfinite(found.upper):
        return None, f"not computed: at least {found.lower:.6g}, with no upper bound for the process of least dimension"
    low, high = (found.lower, found.upper) if isinstance(found, Bounds) else (found, found)
    return Interval((low + high) / 2, low, high), "bounds for the process of least dimension, as it was found"


def _numbers_of_states(
    futures: Futures, ladder: Ladder, rng: np.random.Generator, *, tolerance: float, drop_below: float
) -> Counter[int]:
    """How often each number of states is chosen from resampled histories."""
    most = ladder.chosen.n_group + _BEYOND
    counts: Counter[int] = Counter()
    for _ in range(COSTLY):
        drawn = rng.permutation(futures.n_group)[: max(2, int(futures.n_group * sqrt(0.5)))]
        part = futures.of(np.isin(futures.group, drawn))
        again = merging_ladder(part, tolerance=tolerance, drop_below=drop_below, most_groups=most)
        counts[again.chosen.n_state] += 1
    return counts


# -------------------------------------------------------------------------------------------------------- diagnostics


def _of_ladder(ladder: Ladder) -> dict[str, Any]:
    return {
        "finite": ladder.finite,
        "within_tolerance": ladder.within,
        "tolerance": ladder.tolerance,
        "reason": ladder.reason,
        "stands_out": ladder.stands_out,
        "finer": None if ladder.finer is None else asdict(ladder.finer),
        "ladder": [asdict(step) for step in ladder.steps],
        "states_by_tolerance": [{"tolerance": tol, "n_state": n} for tol, n in ladder.growth],
    }


def _of_candidate(chosen: Candidate, names: tuple[Hashable, ...]) -> dict[str, Any]:
    _, place, _ = by_probability(chosen.weight)
    dropped = [
        {
            "state": int(place[each.state]),
            "symbol": names[each.symbol],
            "probability": each.probability,
            "target": None if each.target is None else int(place[each.target]),
        }
        for each in chosen.dropped
    ]
    return {
        "merged": {
            "n_group": chosen.n_group,
            "n_state": chosen.n_state,
            "residual": chosen.residual,
            "inconsistent": chosen.inconsistent,
            "transient": chosen.transient,
            "forbidden": chosen.forbidden,
        },
        "dropped": dropped,
    }


def _of_rank(found: HankelRank) -> dict[str, Any]:
    return {
        "rank": found.rank,
        "correlations": [each.to_dict() for each in found.correlations],
        "left": found.left,
        "ratio": found.ratio,
        "sure": found.sure,
    }


def _of_spectral(fit: SpectralFit, names: tuple[Hashable, ...], name: str | None) -> dict[str, Any]:
    import json

    return {
        "rank": len(fit.start),
        "machine": json.loads(machine_text(_named(fit.process, names, name))),
        "projected": fit.projected,
        "least_word_probability": fit.negative,
        "checked_length": fit.checked,
        "radius": fit.radius,
        "residual": fit.residual,
        "residual_process": fit.residual_process,
    }
