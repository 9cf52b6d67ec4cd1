"""A predictor left to itself: sequences drawn from its own predictions, and what it says of the futures after them, or
after words that it is given.

Symbols that it holds for nearly impossible are never drawn: a network that gives a forbidden symbol one part in a
thousand would meet, in a long sequence, histories that none of its training had. Its predictions are kept as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from compmech.inference import Futures
from compmech.inference.futures import check_horizon
from predictors import Carry, Predictor
from predictors.evaluation import device_of

__all__ = ["RollOut", "carried_futures", "log_likelihood", "read_futures", "roll_out"]


@dataclass(frozen=True, eq=False)
class RollOut:
    """Sequences that a predictor drew.

    Attributes:
        words: symbols read.
        entropy_bits: of its next symbol, at rows 0 .. time; row 0 is nan where it does not speak there.
        never_drawn: mean probability, over sequences and rows, of the symbols that were held for impossible.
        carries: what it remembers at each of some rows.
    """

    words: Int[np.ndarray, "seq time"]
    entropy_bits: Float[np.ndarray, "seq row"]
    never_drawn: float
    carries: tuple[Carry, ...] = field(repr=False)

    def futures(self, predictor: Predictor, horizon: int) -> Futures:
        """What it says of the futures at the rows that were kept, all rows of a sequence in one group.

        Raises:
            ValueError: for a horizon below 1, or one with too many words.
        """
        horizon = check_horizon(horizon, predictor.n_symbol)
        joint = np.concatenate([carried_futures(predictor, carry, horizon + 1) for carry in self.carries])
        return Futures(joint, predictor.n_symbol, group=np.tile(np.arange(len(self.words)), len(self.carries)))


def roll_out(
    predictor: Predictor,
    n_seq: int,
    n_time: int,
    *,
    rows: Sequence[int],
    drop_below: float,
    rng: np.random.Generator,
) -> RollOut:
    """Draw sequences from a predictor, symbol by symbol.

    Args:
        rows: at which the carry is kept, from 1 to n_time.
        drop_below: symbols of smaller predicted probability are never drawn, and the others scaled to sum to 1.
    Raises:
        ValueError: if a prediction is no distribution, or the predictor cannot read so far.
    """
    if n_seq < 1 or not rows or min(rows) < 1 or max(rows) > n_time:
        raise ValueError(f"need sequences, and rows from 1 to {n_time}; got {n_seq} sequences and rows {list(rows)}")
    if isinstance(predictor, nn.Module):
        predictor.eval()
    words = np.empty((n_seq, n_time), dtype=np.int64)
    entropy = np.full((n_seq, n_time + 1), np.nan)
    never, kept = [], []
    with torch.no_grad():
        carry = predictor.init_carry(n_seq)
        for t in range(n_time + 1):
            if carry.log_probs is None:  # it cannot speak before its first symbol, which is drawn evenly
                chance = np.full((n_seq, predictor.n_symbol), 1 / predictor.n_symbol)
            else:
                chance = probabilities(carry)
                entropy[:, t] = -np.where(chance > 0, chance * np.log2(np.where(chance > 0, chance, 1.0)), 0.0).sum(1)
            if t in rows:
                kept.append(carry)
            if t == n_time:
                break
            allowed = np.where(chance >= drop_below, chance, 0.0)
            total = allowed.sum(axis=1, keepdims=True)
            never.append(np.where(chance < drop_below, chance, 0.0).sum(axis=1).mean())
            edges = np.cumsum(allowed / total, axis=1)
            drawn = (rng.random((n_seq, 1)) >= edges[:, :-1]).sum(axis=1)
            # rounding of the edges must not let a symbol be drawn that is not allowed
            words[:, t] = np.where(allowed[np.arange(n_seq), drawn] > 0, drawn, allowed.argmax(axis=1))
            _, carry = predictor.step(_tokens(predictor, words[:, t]), carry)
    return RollOut(words, entropy, float(np.mean(never)), tuple(kept))


def read_futures(predictor: Predictor, words: Int[np.ndarray, "seq time"], horizon: int) -> Futures:
    """What a predictor says of the futures after words of somebody else that it reads.

    Raises:
        ValueError: for a horizon below 1, or one with too many words; or if the predictor cannot read so far.
    """
    horizon = check_horizon(horizon, predictor.n_symbol)
    if isinstance(predictor, nn.Module):
        predictor.eval()
    with torch.no_grad():
        _, carry = predictor.advance(_tokens(predictor, words), predictor.init_carry(len(words)))
    return Futures(carried_futures(predictor, carry, horizon + 1), predictor.n_symbol)


def probabilities(carry: Carry) -> Float[np.ndarray, "seq symbol"]:
    """The prediction at a carry's row in float64; rows of a float32 network are scaled to sum to 1.

    Raises:
        ValueError: if it is no distribution.
    """
    assert carry.log_probs is not None
    chance = carry.log_probs.detach().to("cpu", torch.float64).exp().numpy()
    total = chance.sum(axis=1, keepdims=True)
    if not (abs(total - 1) < 1e-3).all():
        i = int(np.argmax(~(abs(total[:, 0] - 1) < 1e-3)))
        raise ValueError(
            f"at row {carry.row} the predictor gives sequence {i} probabilities that sum to {total[i, 0]:.6g}"
        )
    return np.asarray(chance / total)


def carried_futures(predictor: Predictor, carry: Carry, length: int) -> Float[np.ndarray, "seq word"]:
    """P(w | what was read) for all words of one length, lexicographic: by reading them all, from the carry."""
    chance = probabilities(carry)
    if length == 1:
        return chance
    # a symbol of probability 0 is not read (exact predictors refuse to): the likeliest one stands in, with weight 0
    likeliest = chance.argmax(axis=1)
    pieces = []
    with torch.no_grad():
        for x in range(predictor.n_symbol):
            symbols = np.where(chance[:, x] > 0, x, likeliest)
            _, after = predictor.step(_tokens(predictor, symbols), carry)
            pieces.append(chance[:, [x]] * carried_futures(predictor, after, length - 1))
    return np.concatenate(pieces, axis=1)


def log_likelihood(predictor: Predictor, words: Int[np.ndarray, "seq time"]) -> Float[np.ndarray, " seq"]:
    """Log probability of each sequence in nats, from the first symbol on that it predicts; -inf for impossible ones."""
    total = np.zeros(len(words))
    with torch.no_grad():
        carry = predictor.init_carry(len(words))
        for symbols in words.T:
            if carry.log_probs is not None:
                chance = probabilities(carry)
                own = chance[np.arange(len(words)), symbols]
                total += np.where(own > 0, np.log(np.where(own > 0, own, 1.0)), -np.inf)
                symbols = np.where(own > 0, symbols, chance.argmax(axis=1))
            _, carry = predictor.step(_tokens(predictor, symbols), carry)
    return total


def structure_p_value(
    predictor: Predictor, words: Int[np.ndarray, "seq time"], *, n_surrogate: int, rng: np.random.Generator
) -> float:
    """How often shuffled sequences are as likely to the predictor as its own: small if it knows an order of symbols.

    Every surrogate shuffles each sequence in itself. Monte Carlo p-value, at least 1 / (n_surrogate + 1), of the mean
    log likelihood.

    Reference:
        Theiler and others, Physica D 58, 77 (1992).
    """
    shuffled = rng.permuted(np.tile(words, (n_surrogate, 1)), axis=1)
    own = log_likelihood(predictor, words).sum()
    theirs = log_likelihood(predictor, shuffled).reshape(n_surrogate, len(words)).sum(axis=1)
    # sums of the same logarithms in another order may differ by rounding
    ties = abs(own) * 1e-9
    return float((1 + (theirs >= own - ties).sum()) / (n_surrogate + 1))


def _tokens(predictor: Predictor, symbols: Int[np.ndarray, "..."]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(symbols, dtype=np.int64)).to(device_of(predictor))
