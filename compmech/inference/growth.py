"""Does the number of states still grow with the data? The finite machine chosen from a part, and from all of a series.

A process with a finite epsilon-machine has as many states however many symbols are brought, once they are enough. Of
one without, more symbols tell more states, for ever. What can be seen is whether the number has settled: whether a
quarter of the symbols tell as many states as all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compmech.inference.series import Series

__all__ = ["SHARES", "Growth", "growth"]

SHARES = (1 / 16, 1 / 4)
"""Parts of the series, from its beginning, beside the whole."""


@dataclass(frozen=True)
class Growth:
    """States of the finite machine that is chosen from the first symbols.

    Attributes:
        symbols: how many, the last number all.
        n_state: of each part; None: too few symbols, or no machine that allows what follows.
    """

    symbols: tuple[int, ...]
    n_state: tuple[int | None, ...]

    @property
    def still_growing(self) -> bool | None:
        """Whether all symbols told another number of states than a quarter of them, and more than some part; None: no
        part could be looked at."""
        *parts, last = self.n_state
        known = [n for n in parts if n is not None]
        if last is None or not known:
            return None
        return known[-1] != last and min(known) < last

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {"symbols": list(self.symbols), "n_state": list(self.n_state), "still_growing": self.still_growing}


def growth(data: Series, n_state: int | None, states_of: Callable[[Series], int | None]) -> Growth:
    """The number of states by the number of symbols.

    Args:
        n_state: from all of the data.
        states_of: the number that a part of them gives.
    """
    parts = [data.split(share)[0] for share in SHARES]
    symbols = tuple(part.n_observed for part in parts)
    return Growth((*symbols, data.n_observed), (*(states_of(part) for part in parts), n_state))
