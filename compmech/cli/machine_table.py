"""A machine that was found, as lines of at most 80 columns: its states, and its statistics with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

from compmech.cli.tables import shown, wrapped

__all__ = ["machine_lines", "statistics_lines"]

# A space at which no line ends.
_HARD = "\N{NO-BREAK SPACE}"

# Transitions of a state printed; --json has all.
_MOST = 12

_ROW = "  {:<25}{:>12}  {:<27}{}"


def machine_lines(machine: dict[str, Any], *, symbol_is: str = "symbol") -> list[str]:
    """A state and its transitions after each other, no transition broken; of very many the most probable. Of a
    generalised hidden Markov model coordinates and entries, which may be negative."""
    states = machine["states"]
    head, entries = ("state", f"transitions: {symbol_is}, probability, next state")
    if "evaluate" in machine:
        head, entries = ("row", "entries of the matrices: symbol, value, column")
    lines = [f"  {head:<8}{'':>10}  {entries}"]
    for i, state in enumerate(states):
        ways = [
            (row[j], f"{_symbol(symbol)}{_HARD}{row[j]:.4f}{_HARD}{states[j]}")
            for symbol, matrix in machine["matrices"].items()
            for row in [matrix[i]]
            for j in range(len(states))
            if row[j] != 0
        ]
        rest = len(ways) - _MOST
        if rest > 0:
            ways = sorted(ways, key=lambda way: -abs(way[0]))[:_MOST]
            ways.append((0.0, f"{rest}{_HARD}more"))
        text = ",  ".join(way for _, way in ways)
        lines += [line.replace(_HARD, " ") for line in wrapped(text, f"  {state!s:<8}{machine['start'][i]:>10.4f}  ")]
    return lines


def _symbol(name: str) -> str:
    """A symbol as it is, in quotes where it would not be seen."""
    seen = name if name and not any(c.isspace() for c in name) and name.isprintable() else ascii(name)
    return seen.replace(" ", _HARD)


def statistics_lines(
    document: dict[str, Any],
    found_in: str,
    own: Mapping[str, Any] | None = None,
    *,
    keys: Sequence[str] = ("n_causal_states", "entropy_rate", "statistical_complexity", "excess_entropy"),
) -> list[str]:
    """The statistics with their intervals, beside those of the process that made the data where they are known."""
    own = own or {}
    lines = [_ROW.format("", found_in, "95 % interval", "process" if own else "").rstrip()]
    for key in keys:
        value = document[key]
        number, interval = "-", ""
        if value is not None:
            digits = 0 if key.startswith("n_") else 6
            number = f"{value['value']:.{digits}f}"
            interval = f"{value['low']:.{digits}f} .. {value['high']:.{digits}f}"
        known = _short(own[key]) if own else ""
        lines.append(_ROW.format(key.replace("_", " "), number, interval, known).rstrip())
    lines.append(
        _ROW.format("held-out bits per symbol", f"{document['held_out_bits_per_symbol']:.6f}", "", "").rstrip()
    )
    return lines


def _short(value: Any) -> str:
    if isinstance(value, dict):
        value = (value["lower"] + value["upper"]) / 2 if "inf" not in value.values() else shown(value)
    return f"{value:.6f}" if isinstance(value, float) else shown(value)
