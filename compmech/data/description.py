"""What is known of a series before it is read."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

__all__ = ["About", "Read", "Times", "Values"]

Values = Float[np.ndarray, " time"] | tuple[str, ...] | str
"""Real numbers; or symbols, as words or as the letters of one string."""

Times = Shaped[np.ndarray, " time"] | None
"""Dates, years or seconds; None where only the order counts."""

Read = Callable[[Path], tuple[Values, Times]]
"""What makes values and times of a file."""


@dataclass(frozen=True)
class About:
    """A series, where it lies, and on what terms.

    Attributes:
        name: how it is asked for.
        meaning: what one value is, with its unit.
        length: values.
        sha256: of the values: of numbers as float64, the lowest byte first; of words joined by line feeds, in UTF-8.
        symbols: how values become symbols unless said otherwise, in the words of `compmech.symbolise.symbolised`; None:
            the values are symbols.
        package: the distribution that has it, as pip knows it. module: its top-level module.
        extra: the extra of this distribution that brings the package; None: always installed.
        file: within the package; a pattern for files beside the module.
        source: who measured it, and how it came into the package.
        licence: on what terms.
        citation: what to cite.
    """

    name: str
    meaning: str
    length: int
    sha256: str
    symbols: str | None
    package: str
    module: str
    extra: str | None
    file: str
    source: str
    licence: str
    citation: str
    read: Read = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, but for the function that reads."""
        found = asdict(self)
        del found["read"]
        return found
