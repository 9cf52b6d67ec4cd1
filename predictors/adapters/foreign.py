"""What adapted networks share: begin token, vocabulary, alignment of rows, and the calls of a Predictor.

A network of another library reads token ids and gives logits over its vocabulary. The symbols are its ids
0 .. n_symbol - 1; what it thinks of all other ids is left out and the rest renormalised, and `lost_mass` says how much
that was. With `begin=id` it is given that id before the first symbol and row 0 is what it answers; with `begin=None` it
cannot speak before the first symbol, and rows start at 1.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from predictors.predictor import Carry, Site, Tap, check_n_seq, check_sites, check_tokens, untouched

__all__ = ["ForeignCarry", "ForeignPredictor"]


@dataclass(frozen=True)
class ForeignCarry:
    """The carry of an adapted network: predictions at `row`, and what the network remembers."""

    row: int
    log_probs: Float[Tensor, "seq symbol"] | None
    n_seq: int
    memory: Any = field(repr=False)


class ForeignPredictor(nn.Module, ABC):
    """A Predictor whose network reads token ids.

    Attributes:
        n_symbol: symbols are the ids 0 .. n_symbol - 1.
        n_vocab: size of the network's vocabulary.
        begin: the id that it reads before the first symbol, or None.
        max_id: the most ids that it can read, begin token and all; None: no limit known.
    """

    def __init__(self, n_symbol: int, n_vocab: int, begin: int | None, max_id: int | None) -> None:
        super().__init__()
        if not 1 <= n_symbol <= n_vocab:
            raise ValueError(f"symbols are ids of the vocabulary, 0 .. {n_vocab - 1}; got n_symbol={n_symbol}")
        if begin is not None and not 0 <= begin < n_vocab:
            raise ValueError(f"begin must be an id of the vocabulary, 0 .. {n_vocab - 1}, or None; got {begin}")
        self.n_symbol, self.n_vocab, self.begin, self.max_id = n_symbol, n_vocab, begin, max_id
        self.first_row = 1 if begin is None else 0

    @property
    @abstractmethod
    def sites(self) -> Mapping[str, Site]: ...

    @abstractmethod
    def _blank(self, n_seq: int) -> Any:
        """The memory of having read nothing."""

    @abstractmethod
    def _run(self, ids: Int[Tensor, "seq row"], rows: range, memory: Any, tap: Tap) -> tuple[Tensor, Any]:
        """Read the ids of `rows`, at least one: logits (seq, row, vocab) and the memory after; `memory` stays."""

    def _whole(self, ids: Int[Tensor, "seq row"], rows: range, tap: Tap) -> Tensor:
        """The logits of a pass that starts from nothing and is not resumed."""
        return self._run(ids, rows, self._blank(len(ids)), tap)[0]

    # ----------------------------------------------------------------------------------------------------- a Predictor

    def log_probs(self, tokens: Int[Tensor, "seq time"], *, tap: Tap = untouched) -> Float[Tensor, "seq row symbol"]:
        """log P(x_t | x_<t) in nats, for rows first_row .. time. Raises ValueError for tokens that are no symbols."""
        self._check(tokens, tap)
        rows = range(self.first_row, tokens.shape[1] + 1)
        if not rows:
            return self._no_rows(len(tokens))
        return self._normalised(self._whole(self._ids(tokens), self._limited(rows), tap))

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> ForeignCarry:
        """The carry at row 0: the begin token is read if there is one, and no symbol."""
        check_n_seq(n_seq)
        check_sites(self, tap.reads | tap.writes.keys())
        memory = self._blank(n_seq)
        if self.begin is None:
            return ForeignCarry(0, None, n_seq, memory)
        ids = self._ids(torch.empty(n_seq, 0, dtype=torch.int64))
        logits, memory = self._run(ids, range(1), memory, tap)
        return ForeignCarry(0, self._normalised(logits)[:, 0], n_seq, memory)

    def advance(
        self, tokens: Int[Tensor, "seq time"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq time symbol"], ForeignCarry]:
        """Read any number of symbols. Raises ValueError for tokens or a carry that do not fit."""
        self._check(tokens, tap)
        if not isinstance(carry, ForeignCarry):
            raise ValueError(
                f"expected a carry made by this predictor's init_carry, advance or step; got {type(carry).__name__}"
            )
        if len(tokens) != carry.n_seq:
            raise ValueError(f"tokens must have the carry's {carry.n_seq} sequences; got {len(tokens)}")
        rows = range(carry.row + 1, carry.row + 1 + tokens.shape[1])
        if not rows:
            return self._no_rows(len(tokens)), carry
        ids = tokens.to(self._device, torch.int64)
        logits, memory = self._run(ids, self._limited(rows), carry.memory, tap)
        log_probs = self._normalised(logits)
        return log_probs, ForeignCarry(rows[-1], log_probs[:, -1], carry.n_seq, memory)

    def step(
        self, tokens_t: Int[Tensor, " seq"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq symbol"], ForeignCarry]:
        """Read one symbol."""
        check_tokens(tokens_t, self.n_symbol, ndim=1)
        log_probs, carry = self.advance(tokens_t[:, None], carry, tap=tap)
        return log_probs[:, 0], carry

    def forward(self, tokens: Int[Tensor, "seq time"]) -> Float[Tensor, "seq row symbol"]:
        """`log_probs`, for whoever calls the module."""
        return self.log_probs(tokens)

    def lost_mass(self, tokens: Int[Tensor, "seq time"]) -> Float[Tensor, "seq row"]:
        """The probability that the network gives to ids that are no symbols, and that is left out, row by row."""
        self._check(tokens, untouched)
        rows = range(self.first_row, tokens.shape[1] + 1)
        if not rows:
            return self._no_rows(len(tokens))[..., 0]
        logits = _precise(self._whole(self._ids(tokens), self._limited(rows), untouched))
        return logits.softmax(-1)[..., self.n_symbol :].sum(-1)

    # ---------------------------------------------------------------------------------------------------------- inside

    # Libraries leave buffers out of the state dict that they compute when a model is made, as rotary frequencies. Here
    # they are kept, so that the state dict alone determines the predictions.

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name, buffer in _unsaved(self).items():
            destination[f"{prefix}{name}"] = buffer if keep_vars else buffer.detach()

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        for name, buffer in _unsaved(self).items():
            if f"{prefix}{name}" in state_dict:
                with torch.no_grad():
                    buffer.copy_(state_dict.pop(f"{prefix}{name}"))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def _check(self, tokens: Tensor, tap: Tap) -> None:
        check_tokens(tokens, self.n_symbol)
        check_sites(self, tap.reads | tap.writes.keys())

    def _limited(self, rows: range) -> range:
        if self.max_id is not None and rows[-1] - self.first_row >= self.max_id:
            limit = self.max_id - 1 + self.first_row
            raise ValueError(f"this network reads at most {limit} symbols; got {rows[-1]}: cut the sequences")
        return rows

    def _ids(self, tokens: Tensor) -> Tensor:
        """What the network reads in a pass from the start: the begin token, if there is one, then the symbols."""
        ids = tokens.to(self._device, torch.int64)
        return ids if self.begin is None else torch.cat([ids.new_full((len(ids), 1), self.begin), ids], dim=1)

    def _normalised(self, logits: Tensor) -> Tensor:
        return _precise(logits)[..., : self.n_symbol].log_softmax(-1)

    def _no_rows(self, n_seq: int) -> Tensor:
        return torch.empty(n_seq, 0, self.n_symbol, device=self._device, dtype=_precise(self._parameter[:0]).dtype)

    @property
    def _parameter(self) -> Tensor:
        parameter = next(self.parameters(), None)
        return torch.empty(0) if parameter is None else parameter.detach().flatten()

    @property
    def _device(self) -> torch.device:
        return self._parameter.device


def _unsaved(module: nn.Module) -> dict[str, Tensor]:
    """The buffers that a state dict leaves out, by name."""
    return {
        f"{path}.{name}" if path else name: buffer
        for path, block in module.named_modules()
        for name, buffer in block.named_buffers(recurse=False)
        if name in block._non_persistent_buffers_set
    }


def _precise(logits: Tensor) -> Tensor:
    """Logits of half precision in single precision: their log-softmax would lose what is left."""
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
