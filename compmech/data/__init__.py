"""Real series that lie inside well-known packages: weather, sunspots, a membrane, prices, English, DNA.

Nothing is fetched and nothing is copied: a file of the installed package is read (the package is not imported), and its
values are compared with the length and the hash that they had when the series was put on this list. The extra `data`
brings the packages.
"""

from compmech.data.catalogue import ABOUT
from compmech.data.description import About
from compmech.data.reading import read_checked
from compmech.data.real_series import RealSeries
from compmech.errors import UnknownName

__all__ = ["About", "RealSeries", "about", "load", "names"]


def names() -> tuple[str, ...]:
    """The names of the series."""
    return tuple(ABOUT)


def about(name: str) -> About:
    """What a series is, where it lies, and on what terms, whether its package is installed or not.

    Raises:
        UnknownName: if there is no such series.
    """
    if name not in ABOUT:
        raise UnknownName("series", name, names())
    return ABOUT[name]


def load(name: str) -> RealSeries:
    """A series, read from the package that it lies in.

    Raises:
        UnknownName: if there is no such series.
        MissingPackage: if the package is not installed.
        ChangedData: if the package has no such file, or its values are others than those that were checked.
    """
    return read_checked(about(name))
