"""Collecting statistics: each with its value, exact or between bounds, and how it was come by."""

from collections.abc import Iterable
from math import inf, isinf

from compmech.measures.interval import ROUNDING, Bounds

Quantity = float | Bounds | None

# Bounds nearer than this are as good as exact: no budget would bring them together.
_NARROW = 1e-9

# Entropies of probabilities near 1, which differ from what was meant by half of 2^-52, may be off by this.
_OFF = 1e-15

EXACT = "exact"
BOUNDS = "bounds"


class Findings:
    """Values by the names of `Statistics`, and for each how it was found."""

    def __init__(self) -> None:
        self.values: dict[str, Quantity] = {}
        self.how: dict[str, str] = {}

    def put(self, key: str, value: Bounds | float, why: str = "") -> None:
        """Record a value: one number is exact, two are bounds. `why` says more, such as what proves it."""
        known = as_bounds(value)
        self.values[key] = _plain(known.lower) if known.is_exact else known
        self.how[key] = (EXACT if known.is_exact else BOUNDS) + (f": {why}" if why else "")

    def put_difference(self, key: str, value: Bounds, size: float) -> None:
        """Record a difference of two numbers that may be equal: what rounding leaves of numbers of that size is 0."""
        if value.is_exact and 0 < abs(value.lower) <= ROUNDING * max(1.0, size):
            self.put(key, 0.0, f"less than {ROUNDING:g}, which is rounding")
        else:
            self.put(key, value)

    def explain(self, limit: str, keys: Iterable[str]) -> None:
        """Say of bounds that are wider than rounding, and have no reason yet, which limit made them so."""
        for key in keys:
            value = self.values[key]
            if isinstance(value, Bounds) and self.how[key] == BOUNDS and not value.upper - value.lower <= _NARROW:
                self.how[key] = f"{BOUNDS}: {limit}"

    def leave(self, key: str, reason: str) -> None:
        """Record that a value is missing, and why."""
        self.values[key] = None
        self.how[key] = reason

    def exchange(self, left: str, right: str) -> None:
        """Let two names change places."""
        self.values[left], self.values[right] = self.values[right], self.values[left]
        self.how[left], self.how[right] = self.how[right], self.how[left]


def put_relations(
    found: Findings, *, h: Bounds, E: Bounds, forward: Bounds, backward: Bounds, one_symbol: float, ephemeral: Bounds
) -> None:
    """Record what follows from h, E, C+, C-, H[X_0] and r, with rho = H[X_0] - h: chi = C+ - E, C+- = C+ + C- - E,
    b = h - r, q = rho - b, sigma = E - rho."""
    rho = _not_negative(Bounds(one_symbol, one_symbol) - h)
    bound = _not_negative(h - ephemeral)
    found.put("entropy_rate", h)
    found.put("excess_entropy", E, _faint(E))
    found.put("single_symbol_entropy", one_symbol)
    found.put_difference("predicted_information", rho, one_symbol)
    found.put("ephemeral_information", ephemeral)
    found.put_difference("bound_information", bound, one_symbol)
    found.put_difference("enigmatic_information", rho - bound, one_symbol)
    found.put_difference("elusive_information", _not_negative(E - rho), E.lower)
    both = forward + backward
    if not isinf(both.lower):
        both = both - E if (both - E).is_exact else (both - E).at_least(max(forward.lower, backward.lower))
    found.put("bidirectional_complexity", both)
    if isinf(forward.lower) and isinf(backward.lower):
        found.leave("causal_irreversibility", "not defined: infinite forwards and backwards")
    elif any(isinf(side.upper) and not side.is_exact for side in (forward, backward)):
        found.leave("causal_irreversibility", "not computed: one of the two complexities is only bounded from below")
    else:
        found.put_difference("causal_irreversibility", forward - backward, forward.lower)


def _faint(E: Bounds) -> str:
    """What is to be said of an E so small that the entropies it is a difference of may be off by as much."""
    return f"up to rounding, {_OFF:g}, which is more than it" if E.is_exact and 0 < abs(E.lower) < _OFF else ""


def _not_negative(value: Bounds) -> Bounds:
    """Bounds of an information that cannot be negative. A number stays as it was computed."""
    return value if value.is_exact else value.at_least(0.0)


def _plain(value: float) -> float:
    """The number, with no minus before a zero."""
    return value + 0.0 if isinstance(value, float) else value


def at_least(lower: Bounds) -> Bounds:
    """All that is known of a quantity that another bounds from below."""
    return Bounds(lower.lower, inf)


def one_number(value: Quantity, within: float) -> float:
    """A quantity as the one number that a picture can show.

    Raises:
        ValueError: if it is not known, or its bounds are farther apart than `within`.
    """
    if value is None:
        raise ValueError("the quantity is not known")
    known = as_bounds(value)
    if known.is_exact:
        return known.lower
    if not known.upper - known.lower <= within:
        raise ValueError(f"the quantity is only known to lie in {known.lower} .. {known.upper}, wider than {within}")
    return (known.lower + known.upper) / 2


def as_bounds(value: Quantity) -> Bounds:
    """A value that is known, as bounds."""
    assert value is not None
    return value if isinstance(value, Bounds) else Bounds(value, value)
