"""Compiling the kernels: once for everybody, never half, and a stated fallback where it cannot be done."""

import os
import stat
import subprocess
import sys
import warnings

import pytest
import torch

from predictors import kernels
from predictors.kernels import KernelsUnavailable, compiling
from predictors.kernels.compiling import CompileError, cache_directory, compiled
from predictors.scan import Selection, selective_scan

DEFINES = kernels.DEFINES[torch.float32]
needs_compiler = pytest.mark.skipif(not kernels.status().compiled, reason=kernels.status().detail)


@pytest.fixture(autouse=True)
def _fresh():
    """The one attempt of a process is forgotten before and after."""
    kernels._attempt.cache_clear()
    kernels._warn.cache_clear()
    yield
    kernels._attempt.cache_clear()
    kernels._warn.cache_clear()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty one, and a compiler in a hurry."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", f"{os.environ.get('CC') or 'cc'} -O0")
    return tmp_path / "belief-geometry"


def arguments(dtype: torch.dtype = torch.float32, device: str = "cpu") -> list[torch.Tensor]:
    shapes = [(2, 3, 4), (2, 3, 4), (5, 2), (5, 3, 4), (5, 3, 4), (5, 2, 4)]
    return [torch.ones(shape, dtype=dtype, device=device) for shape in shapes]


@needs_compiler
def test_one_file_in_a_cache_of_the_user_alone_and_found_there_again(cache, monkeypatch) -> None:
    first = compiled(DEFINES)
    (library,) = cache.iterdir()
    assert first._name == str(library)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    monkeypatch.setattr(compiling, "_compile", lambda *_: pytest.fail("compiled again"))
    assert compiled(DEFINES)._name == str(library)


@needs_compiler
def test_a_damaged_library_is_made_again(cache, tmp_path, monkeypatch) -> None:
    name = os.path.basename(compiled(DEFINES)._name)
    other = tmp_path / "other" / "belief-geometry" / name
    other.parent.mkdir(parents=True)
    other.write_bytes(b"no library")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert compiled(DEFINES)._name == str(other)
    assert other.stat().st_size > 1000


@needs_compiler
def test_another_option_or_compiler_is_another_file(monkeypatch) -> None:
    names = {compiling._digest(sys.executable, ["-O3"]), compiling._digest(sys.executable, ["-O2"])}
    names.add(compiling._digest("/bin/sh", ["-O3"]))
    monkeypatch.setattr(compiling, "_processor", lambda: "another")
    names.add(compiling._digest("/bin/sh", ["-O3"]))
    assert len(names) == 4


@needs_compiler
def test_processes_may_compile_at_once(cache) -> None:
    code = f"import runpy; print(runpy.run_path({compiling.__file__!r})['compiled']({DEFINES!r})._name)"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    names = {process.communicate()[0].strip() for process in started}
    assert [process.returncode for process in started] == [0, 0]
    assert names == {str(path) for path in cache.iterdir()}  # and no temporary file is left


def test_the_cache_is_the_home_directorys_without_a_setting(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "belief-geometry"


# ------------------------------------------------------------------------------------------------------- the fallback


def test_without_a_compiler_torch_is_used_and_it_is_said_once(monkeypatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    expected = [x.clone() for x in arguments()]
    with pytest.warns(KernelsUnavailable, match=r"there is no C compiler 'no-such-compiler': install one, or name it"):
        y, _ = selective_scan(Selection(*expected[:-1]), expected[-1])
    assert y.isfinite().all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        selective_scan(Selection(*expected[:-1]), expected[-1])
    found = kernels.status()
    assert not found.compiled
    assert "no-such-compiler" in found.detail


def test_a_failing_compiler_is_quoted(cache, tmp_path, monkeypatch) -> None:
    script = tmp_path / "cc"
    script.write_text("#!/bin/sh\necho 'note' >&2\necho 'scan.c:1: error: out of order' >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    with pytest.raises(CompileError, match=r"failed with status 3; it said: scan\.c:1: error: out of order"):
        compiled(DEFINES)
    assert list(cache.iterdir()) == []


def test_a_compiler_that_makes_no_library_is_told(cache, tmp_path, monkeypatch) -> None:
    script = tmp_path / "cc"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    with pytest.raises(CompileError, match="the compiled kernels cannot be loaded"):
        compiled(DEFINES)


def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("CC", sys.executable)  # it is there; it is not reached
    with pytest.raises(CompileError, match=r"cannot be written \(.*\): set XDG_CACHE_HOME"):
        compiled(DEFINES)


def test_a_compiler_that_does_not_come_back_is_given_up(cache, tmp_path, monkeypatch) -> None:
    script = tmp_path / "cc"
    script.write_text("#!/bin/sh\nexec sleep 20\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    monkeypatch.setattr(compiling, "SECONDS", 0.2)
    with pytest.raises(CompileError, match="cannot be compiled"):
        compiled(DEFINES)


def test_other_precisions_and_devices_are_for_torch() -> None:
    assert kernels.library(torch.ones(1, dtype=torch.bfloat16)) is None
    assert kernels.library(torch.ones(1), torch.ones(1, dtype=torch.float64)) is None
    assert kernels.library(torch.ones(1, device="meta")) is None


@needs_compiler
def test_denormal_numbers_stay_on() -> None:
    kernels.library(torch.ones(1))
    assert float(torch.tensor(1e-310, dtype=torch.float64) / 2) > 0
