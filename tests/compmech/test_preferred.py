"""Which candidate is preferred: few free numbers, unless held-out symbols tell it from the best."""

from dataclasses import dataclass

import numpy as np

from compmech.inference.candidates import Candidate
from compmech.inference.held_out import is_worse, preferred

BLOCKS = 40
NOISE = np.resize([1.0, -1.0], BLOCKS)


@dataclass(frozen=True)
class Sizes:
    n_free: int
    n_state: int = 3
    is_finite: bool = True

    @property
    def key(self) -> int:
        return id(self)


def candidate(n_free: int, bits: np.ndarray, **sizes: int) -> Candidate[Sizes]:
    return Candidate("made up", {}, Sizes(n_free, **sizes), 128 * np.broadcast_to(bits, BLOCKS), np.full(BLOCKS, 128))


def test_the_simplest_of_those_that_are_not_told_from_the_best() -> None:
    best, simple = candidate(9, 0.75 + 0 * NOISE), candidate(2, 0.751 + 0.01 * NOISE)
    assert not is_worse(simple, best)
    assert preferred([best, simple]) is simple


def test_one_that_is_told_from_the_best_is_not() -> None:
    best, simple = candidate(9, 0.75 + 0 * NOISE), candidate(2, 0.78 + 0.01 * NOISE)
    assert is_worse(simple, best)
    assert preferred([best, simple]) is best


def test_what_is_simpler_and_better_is_not_passed_over_for_one_whose_errors_are_noisier() -> None:
    """The best errs where the simple one does: 0.00004 bits are told. Of 0.0002 bits in other places nothing is."""
    best, simple = candidate(9, 0.75 + 0 * NOISE), candidate(2, 0.75004 + 0 * NOISE)
    noisy = candidate(5, 0.7502 + 0.01 * NOISE, n_state=7)
    assert is_worse(simple, best)
    assert not is_worse(noisy, best)
    assert preferred([best, noisy, simple]) is simple
    assert preferred([best, simple]) is best
