"""Files of installed packages, and whether they hold what they held when they were checked."""

import zlib
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from compmech.data.description import About, Values
from compmech.data.real_series import RealSeries
from compmech.errors import ChangedData, MissingPackage

__all__ = ["digest", "read_checked"]


def read_checked(about: About) -> RealSeries:
    """The series. Raises MissingPackage and ChangedData."""
    folder, installed = _package(about)
    package = f"{about.package} {installed}"
    found = sorted(folder.glob(about.file))
    if not found:
        raise ChangedData(about.name, package, f"there is no file {about.file} beside {folder}")
    try:
        values, times = about.read(found[0])
    except (ValueError, LookupError, OSError, EOFError, zlib.error) as error:
        raise ChangedData(about.name, package, f"{found[0].name} cannot be read ({error})") from error
    if len(values) != about.length:
        raise ChangedData(about.name, package, f"{len(values)} values, {about.length} were expected")
    if digest(values) != about.sha256:
        raise ChangedData(about.name, package, f"the {about.length} values have another hash")
    if isinstance(values, np.ndarray):
        values.setflags(write=False)
    if times is not None:
        times.setflags(write=False)
    return RealSeries(values, times, about, installed)


def digest(values: Values) -> str:
    """SHA-256 of values, in hexadecimal."""
    if isinstance(values, np.ndarray):
        return sha256(values.astype("<f8").tobytes()).hexdigest()
    return sha256((values if isinstance(values, str) else "\n".join(values)).encode()).hexdigest()


def _package(about: About) -> tuple[Path, str]:
    """The folder that the package's files are relative to, and the installed version; the package is not imported."""
    spec = find_spec(about.module)
    try:
        installed = version(about.package)
    except PackageNotFoundError:
        installed = ""
    if spec is None or not spec.submodule_search_locations or not installed:
        assert about.extra is not None, f"{about.package} comes with this distribution"
        raise MissingPackage(f"the series {about.name}", about.package, about.extra)
    return Path(next(iter(spec.submodule_search_locations))).parent, installed
