"""`sign`, `quantile:3`, `threshold:0,1`, `ordinal:3`, `sax:4,8`: how real values become symbols, as words."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compmech.errors import nearest
from compmech.symbolise import Symbolised, ordinal, quantile, sax, sign, threshold

__all__ = ["symbolised"]

_HOW = "sign, quantile:3, threshold:0, ordinal:3, sax:4"


def symbolised(values: np.ndarray, word: str) -> Symbolised:
    """Values as a word says: NAME:number, or NAME:number,number where the second is ordinal's step or sax's frame.

    Raises:
        ValueError: if there is no such symboliser, its numbers do not fit, or the values do not.
    """
    name, _, rest = word.partition(":")
    makers: dict[str, Callable[[list[Any]], Symbolised]] = {
        "sign": lambda n: sign(values),
        "quantile": lambda n: quantile(values, n[0]),
        "threshold": lambda n: threshold(values, n),
        "ordinal": lambda n: ordinal(values, n[0], step=n[1] if len(n) > 1 else None),
        "sax": lambda n: sax(values, n[0], frame=n[1] if len(n) > 1 else 1),
    }
    if name not in makers:
        near = nearest(name, makers)
        hint = f"take {_HOW}" if near is None else f"did you mean {near!r}?"
        raise ValueError(f"there is no symboliser {name!r}; {hint}")
    least, most = {"sign": (0, 0), "quantile": (1, 1), "threshold": (1, 99)}.get(name, (1, 2))
    kind = float if name == "threshold" else int
    try:
        numbers = [kind(part) for part in rest.split(",")] if rest else []
    except ValueError as error:
        raise ValueError(
            f"{word!r}: {name} takes {'numbers' if kind is float else 'whole numbers'}, as in {_HOW}"
        ) from error
    if not least <= len(numbers) <= most:
        raise ValueError(f"{word!r}: write it as one of {_HOW}")
    return makers[name](numbers)
