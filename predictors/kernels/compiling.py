"""Plain C to a library in a per-user cache, compiled once for a compiler and a processor by whoever comes first.

The cache is `$XDG_CACHE_HOME/belief-geometry`, or `~/.cache/belief-geometry`. A library's name holds a digest of
everything that it was made from, so nothing in the cache is ever out of date, and it is put in place whole, so any
number of processes may compile at once. The compiler is `$CC`, or `cc`.
"""

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["CompileError", "cache_directory", "compiled"]

HERE = Path(__file__).parent
SOURCES = (
    *("scan.c", "convolution.c", "norm.c", "cells.c", "recurrent.c"),
    *("step.c", "selective_step.c", "linear_step.c", "recurrent_step.c", "step.h", "vectors.h"),
)
FLAGS = (
    *("-O3", "-march=native", "-fPIC", "-shared"),
    # -ffast-math would give nothing more, as the vectors are written out: it would lose NaN, and linking with it turns
    # denormal numbers off in the whole process
    *("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"),
)
SECONDS = 120
"""After which a compiler that has not come back is given up."""


class CompileError(RuntimeError):
    """The kernels cannot be compiled or loaded here: one line that says why."""


def compiled(defines: Sequence[str]) -> ctypes.CDLL:
    """The library of the kernels, from the cache if it is there.

    Args:
        defines: the compiler's -D options, one variant of the library each.
    Raises:
        CompileError: if there is no compiler, it fails, or the cache cannot be written.
    """
    compiler = shlex.split(os.environ.get("CC") or "cc")
    found = shutil.which(compiler[0])
    if found is None:
        raise CompileError(f"there is no C compiler {compiler[0]!r}: install one, or name it in CC")
    options = [*FLAGS, *compiler[1:], *(f"-D{define}" for define in defines)]  # what CC says has the last word
    library = cache_directory() / f"kernels-{_digest(found, options)}.so"
    try:
        return ctypes.CDLL(str(library))
    except OSError:  # not there, or damaged
        _compile([found, *options], library)
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise CompileError(f"the compiled kernels cannot be loaded ({error})") from None


def cache_directory() -> Path:
    """Where the compiled kernels of this user are kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "belief-geometry"


def _digest(compiler: str, options: Sequence[str]) -> str:
    """Of the sources, the options, the compiler and the processor: -march=native makes code for this one only."""
    binary = Path(compiler).resolve()
    made = binary.stat()
    parts = [*options, str(binary), str(made.st_size), str(made.st_mtime_ns), platform.platform(), _processor()]
    digest = hashlib.sha256("\0".join(parts).encode())
    for name in SOURCES:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:24]


def _processor() -> str:
    """What tells processors apart, as well as the system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    telling = ("model", "model name", "flags", "Features", "CPU part", "CPU implementer")
    return "\n".join(line for line in lines if line.partition(":")[0].strip() in telling)


def _compile(command: Sequence[str], library: Path) -> None:
    """Compile to a file of this process's own, which then takes the library's place."""
    try:
        library.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".so", dir=library.parent)
        os.close(handle)
    except OSError as error:
        raise CompileError(f"the cache of compiled kernels cannot be written ({error}): set XDG_CACHE_HOME") from None
    temporary = Path(name)
    try:
        sources = [str(HERE / name) for name in SOURCES if name.endswith(".c")]
        done = subprocess.run(
            [*command, "-o", name, *sources, "-lm"], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if done.returncode != 0:
            lines = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()
            said = next((line for line in lines if "error" in line), lines[0])
            raise CompileError(f"{command[0]} failed with status {done.returncode}; it said: {said}")
        os.replace(temporary, library)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompileError(f"the kernels cannot be compiled ({error})") from None
    finally:
        temporary.unlink(missing_ok=True)
