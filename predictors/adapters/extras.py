"""Optional packages: imported where they are used, and named with the command that installs them where they are not."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["EXTRAS", "Extra", "MissingExtra", "import_extra", "is_installed"]


@dataclass(frozen=True)
class Extra:
    """An extra of this distribution.

    Attributes:
        name: as pip knows it, in `pip install 'belief-geometry[name]'`.
        module: what it makes importable.
        meaning: one line for people.
    """

    name: str
    module: str
    meaning: str


EXTRAS = (
    Extra("hf", "transformers", "Hugging Face causal language models"),
    Extra("lens", "transformer_lens", "TransformerLens bridges"),
    Extra("nnsight", "nnsight", "modules wrapped by nnsight"),
)
"""The extras that adapters need. Bounds of their versions are in pyproject.toml."""


class MissingExtra(ValueError):
    """A package that is not installed. Carries the `extra` to install."""

    def __init__(self, extra: Extra, problem: str = "is not installed") -> None:
        self.extra, self.problem = extra, problem
        super().__init__(extra, problem)

    def __str__(self) -> str:
        command = f"pip install 'belief-geometry[{self.extra.name}]'"
        return f"{self.extra.meaning} need {self.extra.module}, which {self.problem}: {command}"


def is_installed(extra: Extra) -> bool:
    """Whether the extra's module can be found; it is not imported."""
    return find_spec(extra.module) is not None


def import_extra(module: str) -> ModuleType:
    """Import the module of an extra.

    Raises:
        MissingExtra: if it is not installed, with the command that installs it.
    """
    extra = next(each for each in EXTRAS if each.module == module)
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        problem = "is not installed" if error.name == module else f"lacks {error.name}"
        raise MissingExtra(extra, problem) from error
