"""The order and the names of states that were found: the most probable one is A."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

__all__ = ["by_probability"]


def by_probability(
    weight: Float[np.ndarray, " state"],
) -> tuple[Int[np.ndarray, " state"], Int[np.ndarray, " state"], Sequence[str] | None]:
    """The states from the most probable on, the place of each among them, and the names A, B, ...; None: numbers, as
    there are more than 26."""
    order = np.argsort(-weight, kind="stable")
    names = [chr(ord("A") + i) for i in range(len(order))] if len(order) <= 26 else None
    return order, np.argsort(order), names
