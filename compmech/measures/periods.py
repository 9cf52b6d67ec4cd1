"""The period of a process whose causal states are not at hand, from the spectrum of its minimal realisation."""

from fractions import Fraction
from math import lcm, tau

import numpy as np

from compmech.hmm import GHMM, HMM
from compmech.measures.findings import Findings
from compmech.minimal import minimal

# Eigenvalues nearer to the unit circle than this count as on it; those of a stochastic matrix err by 1e-14 or so.
_ON_CIRCLE = 1e-9


def with_period(found: Findings, process: HMM | GHMM) -> Findings:
    """The same findings, the period put to them."""
    put_period(found, process)
    return found


def put_period(found: Findings, process: HMM | GHMM) -> None:
    """Record the least n for which all eigenvalues of modulus 1 of the net matrix are nth roots of unity.

    An ergodic process has those whose order divides its period, each once. A mixture has those of its parts, so that
    its period is the least common multiple of theirs, as it is for an epsilon-machine of several classes. The minimal
    realisation has none that the process does not show, and misses none, for the phase is told by the whole past and by
    the whole future.
    """
    values = np.linalg.eigvals(minimal(process).A)
    turns = np.angle(values[np.abs(values) > 1 - _ON_CIRCLE]) / tau
    parts = [Fraction(float(turn)).limit_denominator(len(values)) for turn in turns]
    if max(abs(turn - part) for turn, part in zip(turns, parts, strict=True)) > _ON_CIRCLE:
        found.leave("period", "not defined: it turns without end by an angle that is no fraction of a circle")
    else:
        found.put("period", lcm(*(part.denominator for part in parts)))
