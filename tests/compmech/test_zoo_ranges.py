"""What parameters may be: each kind tells its values from others and says in words which they are."""

import numpy as np
import pytest

from compmech.zoo.ranges import Distribution, Distributions, Probabilities, Range, Word

NAN = float("nan")


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (Probabilities("p"), [0, 0.3, 1]),
        (Probabilities("p"), np.array([0.3])),
        (Probabilities("p", open_low=True), (1, 0.1)),
        (Distribution("p"), [1]),
        (Distribution("p"), (1 / 3, 1 / 3, 1 / 3)),
        (Distribution("p", shortest=2), np.array([0.25, 0.75])),
        (Distributions("p"), [[0.5, 0.5], [1, 0]]),
        (Distributions("p"), np.eye(3)),
        (Word("w"), "01"),
        (Word("w"), ["up", "down"]),
        (Word("w"), 10),
        (Word("w"), 0),
    ],
)
def test_values_that_are_allowed(domain, value) -> None:
    assert value in domain
    assert str(domain)


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (Probabilities("p"), []),
        (Probabilities("p"), [0.5, 1.1]),
        (Probabilities("p"), [0.5, -0.1]),
        (Probabilities("p"), [NAN]),
        (Probabilities("p"), [True]),
        (Probabilities("p"), 0.5),
        (Probabilities("p"), "0.5"),
        (Probabilities("p"), [[0.5]]),
        (Probabilities("p", open_low=True), [1, 0]),
        (Probabilities("p"), [0.5] * 257),
        (Distribution("p"), [0.5, 0.4]),
        (Distribution("p"), [1.5, -0.5]),
        (Distribution("p"), ["1"]),
        (Distribution("p", shortest=2), [1.0]),
        (Distributions("p"), [0.5, 0.5]),
        (Distributions("p"), [[0.5, 0.5], [1.0]]),
        (Distributions("p"), []),
        (Distributions("p"), "ab"),
        (Distributions("p"), 1.0),
        (Word("w"), ""),
        (Word("w"), -1),
        (Word("w"), True),
        (Word("w"), 1.5),
        (Word("w"), [["nested"]]),
        (Word("w"), "0" * 257),
    ],
)
def test_values_that_are_not(domain, value) -> None:
    assert value not in domain


def test_limits_are_those_of_numbers() -> None:
    assert Range("n", low=1, high=float("inf")).limits == {"low": 1, "high": None}
    others = (Probabilities("p"), Distribution("p"), Distributions("p"), Word("w"))
    assert all(domain.limits == {} for domain in others)
