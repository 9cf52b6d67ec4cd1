"""The catalogue of built-in processes: what each is, its parameters, its source, its golden statistics."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from compmech.errors import UnknownName
from compmech.hmm import GHMM, HMM
from compmech.zoo.ranges import Domain

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made", HMM, GHMM)
Build = Callable[..., HMM | GHMM]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a built-in process."""

    name: str
    default: object
    range: Domain

    def to_dict(self) -> dict[str, object]:
        """The parameter in JSON types."""
        return {
            "name": self.name,
            "default": _plain_lists(self.default),
            **self.range.limits,
            "range": str(self.range),
            "meaning": self.range.meaning,
        }


@dataclass(frozen=True)
class Entry:
    """One built-in process.

    Attributes:
        name: what it is called in zoo.<name> and on the command line.
        build: the function that makes it.
        description: one line.
        source: the paper or code that defines it.
        parameters: in the order of the function's signature.
        aliases: other names that `get` understands.
        golden: statistics at the default parameters, by the keys of `Statistics.to_dict`, in bits; known in closed form
            or, where the docstring of the function says so, to the printed digits.
    """

    name: str
    build: Build
    description: str
    source: str
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...]
    golden: Mapping[str, float | str]

    def to_dict(self) -> dict[str, object]:
        """The entry in JSON types."""
        return {
            "name": self.name,
            "aliases": list(self.aliases),
            "description": self.description,
            "source": self.source,
            "parameters": [parameter.to_dict() for parameter in self.parameters],
            "golden": dict(self.golden),
        }


_entries: dict[str, Entry] = {}
_spellings: dict[str, str] = {}


def listed(
    description: str,
    *,
    source: str,
    golden: Mapping[str, float | str],
    aliases: tuple[str, ...] = (),
    **ranges: Domain,
) -> Callable[[Callable[Arguments, Made]], Callable[Arguments, Made]]:
    """Put a function that builds a process into the catalogue, and check its arguments at every call.

    Args:
        ranges: one for each parameter of the function, under its name. Defaults are read from the signature.
    """

    def enter(build: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
        name = build.__name__
        signature = inspect.signature(build)
        parameters = tuple(
            Parameter(key, value.default, ranges[key]) for key, value in signature.parameters.items() if key in ranges
        )
        assert len(parameters) == len(signature.parameters) == len(ranges), f"zoo.{name}: give a range per parameter"

        @wraps(build)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Made:
            if args or kwargs:
                _check_names(name, parameters, kwargs)
                for key, value in signature.bind(*args, **kwargs).arguments.items():
                    if value not in ranges[key]:
                        raise ValueError(
                            f"{name}: {key} must be in {ranges[key]} ({ranges[key].meaning}); got {value!r}"
                        )
            return build(*args, **kwargs)

        entry = Entry(name, checked, description, source, parameters, aliases, MappingProxyType(dict(golden)))
        _entries[name] = entry
        for spelling in (name, *aliases):
            assert _spellings.setdefault(_plain(spelling), name) == name, f"two processes are called {spelling}"
        return checked

    return enter


def names() -> tuple[str, ...]:
    """The names of the built-in processes, in alphabetical order."""
    return tuple(sorted(_entries))


def entry(name: str) -> Entry:
    """What is known about a built-in process. Case does not matter, nor whether words are joined by _, - or a space.

    Raises:
        UnknownName: with the nearest name there is.
    """
    found = _spellings.get(_plain(name))
    if found is None:
        raise UnknownName("process", name, names())
    return _entries[found]


def get(name: str) -> Build:
    """The function that builds a process, found by its name as a string: zoo.get("golden-mean")(p=0.3).

    Raises:
        UnknownName: with the nearest name there is.
    """
    return entry(name).build


def _plain(name: str) -> str:
    """Names with their words run together: golden_mean, Golden Mean and GoldenMean are one."""
    return name.strip().lower().replace("-", "").replace(" ", "").replace("_", "")


def _plain_lists(value: object) -> object:
    """Tuples as the lists that JSON knows."""
    return [_plain_lists(item) for item in value] if isinstance(value, tuple) else value


def _check_names(process: str, parameters: tuple[Parameter, ...], given: Mapping[str, object]) -> None:
    known = tuple(parameter.name for parameter in parameters)
    for key in given:
        if key not in known:
            raise UnknownName(f"parameter of {process}", key, known)
