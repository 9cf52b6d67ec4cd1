"""What `compmech stats` has beyond the statistics of every process: --more, and --estimate.

Each group is computed by itself. One that a process does not have is null, and `how` says why.
"""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from compmech.cli.failure import in_words
from compmech.hmm import GHMM, HMM
from compmech.measures.statistics import Statistics
from compmech.plain import plain

__all__ = ["estimates_of", "more_of"]

ORDERS = (0.0, 2.0, inf)
"""Of the Renyi variants: topological, collision, and min-entropy."""

LAGS = 10
"""The greatest lag of the correlations."""


def more_of(process: HMM | GHMM, found: Statistics) -> dict[str, Any]:
    """The groups of --more, in JSON types."""
    groups: dict[str, Callable[[], object]] = {
        "spectrum": lambda: _spectrum(process),
        "convergence": lambda: _convergence(process, max(1, len(found.block_entropies) - 1)),
        "correlation": lambda: _correlation(process),
        "renyi": lambda: _renyi(process),
        "quantum_complexity": lambda: _quantum(process),
        "presentation": lambda: _presentation(process),
    }
    how = {
        "spectrum": "exact to `error`: eigenvalues of the net matrix of the mixed states, and their parts, "
        "those no larger given as 0",
        "convergence": "exact: h_L = H(L) - H(L-1) for L = 1, 2, ..., its differences, and G = h - log2 |A|",
        "correlation": "exact: P(X_0 = X_lag) by lag, and its power spectrum, summed over the symbols' indicators",
        "renyi": "of order 0 (how many), 2 (collision) and inf (the likeliest); exact or bounds",
        "quantum_complexity": "exact or bounds: C_q, the memory of the q-machine",
        "presentation": "exact or bounds: what the state of the presentation given holds; they sum to its entropy",
    }
    return _collected(groups, how)


def estimates_of(
    process: HMM | GHMM, *, rng: np.random.Generator, symbols: int, seconds: float | None
) -> dict[str, Any]:
    """The groups of --estimate, in JSON types."""
    from compmech import estimate
    from compmech.blackwell import blackwell

    first, second = rng.spawn(2)
    amount = {"n_symbols": symbols} if seconds is None else {"seconds": seconds}
    groups: dict[str, Callable[[], object]] = {
        "information": lambda: estimate(process, rng=first, **amount),
        "blackwell": lambda: blackwell(process, rng=second, n_symbols=symbols),
    }
    how = {
        "information": "estimates from sampled paths; low and high hold each with the confidence given",
        "blackwell": "of the beliefs; see its own how for which are bounds and which estimates",
    }
    return _collected(groups, how)


def _collected(groups: dict[str, Callable[[], object]], how: dict[str, str]) -> dict[str, Any]:
    done: dict[str, Any] = {}
    for name, compute in groups.items():
        try:
            done[name] = plain(compute())
        except ValueError as error:  # what the process lacks, in the library's words
            done[name] = None
            how = how | {name: f"not computed: {in_words(error)}"}
    return done | {"how": how}


def _spectrum(process: HMM | GHMM) -> dict[str, object]:
    from compmech import spectrum

    found = spectrum(process)
    modes = [
        {
            "eigenvalue": complex(mode.eigenvalue),
            "multiplicity": mode.multiplicity,
            "index": mode.index,
            "excess_part": mode.excess_part,
            "transient_part": mode.transient_part,
            "synchronization_part": mode.synchronization_part,
        }
        for mode in found.modes
    ]
    return {"n_mixed": found.n_mixed, "n_ergodic": found.n_ergodic, "error": found.error, "modes": modes}


def _convergence(process: HMM | GHMM, length: int) -> dict[str, object]:
    from compmech import entropy_convergence

    found = entropy_convergence(process, length)
    return {"rates": found.rates, "gains": found.gains, "total_predictability": found.total_predictability}


def _correlation(process: HMM | GHMM) -> dict[str, object]:
    """Of the indicators of the symbols, summed: no matter what the symbols are called."""
    from compmech import autocorrelation, power_spectrum

    indicators = np.eye(process.n_symbol)
    alike = np.sum([autocorrelation(process, one, LAGS).real for one in indicators], axis=0)
    spectra = [power_spectrum(process, one) for one in indicators]
    lines: dict[float, float] = {}
    for found in spectra:
        for line in found.lines:
            near = next((w for w in lines if abs(w - line.frequency) < 1e-9), line.frequency)
            lines[near] = lines.get(near, 0.0) + line.power
    return {
        "autocorrelation": alike,
        "lines": [{"frequency": w, "power": power} for w, power in sorted(lines.items())],
        "continuous_power": sum(found.continuous_power for found in spectra),
    }


def _renyi(process: HMM | GHMM) -> dict[str, object]:
    from compmech import NoFiniteEpsilonMachine, renyi_complexity, renyi_entropy_rate

    def complexity(order: float) -> float | None:
        try:
            return renyi_complexity(process, order)
        except NoFiniteEpsilonMachine:
            return None

    return {
        "orders": ORDERS,
        "entropy_rate": [renyi_entropy_rate(process, order) for order in ORDERS],
        "complexity": [complexity(order) for order in ORDERS],
    }


def _quantum(process: HMM | GHMM) -> object:
    from compmech import quantum_memory

    return quantum_memory(process).complexity


def _presentation(process: HMM | GHMM) -> dict[str, object]:
    from compmech import presentation_information

    found = presentation_information(process)
    names = ("state_information", "excess_entropy", "crypticity", "oracular_information", "gauge_information")
    return {name: getattr(found, name) for name in names}
