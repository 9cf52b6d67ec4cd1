"""E and crypticity of random unifilar machines, whose mixed states cannot be enumerated: estimates and bounds.

No peer gives any of these; the limit beside them is a look-up and an entropy of as many numbers. What is not a time
(standard errors, widths, numbers of symbols) is kept as extra information of each row.
"""

import numpy as np
import pytest
from random_machines import random_unifilar

from compmech import HMM, statistics
from compmech.divergence_rate import relative_entropy_rate
from compmech.measures import Bounds
from compmech.measures.estimates import estimate
from compmech.measures.interval import entropy

SIZES = [10, 30, 100, 300, 1000]
SYMBOLS = 32_768


@pytest.fixture(scope="module", params=SIZES)
def machine(request):
    return random_unifilar(request.param, 2, rng=np.random.default_rng(1))


@pytest.mark.benchmark(group="E and r of a random unifilar machine by sampling, one second")
def test_estimate_in_a_second(benchmark, machine):
    found = benchmark.pedantic(lambda: estimate(machine, rng=np.random.default_rng(0), seconds=1.0), rounds=1)
    benchmark.extra_info["standard error of E, bits"] = found.excess_entropy.standard_error
    benchmark.extra_info["standard error of r, bits"] = found.ephemeral_information.standard_error
    benchmark.extra_info["symbols"] = found.n_symbols


@pytest.mark.benchmark(group="E and r of a random unifilar machine by sampling, four seconds")
def test_estimate_in_four_seconds(benchmark, machine):
    found = benchmark.pedantic(lambda: estimate(machine, rng=np.random.default_rng(0), seconds=4.0), rounds=1)
    benchmark.extra_info["standard error of E, bits"] = found.excess_entropy.standard_error


@pytest.mark.benchmark(group="a look-up and an entropy of 32,768 numbers")
def test_limit_of_one_step_a_symbol(benchmark, machine):
    rng = np.random.default_rng(0)
    place = rng.integers(0, machine.n_state, size=(SYMBOLS // machine.n_state + 1, machine.n_state))
    u = rng.random(machine.n_state)
    benchmark(lambda: entropy(u.take(place)))


@pytest.mark.benchmark(group="statistics of a random unifilar machine")
def test_statistics(benchmark, machine):
    found = benchmark.pedantic(statistics, (machine,), rounds=1)
    E = found.excess_entropy
    benchmark.extra_info["width of E, bits"] = E.upper - E.lower if isinstance(E, Bounds) else 0.0


@pytest.mark.benchmark(group="relative entropy rate of two random unifilar machines")
@pytest.mark.parametrize("n_state", [3, 10, 30])
def test_relative_entropy_rate(benchmark, n_state):
    rng = np.random.default_rng(2)
    p, q = (random_unifilar(n_state, 2, rng=rng).to_hmm() for _ in range(2))
    found = benchmark.pedantic(relative_entropy_rate, (p, q), rounds=1)
    benchmark.extra_info["how"] = found.how


@pytest.mark.benchmark(group="relative entropy rate of a die to a chain of three hidden states: bounds from words")
def test_relative_entropy_rate_by_bounds(benchmark):
    rng = np.random.default_rng(3)
    weight = rng.random((3, 3, 3))
    q = HMM(weight / weight.sum(axis=(0, 2), keepdims=True))
    p = HMM(np.full((3, 1, 1), 1 / 3))
    found = benchmark.pedantic(relative_entropy_rate, (p, q), rounds=1)
    benchmark.extra_info["nats"] = str(found.nats)
