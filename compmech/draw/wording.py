"""Numbers and names as short text: probabilities as fractions where they are such, quantities with what is known."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor, inf, isinf

from compmech.measures.findings import Quantity
from compmech.measures.interval import Bounds

# Fractions are written with denominators up to this; 1/3 is told from 0.3333, and 0.1234 does not become 29/235.
MAX_DENOMINATOR = 99

# A float64 within this of a fraction, relative to its size, is that fraction: entries of a matrix come out of two or
# three roundings, of 1.1e-16 each, and fractions with denominators up to 99 are 1e-4 apart.
_SAME = 1e-14

_DIGITS = 3


def exact_fraction(value: float) -> Fraction | None:
    """The fraction with a small denominator that a number is to rounding, or None."""
    near = Fraction(value).limit_denominator(MAX_DENOMINATOR)
    return near if abs(float(near) - value) <= _SAME * abs(value) else None


def short_number(value: float) -> str:
    """A probability or weight in few characters.

    The shorter of a fraction and a decimal, where one is exact to rounding (the fraction if they are as short); else
    the decimal rounded to three digits.

    Example:
        >>> [short_number(p) for p in (0.5, 1.0, 1 / 3, 0.85, 0.3, -0.25, 2**0.5 / 2)]
        ['1/2', '1', '1/3', '0.85', '0.3', '-1/4', '0.707']
    """
    decimal = _decimal(value)
    fraction = exact_fraction(value)
    if fraction is None:
        return decimal
    is_same = abs(float(decimal) - value) <= _SAME * abs(value)
    return decimal if is_same and len(decimal) < len(str(fraction)) else str(fraction)


def short_numbers(values: Sequence[float]) -> tuple[str, ...]:
    """Several numbers in one format: if any is short as a fraction, all are fractions, or all decimals if one is none.

    Example:
        >>> short_numbers([0.2, 0.2, 0.1]), short_numbers([0.97, 0.03]), short_numbers([1 / 3, 2**0.5 / 2])
        (('1/5', '1/5', '1/10'), ('0.97', '0.03'), ('0.333', '0.707'))
    """
    texts = tuple(short_number(value) for value in values)
    if not any("/" in text for text in texts):
        return texts
    fractions = [exact_fraction(value) for value in values]
    return tuple(_decimal(v) for v in values) if None in fractions else tuple(str(f) for f in fractions)


def _decimal(value: float) -> str:
    text = f"{value:.{_DIGITS}g}"
    if "e" in text:  # 1.50e-05 as 1.5e-5
        digits, power = text.split("e")
        return f"{digits}e{int(power)}"
    return text


def quantity_text(value: Quantity, digits: int = 4) -> str:
    """A statistic as text that claims no more than is known: exact numbers rounded, bounds rounded outward.

    Example:
        >>> quantity_text(2 / 3), quantity_text(Bounds(0.12341, 0.12349)), quantity_text(None)
        ('0.6667', '0.1234 .. 0.1235', 'not known')
    """
    match value:
        case None:
            return "not known"
        case Bounds():
            return _interval(value, digits)
    if isinf(value):
        return "∞" if value > 0 else "-∞"
    return _trimmed(value, digits)


def _interval(known: Bounds, digits: int) -> str:
    if known.is_exact:
        return quantity_text(known.lower, digits)
    lower = "-∞" if known.lower == -inf else _directed(known.lower, digits, floor)
    return f"≥ {lower}" if known.upper == inf else f"{lower} .. {_directed(known.upper, digits, ceil)}"


def _directed(value: float, decimals: int, towards: Callable[[Fraction], int]) -> str:
    scale = 10**decimals
    return f"{float(Fraction(towards(Fraction(value) * scale), scale)):.{decimals}f}"


def _trimmed(value: float, digits: int) -> str:
    """To so many decimals, none for whole numbers, and no minus before a zero."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:.0f}" if rounded.is_integer() else f"{rounded:.{digits}f}"


# Widths of DejaVu Sans in em, to 0.05; a text's width is known before any drawing, without matplotlib.
_NARROW = dict.fromkeys("iljtfrI.,:;|!/\\()[]' -", 0.36) | dict.fromkeys("mwMW%@", 0.9)


def text_width(text: str, points: float) -> float:
    """About how wide a line of text is, in inches."""
    return sum(_NARROW.get(character, 0.65) for character in text) * points / 72
