"""What other predictors need for the same held-out symbols: the k-gram, the longest suffix, and whatever is brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from compmech.inference.candidates import Candidate
from compmech.inference.held_out import Blocks, GivesWords, cost, mean_apart
from compmech.inference.kgram import KGram, k_gram
from compmech.inference.series import Series
from compmech.plain import plain
from compmech.validation import check_words

__all__ = ["Beside", "LongestSuffixPredictor", "baselines", "held_out_beside"]


@dataclass(frozen=True)
class Beside:
    """What one predictor needs for the held-out symbols, and how much more that is than the machine needs.

    Attributes:
        setting: such as the order of a k-gram.
        held_out_bits_per_symbol: inf if it gives a symbol that came the probability 0.
        above: bits a symbol more than the machine, on the same blocks; negative: the machine needs more. Not finite
            where either of them is not.
        error: standard error of that over blocks; None: there is one block, or it is not finite.
    """

    name: str
    setting: Mapping[str, Any]
    held_out_bits_per_symbol: float
    above: float
    error: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {key: plain(value) for key, value in vars(self).items()}


class LongestSuffixPredictor:
    """The longest suffix of what was read that a series has, and its k-gram for what never followed that suffix.

    Counts are mixed with the k-gram's prediction as those of a k-gram are with the next shorter past. Without it
    nothing but what followed would be possible, and of a long suffix that is one symbol.
    """

    def __init__(self, fit: Series, k_gram: KGram) -> None:
        from compmech.corpus import Corpus  # which is built on series

        self._corpus, self._k_gram = Corpus(fit), k_gram

    def chances(self, words: ArrayLike) -> Float[np.ndarray, "seq time"]:
        """P(x_t | x_<t) of the symbols of each word."""
        symbols = check_words(words, self._corpus.n_symbol)
        rows = self._corpus.predict(symbols)[:, :-1]
        share = np.take_along_axis(rows, symbols[:, :, None], axis=2)[:, :, 0]
        different = np.count_nonzero(rows, axis=2)
        times = np.empty(symbols.shape)
        for t in range(symbols.shape[1]):
            times[:, t] = self._corpus.longest_suffix(symbols[:, :t]).counts
        return np.asarray((times * share + different * self._k_gram.chances(symbols)) / (times + different))

    def log_prob(self, words: ArrayLike) -> Float[np.ndarray, " seq"]:
        """Log probability of each word in nats."""
        return np.asarray(np.log(self.chances(words)).sum(axis=1))


def baselines(fit: Series) -> dict[str, tuple[dict[str, Any], GivesWords]]:
    """By name, with their settings: the k-gram of a series, its order chosen within it, and the longest suffix."""
    grams = k_gram(fit)
    return {
        "k-gram": ({"order": grams.order}, grams),
        "longest suffix": ({"smoothed_by_order": grams.order}, LongestSuffixPredictor(fit, grams)),
    }


def held_out_beside(
    chosen: Candidate[Any], blocks: Sequence[Blocks], predictors: Mapping[str, tuple[Mapping[str, Any], GivesWords]]
) -> tuple[Beside, ...]:
    """What each predictor needs for the blocks on which the chosen candidate was judged.

    Args:
        predictors: by name, with what else is to be said of each. They must not have seen the blocks.
    """
    found = []
    for name, (setting, predictor) in predictors.items():
        bits = cost(predictor, blocks)
        above, error = mean_apart(bits, chosen.block_bits, chosen.block_size)
        found.append(Beside(name, setting, float(bits.sum() / chosen.block_size.sum()), above, error))
    return tuple(found)
