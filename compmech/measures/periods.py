"""The period of a process whose causal states are not at hand, from the spectrum of its minimal realisation."""

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
    """Record the number of eigenvalues of modulus 1 of the net matrix of an ergodic process.

    They are the roots of unity of the order of the period. The minimal realisation has none that the process does not
    show, and misses none, for the phase is told by the whole past and by the whole future.
    """
    values = np.linalg.eigvals(minimal(process).A)
    if (np.abs(values - 1) < _ON_CIRCLE).sum() > 1:
        found.leave("period", "not computed: a mixture of processes")
    else:
        found.put("period", int((np.abs(values) > 1 - _ON_CIRCLE).sum()))
