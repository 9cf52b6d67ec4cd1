"""The ceiling: a process as a predictor of its own words."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from predictors.baselines import Baseline
from predictors.predictor import Site, Tap, segments, visit, written_rows

__all__ = ["ProcessLike", "ProcessPredictor", "checked_rows"]

SIGNED_ZERO = 1e-12
"""A sum of signed terms counts as zero below this part of the sum of their absolute values: the terms carry relative
errors of about 1e-15, more after a long filter. Sums of nonnegative terms are never touched by it."""

NORMALISED = 1e-9
"""How far belief @ evaluate may be from 1. Filtering keeps it to about 1e-15; only an edit can move it."""


ROUNDED = 1e-12
"""Components of an edited belief below this part of its largest are rounding, and 0, where some are negative."""


PREDICTED = 1e-6
"""How far a prediction of somebody's process may be from summing to 1: it may be computed in float32."""


@runtime_checkable
class ProcessLike(Protocol):
    """What a process needs for its predictor. An `alphabet`, if it has one, gives the number of symbols."""

    def predict(self, words: Any) -> Any:
        """P(x_t | x_<t) for integer words (seq, time), as an array (seq, time+1, symbol)."""
        ...


@dataclass(frozen=True)
class _Linear:
    """A process by its labelled matrices: P(w) = start @ T_w @ evaluate."""

    T: Tensor  # symbol state next_state
    start: Tensor  # state
    evaluate: Tensor  # state
    emission: Tensor  # state symbol: P(x | belief) = belief @ emission
    size: Tensor  # state symbol: the same sum over absolute values
    nonnegative: bool

    @classmethod
    def of(cls, process: object) -> "_Linear | None":
        parts = [getattr(process, name, None) for name in ("T", "start", "evaluate")]
        if any(part is None for part in parts):
            return None
        T, start, evaluate = (torch.tensor(np.asarray(part), dtype=torch.float64) for part in parts)
        nonnegative = all(bool((part >= 0).all()) for part in (T, start, evaluate))
        return cls(T, start, evaluate, (T @ evaluate).T, (T.abs() @ evaluate.abs()).T, nonnegative)

    def rounded(self, beliefs: Tensor) -> Tensor:
        """Edited beliefs without what an edit's rounding put into impossible states. No filtered one is touched."""
        if not self.nonnegative or not bool((beliefs < 0).any()):
            return beliefs
        edited = (beliefs < 0).any(dim=-1, keepdim=True)
        size = beliefs.abs()
        return torch.where(edited & (size < ROUNDED * size.amax(dim=-1, keepdim=True)), 0.0, beliefs)


@dataclass(frozen=True)
class _WordsCarry:
    row: int
    log_probs: Tensor
    pieces: tuple[Any, Tensor] | None  # what was read: (pieces before, tokens)
    belief: Tensor | None  # (seq, state) if the process is given by matrices

    def words(self, tokens: Tensor) -> Tensor:
        found, pieces = [tokens], self.pieces
        while pieces is not None:
            pieces, last = pieces
            found.append(last)
        return torch.cat(found[::-1], dim=1)


class ProcessPredictor(Baseline):
    """The predictor that knows its process: exact Bayes, a corpus, an epsilon-machine. The ceiling.

    Anything with the methods of a process will do. If it also has labelled matrices `T` (symbol, state, next_state),
    `start` and `evaluate`, the predictor filters: it carries the belief start @ T_w / (start @ T_w @ evaluate) as the
    recurrent state site "belief", float64, which can be read and edited; a step costs the same at every row. Otherwise
    it hands all words read so far to `process.predict` at every call, and has no sites: a whole pass costs one call,
    but a step at row t one call on words of t symbols, so that n single steps cost n (n + 1) / 2 symbols.

    The process need not be the one that makes the words: a fitted or a coarse-grained one predicts as it believes.

    Forbidden symbols have log probability -inf. Conditioning on an impossible word raises what `process.predict`
    raises.

    An edited belief must satisfy belief @ evaluate = 1 and give nonnegative predictions, else ValueError: nothing is
    rescaled. Reading a symbol that an edited belief excludes is a ValueError too.

    Example:
        >>> exact = ProcessPredictor(compmech.zoo.rrxor())  # doctest: +SKIP
        >>> capture(exact, tokens, ["belief"])["belief"].shape  # doctest: +SKIP
        torch.Size([32, 17, 5])
    """

    carry_type = _WordsCarry

    def __init__(self, process: ProcessLike) -> None:
        self.process = process
        self._linear = linear = _Linear.of(process)
        sites = {}
        if linear is not None:
            n_state = linear.start.shape[0]
            meaning = "the belief over states of the process, after the symbols read"
            sites["belief"] = Site(n_state, (n_state,), meaning, state=True, recurrent=True)
        super().__init__(_n_symbol(process), sites)

    def _start(self, n_seq: int, tap: Tap) -> _WordsCarry:
        nothing = torch.empty(n_seq, 0, dtype=torch.int64)
        if self._linear is None:
            return _WordsCarry(0, self._replay(nothing)[:, 0], None, None)
        value = self._linear.start.expand(n_seq, 1, -1).clone()
        value = self._linear.rounded(visit(tap, "belief", range(1), value))
        return _WordsCarry(0, self._log_predictions(self._linear, value, 0)[:, 0], None, value[:, 0])

    def _read(self, tokens: Tensor, carry: _WordsCarry, tap: Tap) -> tuple[Tensor, _WordsCarry]:
        n_time = tokens.shape[1]
        if self._linear is None:
            rows, belief = self._replay(carry.words(tokens))[:, carry.row + 1 :], None
        else:
            beliefs = self._filter(self._linear, tokens, carry, tap)
            rows, belief = self._log_predictions(self._linear, beliefs, carry.row + 1), beliefs[:, -1]
        return rows, _WordsCarry(carry.row + n_time, rows[:, -1], (carry.pieces, tokens), belief)

    def _replay(self, words: Tensor) -> Tensor:
        return checked_rows(self.process, words, self.n_symbol).log()

    def _filter(self, linear: _Linear, tokens: Tensor, carry: _WordsCarry, tap: Tap) -> Tensor:
        """Beliefs at the new rows: a loop over symbols, cut at the rows that the tap may write."""
        rows = range(carry.row + 1, carry.row + tokens.shape[1] + 1)
        assert carry.belief is not None
        belief, pieces = linear.rounded(carry.belief), []
        for part in segments(rows, written_rows(tap, "belief", rows)):
            piece = []
            for row in part:
                belief = self._after(linear, belief, tokens[:, : row - carry.row], carry)
                piece.append(belief)
            value = linear.rounded(visit(tap, "belief", part, torch.stack(piece, dim=1)))
            belief = value[:, -1]
            pieces.append(value)
        return torch.cat(pieces, dim=1)

    def _after(self, linear: _Linear, belief: Tensor, read: Tensor, carry: _WordsCarry) -> Tensor:
        """The belief after the last of the symbols `read` since the carry."""
        symbol, every = read[:, -1], torch.arange(len(belief))
        moved = torch.matmul(belief, linear.T)[symbol, every]
        total = _signed(moved @ linear.evaluate, (belief.abs() @ linear.size)[every, symbol])
        if bool((total <= 0).any()):
            self._refuse(read, carry, int((total <= 0).nonzero()[0]))
        return moved / total[:, None]

    def _refuse(self, read: Tensor, carry: _WordsCarry, seq: int) -> None:
        words = carry.words(read)
        self.process.predict(words.numpy())  # raises, unless an edit made the word impossible
        raise ValueError(
            f"sequence {seq}: symbol {int(words[seq, -1])} at t={words.shape[1] - 1} has probability 0 under the "
            "edited belief, though the process allows it. Edit towards a belief that allows the symbols that follow."
        )

    def _log_predictions(self, linear: _Linear, beliefs: Tensor, row: int) -> Tensor:
        """log P(x | belief) at rows from `row` on; refuse what is no belief."""
        total = beliefs @ linear.evaluate
        if not bool(((total - 1).abs() <= NORMALISED).all()):
            seq, i = (int(index) for index in (~((total - 1).abs() <= NORMALISED)).nonzero()[0])
            raise ValueError(
                f"a belief must have belief @ evaluate = 1; sequence {seq}, row {row + i} has "
                f"{float(total[seq, i]):.9g}. Divide the edited belief by it?"
            )
        probability = _signed(beliefs @ linear.emission, beliefs.abs() @ linear.size)
        if bool((probability < 0).any()):
            seq, i, symbol = (int(index) for index in (probability < 0).nonzero()[0])
            raise ValueError(
                f"the belief of sequence {seq} at row {row + i} gives symbol {symbol} the probability "
                f"{float(probability[seq, i, symbol]):.3g}: an edit must stay where predictions are nonnegative"
            )
        return probability.log()


def _n_symbol(process: ProcessLike) -> int:
    """The size of its alphabet, or else of its prediction before the first symbol."""
    alphabet = getattr(process, "alphabet", None)
    if alphabet is not None:
        return len(alphabet)
    return int(np.asarray(process.predict(np.empty((1, 0), dtype=np.int64))).shape[-1])


def checked_rows(process: ProcessLike, words: Tensor, n_symbol: int) -> Tensor:
    """P(x_t | x_<t) of a process at rows 0 .. time, float64, if that is what its `predict` gives.

    Raises:
        ValueError: for another shape, or the first row that is no distribution. Whatever `predict` raises.
    """
    found = torch.tensor(np.asarray(process.predict(words.numpy())), dtype=torch.float64)
    expected = (words.shape[0], words.shape[1] + 1, n_symbol)
    who = f"{type(process).__name__}.predict must give (seq, time+1, symbol) = {expected}"
    if tuple(found.shape) != expected:
        raise ValueError(f"{who}; it gave {tuple(found.shape)}. Row t is the prediction of symbol t, row 0 the first")
    wrong = ~((found >= 0).all(-1) & ((found.sum(-1) - 1).abs() <= PREDICTED))
    if bool(wrong.any()):
        seq, row = (int(i) for i in wrong.nonzero()[0])
        raise ValueError(f"{who}, every row a distribution; sequence {seq}, row {row} is {found[seq, row].tolist()}")
    return found


def _signed(total: Tensor, size: Tensor) -> Tensor:
    """The totals, zero where they are below the rounding error of a sum of signed terms of that size."""
    return torch.where(total.abs() <= SIGNED_ZERO * size, 0.0, total)
