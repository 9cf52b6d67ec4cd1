"""Predictors that other packages bring: entry points in the group `compmech.predictors`.

A plug-in is a function `factory(n_symbol, length, *, rng, **settings)` that gives a fresh Predictor: `length` is the
most symbols that it will be asked to read, `rng` a torch.Generator, and its keyword-only arguments are the settings
that `compmech compare --predictor name:key=value` can set. A package declares it in its pyproject.toml:

    [project.entry-points."compmech.predictors"]
    name = "package.module:factory"
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

import torch

from predictors.adapters.extras import MissingExtra
from predictors.predictor import Predictor

__all__ = [
    "GROUP",
    "EntryPoint",
    "PlugIn",
    "PlugInError",
    "check_alone",
    "examine",
    "factory_of",
    "make_plug_in",
    "plug_ins",
    "settings_of",
]

GROUP = "compmech.predictors"


class PlugInError(ValueError):
    """A plug-in that cannot be used. Carries `name`, `value` (where it is) and `problem`."""

    def __init__(self, name: str, value: str, problem: str) -> None:
        self.name, self.value, self.problem = name, value, problem
        super().__init__(name, value, problem)

    def __str__(self) -> str:
        return f"the plug-in {self.name} ({self.value}) {self.problem}"


@runtime_checkable
class EntryPoint(Protocol):
    """An entry point: of the standard library, or of its backport importlib_metadata, whose entry points the standard
    library gives as well once some package (dask is one) has imported it."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def dist(self) -> Any: ...
    def load(self) -> Any:
        """Import what it names."""
        ...


@dataclass(frozen=True)
class PlugIn:
    """A plug-in as found.

    Attributes:
        name: what people type.
        value: where it is, "package.module:factory".
        distribution: the installed package that brings it; "" if that is not known.
        meaning: first line of the factory's docstring.
        problem: why it cannot be used; None if it can be loaded.
    """

    name: str
    value: str
    distribution: str
    meaning: str
    problem: str | None


def plug_ins() -> Mapping[str, EntryPoint]:
    """The installed plug-ins by name. None is loaded; of several of one name the first is given (`check_alone`)."""
    return {point.name: point for point in reversed(tuple(entry_points(group=GROUP)))}


def check_alone(name: str) -> None:
    """Raise PlugInError if installed packages bring different plug-ins of this name."""
    values = sorted({point.value for point in entry_points(group=GROUP, name=name)})
    if len(values) > 1:
        raise PlugInError(name, values[0], f"has the name of another ({values[1]}): uninstall one of them")


def examine() -> list[PlugIn]:
    """Load every plug-in and say which of them work; a broken one keeps no other from being examined."""
    found = []
    for point in entry_points(group=GROUP):
        meaning, problem = "", None
        try:
            meaning = (inspect.getdoc(factory_of(point)) or "").partition("\n")[0]
        except MissingExtra as error:
            problem = str(error)
        except PlugInError as error:
            problem = error.problem
        distribution = point.dist.name if point.dist is not None else ""
        found.append(PlugIn(point.name, point.value, distribution, meaning, problem))
    return found


def factory_of(point: EntryPoint) -> Callable[..., Any]:
    """Load a plug-in's factory.

    Raises:
        MissingExtra: if it needs an extra of this distribution that is not installed.
        PlugInError: if it cannot be imported, whatever is raised, or is nothing that can be called.
    """
    try:
        factory = point.load()
    except MissingExtra:
        raise
    except Exception as error:  # whatever a plug-in does wrong is its own, and is said with its name
        raise PlugInError(point.name, point.value, f"cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(factory):
        raise PlugInError(point.name, point.value, f"must be a function; it is a {type(factory).__name__}")
    return factory  # type: ignore[no-any-return]


def settings_of(factory: Callable[..., Any]) -> tuple[str, ...] | None:
    """Names of the settings that a factory takes: its keyword-only arguments but `rng`. None: it takes any."""
    parameters = inspect.signature(factory).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "rng")


def make_plug_in(
    point: EntryPoint, n_symbol: int, length: int, settings: Mapping[str, Any], *, rng: torch.Generator
) -> Predictor:
    """A fresh predictor of a plug-in.

    Raises:
        MissingExtra: as `factory_of`.
        PlugInError: if the plug-in fails, or gives no Predictor or one of another alphabet.
    """
    factory = factory_of(point)
    try:
        made = factory(n_symbol, length, rng=rng, **settings)
    except MissingExtra:
        raise
    except Exception as error:  # as above
        raise PlugInError(point.name, point.value, f"failed: {type(error).__name__}: {error}") from error
    if not isinstance(made, Predictor):
        raise PlugInError(point.name, point.value, f"gave a {type(made).__name__}, no Predictor")
    if made.n_symbol != n_symbol:
        raise PlugInError(
            point.name, point.value, f"gave a predictor of {made.n_symbol} symbols; asked were {n_symbol}"
        )
    return made
