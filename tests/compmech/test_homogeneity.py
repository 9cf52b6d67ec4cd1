"""Tests of two rows of counts: those of scipy, for one pair, given an input, and for all pairs at once."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from compmech.inference.homogeneity import chi_square, critical, likelihood_ratios


def tables(n: int, n_symbol: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(1, 40, (2, n_symbol)) for _ in range(n)]


def test_chi_square_is_that_of_scipy():
    for table in tables(20, 3):
        told = chi_square(*table.astype(float).tolist(), 0.01)
        known = chi2_contingency(table, correction=False)
        assert told * critical(2, 0.01) == pytest.approx(known.statistic, rel=1e-9)
        assert (told > 1) == (known.pvalue < 0.01)


def test_outputs_are_compared_given_the_input():
    """The statistics and degrees of freedom of two tables add up; how often each input came does not matter."""
    for table in tables(20, 4):
        told = chi_square(*table.astype(float).tolist(), 0.01, n_input=2)
        known = sum(chi2_contingency(part, correction=False).statistic for part in (table[:, :2], table[:, 2:]))
        assert told * critical(2, 0.01) == pytest.approx(known, rel=1e-9)
    assert chi_square([900.0, 100.0, 9.0, 1.0], [9.0, 1.0, 900.0, 100.0], 0.01, n_input=2) == pytest.approx(0, abs=1e-9)
    assert chi_square([5.0, 5.0, 0.0, 0.0], [0.0, 0.0, 5.0, 5.0], 0.01, n_input=2) == 0  # no input in common


def test_the_likelihood_ratio_is_that_of_scipy_for_every_pair():
    counts = np.concatenate([*tables(3, 4), [[5, 0, 3, 0], [2, 0, 7, 0]]])
    found = likelihood_ratios(counts, 0.01)
    pairs = np.array(np.triu_indices(len(counts), 1)).T
    for (i, j), told in zip(pairs, found, strict=True):
        both = counts[[i, j]][:, counts[[i, j]].sum(axis=0) > 0]
        known = chi2_contingency(both, correction=False, lambda_="log-likelihood")
        assert told * critical(both.shape[1] - 1, 0.01) == pytest.approx(known.statistic, rel=1e-9, abs=1e-9)


def test_one_kind_of_symbol_tells_nothing():
    assert chi_square([7.0, 0.0], [9.0, 0.0], 0.01) == 0
    assert likelihood_ratios(np.array([[7, 0], [9, 0]]), 0.01).tolist() == [0]


def test_rare_symbols_do_not_make_far_tails_wrong():
    """Two histories of a symbol of probability 0.01, ten occasions and 5,000: at a level of 1e-6 Pearson's statistic
    would tell them apart about once in two hundred times, the likelihood ratio never did in 20,000."""
    rng = np.random.default_rng(0)
    few, many = rng.binomial(10, 0.01, 20_000), rng.binomial(5_000, 0.01, 20_000)
    apart = [
        likelihood_ratios(np.array([[10 - a, a], [5_000 - b, b]]), 1e-6)[0]
        for a, b in zip(few, many, strict=True)
        if a > 1
    ]
    assert len(apart) > 50
    assert max(apart) < 1
    assert chi_square([8.0, 2.0], [4_950.0, 50.0], 1e-6) > 1
