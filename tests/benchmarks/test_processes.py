"""Sampling, filtering and mixed states, beside the machine's own limits for the same amount of data."""

import numpy as np
import pytest

from compmech import filter_beliefs, mixed_states, statistics, zoo


@pytest.mark.benchmark(group="sample Mess3, 10,000 sequences of 100")
def test_sample(benchmark):
    process, rng = zoo.mess3(), np.random.default_rng(0)
    benchmark(process.sample, 10_000, 100, rng=rng)


@pytest.mark.benchmark(group="sample Mess3, 10,000 sequences of 100")
def test_limit_one_uniform_number_a_symbol(benchmark):
    rng = np.random.default_rng(0)
    benchmark(rng.random, (10_000, 100))


@pytest.mark.benchmark(group="beliefs of Mess3, 10,000 sequences of 100")
def test_filter(benchmark):
    process = zoo.mess3()
    words = process.sample(10_000, 100, rng=np.random.default_rng(0))
    benchmark(filter_beliefs, process, words)


@pytest.mark.benchmark(group="beliefs of Mess3, 10,000 sequences of 100")
def test_limit_copy_of_the_result(benchmark):
    result = np.zeros((10_000, 101, 3))
    benchmark(result.copy)


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
            moved = np.einsum("mi,xij->mxj", beliefs, process.T).reshape(-1, 3)
            beliefs = moved / moved.sum(axis=1, keepdims=True)

    benchmark(levels)


@pytest.mark.benchmark(group="statistics")
@pytest.mark.parametrize("name", ["golden_mean", "rrxor", "mess3"])
def test_statistics(benchmark, name):
    process = zoo.get(name)()
    benchmark(statistics, process)
