"""Series of known processes, and the counts and the machine that they would give without noise."""

from itertools import product

import numpy as np

from compmech import HMM, EpsilonMachine, epsilon_machine
from compmech.inference.counts import WordCounts
from compmech.inference.series import Series


def sampled(process: HMM, n: int, seed: int = 0) -> Series:
    """Symbols 0, 1, ... of a process."""
    return Series(process.sample(1, n, rng=np.random.default_rng(seed))[0], tuple(range(process.n_symbol)))


def truth_of(process: HMM) -> EpsilonMachine:
    """The epsilon-machine over the symbols 0, 1, ..."""
    machine = epsilon_machine(process)
    return EpsilonMachine(machine.successor, machine.emit)


def exact(process: HMM, length: int) -> WordCounts:
    """Counts as they would be in 1e9 windows, with no noise but rounding."""
    words = np.array(list(product(range(process.n_symbol), repeat=length)))
    return WordCounts(np.round(1e9 * np.exp(process.log_prob(words))).astype(np.int64), process.n_symbol, length)
