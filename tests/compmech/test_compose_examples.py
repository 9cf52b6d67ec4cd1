"""The examples in the docstrings of the compositions give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import compmech.compose

_MODULES = [found.name for found in pkgutil.iter_modules(compmech.compose.__path__)]


@pytest.mark.parametrize("name", _MODULES)
def test_examples_are_right(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"compmech.compose.{name}"))
    assert found.failed == 0


def test_public_names_are_listed_once_and_documented() -> None:
    names = compmech.compose.__all__
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(compmech.compose, name).__doc__
