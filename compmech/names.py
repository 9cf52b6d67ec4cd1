"""Symbols of two processes that are alike in print and not equal."""

from collections.abc import Hashable, Iterable, Sequence


def check_names_match(alphabets: Iterable[Sequence[Hashable]]) -> None:
    """Refuse alphabets of which one has '1' where another has 1.

    Symbols are matched by name, and such names do not match: every word of the one process would be forbidden in the
    other. Apart from this alphabets may differ, or have no symbol in common.

    Raises:
        ValueError: naming the first two such symbols, and the repair.
    """
    known: dict[Hashable, list[Hashable]] = {}
    for alphabet in alphabets:
        own = set(alphabet)
        for symbol in alphabet:
            others = known.get(_text(symbol), [])
            if others and own.isdisjoint(others):
                raise ValueError(_difference(others[0], symbol))
        for symbol in alphabet:
            known.setdefault(_text(symbol), []).append(symbol)


def _text(symbol: Hashable) -> Hashable:
    """What is printed of a symbol, of tuples item by item."""
    return tuple(map(_text, symbol)) if isinstance(symbol, tuple) else str(symbol)


def _difference(one: Hashable, other: Hashable) -> str:
    naming = type(one).__name__ if isinstance(one, str | int) else f"{{{other!r}: {one!r}, ...}}"
    return (
        f"one process has the symbol {one!r} and another {other!r}, alike in print but not equal, and symbols are "
        f"matched by name: give both the same names, relabelled(process, {naming}) or "
        f'"alphabet": [{_in_file(one)}, ...] in a machine file'
    )


def _in_file(symbol: Hashable) -> str:
    """A symbol as JSON has it."""
    return f'"{symbol}"' if isinstance(symbol, str) else str(symbol)
