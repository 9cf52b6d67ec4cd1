"""Results as tables that fit a terminal of 80 columns."""

import textwrap
from math import atan2, ceil, floor, hypot, isfinite, log10, pi
from typing import Any

__all__ = ["Notes", "estimates_table", "more_table", "shown", "statistics_table"]

WIDTH = 80

# Digits of a bound, at most: two of them fit the column.
_DIGITS = 10

# Units of the last digit by which a bound may miss a whole number of them and be that number.
_WHOLE = 1e-6

# What stands before a colon in the last column, at most: "not computed" and the like.
_KIND = 12

# Modes, and lines of a power spectrum, shown; --json has all.
_SHOWN = 12


def statistics_table(found: dict[str, Any]) -> list[str]:
    """The statistics, one a line, with reasons as notes below."""
    notes = Notes()
    how = found["how"]
    rows = [
        notes.row(key.replace("_", " "), shown(value), how.get(key, ""))
        for key, value in found.items()
        if key not in ("how", "more", "estimates")
    ]
    return [*rows, *notes.lines]


def more_table(more: dict[str, Any]) -> list[str]:
    """The groups of --more."""
    how = more["how"]
    lines: list[str] = []
    for name, rows in _MORE.items():
        lines += ["", name.replace("_", " "), *(_missing(how[name]) if more[name] is None else rows(more[name]))]
    return lines


def estimates_table(estimates: dict[str, Any]) -> list[str]:
    """The groups of --estimate."""
    how = estimates["how"]
    lines = ["", "estimates of informations"]
    information, beliefs = estimates["information"], estimates["blackwell"]
    if information is None:
        lines += _missing(how["information"])
    else:
        share = f"{100 * information['confidence']:g} % interval"
        lines.append(f"  {'':<27}{'value':>12}{'st. error':>12}  {share}")
        for key, one in information.items():
            if isinstance(one, dict):
                interval = f"{_fixed(one['low'])} .. {_fixed(one['high'])}"
                lines.append(
                    f"  {key.replace('_', ' '):<27}{_fixed(one['value']):>12}{one['standard_error']:>12.1e}  {interval}"
                )
        lines.append(f"  {information['n_symbols']} symbols on {information['n_paths']} paths")
    lines += ["", "beliefs"]
    if beliefs is None:
        return lines + _missing(how["blackwell"])
    notes = Notes()
    for key, value in beliefs.items():
        if key == "how":
            continue
        if key == "lyapunov_exponents":
            for i, one in enumerate(value, start=1):
                lines.append(notes.row(f"lyapunov exponent {i}", shown(one), beliefs["how"][key]))
        else:
            lines.append(notes.row(key.replace("_", " "), shown(value), beliefs["how"].get(key, "")))
    return lines + notes.lines


def shown(value: Any) -> str:
    """A value of JSON types in few characters."""
    match value:
        case None:
            return "-"
        case {"lower": lower, "upper": upper} if lower == upper:
            return shown(lower)
        case {"lower": float(lower), "upper": float(upper)} if isfinite(upper - lower):
            return _between(lower, upper)
        case {"lower": lower, "upper": upper}:
            return f"{shown(lower)} .. {shown(upper)}"
        case {"value": float(middle), "standard_error": float(error)}:
            return f"{middle:.6g} +- {error:.1e}"
        case {"value": middle, "standard_error": _}:
            return shown(middle)
        case float():
            return f"{value + 0.0:.9g}"
        case list():
            head = ", ".join(shown(item) for item in value[:2])
            return head + (f", ... ({len(value)})" if len(value) > 2 else "")
    return str(value)


def _between(lower: float, upper: float) -> str:
    """Bounds to two digits more than they have in common, moved outward; or where they lie, and how near to another."""
    lower, upper = min(lower, upper), max(lower, upper)
    width = upper - lower
    if width == 0:
        return shown(lower)
    before = len(f"{max(abs(lower), abs(upper)):.0f}")
    places = min(_DIGITS - before, 2 - floor(log10(width)))
    unit = 10.0**-places
    if width < 2 * unit:
        return f"{shown(lower)}, within {width:.0e}"
    low, high = floor(lower / unit + _WHOLE) * unit, ceil(upper / unit - _WHOLE) * unit
    places = max(places, 0)
    return f"{low + 0.0:.{places}f} .. {high + 0.0:.{places}f}"


def _fixed(value: float) -> str:
    """Six places, and no minus before a zero."""
    return f"{round(value, 6) + 0.0:.6f}"


class Notes:
    """Rows of name, value and how it is known; a reason too long for its row becomes a numbered note, each once."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}

    def row(self, name: str, value: str, how: str) -> str:
        row = f"  {name:<31}{value:<28} {how}".rstrip()
        if len(row) <= WIDTH:
            return row
        kind, colon, reason = how.partition(": ")
        if not colon or len(kind) > _KIND:
            kind, reason = "", how
        number = self._number.setdefault(reason, len(self._number) + 1)
        return f"  {name:<31}{value:<28} {f'{kind} ({number})'.strip()}"

    @property
    def lines(self) -> list[str]:
        return [line for reason, number in self._number.items() for line in wrapped(reason, f"  ({number}) ")]


def wrapped(text: str, first: str, indent: int | None = None) -> list[str]:
    """Lines of a text, the first after `first`, the others as far in as the text begins, or by `indent`."""
    rest = " " * (len(first) if indent is None else indent)
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return lines or [first.rstrip()]


def _missing(reason: str) -> list[str]:
    return wrapped(reason, "  ")


def _spectrum_rows(found: dict[str, Any]) -> list[str]:
    rows = [
        f"  {found['n_mixed']} mixed states; the parts sum to E, T, S within {found['error']:.0e}",
        f"  {'modulus':>10}{'angle/pi':>10}{'times':>7}{'part of E':>15}{'of T':>15}{'of S':>15}",
    ]
    modes = found["modes"]
    for mode in modes[:_SHOWN]:
        real, imaginary = mode["eigenvalue"]
        parts = "".join(f"{mode[key][0] + 0.0:>15.6g}" for key in _PARTS)
        angle = round(atan2(imaginary, real) / pi, 6) + 0.0 if hypot(real, imaginary) > 0 else 0.0
        rows.append(f"  {hypot(real, imaginary):>10.6f}{angle:>10.6f}{mode['multiplicity']:>7}{parts}")
    return rows + _left_out(len(modes), "modes")


_PARTS = ("excess_part", "transient_part", "synchronization_part")


def _left_out(n: int, what: str) -> list[str]:
    return [f"  and {n - _SHOWN} {what} more (--json has all)"] if n > _SHOWN else []


def _convergence_rows(found: dict[str, Any]) -> list[str]:
    rows = [f"  {'L':>4}{'h_L':>16}{'h_L - h_(L-1)':>16}"]
    for i, (rate, gain) in enumerate(zip(found["rates"], found["gains"], strict=True), start=1):
        rows.append(f"  {i:>4}{rate:>16.9f}{gain + 0.0:>16.9f}")
    return [*rows, f"  {'total predictability':<31}{shown(found['total_predictability'])}"]


def _correlation_rows(found: dict[str, Any]) -> list[str]:
    rows = wrapped(
        "P(X_0 = X_lag) for lags 0, 1, ...: " + ", ".join(f"{p:.6g}" for p in found["autocorrelation"]), "  "
    )
    lines = found["lines"]
    for line in lines[:_SHOWN]:
        rows.append(f"  line at frequency {line['frequency'] / pi:>9.6f} pi   power {line['power']:.9g}")
    return [*rows, *_left_out(len(lines), "lines"), f"  power in no line               {found['continuous_power']:.9g}"]


def _renyi_rows(found: dict[str, Any]) -> list[str]:
    rows = [f"  {'order':<8}{'entropy rate':<36}complexity"]
    for order, rate, complexity in zip(found["orders"], found["entropy_rate"], found["complexity"], strict=True):
        rows.append(f"  {shown(order):<8}{shown(rate):<36}{shown(complexity):<20}".rstrip())
    return rows


def _presentation_rows(found: dict[str, Any]) -> list[str]:
    return [f"  {key.replace('_', ' '):<31}{shown(value)}" for key, value in found.items()]


_MORE = {
    "spectrum": _spectrum_rows,
    "convergence": _convergence_rows,
    "correlation": _correlation_rows,
    "renyi": _renyi_rows,
    "quantum_complexity": lambda value: [f"  {'C_q':<31}{shown(value)}"],
    "presentation": _presentation_rows,
}
