"""How a command fails: each kind carries one line for the user and stands for one exit status."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["INTERRUPTED", "Failed", "Misused", "Stopped", "in_words", "misuse", "unreadable"]


INTERRUPTED = 130
"""Exit status after Ctrl-C."""


class Misused(Exception):
    """Wrong use or unreadable input: exit status 2."""


class Failed(Exception):
    """The run itself failed: exit status 1."""


class Stopped(Exception):
    """Ctrl-C or a signal ended a run that leaves something behind: the line says what, `status` is the exit status."""

    def __init__(self, message: str, status: int) -> None:
        self.status = status
        super().__init__(message)


@contextmanager
def misuse(*, within: str = "") -> Iterator[None]:
    """Turn the library's ValueError, which says what the user's input should have been, into `Misused`."""
    try:
        yield
    except ValueError as error:
        raise Misused(f"{within}: {in_words(error)}" if within else in_words(error)) from error


def in_words(error: Exception) -> str:
    """What an error of the library says, without the functions and attributes that a program would go on with."""
    return str(getattr(error, "reason", error))


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Turn a missing or unreadable file into `Misused`."""
    try:
        yield
    except OSError as error:
        raise Misused(f"{path}: {error.strerror or error}") from error
