"""Any torch module that reads token ids, behind the Predictor interface, by forward hooks on named blocks."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Int
from torch import Tensor, nn

from predictors.adapters.foreign import ForeignPredictor
from predictors.adapters.hooks import Port, Visitor, as_ports, hooked, probe
from predictors.predictor import Site, Tap, segments, visit, written_rows

__all__ = ["NamedStates", "Resume", "ReplayedModule", "ResumedModule", "adapt_module", "logits_of"]

Blocks = Mapping[str, str | Port] | Sequence[str | Port]


@runtime_checkable
class Resume(Protocol):
    """How a module goes on from where it stood.

    Attributes:
        one_symbol: whether it goes on rightly with one symbol at a time only. From nothing it reads any number.
    """

    @property
    def one_symbol(self) -> bool: ...

    def start(self, module: nn.Module, n_seq: int) -> Any:
        """The memory of having read nothing."""
        ...

    def whole(self, module: nn.Module, ids: Int[Tensor, "seq row"]) -> Any:
        """The output of a pass that starts from nothing and is not gone on with."""
        ...

    def run(self, module: nn.Module, ids: Int[Tensor, "seq row"], memory: Any) -> tuple[Any, Any]:
        """The output for some more ids, and the memory after them. `memory` itself must stay as it was."""
        ...

    def sites(self, memory: Any) -> Mapping[str, Site]:
        """The states that a memory holds: all of them, so that together they determine what comes."""
        ...

    def read(self, memory: Any, name: str) -> Tensor:
        """A state: (seq, width) after the last row if it is recurrent, else (seq, row, width) at every row so far."""
        ...

    def written(self, memory: Any, name: str, value: Tensor) -> Any:
        """A memory with another value, (seq, width), of a state at the last row. `memory` itself stays as it was."""
        ...


def logits_of(output: Any) -> Tensor:
    """The logits (seq, row, vocab) in what a module gives: a tensor, something with `.logits`, or the first of a tuple.

    Raises:
        ValueError: if there are none.
    """
    found = getattr(output, "logits", output)
    found = found[0] if isinstance(found, tuple | list) and found else found
    if not isinstance(found, Tensor) or found.ndim != 3:
        got = f"shape {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(f"a module must give logits with axes (seq, row, vocab); got {got}: wrap it in one that does")
    return found


def adapt_module(
    module: nn.Module,
    n_symbol: int,
    blocks: Blocks,
    *,
    begin: int | None = None,
    resume: "Callable[..., Any] | Resume | None" = None,
    call: Callable[..., Any] | None = None,
    max_id: int | None = None,
) -> "ReplayedModule | ResumedModule":
    """Any causal torch module that maps ids (seq, time) to logits (seq, time, vocab), as a Predictor.

    Without `resume` it cannot go on from where it stood: a carry keeps the symbols, and every `advance` reads all of
    them again, so that n steps cost as much as n(n + 1) / 2 symbols. What edits wrote at earlier rows is kept with
    them and put back. It then has no state sites.

    Args:
        module: in evaluation mode; it is used, not copied, and its weights are the predictor's parameters.
        n_symbol: symbols are the ids 0 .. n_symbol - 1; the rest of the vocabulary is renormalised away.
        blocks: for each site the name of a block (its output is meant) or a `Port`; a list gives `layer.0`, ...
        begin: id to read before the first symbol; None: rows start at 1.
        resume: `resume(module, ids, states) -> (output, states)`, where `states` is None before the first symbol and
            then a dict of tensors (seq, ...), which must not be changed in place. Each becomes a recurrent state
            site that can be edited between steps. Or a `Resume`, which says more.
        call: without `resume`, `call(module, ids)` in place of `module(ids)`.
        max_id: the most ids that it can read; None: no limit.
    Raises:
        NoSuchBlock: for a block that is not there, with the nearest names.
        ValueError: if the module is in training mode, or a block or the output has no axes (seq, row, width).
    Example:
        >>> model = adapt_module(net, 3, {"layer.0": "encoder.0"}, begin=3)  # doctest: +SKIP
    """
    ports = as_ports(module, blocks)
    if module.training:
        raise ValueError(
            f"{type(module).__name__} is in training mode, where dropout makes the same call give different answers: "
            "call .eval() first"
        )
    if resume is None:
        return ReplayedModule(module, n_symbol, ports, begin, max_id, call or _plain_call)
    how: Resume = resume if isinstance(resume, Resume) else NamedStates(resume)
    return ResumedModule(module, n_symbol, ports, begin, max_id, how)


def _plain_call(module: nn.Module, ids: Int[Tensor, "seq row"]) -> Any:
    return module(ids)


def _trial_ids(module: nn.Module) -> Tensor:
    parameter = next(module.parameters(), None)
    return torch.zeros(1, 2, dtype=torch.int64, device=None if parameter is None else parameter.device)


def _visitors(
    ports: Mapping[str, Port], tap: Tap, rows: range, visitor: Callable[[str], Visitor]
) -> dict[str, Visitor]:
    """A visitor for each port that the tap reads or may write at these rows, and for no other."""
    return {name: visitor(name) for name in ports if name in tap.reads or written_rows(tap, name, rows)}


class ReplayedModule(ForeignPredictor):
    """A module that remembers nothing between calls: all ids are read again. Made by `adapt_module`."""

    def __init__(
        self,
        module: nn.Module,
        n_symbol: int,
        ports: Mapping[str, Port],
        begin: int | None,
        max_id: int | None,
        call: Callable[..., Any],
    ) -> None:
        sites, output = probe(module, ports, lambda: call(module, _trial_ids(module)))
        super().__init__(n_symbol, logits_of(output).shape[-1], begin, max_id)
        self.module, self._call, self._ports, self._sites = module, call, dict(ports), sites

    @property
    def sites(self) -> Mapping[str, Site]:
        return self._sites

    def _blank(self, n_seq: int) -> "_Replay":
        return _Replay(torch.empty(n_seq, 0, dtype=torch.int64, device=self._device), {})

    def _run(self, ids: Tensor, rows: range, memory: "_Replay", tap: Tap) -> tuple[Tensor, "_Replay"]:
        n_past, written = memory.ids.shape[1], dict(memory.written)

        def visitor(name: str) -> Visitor:
            def show(value: Tensor) -> Tensor:
                for row, old in memory.written.get(name, {}).items():  # what was written when that row was new
                    i = row - self.first_row
                    value = torch.cat([value[:, :i], old[:, None], value[:, i + 1 :]], dim=1)
                new = visit(tap, name, rows, value[:, n_past:])
                touched = {row: new[:, row - rows.start] for row in written_rows(tap, name, rows)}
                if touched:
                    written[name] = {**memory.written.get(name, {}), **touched}
                return torch.cat([value[:, :n_past], new], dim=1)

            return show

        every = torch.cat([memory.ids, ids], dim=1)
        visitors = _visitors(self._ports, tap, rows, visitor)
        visitors |= {name: visitor(name) for name in memory.written if name not in visitors}
        with hooked(self.module, self._ports, visitors):
            logits = logits_of(self._call(self.module, every))
        return logits[:, n_past:], _Replay(every, written)


class _Replay:
    """What was read, and what edits put at which rows of which sites."""

    def __init__(self, ids: Tensor, written: Mapping[str, Mapping[int, Tensor]]) -> None:
        self.ids, self.written = ids, written


class ResumedModule(ForeignPredictor):
    """A module that can go on from where it stood, as its `Resume` says. Made by `adapt_module`.

    Its states are edited between steps: an edit at row t acts on what is carried from row t to row t + 1, and first
    moves row t + 1. A pass is cut after every row at which a state is written, and, to read recurrent states, after
    every row.
    """

    def __init__(
        self,
        module: nn.Module,
        n_symbol: int,
        ports: Mapping[str, Port],
        begin: int | None,
        max_id: int | None,
        resume: Resume,
    ) -> None:
        ids = _trial_ids(module)
        sites, (output, memory) = probe(module, ports, lambda: resume.run(module, ids, resume.start(module, 1)))
        super().__init__(n_symbol, logits_of(output).shape[-1], begin, max_id)
        states = dict(resume.sites(memory))
        both = sites.keys() & states.keys()
        if both:
            raise ValueError(f"{min(both)!r} names a block and a state: name the block otherwise")
        self.module, self.resume, self._ports = module, resume, dict(ports)
        self._states, self._sites = states, _ordered(sites, states)

    @property
    def sites(self) -> Mapping[str, Site]:
        return self._sites

    def _blank(self, n_seq: int) -> Any:
        return self.resume.start(self.module, n_seq)

    def _whole(self, ids: Tensor, rows: range, tap: Tap) -> Tensor:
        if self._states.keys() & (tap.reads | tap.writes.keys()):
            return super()._whole(ids, rows, tap)
        with self._hooks(rows, tap):
            return logits_of(self.resume.whole(self.module, ids))

    def _run(self, ids: Tensor, rows: range, memory: Any, tap: Tap) -> tuple[Tensor, Any]:
        found = []
        for part in segments(rows, self._cuts(rows, tap)):
            with self._hooks(part, tap):
                piece = ids[:, part.start - rows.start : part.stop - rows.start]
                output, memory = self.resume.run(self.module, piece, memory)
            found.append(logits_of(output))
            for name, site in self._states.items():
                memory = self._shown(name, site, part, memory, tap)
        return torch.cat(found, dim=1), memory

    def _cuts(self, rows: range, tap: Tap) -> set[int]:
        cuts = {row for name in self._states for row in written_rows(tap, name, rows)}
        if any(site.recurrent and name in tap.reads for name, site in self._states.items()):
            return set(rows)
        if self.resume.one_symbol and rows.start > self.first_row:
            return set(rows)
        return cuts | set(range(min(cuts), rows.stop)) if self.resume.one_symbol and cuts else cuts

    def _shown(self, name: str, site: Site, part: range, memory: Any, tap: Tap) -> Any:
        """The memory after the tap has seen a state at the rows of this part; the last alone may be written."""
        written = written_rows(tap, name, part)
        if name not in tap.reads and not written:
            return memory
        value = self.resume.read(memory, name)
        value = value[:, None] if site.recurrent else value[:, -len(part) :]
        new = tap(name, part[-1:] if site.recurrent else part, value)
        return self.resume.written(memory, name, new[:, -1]) if written else memory

    def _hooks(self, rows: range, tap: Tap) -> Any:
        visitors = _visitors(self._ports, tap, rows, lambda name: partial(visit, tap, name, rows))
        return hooked(self.module, self._ports, visitors)


def _ordered(sites: Mapping[str, Site], states: Mapping[str, Site]) -> dict[str, Site]:
    """Each block's states before its output, the rest of the states at the front."""
    ordered: dict[str, Site] = {}
    for name, site in sites.items():
        ordered |= {state: states[state] for state in states if state.startswith(f"{name}.")} | {name: site}
    return {name: states[name] for name in states if name not in ordered} | ordered


class NamedStates:
    """The `Resume` of a module whose memory is a dict of tensors (seq, ...), all of them recurrent."""

    one_symbol = False

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def start(self, module: nn.Module, n_seq: int) -> None:
        return None

    def whole(self, module: nn.Module, ids: Int[Tensor, "seq row"]) -> Any:
        return self.run(module, ids, None)[0]

    def run(self, module: nn.Module, ids: Int[Tensor, "seq row"], memory: Any) -> tuple[Any, Any]:
        output, states = self.function(module, ids, memory)
        wrong = not isinstance(states, Mapping) or not all(
            isinstance(state, Tensor) and state.ndim >= 2 and len(state) == len(ids) for state in states.values()
        )
        if wrong:
            raise ValueError("resume must give (output, states), states being a dict of tensors with axes (seq, ...)")
        return output, states

    def sites(self, memory: Any) -> Mapping[str, Site]:
        return {
            name: Site(state[0].numel(), tuple(state.shape[1:]), f"the state {name!r}, as carried on", True, True, 1)
            for name, state in memory.items()
        }

    def read(self, memory: Any, name: str) -> Tensor:
        state: Tensor = memory[name]
        return state.flatten(1)

    def written(self, memory: Any, name: str, value: Tensor) -> Any:
        return {**memory, name: value.reshape(memory[name].shape)}
