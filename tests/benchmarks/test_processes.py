"""Sampling, filtering, mixed states and machines, beside the peers that are installed, and the machine's own limits for
the same amount of data. A peer that is not installed is skipped, and the end of the run says how to install it."""

import numpy as np
import pytest

from compmech import (
    HMM,
    EpsilonMachine,
    compiled,
    entropy_rate,
    epsilon_machine,
    filter_beliefs,
    mixed_states,
    statistics,
    zoo,
)
from compmech.interop import to_sofic
from compmech.measures.statistics import statistical_complexity
from compmech.partition import refine


def peer(module):
    """A module of a peer, from PyPI; skipped where it is absent."""
    name = module.partition(".")[0]
    return pytest.importorskip(module, reason=f"{name} is not installed: pip install {name}")


def hmmlearn_model(process):
    """The process with emissions at states (symbol, state after it), as hmmlearn has it."""
    learn = peer("hmmlearn.hmm")
    n_symbol, n_state = process.n_symbol, process.n_state
    model = learn.CategoricalHMM(n_components=n_symbol * n_state, n_features=n_symbol)
    rows = process.T.transpose(1, 0, 2).reshape(n_state, -1)
    model.startprob_ = process.start @ rows
    model.transmat_ = np.tile(rows, (n_symbol, 1))
    model.emissionprob_ = np.repeat(np.eye(n_symbol), n_state, axis=0)
    return model


def random_machine(n_state):
    """Two symbols; the first goes round a ring, the second anywhere."""
    rng = np.random.default_rng(1)
    successor = np.stack([np.roll(np.arange(n_state), -1), rng.integers(n_state, size=n_state)], axis=1)
    return successor, rng.dirichlet(np.ones(2), size=n_state)


def copied(n_state, n_class):
    """A random machine with states copied at random, and edges to a copy at random."""
    rng = np.random.default_rng(2)
    successor, emit = random_machine(n_class)
    original = rng.permutation(np.append(np.arange(n_class), rng.integers(n_class, size=n_state - n_class)))
    copies = np.argsort(original, kind="stable")
    first, count = np.searchsorted(original[copies], np.arange(n_class)), np.bincount(original)
    target = successor[original]
    return emit[original], copies[first[target] + (rng.random(target.shape) * count[target]).astype(int)]


@pytest.mark.benchmark(group="sample Mess3, 10,000 sequences of 100")
def test_sample(benchmark):
    process, rng = zoo.mess3(), np.random.default_rng(0)
    benchmark(process.sample, 10_000, 100, rng=rng)


@pytest.mark.benchmark(group="sample Mess3, 10,000 sequences of 100")
def test_limit_one_uniform_number_a_symbol(benchmark):
    rng = np.random.default_rng(0)
    benchmark(rng.random, (10_000, 100))


@pytest.mark.benchmark(group="sample Mess3, 10,000 sequences of 100")
def test_peer_hmmlearn_a_hundredth_of_it(benchmark):
    model, rng = hmmlearn_model(zoo.mess3()), np.random.RandomState(0)
    benchmark.pedantic(lambda: [model.sample(100, random_state=rng) for _ in range(100)], rounds=3)


@pytest.mark.benchmark(group="sample one sequence of 1,000,000")
@pytest.mark.parametrize("name", ["mess3", "golden_mean", "rrxor"])
def test_long_sample(benchmark, name):
    process, rng = zoo.get(name)(), np.random.default_rng(0)
    benchmark(process.sample, 1, 1_000_000, rng=rng)


@pytest.mark.benchmark(group="sample one sequence of 1,000,000")
def test_limit_one_uniform_number_a_symbol_of_it(benchmark):
    rng = np.random.default_rng(0)
    benchmark(rng.random, 1_000_000)


@pytest.mark.benchmark(group="beliefs of Mess3, 10,000 sequences of 100")
@pytest.mark.parametrize("fast", ["numba", "numpy"])
def test_filter(benchmark, monkeypatch, fast):
    if fast == "numba":
        peer("numba")
    monkeypatch.setattr(compiled, "is_installed", lambda: fast == "numba")
    process = zoo.mess3()
    words = process.sample(10_000, 100, rng=np.random.default_rng(0))
    filter_beliefs(process, words)  # compiles
    benchmark(filter_beliefs, process, words)


@pytest.mark.benchmark(group="beliefs of Mess3, 10,000 sequences of 100")
def test_peer_hmmlearn_smoothed(benchmark):
    process = zoo.mess3()
    model = hmmlearn_model(process)
    words = process.sample(10_000, 100, rng=np.random.default_rng(0)).reshape(-1, 1)
    benchmark.pedantic(model.predict_proba, (words, [100] * 10_000), rounds=3)


@pytest.mark.benchmark(group="beliefs of Mess3, 10,000 sequences of 100")
def test_peer_hmmlearn_forward(benchmark):
    kernel = peer("hmmlearn._hmmc")
    process = zoo.mess3()
    words = process.sample(10_000, 100, rng=np.random.default_rng(0))
    step = process.T.sum(axis=0)
    emission = process.T[:, 0] / step[0]  # of the state after it, whatever the one before
    np.testing.assert_allclose(emission[:, None] * step, process.T)
    first = process.start @ step

    def forward():
        return [kernel.forward_scaling(first, step, seen)[1] for seen in emission.T[:, words].transpose(1, 2, 0).copy()]

    np.testing.assert_allclose(forward()[7], filter_beliefs(process, words[7:8])[0, 1:])
    benchmark.pedantic(forward, rounds=5)


@pytest.mark.benchmark(group="beliefs of Mess3, 10,000 sequences of 100")
def test_peer_sofic_a_hundredth_of_it(benchmark):
    peer("sofic")
    process = zoo.mess3()
    model = to_sofic(process)
    words = process.sample(100, 100, rng=np.random.default_rng(0)).tolist()
    benchmark.pedantic(lambda: [model.forward(word, scaled=True) for word in words], rounds=3)


@pytest.mark.benchmark(group="beliefs of Mess3, 10,000 sequences of 100")
def test_limit_copy_of_the_result(benchmark):
    result = np.ones((10_000, 101, 3))
    benchmark(np.copyto, np.ones_like(result), result)


@pytest.mark.benchmark(group="mixed states of Mess3 to depth 10: 88,573 nodes")
def test_tree(benchmark):
    process = zoo.mess3()
    benchmark(lambda: mixed_states(process, depth=10))


@pytest.mark.benchmark(group="mixed states of Mess3 to depth 10: 88,573 nodes")
def test_limit_one_product_a_level(benchmark):
    process = zoo.mess3()

    def levels():
        beliefs = process.start[None]
        for _ in range(10):
            moved = (beliefs @ process.wide).reshape(-1, 3)
            beliefs = moved * (1 / moved.sum(axis=1))[:, None]

    benchmark(levels)


@pytest.mark.benchmark(group="mixed states of Mess3 to depth 5: 364 nodes")
def test_small_tree(benchmark):
    process = zoo.mess3()
    found = benchmark(lambda: mixed_states(process, depth=5))
    assert found.n_mixed == 364


@pytest.mark.benchmark(group="mixed states of Mess3 to depth 5: 364 nodes")
def test_peer_sofic_as_many_nodes(benchmark):
    build = peer("sofic.generators.mixed_state_construction").build_mixed_state_presentation
    too_many = peer("sofic.exceptions").MixedStateExplosionError
    model = to_sofic(zoo.mess3())

    def nodes():
        with pytest.raises(too_many):
            build(model, max_states=364)

    benchmark.pedantic(nodes, rounds=3)


@pytest.mark.benchmark(group="statistics")
@pytest.mark.parametrize("name", ["golden_mean", "rrxor", "mess3"])
def test_statistics(benchmark, name):
    process = zoo.get(name)()
    benchmark(statistics, process)


def merging_ring(n_state):
    """Černý's automaton with fair symbols: one turns the ring, the other moves state 0 on to 1."""
    T = np.zeros((2, n_state, n_state))
    state = np.arange(n_state)
    T[0, state, (state + 1) % n_state] = 0.5
    T[1, state, np.maximum(state, 1)] = 0.5
    return HMM(T, start=np.full(n_state, 1 / n_state))


@pytest.mark.benchmark(group="24,310 mixed states that close")
def test_closed(benchmark):
    process = merging_ring(9)
    found = benchmark(lambda: mixed_states(process, max_states=100_000))
    assert found.closed
    assert found.n_mixed == 24_310


@pytest.mark.benchmark(group="24,310 mixed states that close")
def test_limit_sort_of_both_successors(benchmark):
    benchmark(np.argsort, np.random.default_rng(0).random(2 * 24_310))


@pytest.mark.benchmark(group="h and C, named process")
@pytest.mark.parametrize("name", ["golden_mean", "even", "rrxor"])
def test_rate_and_complexity(benchmark, name):
    process = zoo.get(name)()
    benchmark(lambda: (entropy_rate(process), statistical_complexity(process)))


@pytest.mark.benchmark(group="h and C, named process")
def test_peer_emic_golden_mean(benchmark):
    analysis, sources = peer("emic.analysis"), peer("emic.sources")
    machine = sources.GoldenMeanSource(p=0.5).true_machine
    benchmark(lambda: (analysis.entropy_rate(machine), analysis.statistical_complexity(machine)))


@pytest.mark.benchmark(group="h and C, named process")
@pytest.mark.parametrize("name", ["golden_mean", "even", "rrxor"])
def test_peer_sofic(benchmark, name):
    peer("sofic")
    model = to_sofic(epsilon_machine(zoo.get(name)()))
    benchmark(lambda: (model.entropy_rate(), model.statistical_complexity()))


@pytest.mark.benchmark(group="h and C, named process, built anew each time")
@pytest.mark.parametrize("name", ["golden_mean", "even", "rrxor"])
def test_built_and_measured(benchmark, name):
    build = zoo.get(name)

    def both():
        process = build()
        return entropy_rate(process), statistical_complexity(process)

    benchmark(both)


@pytest.mark.benchmark(group="h and C, named process, built anew each time")
def test_peer_emic_golden_mean_built_and_measured(benchmark):
    analysis, sources = peer("emic.analysis"), peer("emic.sources")

    def both():
        machine = sources.GoldenMeanSource(p=0.5).true_machine
        return analysis.entropy_rate(machine), analysis.statistical_complexity(machine)

    benchmark(both)


@pytest.mark.benchmark(group="h and C, named process, built anew each time")
def test_peer_sofic_golden_mean_built_and_measured(benchmark):
    examples = peer("sofic.examples.epsilon_machines")

    def both():
        model = examples.golden_mean()
        return model.entropy_rate(), model.statistical_complexity()

    benchmark(both)


@pytest.mark.benchmark(group="h and C, random unifilar machine, from its table")
@pytest.mark.parametrize("n_state", [1_000, 10_000, 100_000])
def test_rate_and_complexity_of_many_states(benchmark, n_state):
    table = random_machine(n_state)

    def both():
        machine = EpsilonMachine(*table)
        return entropy_rate(machine), statistical_complexity(machine)

    benchmark.pedantic(both, rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="h and C, random unifilar machine, from its table")
@pytest.mark.parametrize("n_state", [1_000, 10_000, 100_000])
def test_limit_one_step_of_a_distribution(benchmark, n_state):
    successor, emit = random_machine(n_state)
    start = np.full((n_state, 1), 1 / n_state)
    benchmark(lambda: np.bincount(successor.ravel(), weights=(start * emit).ravel(), minlength=n_state))


@pytest.mark.benchmark(group="minimise to a tenth of the states")
@pytest.mark.parametrize("n_state", [10_000, 100_000, 1_000_000])
def test_minimise(benchmark, n_state):
    emit, successor = copied(n_state, n_state // 10)
    label = benchmark.pedantic(refine, (emit, successor, 1e-10), rounds=3)
    assert label.max() + 1 == n_state // 10


@pytest.mark.benchmark(group="minimise to a tenth of the states")
@pytest.mark.parametrize("n_state", [10_000, 100_000, 1_000_000])
def test_limit_one_sort(benchmark, n_state):
    keys = np.random.default_rng(0).integers(2**60, size=n_state)
    benchmark.pedantic(np.argsort, (keys,), rounds=3)
