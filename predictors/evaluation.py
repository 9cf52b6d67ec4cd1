"""How far a predictor is from the optimum: KL from the exact predictions of a source, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from predictors.exact import ProcessLike, ProcessPredictor
from predictors.predictor import Predictor, check_tokens
from predictors.sources import PADDING, Source, is_padded

__all__ = ["HeldOut", "checked_words", "device_of", "kl_to_optimum"]

ROWS_AT_ONCE = 2**15
"""Rows of one pass of an evaluation: it bounds memory and changes no result beyond rounding."""


def kl_to_optimum(
    predictor: Predictor,
    source: ProcessLike,
    words: Int[np.ndarray, "seq time"] | Int[Tensor, "seq time"],
    *,
    weight: Float[np.ndarray, " seq"] | None = None,
) -> Float[np.ndarray, " row"]:
    """KL from the source's predictions to the predictor's, in nats, at each of the rows 1 .. time.

    D_t = sum_w weight(w) sum_x P(x | w_<t) log (P(x | w_<t) / Q(x | w_<t)), in float64, P as ProcessPredictor gives it.
    It is inf where the predictor excludes a symbol that is possible. A float32 predictor's rows sum to 1 within about
    1e-7, and its KL is that far from the KL of a distribution: differences of that size, below zero even, mean nothing.

    Args:
        words: histories, of which all rows but row 0 count (there, not every predictor speaks).
        weight: of each word, summing to 1; None: equal weights, right for words drawn from the source. With all words
            of one length and their probabilities the result is the exact expectation.
    Raises:
        ValueError: if there are no words, weights are negative or do not sum to 1, or the alphabets differ; and
            whatever `source.predict` raises for impossible words.
    """
    tokens = torch.as_tensor(words).to(torch.int64)
    n_seq, n_time = tokens.shape
    if n_seq == 0:
        raise ValueError("there are no words to average over")
    given = torch.full((n_seq,), 1 / n_seq, dtype=torch.float64) if weight is None else torch.tensor(weight).double()
    if given.shape != (n_seq,) or bool((given < 0).any()) or not abs(float(given.sum()) - 1) <= 1e-9:
        raise ValueError(
            f"weight must be {n_seq} nonnegative numbers that sum to 1; they sum to {float(given.sum()):.9g}"
        )
    exact, total = ProcessPredictor(source), torch.zeros(n_time, dtype=torch.float64)
    for part in _parts(n_seq, n_time):
        total += given[part] @ _kl(log_rows(exact, tokens[part]), log_rows(predictor, tokens[part]))
    return total.numpy()


@dataclass(frozen=True)
class HeldOut:
    """A sample that a predictor is scored on again and again.

    Attributes:
        words: (seq, length + 1); `PADDING` after the end of a sequence that ends early.
        optimum: exact log probabilities in nats at rows 1 .. length, (seq, row, symbol); None if the source has none.
    """

    words: Tensor
    optimum: Tensor | None

    @classmethod
    def draw(cls, source: Source, n_seq: int, length: int, *, rng: np.random.Generator) -> "HeldOut":
        """Draw the words; predict them if the source can."""
        words = torch.as_tensor(np.asarray(source.sample(n_seq, length + 1, rng=rng))).to(torch.int64)
        optimum = None
        if isinstance(source, ProcessLike) and not is_padded(source):
            exact = ProcessPredictor(source)
            optimum = torch.cat([log_rows(exact, words[part, :-1]) for part in _parts(n_seq, length)])
        return cls(words, optimum)

    def score(self, predictor: Predictor) -> tuple[float, list[float] | None]:
        """Mean -log Q(x_t | x_<t) over rows 1 .. length, and the KL to the optimum at each of them; in nats."""
        n_seq, length = self.words.shape[0], self.words.shape[1] - 1
        loss, kl = 0.0, torch.zeros(length, dtype=torch.float64)
        there = self.words[:, 1:] != PADDING
        whole = bool(there.all())
        for part in _parts(n_seq, length):
            rows = log_rows(predictor, self.words[part, :-1].clamp(min=0))
            surprise = rows.gather(-1, self.words[part, 1:, None].clamp(min=0))
            loss -= float(surprise.sum() if whole else surprise[..., 0][there[part]].sum())
            if self.optimum is not None:
                kl += _kl(self.optimum[part], rows).sum(0)
        return loss / int(there.sum()), None if self.optimum is None else (kl / n_seq).tolist()


def checked_words(drawn: object, source: Source, predictor: Predictor, shape: tuple[int, int]) -> Tensor:
    """What a source has drawn as int64 on the CPU, if it is symbols of the predictor in the shape asked for.

    Raises:
        ValueError: naming the first that is not.
    """
    words = torch.tensor(np.asarray(drawn))  # a copy: what is drawn may be read-only, or used again
    if tuple(words.shape) != shape:
        raise ValueError(f"the source was asked for words (seq, time) = {shape} and gave {tuple(words.shape)}")
    check_tokens(words.clamp(min=0) if is_padded(source) else words, predictor.n_symbol)
    return words.to(torch.int64)


def log_rows(predictor: Predictor, tokens: Tensor) -> Tensor:
    """Log probabilities at rows 1 .. time, float64, on the CPU, without gradients."""
    with torch.no_grad():
        rows = predictor.log_probs(tokens.to(device_of(predictor)))
    return rows[:, 1 - predictor.first_row :].to("cpu", torch.float64)


def _kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    """sum_x p log(p / q) over the last axis; 0 log 0 = 0, also where q = 0."""
    if log_p.shape != log_q.shape:
        shapes = f"{tuple(log_p.shape)} and {tuple(log_q.shape)}"
        raise ValueError(f"source and predictor must agree on (seq, row, symbol); got {shapes}")
    return torch.where(log_p > -torch.inf, log_p.exp() * (log_p - log_q), 0.0).sum(-1)


def _parts(n_seq: int, n_time: int) -> Iterator[slice]:
    size = max(1, ROWS_AT_ONCE // (n_time + 1))
    for start in range(0, n_seq, size):
        yield slice(start, start + size)


def device_of(predictor: Predictor) -> torch.device:
    """Where the parameters of a predictor are; the CPU if it has none."""
    parameters = nn.Module.parameters(predictor) if isinstance(predictor, nn.Module) else iter(())
    return next((parameter.device for parameter in parameters), torch.device("cpu"))
