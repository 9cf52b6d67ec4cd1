"""Is there any structure? A statistic of the data among the same of surrogates, which have none, or only so much.

Statistics: `PastInformation`, what pasts of one symbol, two, ... tell of the next one, as far as the data can fill
them; and `HeldOutGain`, what a machine made from the first part gains on the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from compmech.inference.counts import MOST_WORDS, WordCounts, count_words
from compmech.inference.held_out import GivesWords, blocks_of, cost, sizes
from compmech.inference.series import Series
from compmech.inference.surrogates import SHUFFLES, Surrogates
from compmech.plain import plain
from compmech.units import bits
from compmech.validation import check_count, check_rng

__all__ = ["HeldOutGain", "PastInformation", "StructureTest", "past_information", "structure_test"]

SURROGATES = 199
"""Of each test: the least p-value is 1/200."""

LONGEST = 10
"""Symbols of the longest past that is looked at."""

PER_WORD = 20
"""Windows for each possible word of the longest past and the next symbol."""

_TIES = 1e-9
"""Statistics nearer than this part of their size are equal: they are sums of logarithms in another order."""


def past_information(counts: WordCounts, *, n_input: int = 1) -> float:
    """I[all symbols but the last; the last] of words, bits: the plug-in estimate, too high, alike in surrogates.

    Of pairs (input, output) of a channel with `n_input` inputs: I[past pairs; next output | next input].
    """
    table = counts.by_history.astype(float).reshape(-1, n_input, counts.n_symbol // n_input)  # history, input, output
    total = table.sum()
    if not total:
        raise ValueError(f"there is no stretch of {counts.length} symbols without a gap")
    of_input = table.sum(axis=(0, 2))[:, None]
    expected = table.sum(axis=2, keepdims=True) * table.sum(axis=0) / np.where(of_input > 0, of_input, 1.0)
    seen = table > 0
    return float(bits(1.0) * (table[seen] * np.log(table[seen] / expected[seen])).sum() / total)


@dataclass(frozen=True)
class PastInformation:
    """What the last m symbols tell of the next one, for m from `shortest` to `longest`, in bits, on the same occasions.

    Called with a series it gives one number for each m. Of a channel with `n_input` inputs the symbols are pairs, and
    it is the next output that they tell of, given its input.
    """

    shortest: int
    longest: int
    n_input: int = 1

    name = "past"

    @classmethod
    def that_fills(cls, data: Series, kept: int = 1, n_input: int = 1) -> "PastInformation":
        """Pasts that words of `kept` symbols do not fix, up to the longest that the data have windows for: one more at
        least.

        Raises:
            ValueError: if there are too many words even of that length.
        """
        lengths = [len(piece) for piece in data.pieces]
        longest = kept
        while longest < LONGEST and data.n_symbol ** (longest + 2) * PER_WORD <= sum(
            max(n - longest - 1, 0) for n in lengths
        ):
            longest += 1
        if data.n_symbol ** (kept + 1) > MOST_WORDS:
            raise ValueError(
                f"pasts longer than {kept - 1} symbols over {data.n_symbol} are more than can be counted: take "
                "surrogates that keep shorter words"
            )
        return cls(kept, longest, n_input)

    def __call__(self, data: Series) -> Float[np.ndarray, " past"]:
        counts = count_words(data, self.longest + 1)
        return np.array([past_information(counts.shorter(m + 1), n_input=self.n_input) for m in self.lengths])

    @property
    def lengths(self) -> range:
        """m of each number."""
        return range(self.shortest, self.longest + 1)


@dataclass(frozen=True, eq=False)
class HeldOutGain:
    """Bits a symbol that a process saves on the blocks of a series over a process without memory.

    Both are made from an earlier part, so that under a null hypothesis whose surrogates take any part of the series the
    later part is one of its own surrogates.
    """

    process: GivesWords
    memoryless: GivesWords

    name = "gain"

    def __call__(self, data: Series) -> Float[np.ndarray, " value"]:
        blocks = blocks_of(data)
        saved = cost(self.memoryless, blocks).sum() - cost(self.process, blocks).sum()
        return np.array([saved / sizes(blocks).sum()])


@dataclass(frozen=True)
class StructureTest:
    """A statistic of the data among the same of surrogates.

    Attributes:
        surrogates: their name. null: the hypothesis that a small p-value speaks against.
        found: the statistic of the data, bits; of several the one that stands out most.
        expected: its mean over the surrogates.
        past: symbols of the past that `found` looks at; None for a statistic that is not of pasts.
        longest: the longest past that was looked at, likewise.
        p: share of the surrogates, the data among them, that reach as much.
    """

    surrogates: str
    null: str
    statistic: str
    found: float
    expected: float
    past: int | None
    longest: int | None
    p: float

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {key: plain(value) for key, value in vars(self).items()}


def structure_test(
    data: Series,
    *,
    rng: np.random.Generator,
    surrogates: Surrogates = SHUFFLES,
    statistic: Callable[[Series], Float[np.ndarray, " value"]] | None = None,
    n_surrogate: int = SURROGATES,
) -> StructureTest:
    """Whether a statistic of the data is larger than a null hypothesis lets it be.

    Of several numbers the one counts that is most standard deviations above its mean, over the data and the surrogates,
    and the same is asked of each surrogate, so that looking at many pasts costs nothing of what p means: if the null
    hypothesis is true and its surrogates exact, p is at most any a with probability a.

    Args:
        surrogates: the null hypothesis.
        statistic: from a series to one number or more; None: `PastInformation` as far as the data fill it.
        n_surrogate: at least 1; the least p-value is 1 / (n_surrogate + 1).
    Raises:
        ValueError: if there are no surrogates, or the data have no window that the statistic could look at.
    Reference:
        Westfall and Young, Resampling-Based Multiple Testing (1993), chapter 2.
    """
    check_rng(rng)
    if check_count(n_surrogate, "n_surrogate") < 1:
        raise ValueError(f"n_surrogate must be at least 1; got {n_surrogate}")
    of = PastInformation.that_fills(data, surrogates.kept) if statistic is None else statistic
    values = np.array([of(data), *(of(surrogates.make(data, rng)) for _ in range(n_surrogate))])
    score, best = _standing_out(values)
    ties = _TIES * max(1.0, abs(float(score[0]))) if np.isfinite(score[0]) else 0.0
    finite = values[1:, best][np.isfinite(values[1:, best])]
    return StructureTest(
        surrogates=surrogates.name,
        null=surrogates.null,
        statistic=getattr(of, "name", "given"),
        found=float(values[0, best]),
        expected=float(finite.mean()) if len(finite) == n_surrogate else -np.inf,
        past=of.lengths[best] if isinstance(of, PastInformation) else None,
        longest=of.longest if isinstance(of, PastInformation) else None,
        p=float((1 + (score[1:] >= score[0] - ties).sum()) / (1 + n_surrogate)),
    )


def _standing_out(values: Float[np.ndarray, "series value"]) -> tuple[Float[np.ndarray, " series"], int]:
    """How far the most unusual number of each series is above the mean, and which it is of the first series."""
    if values.shape[1] == 1:
        return values[:, 0], 0
    spread = values.std(axis=0)
    varies = spread > _TIES * np.abs(values).max(axis=0)
    above = np.where(varies, (values - values.mean(axis=0)) / np.where(varies, spread, 1.0), 0.0)
    return above.max(axis=1), int(above[0].argmax())
