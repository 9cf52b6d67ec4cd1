"""Forward hooks on named blocks: how values inside somebody else's network are seen and replaced.

Hooks are the one way that means the same everywhere: `output_hidden_states` begins with the embedding in some
architectures and with the first block's output in others.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from predictors.predictor import Site

__all__ = ["NoSuchBlock", "Port", "as_ports", "hooked", "probe"]

Visitor = Callable[[Tensor], Tensor]
"""Takes the value at a port, (seq, row, width), and gives the one to go on with."""


@dataclass(frozen=True)
class Port:
    """Where a value is found: what a block gives, or what it takes.

    Attributes:
        path: the block's name, as in `named_modules`.
        side: "output", or "input": the first positional argument. Of a tuple the first item is meant.
        meaning: one line for people; by default it says where the value is.
        state: later rows read the value at this row, and all such values at the rows so far determine them.
    """

    path: str
    side: Literal["output", "input"] = "output"
    meaning: str = ""
    state: bool = False

    def __str__(self) -> str:
        return self.meaning or f"{self.side} of {self.path}"


class NoSuchBlock(ValueError):
    """The module has no block of that name. Carries `path` and `near`, the names most like it."""

    def __init__(self, path: str, kind: str, known: tuple[str, ...]) -> None:
        self.path, self.kind, self.known = path, kind, known
        self.near = tuple(difflib.get_close_matches(path, known, n=3, cutoff=0.5))
        super().__init__(path, kind, known)

    def __str__(self) -> str:
        few = ", ".join(self.known[:8]) + (", ..." if len(self.known) > 8 else "")
        hint = f"did you mean {' or '.join(map(repr, self.near))}?" if self.near else f"it has {few or 'no blocks'}"
        return f"{self.kind} has no block {self.path!r}; {hint} (see named_modules())"


def as_ports(module: nn.Module, blocks: Mapping[str, str | Port] | Sequence[str | Port]) -> dict[str, Port]:
    """Ports by the names of their sites; a list of blocks becomes `layer.0`, `layer.1`, ...

    Raises:
        NoSuchBlock: for a path that leads nowhere, with the nearest ones there are.
    """
    named = blocks if isinstance(blocks, Mapping) else {f"layer.{i}": path for i, path in enumerate(blocks)}
    ports = {name: Port(path) if isinstance(path, str) else path for name, path in named.items()}
    for port in ports.values():
        try:
            module.get_submodule(port.path)
        except AttributeError:
            known = tuple(name for name, _ in module.named_modules() if name)
            raise NoSuchBlock(port.path, type(module).__name__, known) from None
    return ports


@contextmanager
def hooked(module: nn.Module, ports: Mapping[str, Port], visitors: Mapping[str, Visitor]) -> Iterator[None]:
    """Let each visitor see and replace the value at its port while a pass runs. No hook outlives the block.

    Raises:
        ValueError: if a value is no tensor with axes (seq, row, ...), or a block was not called exactly once.
    """
    calls = dict.fromkeys(visitors, 0)

    def visited(name: str, value: Any) -> Any:
        calls[name] += 1
        tensor, put_back = _inside(value, ports[name])
        new = visitors[name](tensor.flatten(2))
        return put_back(new.reshape(tensor.shape))

    with ExitStack() as stack:
        for name in visitors:
            block, port = module.get_submodule(ports[name].path), ports[name]
            if port.side == "output":
                handle = block.register_forward_hook(lambda _, __, output, name=name: visited(name, output))
            else:
                handle = block.register_forward_pre_hook(lambda _, given, name=name: visited(name, given))
            stack.callback(handle.remove)
        yield
    for name, n_call in calls.items():
        if n_call != 1:
            raise ValueError(
                f"the block {ports[name].path!r} of site {name!r} must run once in a pass; it ran {n_call} times: "
                "name another block"
            )


def _inside(value: Any, port: Port) -> tuple[Tensor, Callable[[Tensor], Any]]:
    """The tensor in what a block gave or took, and what puts another in its place."""
    tensor = value[0] if isinstance(value, tuple) and value else value
    if not isinstance(tensor, Tensor) or tensor.ndim < 3:
        got = f"shape {tuple(tensor.shape)}" if isinstance(tensor, Tensor) else type(tensor).__name__
        raise ValueError(f"the {port.side} of {port.path!r} must have axes (seq, row, width); got {got}")
    if isinstance(value, tuple):
        return tensor, lambda new: (new, *value[1:])
    return tensor, lambda new: new


def probe(module: nn.Module, ports: Mapping[str, Port], run: Callable[[], Any]) -> tuple[dict[str, Site], Any]:
    """The sites of these ports, their widths as seen in a trial pass over two ids; and what that pass gave."""
    shapes: dict[str, tuple[int, ...]] = {}

    def seen(name: str) -> Visitor:
        def note(value: Tensor) -> Tensor:
            shapes[name] = (value.shape[2],)
            return value

        return note

    with torch.no_grad(), hooked(module, ports, {name: seen(name) for name in ports}):
        given = run()
    sites = {name: Site(shapes[name][0], shapes[name], str(port), port.state) for name, port in ports.items()}
    return sites, given
