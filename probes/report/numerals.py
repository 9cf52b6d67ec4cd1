"""How numbers are written: R² to three places, divergences to two figures, counts with thousands apart."""

import math

__all__ = ["count", "decimal", "interval", "nats", "power_of_ten", "seconds", "signed"]

_ZERO_NATS = 1e-12
"""A divergence below this is rounding in float64 and written as 0."""


def decimal(value: float | None, *, empty: str = "-") -> str:
    """An R² to three places. Never rounds up to 1.

    Example:
        >>> decimal(0.99996), decimal(1.0), decimal(-0.0123), decimal(None)
        ('0.999', '1.000', '-0.012', '-')
    """
    if value is None:
        return empty
    if 0.9995 <= value < 1 - 1e-9:
        return "0.999"
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text


def signed(value: float | None, *, empty: str = "-") -> str:
    """A difference of two R², with its sign."""
    if value is None:
        return empty
    text = f"{value:+.3f}"
    return "0.000" if text in ("+0.000", "-0.000") else text


def interval(low: float | None, high: float | None, *, empty: str = "-") -> str:
    """A 95 % interval.

    Example:
        >>> interval(0.912, 0.95)
        '0.912..0.950'
    """
    if low is None or high is None:
        return empty
    return f"{decimal(low)}..{decimal(high)}"


def nats(value: float | None, *, plain: bool = False, empty: str = "-") -> str:
    """A divergence in nats, two figures; `plain` for terminals.

    Example:
        >>> nats(0.0412), nats(2.04e-4), nats(0.0), nats(float("inf"))
        ('0.041', '2.0×10⁻⁴', '0', '∞')
        >>> nats(2.04e-4, plain=True), nats(float("inf"), plain=True)
        ('2.0e-4', 'inf')
    """
    if value is None:
        return empty
    if math.isinf(value):
        return "inf" if plain else "∞"
    if abs(value) < _ZERO_NATS:
        return "0"
    if abs(value) >= 0.00995:
        return f"{value:.2g}" if abs(value) < 0.0995 else f"{value:.3f}".rstrip("0").rstrip(".")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}" if plain else f"{mantissa}×{power_of_ten(int(exponent))}"


def power_of_ten(exponent: int) -> str:
    """10 with a raised exponent."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def count(value: int | float | None, *, empty: str = "-") -> str:
    """A whole number, thousands apart."""
    return empty if value is None else f"{int(value):,}"


def seconds(value: float | None, *, empty: str = "-") -> str:
    """A wall-clock time in seconds; tenths below ten."""
    if value is None:
        return empty
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"
