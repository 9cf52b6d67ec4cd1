"""The floor: uniform, unigram and k-gram predictors, which know no process; and what plain predictors share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from predictors.predictor import Carry, Site, Tap, check_n_seq, check_sites, check_tokens, untouched
from predictors.smoothing import SMOOTHINGS, count_words, tables

__all__ = ["Baseline", "KGramPredictor", "UniformPredictor", "unigram"]

MAX_TABLE = 2**24
"""Largest k-gram table: n_symbol ** (k + 1) float64 numbers, 128 MiB."""

NORMALISED = 1e-9
"""How far a row of a table may be from summing to 1."""


class Baseline(ABC):
    """A Predictor without parameters, on the CPU, in float64: rows 0 .. time, made by `_start` and by `_read`."""

    first_row = 0
    carry_type: ClassVar[type]

    def __init__(self, n_symbol: int, sites: Mapping[str, Site] | None = None) -> None:
        if n_symbol < 1:
            raise ValueError(f"an alphabet has at least one symbol; got n_symbol={n_symbol}")
        self.n_symbol = n_symbol
        self.sites: Mapping[str, Site] = MappingProxyType(dict(sites or {}))

    @abstractmethod
    def _start(self, n_seq: int, tap: Tap) -> Any: ...

    @abstractmethod
    def _read(self, tokens: Tensor, carry: Any, tap: Tap) -> tuple[Tensor, Any]: ...

    def log_probs(self, tokens: Int[Tensor, "seq time"], *, tap: Tap = untouched) -> Float[Tensor, "seq row symbol"]:
        """log P(x_t | x_<t) in nats, float64, for rows 0 .. time."""
        check_tokens(tokens, self.n_symbol)
        carry = self.init_carry(tokens.shape[0], tap=tap)
        rows, _ = self.advance(tokens, carry, tap=tap)
        assert carry.log_probs is not None
        return torch.cat([carry.log_probs[:, None], rows], dim=1)

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> Carry:
        """The carry at row 0, nothing read yet."""
        check_n_seq(n_seq)
        check_sites(self, [*tap.reads, *tap.writes])
        carry: Carry = self._start(n_seq, tap)
        return carry

    def advance(
        self, tokens: Int[Tensor, "seq time"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq time symbol"], Carry]:
        """Read any number of symbols. Raises ValueError for tokens or a carry that do not fit."""
        check_tokens(tokens, self.n_symbol)
        check_sites(self, [*tap.reads, *tap.writes])
        if not isinstance(carry, self.carry_type):
            raise ValueError(
                f"expected a carry made by this predictor's init_carry, advance or step; got {type(carry).__name__}"
            )
        if carry.log_probs is not None and len(carry.log_probs) != len(tokens):
            raise ValueError(f"tokens must have the carry's {len(carry.log_probs)} sequences; got {len(tokens)}")
        if tokens.shape[1] == 0:
            return torch.empty(len(tokens), 0, self.n_symbol, dtype=torch.float64), carry
        return self._read(tokens.to("cpu", torch.int64), carry, tap)

    def step(
        self, tokens_t: Int[Tensor, " seq"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq symbol"], Carry]:
        """Read one symbol."""
        check_tokens(tokens_t, self.n_symbol, ndim=1)
        rows, carry = self.advance(tokens_t[:, None], carry, tap=tap)
        return rows[:, 0], carry


# -------------------------------------------------------------------------------------------------------------- uniform


@dataclass(frozen=True)
class _UniformCarry:
    row: int
    log_probs: Tensor


class UniformPredictor(Baseline):
    """Every symbol has probability 1 / n_symbol, whatever was read: the floor. It has no sites."""

    carry_type = _UniformCarry

    def _start(self, n_seq: int, tap: Tap) -> _UniformCarry:
        return _UniformCarry(0, torch.full((n_seq, self.n_symbol), -log(self.n_symbol), dtype=torch.float64))

    def _read(self, tokens: Tensor, carry: _UniformCarry, tap: Tap) -> tuple[Tensor, _UniformCarry]:
        n_seq, n_time = tokens.shape
        rows = torch.full((n_seq, n_time, self.n_symbol), -log(self.n_symbol), dtype=torch.float64)
        return rows, _UniformCarry(carry.row + n_time, carry.log_probs)


# --------------------------------------------------------------------------------------------------------------- k-gram


@dataclass(frozen=True)
class _WindowCarry:
    row: int
    log_probs: Tensor
    window: Tensor  # (seq, at most k): the symbols that are still seen


class KGramPredictor(Baseline):
    """Counts of what followed the last k symbols, falling back on shorter histories. It has no sites.

    How is up to `fit`; by default the rule is Witten-Bell (method C). With n(c, x) the number of times x followed the
    history c, n(c) their sum and m(c) the number of different symbols seen after c,

        P(x | c) = (n(c, x) + m(c) P(x | c')) / (n(c) + m(c)),

    where c' is c without its oldest symbol; a history never seen gives P(x | c') itself. The chain goes on through the
    empty history to the uniform distribution, so that every row sums to 1 and a symbol never seen at all gets
    m / ((n + m) n_symbol) from the n symbols and m different ones of the whole sample. Every probability is positive,
    and the KL from any process finite: this is the rule's own mass for the unseen, not a constant added to zeros.

    Row t uses the whole history while t < k, the last k symbols after that. Histories at the start of a sequence
    and inside it are counted together.

    Args:
        probability: for each order j = 0 .. k the table P(x | c) over histories of length j, of shape
            (n_symbol ** j, n_symbol), rows in lexicographic order with the oldest symbol first. Made by `fit`.
    Raises:
        ValueError: if a table has the wrong shape or a row that is not a distribution.
    Reference:
        Witten and Bell, IEEE Transactions on Information Theory 37, 1085 (1991); in this recursive form Chen and
        Goodman, Computer Speech and Language 13, 359 (1999), section 2.
    Example:
        >>> model = KGramPredictor.fit(torch.tensor([[0, 1, 0, 1, 0, 1]]), k=1, n_symbol=2)
        >>> model.log_probs(torch.tensor([[0]])).exp()[0, 1]  # after 0: 1 came three times, and 0 never
        tensor([0.1250, 0.8750], dtype=torch.float64)
    """

    carry_type = _WindowCarry

    def __init__(self, probability: Sequence[Float[np.ndarray, "_ symbol"]]) -> None:
        if not probability:
            raise ValueError("a k-gram predictor needs at least the table of order 0")
        super().__init__(probability[0].shape[1])
        for order, table in enumerate(probability):
            if table.shape != (self.n_symbol**order, self.n_symbol):
                raise ValueError(
                    f"the table of order {order} must have shape (n_symbol ** {order}, n_symbol) = "
                    f"{(self.n_symbol**order, self.n_symbol)}; got {table.shape}"
                )
            wrong = np.flatnonzero(~((table >= 0).all(axis=1) & (abs(table.sum(axis=1) - 1) <= NORMALISED)))
            if len(wrong):
                raise ValueError(
                    f"rows of the tables are distributions; order {order}, history {wrong[0]} is {table[wrong[0]]}"
                )
        self.k = len(probability) - 1
        with np.errstate(divide="ignore"):
            self._log_tables = [torch.from_numpy(np.log(np.asarray(table, dtype=np.float64))) for table in probability]

    @classmethod
    def fit(
        cls,
        tokens: Int[Tensor, "seq time"] | Int[np.ndarray, "seq time"] | Sequence[Any],
        k: int,
        n_symbol: int,
        *,
        smoothing: str = "witten-bell",
    ) -> "KGramPredictor":
        """Count histories up to length k in a sample: of a process, of a corpus, of a predictor.

        Args:
            tokens: sequences of symbols 0 .. n_symbol - 1, or a list of arrays (time,) that may differ in length, as
                `Windows.documents`; histories do not cross from one to the next.
            k: length of the longest history, >= 0.
            smoothing: `witten-bell`, `back-off`, `kneser-ney` or `none`; `smoothing.tables` has the rules.
        Raises:
            ValueError: if there is nothing to count, a token is out of range, n_symbol ** (k + 1) exceeds 2 ** 24, or
                there is no such smoothing.
        """
        if smoothing not in SMOOTHINGS:
            raise ValueError(f"smoothing must be one of {', '.join(SMOOTHINGS)}; got {smoothing!r}")
        if k < 0:
            raise ValueError(f"the length of the longest history is k >= 0; got {k}")
        if n_symbol ** (k + 1) > MAX_TABLE:
            raise ValueError(
                f"k={k} over {n_symbol} symbols needs {n_symbol ** (k + 1)} counts, more than {MAX_TABLE}: "
                "take a smaller k"
            )
        given = (
            [torch.as_tensor(each)[None] for each in tokens]
            if isinstance(tokens, list | tuple)
            else [torch.as_tensor(tokens)]
        )
        for sample in given:
            check_tokens(sample, n_symbol)
        if not any(sample.numel() for sample in given):
            shapes = ", ".join(str(tuple(sample.shape)) for sample in given[:3])
            raise ValueError(f"nothing to count: tokens have shape {shapes}")
        words = [sample.numpy().astype(np.int64) for sample in given]
        return cls(tables(count_words(words, k, n_symbol), smoothing))

    def shorter(self, k: int) -> "KGramPredictor":
        """The same counts, looking back on at most `k` symbols: what `fit` with that k would have given.

        Raises:
            ValueError: unless 0 <= k <= self.k.
        """
        if not 0 <= k <= self.k:
            raise ValueError(f"this predictor holds histories of length 0 .. {self.k}; got k={k}")
        return type(self)([table.exp().numpy() for table in self._log_tables[: k + 1]])

    def _start(self, n_seq: int, tap: Tap) -> _WindowCarry:
        return _WindowCarry(0, self._log_tables[0].expand(n_seq, -1).clone(), torch.empty(n_seq, 0, dtype=torch.int64))

    def _read(self, tokens: Tensor, carry: _WindowCarry, tap: Tap) -> tuple[Tensor, _WindowCarry]:
        n_time = tokens.shape[1]
        seen = torch.cat([carry.window, tokens], dim=1)
        before = carry.window.shape[1]
        rows = torch.stack([self._row(seen[:, : before + i]) for i in range(1, n_time + 1)], dim=1)
        window = seen[:, max(0, seen.shape[1] - self.k) :]
        return rows, _WindowCarry(carry.row + n_time, rows[:, -1], window)

    def _row(self, seen: Tensor) -> Tensor:
        order = min(self.k, seen.shape[1])
        history = seen[:, seen.shape[1] - order :]
        place = torch.tensor([self.n_symbol**i for i in reversed(range(order))], dtype=torch.int64)
        return self._log_tables[order][(history * place).sum(dim=1)]


def unigram(
    tokens: Int[Tensor, "seq time"] | Int[np.ndarray, "seq time"] | Sequence[Any], n_symbol: int
) -> KGramPredictor:
    """Every symbol with its relative frequency in a sample, whatever was read; 0 for a symbol that never came.

    Raises ValueError as `KGramPredictor.fit` does.

    Example:
        >>> unigram(torch.tensor([[0, 1, 1, 1]]), n_symbol=2).log_probs(torch.tensor([[0]])).exp()[0, 1]
        tensor([0.2500, 0.7500], dtype=torch.float64)
    """
    return KGramPredictor.fit(tokens, 0, n_symbol, smoothing="none")
