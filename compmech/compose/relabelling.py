"""Other names for symbols, and one name for several."""

from collections.abc import Callable, Hashable, Mapping
from typing import TypeAlias

import numpy as np

from compmech.compose.assembling import MAX_ENTRIES, as_part, changed
from compmech.hmm import GHMM, HMM, AnyPresentation

Naming: TypeAlias = Mapping[Hashable, Hashable] | Callable[[Hashable], Hashable]


def relabelled(process: AnyPresentation, names: Naming, *, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """The same process with other names for its symbols, in the same order.

    Args:
        names: new name for each symbol, a mapping that has them all or a function.
        max_entries: the most numbers that an EpsilonMachine may have as matrices.
    Raises:
        ValueError: if a symbol has no new name, or two get the same one (that is `coarse_grained`).
    Example:
        >>> from compmech import zoo
        >>> relabelled(zoo.even(), {"0": "rest", "1": "beat"}).alphabet
        ('rest', 'beat')
    """
    part = as_part(process, max_entries)
    new = _new_names(part.alphabet, names)
    first: dict[Hashable, Hashable] = {}
    for symbol, name in zip(part.alphabet, new, strict=True):
        if name in first:
            raise ValueError(
                f"names must be one to one; {first[name]!r} and {symbol!r} both become {name!r}. "
                "To make them one symbol use coarse_grained."
            )
        first[name] = symbol
    return changed(part, "relabelled", part.T, new)


def coarse_grained(process: AnyPresentation, names: Naming, *, max_entries: int = MAX_ENTRIES) -> HMM | GHMM:
    """A process seen through names that several symbols may share: P(v) is the sum over all words named v.

    The states and the start stay what they are, and the entropy rate never rises. The new alphabet is in order of first
    appearance.

    Args:
        names: the name of each symbol, a mapping that has them all or a function.
        max_entries: the most numbers that an EpsilonMachine may have as matrices.
    Raises:
        ValueError: if a symbol has no name.
    Example:
        >>> from compmech import zoo
        >>> from compmech.compose import product
        >>> pair = product(zoo.golden_mean(), zoo.even())
        >>> coarse_grained(pair, lambda symbol: symbol[0] == symbol[1]).alphabet
        (True, False)
    """
    part = as_part(process, max_entries)
    new = _new_names(part.alphabet, names)
    alphabet = tuple(dict.fromkeys(new))
    T = np.zeros((len(alphabet), part.n_state, part.n_state))
    np.add.at(T, [alphabet.index(name) for name in new], part.T)
    return changed(part, "coarse_grained", T, alphabet)


def _new_names(alphabet: tuple[Hashable, ...], names: Naming) -> tuple[Hashable, ...]:
    if not isinstance(names, Mapping):
        new = [names(symbol) for symbol in alphabet]
    else:
        missing = [symbol for symbol in alphabet if symbol not in names]
        unknown = [symbol for symbol in names if symbol not in alphabet]
        if missing or unknown:
            known = f"The symbols are {alphabet[:12]}; their names are strings or numbers, and '1' is not 1."
            lacking = f"names must have every symbol; {missing[:6]} missing. " if missing else ""
            excess = f"names has {unknown[:6]}, no symbols of this process. " if unknown else ""
            raise ValueError(lacking + excess + known)
        new = [names[symbol] for symbol in alphabet]
    for symbol, name in zip(alphabet, new, strict=True):
        if not isinstance(name, Hashable):
            raise ValueError(f"names must be hashable, such as strings or numbers; that of {symbol!r} is {name!r}")
    return tuple(new)
