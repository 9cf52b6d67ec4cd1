"""The one interface behind which every sequence model is run, read and edited.

Glossary. *Row* t of any array is the moment after reading x_0 .. x_{t-1} and before x_t; row 0 is the prior. A *site*
is a named internal value that exists at every row. A *tap* is what a caller slips into a pass to read sites or to write
them. A *carry* is everything that a predictor remembers between two calls.
"""

import difflib
import math
import operator
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = [
    "At",
    "Carry",
    "Edit",
    "EditNotReached",
    "Edited",
    "Predictor",
    "Site",
    "Tap",
    "UnknownSite",
    "at",
    "capture",
    "check_n_seq",
    "check_sites",
    "check_tokens",
    "edited",
    "observe",
    "segments",
    "unedited",
    "untouched",
    "visit",
    "written_rows",
]


FEW_TOKENS = 64
"""Up to so many tokens are looked at one by one."""


@dataclass(frozen=True)
class Site:
    """A named internal value of a predictor, one vector a row.

    Attributes:
        width: length of the vector that a tap sees.
        shape: how that vector folds into the model's own axes; its product is `width`.
        meaning: one line for people.
        state: the value is carried on. All state sites together (the whole prefix of those that are not recurrent)
            determine every later row.
        recurrent: row t of this site is made from row t - 1 of this site.
        delay: an edit at row t first moves row t + delay of the predictions.
    """

    width: int
    shape: tuple[int, ...]
    meaning: str
    state: bool = False
    recurrent: bool = False
    delay: int = 0

    def __post_init__(self) -> None:
        if math.prod(self.shape) != self.width:
            raise ValueError(f"a site's width is the product of its shape; got width {self.width}, shape {self.shape}")


@runtime_checkable
class Tap(Protocol):
    """What a caller slips into a pass: it sees the sites it asks for and may replace their values.

    Attributes:
        reads: names of the sites whose values are wanted.
        writes: names of the sites that may be replaced, each with the rows touched (None: any row).
    """

    @property
    def reads(self) -> frozenset[str]: ...

    @property
    def writes(self) -> Mapping[str, Collection[int] | None]: ...

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        """The value to go on with, for `value` of shape (seq, row, width) at `rows`.

        Row-wise and pure: the answer at a row depends on that row alone, however the pass is cut, and `value` is not
        changed in place. A predictor calls this for every site that is read or written, before anything reads the
        value (`visit` does so).
        """
        ...


@dataclass(frozen=True)
class _Untouched:
    reads: frozenset[str] = frozenset()
    writes: Mapping[str, Collection[int] | None] = field(default_factory=lambda: MappingProxyType({}))

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        return value


untouched: Tap = _Untouched()
"""The tap that asks for nothing."""


@runtime_checkable
class Carry(Protocol):
    """What is remembered between two calls. A value: no call changes it, so it can be used twice.

    Attributes:
        row: the row that it stands at, i.e. the number of symbols read.
        log_probs: predictions at that row, (seq, symbol), in nats; None where the predictor has no such row.
    """

    @property
    def row(self) -> int: ...

    @property
    def log_probs(self) -> Float[Tensor, "seq symbol"] | None: ...


@runtime_checkable
class Predictor(Protocol):
    """Anything that gives the distribution of the next symbol.

    Attributes:
        n_symbol: size of the alphabet; tokens are 0 .. n_symbol - 1.
        first_row: 0 if the predictor speaks before the first symbol, else 1.
        sites: the internal values that can be read and edited; may be empty.
    """

    @property
    def n_symbol(self) -> int: ...

    @property
    def first_row(self) -> int: ...

    @property
    def sites(self) -> Mapping[str, Site]: ...

    def log_probs(self, tokens: Int[Tensor, "seq time"], *, tap: Tap = untouched) -> Float[Tensor, "seq row symbol"]:
        """log P(x_t | x_<t) in nats, for rows first_row .. time."""
        ...

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> Carry:
        """The carry at row 0, nothing read yet."""
        ...

    def advance(
        self, tokens: Int[Tensor, "seq time"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq time symbol"], Carry]:
        """Read any number of symbols; the log probabilities of the new rows and the carry after them."""
        ...

    def step(
        self, tokens_t: Int[Tensor, "seq"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq symbol"], Carry]:
        """Read one symbol: `advance` by one."""
        ...


class UnknownSite(ValueError):
    """A site that the predictor does not have. Carries `name` and `known`."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        self.name, self.known = name, tuple(known)
        near = difflib.get_close_matches(name, self.known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        has = f"it has {', '.join(self.known)}" if self.known else "it has no sites at all"
        super().__init__(f"the predictor has no site {name!r}; {hint}{has}")


def check_sites(predictor: Predictor, names: Collection[str]) -> None:
    """Raise `UnknownSite` for the first name that is not a site of the predictor."""
    for name in names:
        if name not in predictor.sites:
            raise UnknownSite(name, predictor.sites)


def check_n_seq(n_seq: int) -> None:
    """Raise ValueError unless `n_seq` is a number of sequences: an integer of at least 0."""
    try:
        size = operator.index(n_seq)
    except TypeError:
        repair = ": use len(tokens)" if isinstance(n_seq, Tensor) else ""
        raise ValueError(f"a number of sequences is an integer; got {type(n_seq).__name__}{repair}") from None
    if size < 0:
        raise ValueError(f"a number of sequences is at least 0; got {n_seq}")


def check_tokens(tokens: Tensor, n_symbol: int, *, ndim: int = 2) -> None:
    """Raise ValueError unless `tokens` are integers in 0 .. n_symbol - 1 with `ndim` axes (seq, time)."""
    if not isinstance(tokens, Tensor):
        repair = "torch.from_numpy(tokens)" if type(tokens).__module__ == "numpy" else "torch.tensor(tokens)"
        raise ValueError(f"tokens must be a torch tensor; got {type(tokens).__name__}: use {repair}")
    if tokens.ndim != ndim:
        axes = ("(seq, time)" if ndim == 2 else "(seq,)") + f"; got shape {tuple(tokens.shape)}"
        repair = ": one sequence is tokens[None]" if tokens.ndim == 1 else ""
        raise ValueError(f"tokens must have axes {axes}{repair}")
    if tokens.dtype.is_floating_point or tokens.dtype.is_complex or tokens.dtype == torch.bool:
        raise ValueError(f"tokens must be integers 0 .. {n_symbol - 1}; got dtype {tokens.dtype}: use tokens.long()")
    if tokens.numel() <= FEW_TOKENS and all(0 <= token < n_symbol for token in tokens.flatten().tolist()):
        return  # one call where tensor operations would take four: steps of one symbol are made of such costs
    bad = (tokens < 0) | (tokens >= n_symbol)
    if bool(bad.any()):
        where = tuple(int(i) for i in bad.nonzero()[0])
        raise ValueError(
            f"tokens must be in 0 .. {n_symbol - 1}; tokens[{', '.join(map(str, where))}] is {int(tokens[where])}"
        )


def written_rows(tap: Tap, site: str, rows: range) -> list[int]:
    """Those of `rows` that the tap may write at this site, ascending."""
    if site not in tap.writes:
        return []
    touched = tap.writes[site]
    return list(rows) if touched is None else [row for row in rows if row in touched]


def visit(tap: Tap, site: str, rows: range, value: Tensor) -> Tensor:
    """The value of a site to go on with: the tap sees it only if it reads the site or may write one of `rows`."""
    return tap(site, rows, value) if site in tap.reads or written_rows(tap, site, rows) else value


def segments(rows: range, cuts: Collection[int]) -> Iterator[range]:
    """Cut a range of rows after each row in `cuts`, so that every cut row ends a segment."""
    start = rows.start
    for row in rows:
        if row in cuts or row == rows.stop - 1:
            yield range(start, row + 1)
            start = row + 1


# ------------------------------------------------------------------------------------------------------------ reading


class _Recorder:
    """A tap that keeps what it sees."""

    def __init__(self, sites: Collection[str]) -> None:
        self.reads = frozenset(sites)
        self.writes: Mapping[str, Collection[int] | None] = MappingProxyType({})
        self.seen: dict[str, list[tuple[range, Tensor]]] = {site: [] for site in sites}

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        if site in self.seen and len(rows):
            whole = value.untyped_storage().nbytes() <= value.numel() * value.element_size()
            self.seen[site].append((rows, value if whole else value.clone()))  # a view would keep what was not asked
        return value

    def collected(self, site: str) -> Tensor:
        pieces = sorted(self.seen[site], key=lambda piece: piece[0].start)
        return pieces[0][1] if len(pieces) == 1 else torch.cat([value for _, value in pieces], dim=1)


def capture(
    predictor: Predictor, tokens: Int[Tensor, "seq time"], sites: Collection[str]
) -> dict[str, Float[Tensor, "seq row width"]]:
    """Values of the named sites at rows first_row .. time of one pass; nothing else is kept.

    Gradients flow if they are enabled. Raises UnknownSite for a name that the predictor does not have.

    Example:
        >>> capture(model, tokens, ["layer.0", "final"])["final"].shape  # doctest: +SKIP
        torch.Size([32, 11, 64])
    """
    return observe(predictor, tokens, sites)[1]


def observe(
    predictor: Predictor, tokens: Int[Tensor, "seq time"], sites: Collection[str]
) -> tuple[Float[Tensor, "seq row symbol"], dict[str, Float[Tensor, "seq row width"]]]:
    """The predictions and, of the same pass, what `capture` gives."""
    if isinstance(sites, str):
        raise ValueError(f'sites must be a list of names; got the string {sites!r}: use ["{sites}"]')
    check_sites(predictor, sites)
    recorder = _Recorder(sites)
    log_probs = predictor.log_probs(tokens, tap=recorder)
    return log_probs, {site: recorder.collected(site) for site in sites}


# ------------------------------------------------------------------------------------------------------------ editing

Edit = Callable[[range, Tensor], Tensor]
"""`edit(rows, value)` gives the replacement of `value`, (seq, row, width), at `rows`: row-wise and pure."""


class EditNotReached(UserWarning):
    """The words of a pass end before the row of an edit, so that it changes nothing."""


def _check_given_back(new: object, where: str) -> None:
    if not isinstance(new, Tensor):
        raise ValueError(f"the edit {where} must give back a tensor; it gave {type(new).__name__}: does it return?")


@dataclass(frozen=True)
class At:
    """An edit of one row. Made by `at`."""

    row: int
    f: Callable[[Tensor], Tensor]

    def __call__(self, rows: range, value: Tensor) -> Tensor:
        if self.row not in rows:
            return value
        i = rows.index(self.row)
        old, new = value[:, i], self.f(value[:, i].clone())  # f may write in place: see `edited`
        _check_given_back(new, f"at row {self.row}")
        if new.shape != old.shape:
            raise ValueError(
                f"the edit at row {self.row} must keep the shape (seq, width) = {tuple(old.shape)}; "
                f"it gave {tuple(new.shape)}"
            )
        return torch.cat([value[:, :i], new[:, None], value[:, i + 1 :]], dim=1)


def at(row: int, f: Callable[[Float[Tensor, "seq width"]], Float[Tensor, "seq width"]]) -> At:
    """The edit that puts `f(value)` in place of the value at one row and leaves every other row alone.

    f is given a copy, which it may change in place and give back. Raises ValueError if the row is no integer or
    negative: rows count symbols read, from 0.
    """
    try:
        row = operator.index(row)
    except TypeError:
        raise ValueError(f"a row is an integer, the number of symbols read; got {row!r}") from None
    if row < 0:
        raise ValueError(f"a row is the number of symbols read, from 0; got {row}")
    if not callable(f):
        raise ValueError(f"the edit at row {row} must be a function of the value; got {type(f).__name__}")
    return At(row, f)


class _EditTap:
    """The edits first, then the caller's own tap: what it reads is what was written."""

    def __init__(self, edits: Mapping[str, Edit], outer: Tap) -> None:
        self.edits, self.outer = edits, outer
        self.reads = outer.reads
        writes: dict[str, Collection[int] | None] = dict(outer.writes)
        for site, edit in edits.items():
            rows = (edit.row,) if isinstance(edit, At) else None
            others = writes.get(site, ())
            writes[site] = None if rows is None or others is None else frozenset(rows) | frozenset(others)
        self.writes: Mapping[str, Collection[int] | None] = MappingProxyType(writes)

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        edit = self.edits.get(site)
        if edit is not None:
            # An edit that writes in place would reach whatever shares the memory: a carry, the embedding, a residual.
            new = edit(rows, value if isinstance(edit, At) else value.clone())
            _check_given_back(new, f"of {site!r}")
            if new.shape != value.shape:
                raise ValueError(
                    f"the edit of {site!r} must keep the shape (seq, row, width) = {tuple(value.shape)}; "
                    f"it gave {tuple(new.shape)}"
                )
            if new.dtype != value.dtype:
                raise ValueError(
                    f"the edit of {site!r} must keep the dtype {value.dtype}; it gave {new.dtype}: use .to"
                )
            value = new
        return self.outer(site, rows, value)


class Edited:
    """A predictor with edits inside: itself a Predictor, in forward and in step mode alike. Made by `edited`."""

    def __init__(self, inner: Predictor, edits: Mapping[str, Edit]) -> None:
        if not isinstance(edits, Mapping):
            raise ValueError(f"edits are a mapping, {{site: edit}}; got {type(edits).__name__}")
        check_sites(inner, list(edits))
        for site, edit in edits.items():
            if not callable(edit):
                raise ValueError(
                    f"the edit of {site!r} must be a function f(rows, value), or at(row, f); got "
                    f"{type(edit).__name__}: to put a value there, lambda rows, value: ..."
                )
            if isinstance(edit, At) and edit.row < inner.first_row:
                raise ValueError(
                    f"the edit of {site!r} is at row {edit.row}, which this predictor does not have: it has no row "
                    f"before row {inner.first_row}"
                )
        self.inner, self.edits = inner, MappingProxyType(dict(edits))

    @property
    def n_symbol(self) -> int:
        return self.inner.n_symbol

    @property
    def first_row(self) -> int:
        return self.inner.first_row

    @property
    def sites(self) -> Mapping[str, Site]:
        return self.inner.sites

    def log_probs(self, tokens: Int[Tensor, "seq time"], *, tap: Tap = untouched) -> Float[Tensor, "seq row symbol"]:
        log_probs = self.inner.log_probs(tokens, tap=_EditTap(self.edits, tap))
        for site, edit in self.edits.items():
            if isinstance(edit, At) and edit.row > tokens.shape[1]:
                warnings.warn(
                    f"the edit of {site!r} at row {edit.row} changes nothing: words of {tokens.shape[1]} symbols have "
                    f"rows {self.first_row} .. {tokens.shape[1]}",
                    EditNotReached,
                    stacklevel=2,
                )
        return log_probs

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> Carry:
        return self.inner.init_carry(n_seq, tap=_EditTap(self.edits, tap))

    def advance(
        self, tokens: Int[Tensor, "seq time"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq time symbol"], Carry]:
        return self.inner.advance(tokens, carry, tap=_EditTap(self.edits, tap))

    def step(
        self, tokens_t: Int[Tensor, "seq"], carry: Carry, *, tap: Tap = untouched
    ) -> tuple[Float[Tensor, "seq symbol"], Carry]:
        return self.inner.step(tokens_t, carry, tap=_EditTap(self.edits, tap))


def edited(predictor: Predictor, edits: Mapping[str, Edit]) -> Edited:
    """The predictor with the values of some sites replaced as it runs.

    Edits act at their row before anything reads the value. Wrapping an edited predictor again stacks: inner edits act
    first. An edit is given a copy, which it may change in place and give back.

    An edit of one row leaves the rows before it as they are, so words that end before its row come out unedited: as
    long as a predictor is fed piece by piece nothing tells that the row will not come. A whole pass that ends before it
    warns, with `EditNotReached`.

    Args:
        predictor: any Predictor; it is not changed.
        edits: for each site an edit `f(rows, value)`, or `at(row, f)` for one row.
    Raises:
        UnknownSite: for a site that the predictor does not have.
        ValueError: if `edits` is no mapping of sites to functions, or one is at a row that the predictor never has (row
            0 where `first_row` is 1); (when run) if an edit changes the shape or the dtype of a value.
    Example:
        >>> ablated = edited(model, {"layer.0.carry": at(5, torch.zeros_like)})  # doctest: +SKIP
    """
    return Edited(predictor, edits)


def unedited(predictor: Predictor) -> Any:
    """What runs inside, under any number of edits."""
    while isinstance(predictor, Edited):
        predictor = predictor.inner
    return predictor
