"""Symbols that are alike in print and not equal are said to be so, and not compared."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from compmech import HMM, distinguishing_word, equivalent, relative_entropy_rate, word_divergences, zoo
from compmech.compose import mixture, relabelled
from compmech.divergence import renyi_divergence, sampled_divergence
from compmech.divergence_rate import forbidden_word
from compmech.names import check_names_match
from compmech.rational import rational, rational_difference

EVEN = zoo.even()
BARE = HMM(EVEN.T)

COMPARISONS: dict[str, Callable[[Any, Any], object]] = {
    "equivalent": equivalent,
    "distinguishing_word": distinguishing_word,
    "relative_entropy_rate": relative_entropy_rate,
    "forbidden_word": forbidden_word,
    "mixture": mixture,
    "word_divergences": lambda p, q: word_divergences(p, q, 4),
    "renyi_divergence": lambda p, q: renyi_divergence(p, q, 4, 2.0),
    "sampled_divergence": lambda p, q: sampled_divergence(p, q, 4, n_words=9, rng=np.random.default_rng(0)),
    "rational_difference": lambda p, q: rational_difference(rational(p), rational(q)),
}


@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
def test_names_that_differ_by_type_are_refused_with_the_repair(compare: Callable[[Any, Any], object]) -> None:
    with pytest.raises(ValueError, match=r"'0' and another 0, alike in print.*relabelled\(process, str\)"):
        compare(EVEN, BARE)
    with pytest.raises(ValueError, match=r"0 and another '0', alike in print.*relabelled\(process, int\)"):
        compare(BARE, EVEN)
    compare(EVEN, relabelled(BARE, str))  # the repair works
    compare(relabelled(EVEN, int), BARE)


def test_the_repair_makes_them_one() -> None:
    assert equivalent(EVEN, relabelled(BARE, str))
    assert relative_entropy_rate(EVEN, relabelled(BARE, str)).nats == 0
    assert mixture(EVEN, relabelled(BARE, str)).alphabet == ("0", "1")


def test_other_symbols_are_merely_other() -> None:
    heard = relabelled(EVEN, {"0": "rest", "1": "beat"})
    assert not equivalent(EVEN, heard)
    assert word_divergences(EVEN, heard, 3).total_variation == pytest.approx(1)
    assert mixture(EVEN, heard).alphabet == ("0", "1", "rest", "beat")


def test_one_alphabet_may_have_both() -> None:
    check_names_match([("1", 1), ("1", 1), ("1",), (1,)])
    check_names_match([(1, 2), (1.0, 2)])  # equal numbers are one name
    with pytest.raises(ValueError, match=r"\{\(0, 1\): \('0', '1'\), \.\.\.\}"):
        check_names_match([[("0", "1")], [(0, 1)]])
