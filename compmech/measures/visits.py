"""Sums over the visits to transient beliefs: v = start (1 - W)^-1 and y = (1 - W)^-1 g, W the weights between them.

Few beliefs are eliminated one by one without a subtraction: 1 - W_kk is the sum of what leaves k, so that digits are
kept where the state stays unknown for 1e9 symbols. Many are solved for in sparse form, with an error that grows with
the number of symbols.

Reference:
    Grassmann, Taksar and Heyman, Operations Research 33, 1107 (1985).
"""

from contextlib import suppress
from math import inf
from typing import Any

import numpy as np
from jaxtyping import Float

from compmech.measures.resolving import KNOWN, Resolving

# Up to here beliefs are eliminated, which is as quick, and spares importing scipy's sparse solvers (0.1 s).
_ELIMINATE = 600

# Relative error of the weights of a belief's edges and of one row of the system.
PER_STEP = 16 * float(np.finfo(np.float64).eps)


class VisitSums:
    """Sums over all visits to the beliefs of a graph until the state is known or a belief is open."""

    def __init__(self, graph: Resolving) -> None:
        self._n = len(graph.beliefs)
        source, symbol = np.nonzero(graph.successor >= 0)
        target, weight = graph.successor[source, symbol], graph.emit[source, symbol]
        self.eliminates = self._n <= _ELIMINATE
        if self.eliminates:
            expanded = (graph.successor >= 0) | (graph.successor == KNOWN)
            out = np.where(graph.successor == KNOWN, graph.emit, 0.0).sum(axis=1)
            self._eliminate(source, target, weight, np.where(expanded.any(axis=1), out, 1.0))
        else:
            from scipy.sparse import csc_array, eye_array
            from scipy.sparse.linalg import splu

            W = csc_array((weight, (source, target)), shape=(self._n, self._n))
            system = csc_array(eye_array(self._n) - W)
            self._factors: Any = None
            self._turned: Any = None
            # exactly singular: states that never part, as where beliefs were merged that differ; the sums are infinite
            with suppress(RuntimeError):
                self._factors, self._turned = splu(system), splu(csc_array(system.T))
        self.visits = self._visits()
        self.steps = float(self.ahead(np.ones(self._n)).max())

    @property
    def relative_error(self) -> float:
        """Error of sums as a share of the greatest of them: a relative error of W is counted once for each step."""
        return 0.0 if self.eliminates else PER_STEP * self.steps

    def ahead(self, gain: Float[np.ndarray, " mixed"]) -> Float[np.ndarray, " mixed"]:
        """Sum of a gain over all visits from each belief on."""
        if not self.eliminates:
            return _solved(self._factors, np.asarray(gain, dtype=float))
        total = np.array(gain, dtype=float)
        for k in range(self._n - 1, 0, -1):
            total[:k] += self._into[:k, k] * total[k]
        with np.errstate(divide="ignore", invalid="ignore"):  # states that never part: the sums are infinite
            for k in range(self._n):
                total[k] = (total[k] + self._rates[k, :k] @ total[:k]) / self._leaving[k]
        return total

    def _visits(self) -> Float[np.ndarray, " mixed"]:
        """Expected number of visits to each belief from the first; to open ones, of arrivals from those explored."""
        if not self.eliminates:
            return _solved(self._turned, np.eye(1, self._n)[0])
        visits = np.zeros(self._n)
        with np.errstate(divide="ignore", invalid="ignore"):
            visits[0] = 1.0 / self._leaving[0]
            for k in range(1, self._n):
                visits[k] = visits[:k] @ self._into[:k, k]
        return visits

    def _eliminate(
        self, source: np.ndarray, target: np.ndarray, weight: np.ndarray, out: Float[np.ndarray, " mixed"]
    ) -> None:
        rates = np.zeros((self._n, self._n))
        np.add.at(rates, (source, target), weight)
        into = np.zeros_like(rates)
        leaving = out.copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            for k in range(self._n - 1, 0, -1):
                leaving[k] = rates[k, :k].sum() + out[k]
                into[:k, k] = rates[:k, k] / leaving[k]
                rates[:k, :k] += np.outer(into[:k, k], rates[k, :k])
                out[:k] += into[:k, k] * out[k]
        leaving[0] = out[0]
        self._rates, self._into, self._leaving = rates, into, leaving


def _solved(factors: Any, right: Float[np.ndarray, " mixed"]) -> Float[np.ndarray, " mixed"]:
    """The solution; infinite where there were no factors."""
    return np.full(len(right), inf) if factors is None else np.asarray(factors.solve(right))
