"""A real series as it was read."""

from dataclasses import dataclass

from compmech.data.description import About, Times, Values
from compmech.inference.series import Series, series
from compmech.symbolise import Symbolised, symbolised

__all__ = ["RealSeries"]


@dataclass(frozen=True, eq=False)
class RealSeries:
    """Values in order of time.

    Attributes:
        values: real numbers; or symbols, as a tuple of words or the letters of one string.
        times: of each value: dates, years or seconds; None where only the order counts.
        about: what they are, where they lie, and on what terms.
        version: of the package that they were read from.
    """

    values: Values
    times: Times
    about: About
    version: str

    def symbolised(self, word: str | None = None) -> Symbolised:
        """Symbols of real values, with what each stands for.

        Args:
            word: how, in the words of `compmech.symbolise.symbolised`; None: as `about.symbols` says.
        Raises:
            ValueError: if the values are symbols already, or cannot be made symbols that way.
        """
        if self.about.symbols is None:
            raise ValueError(f"the values of {self.about.name} are symbols already")
        return symbolised(self.values, word or self.about.symbols)

    def series(self, word: str | None = None) -> Series:
        """The symbols: the values where they are that, else made of them as by `symbolised`."""
        if self.about.symbols is None and word is None:
            return series(self.values if isinstance(self.values, str) else [self.values])
        return self.symbolised(word).series
