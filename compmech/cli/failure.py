"""How a command fails: each kind carries one line for the user and stands for one exit status."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Failed", "Misused", "misuse", "unreadable"]


class Misused(Exception):
    """Wrong use or unreadable input: exit status 2."""


class Failed(Exception):
    """The run itself failed: exit status 1."""


@contextmanager
def misuse(*, within: str = "") -> Iterator[None]:
    """Turn the library's ValueError, which says what the user's input should have been, into `Misused`."""
    try:
        yield
    except ValueError as error:
        raise Misused(f"{within}: {error}" if within else str(error)) from error


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Turn a missing or unreadable file into `Misused`."""
    try:
        yield
    except OSError as error:
        raise Misused(f"{path}: {error.strerror or error}") from error
