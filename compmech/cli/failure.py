"""How a command fails: each kind carries one line for the user and stands for one exit status."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Failed", "Misused", "misuse"]


class Misused(Exception):
    """Wrong use or unreadable input: exit status 2."""


class Failed(Exception):
    """The run itself failed: exit status 1."""


@contextmanager
def misuse(*, within: str = "") -> Iterator[None]:
    """Turn a ValueError, or an unreadable file, met while arguments are resolved into `Misused`."""
    prefix = f"{within}: " if within else ""
    try:
        yield
    except ValueError as error:
        raise Misused(f"{prefix}{error}") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Misused(f"{prefix}{where}{error.strerror or error}") from error
