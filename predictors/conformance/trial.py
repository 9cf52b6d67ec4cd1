"""What the conformance checks work with: a predictor, words drawn from it, a tolerance, and ways to compare."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor

from predictors.evaluation import device_of
from predictors.predictor import At, Carry, Predictor, Tap, at, untouched

__all__ = [
    "LEAST_TIME",
    "SINGLE_TOLERANCE",
    "TOLERANCE",
    "ConformanceError",
    "Skip",
    "Trial",
    "Watch",
    "device_of",
    "deviation",
    "draw_tokens",
]

LEAST_TIME = 4
"""The fewest symbols in a word that every check can be made on."""
TOLERANCE = {torch.float64: 1e-9}
"""Relative to the larger of 1 and the values; float64 passes agree to about 1e-15."""
SINGLE_TOLERANCE = 1e-5
"""The same for float32, where passes agree to about 1e-6, and for anything coarser."""


class ConformanceError(AssertionError):
    """A predictor breaks the contract.

    Attributes:
        check: name of the check that found it.
        detail: what was expected and what came.
        site: the site concerned, if one is.
        row: the row concerned, if one is.
        size: the deviation, relative to the larger of 1 and the values compared; None where nothing was measured.
    """

    def __init__(
        self, check: str, detail: str, *, site: str | None = None, row: int | None = None, size: float | None = None
    ) -> None:
        self.check, self.detail, self.site, self.row, self.size = check, detail, site, row, size
        super().__init__(check, detail)

    def __str__(self) -> str:
        where = [] if self.site is None else [f"site {self.site!r}"]
        where += [] if self.row is None else [f"row {self.row}"]
        where += [] if self.size is None else [f"deviation {self.size:.3g}"]
        return f"[{self.check}] {self.detail}" + (f" ({', '.join(where)})" if where else "")


class Skip(Exception):
    """A check does not apply; the message says why. It ends up in the report."""


class Watch:
    """A tap that reads sites, keeps what it saw and a copy of it, and so notices values changed afterwards."""

    def __init__(self, sites: Collection[str]) -> None:
        self.reads = frozenset(sites)
        self.writes: Mapping[str, Collection[int] | None] = MappingProxyType({})
        self.seen: dict[str, list[tuple[range, Tensor, Tensor]]] = {site: [] for site in sites}

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        if site in self.reads:
            self.seen[site].append((rows, value, value.detach().clone()))
        return value

    def rows(self, site: str) -> list[int]:
        """The rows shown, in ascending order."""
        return sorted(row for rows, _, _ in self.seen[site] for row in rows)

    def values(self, site: str) -> Tensor:
        """The values as they were when shown, (seq, row, width)."""
        pieces = sorted((piece for piece in self.seen[site] if len(piece[0])), key=lambda piece: piece[0].start)
        return torch.cat([copy for _, _, copy in pieces], dim=1)

    def changed(self, site: str) -> bool:
        """Whether a value was changed in place after it was shown."""
        return any(not torch.equal(value, copy) for _, value, copy in self.seen[site])


class Trial:
    """A predictor on trial.

    Attributes:
        predictor: the predictor.
        tokens: words that it finds possible, (seq, time).
        tolerance: largest deviation that counts as equal, relative to the larger of 1 and the values compared.
        check: name of the check under way.
        notes: parts of checks that could not be made, each with its reason.
    """

    def __init__(self, predictor: Predictor, tokens: Tensor, tolerance: float) -> None:
        self.predictor, self.tokens, self.tolerance = predictor, tokens, tolerance
        self.check = ""
        self.notes: list[str] = []

    @property
    def n_time(self) -> int:
        return self.tokens.shape[1]

    @property
    def rows(self) -> range:
        """Rows of a whole pass."""
        return range(self.predictor.first_row, self.n_time + 1)

    @property
    def edit_rows(self) -> list[int]:
        """Rows at which edits are tried: the first, one inside, the last but one."""
        return sorted({self.rows[0], self.n_time // 2, self.n_time - 1})

    def need_sites(self) -> None:
        """Skip the check under way if the predictor has no sites."""
        if not self.predictor.sites:
            raise Skip("the predictor has no sites")

    def note(self, reason: str) -> None:
        """Report that part of this check was not made."""
        self.notes.append(f"{self.check}: {reason}")

    def fail(
        self, detail: str, *, site: str | None = None, row: int | None = None, size: float | None = None
    ) -> NoReturn:
        raise ConformanceError(self.check, detail, site=site, row=row, size=size)

    def log_probs(self, predictor: Predictor | None = None, tokens: Tensor | None = None) -> Tensor:
        """A whole pass, without a tap."""
        return (predictor or self.predictor).log_probs(self.tokens if tokens is None else tokens)

    def watched(self, predictor: Predictor | None = None, tokens: Tensor | None = None) -> tuple[Tensor, Watch]:
        """A whole pass with every site read."""
        watch = Watch(self.predictor.sites)
        return (predictor or self.predictor).log_probs(self.tokens if tokens is None else tokens, tap=watch), watch

    def in_pieces(
        self,
        predictor: Predictor,
        pieces: Sequence[int],
        *,
        tap: Tap = untouched,
        tokens: Tensor | None = None,
    ) -> Tensor:
        """All rows by `advance` over pieces of the given lengths."""
        words = self.tokens if tokens is None else tokens
        carry = predictor.init_carry(len(words), tap=tap)
        found = [] if carry.log_probs is None else [carry.log_probs[:, None]]
        start = 0
        for length in pieces:
            rows, carry = predictor.advance(words[:, start : start + length], carry, tap=tap)
            start += length
            found.append(rows)
            self.stands_at(carry, start, rows)
        return torch.cat(found, dim=1)

    def in_steps(self, predictor: Predictor, *, tap: Tap = untouched, tokens: Tensor | None = None) -> Tensor:
        """All rows by `step`."""
        words = self.tokens if tokens is None else tokens
        carry = predictor.init_carry(len(words), tap=tap)
        found = [] if carry.log_probs is None else [carry.log_probs]
        for t in range(words.shape[1]):
            row, carry = predictor.step(words[:, t], carry, tap=tap)
            found.append(row)
            self.stands_at(carry, t + 1, row[:, None])
        return torch.stack(found, dim=1)

    def stands_at(self, carry: Carry, row: int, new_rows: Tensor) -> None:
        """The carry names its row, and repeats the predictions of that row."""
        if carry.row != row:
            self.fail(f"the carry after {row} symbols says that it stands at row {carry.row}", row=row)
        if new_rows.shape[1]:
            if carry.log_probs is None:
                self.fail("the carry has no predictions at a row that has some", row=row)
            self.same(carry.log_probs[:, None], new_rows[:, -1:], "carry.log_probs and the last new row", first=row)

    def same(self, got: Tensor, want: Tensor, what: str, *, site: str | None = None, first: int | None = None) -> None:
        """Two arrays (seq, row, ...) agree, else the first row off is named; `first` is the row that they start at."""
        if got.shape != want.shape:
            self.fail(f"{what}: expected shape {tuple(want.shape)}; got {tuple(got.shape)}", site=site)
        if got.numel() == 0:
            return
        by_row = deviation(got, want).transpose(0, 1).flatten(1).amax(1)
        off = (by_row > self.tolerance).nonzero()
        if len(off):
            at_fault = int(off[0])
            row = at_fault + (self.rows[0] if first is None else first)
            self.fail(f"{what}: must be equal", site=site, row=row, size=float(by_row[at_fault]))

    def moved(self, got: Tensor, want: Tensor) -> bool:
        """Whether two arrays differ by more than rounding."""
        rounding = 64 * torch.finfo(got.dtype).eps
        return bool((deviation(got, want) > rounding).any())

    def towards(self, row: int, values: Tensor, log_probs: Tensor, part: float) -> tuple[At, Tensor, Tensor] | None:
        """An edit at one row, towards the value that another sequence has there: `part` of the way.

        Vectors drawn at random would be no states of the predictor: exact Bayes would refuse them. Each sequence goes
        towards the one whose predictions at that row differ most from its own; where all agree, as before the first
        symbol, towards its own value at another row.

        Returns the edit, the value that it writes, and for each sequence whether the predictions that belong to the two
        values differ; None where the site has one value only.
        """
        i = row - self.rows[0]
        chance = log_probs.exp()
        gap = (chance[:, None, i] - chance[None, :, i]).abs().amax(-1)  # seq seq
        other, differs = values[gap.argmax(1), i], gap.amax(1) > 1e-6
        if not self.moved(other, values[:, i]):
            gap = (chance - chance[:, i : i + 1]).abs().amax(-1)  # seq row
            every = torch.arange(len(values), device=values.device)
            other, differs = values[every, gap.argmax(1)], gap.amax(1) > 1e-6
        if not self.moved(other, values[:, i]):
            return None
        return at(row, lambda value: value.lerp(other, part)), values[:, i].lerp(other, part), differs


def deviation(got: Tensor, want: Tensor) -> Tensor:
    """|got - want| / max(1, |want|), entry by entry: 0 where both are the same infinity, inf where a NaN stands."""
    got, want = got.detach().to("cpu", torch.float64), want.detach().to("cpu", torch.float64)
    off = torch.where(got == want, 0.0, (got - want).abs() / want.abs().clamp(min=1.0))
    return off.nan_to_num(nan=torch.inf, posinf=torch.inf)


def draw_tokens(predictor: Predictor, n_seq: int, n_time: int, rng: np.random.Generator) -> tuple[Tensor, str | None]:
    """Words drawn from the predictor itself; the first symbol uniformly if it has no row 0.

    They are shorter than `n_time` where the predictor refuses longer ones with a ValueError, as one with a maximal
    length does; then its words come too.

    Raises:
        ValueError: if it refuses words of LEAST_TIME symbols.
    """
    words = torch.empty(n_seq, 0, dtype=torch.int64, device=device_of(predictor))
    log_probs = predictor.log_probs(words)
    for t in range(n_time):
        if t >= predictor.first_row:
            chance = log_probs[:, -1].detach().to("cpu", torch.float64).exp().numpy()
        else:
            chance = np.full((n_seq, predictor.n_symbol), 1.0)
        edge = np.cumsum(chance, axis=1)
        symbol = (edge[:, :-1] <= rng.random((n_seq, 1)) * edge[:, -1:]).sum(axis=1)
        longer = torch.cat([words, torch.as_tensor(symbol, device=words.device)[:, None]], dim=1)
        try:
            log_probs = predictor.log_probs(longer)
        except ValueError as error:
            if t >= LEAST_TIME:
                return words, str(error)
            raise ValueError(f"{error} (the checks need words of at least {LEAST_TIME} symbols)") from error
        words = longer
    return words, None
