"""Machine files: a process as JSON.

    {"alphabet": ["0", "1"],
     "matrices": {"0": [[0.5, 0.0], [1.0, 0.0]], "1": [[0.0, 0.5], [0.0, 0.0]]},
     "states": ["A", "B"], "start": [1.0, 0.0], "evaluate": [1.0, 1.0], "name": "golden mean"}

Row i, column j of the matrix of x is P(emit x and go to j | in i). A number may be a fraction, "1/3", which is read as
the nearest float64 (`compmech.rational` calculates with fractions themselves). Without a start the process starts
stationary. An `evaluate` vector makes it a GHMM; only `alphabet` and `matrices` are needed. A symbol that is not a
string has its JSON text as the key of its matrix. Every state must be reachable from the start: one that is not says
that a row is missing or wrong. (An HMM made in Python may have such states, and `trim(process)` is without them.)
"""

import json
import math
import os
import re
from collections.abc import Hashable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from compmech.errors import MachineFileError, nearest
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.minimal import unreachable
from compmech.validation import SUM_TOL
from compmech.whole_files import written_aside

_KEYS = ("alphabet", "matrices", "start", "states", "evaluate", "name")
_NEEDED = ("alphabet", "matrices")
_LARGEST = 1e300
_FRACTION = re.compile(r"-?[0-9]{1,300}/0*[1-9][0-9]{0,299}")
# States that an error names, the others being counted.
_SHOWN = 8


def load(path: str | os.PathLike[str]) -> HMM | GHMM:
    """Read a process from a machine file.

    Raises:
        MachineFileError: if the file is not a machine: one line with the file, the place and the repair.
        OSError: if it cannot be read.
    """
    where = os.fspath(path)
    try:
        document = _parse(Path(path).read_bytes())
        return _process(document)
    except _Malformed as error:
        raise MachineFileError(where, str(error)) from error.__cause__
    except ValueError as error:
        raise MachineFileError(where, " ".join(str(error).split())) from error


def save(process: AnyPresentation, path: str | os.PathLike[str]) -> None:
    """Write a process as a machine file; reading it back gives the same numbers.

    The file appears whole or not at all. Where `path` is a symbolic link, what it points to is written; a device or a
    pipe is written through to.

    Raises:
        ValueError: if the names of symbols or states cannot be written as JSON, or states cannot be reached from the
            start, which `load` refuses.
        OSError: if it cannot be written.
    """
    text = machine_text(process)
    with written_aside(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


class _Malformed(Exception):
    """What is wrong with a document, and where."""


def _parse(content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise _Malformed('the file is empty: expected a JSON object with "alphabet" and "matrices"')
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_duplicates)
    except UnicodeDecodeError as error:
        raise _Malformed(f"not UTF-8 text (byte {error.start}): expected a JSON file") from error
    except json.JSONDecodeError as error:
        raise _Malformed(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _Malformed("not a machine: lists are nested too deep") from error
    if not isinstance(document, dict):
        raise _Malformed(f"expected a JSON object with the keys {_quoted(_NEEDED)}; got {_kind(document)}")
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Malformed(f'the key "{twice}" stands twice in one object: remove one of them')
    return found


def _process(document: dict[str, Any]) -> HMM | GHMM:
    _check_keys(document)
    alphabet = _names(document, "alphabet")
    T = _matrices(document["matrices"], alphabet)
    n_state = T.shape[1]
    states = _names(document, "states") if "states" in document else None
    if states is not None and len(states) != n_state:
        raise _Malformed(
            f'"states" has {len(states)} names, but the matrices have {n_state} rows: give one for each row'
        )
    start = _vector(document["start"], "start", n_state) if "start" in document else None
    name = document.get("name")
    if name is not None and not isinstance(name, str):
        raise _Malformed(f'"name" is {_kind(name)}: expected a string')
    if "evaluate" in document:
        if start is None:
            raise _Malformed('"start" is missing: a machine with "evaluate" needs it')
        return GHMM(T, start, _vector(document["evaluate"], "evaluate", n_state), alphabet, states, name)
    _check_rows(T, alphabet, states)
    process = HMM(T, start, alphabet, states, name)
    lost = unreachable(process)
    if len(lost):
        them = "it" if len(lost) == 1 else "them"
        source = "no start is given, and the stationary one" if start is None else 'from "start", which'
        raise _Malformed(
            f"{_listed(lost, process)} can never be reached: {source} leads elsewhere. Delete rows and columns of "
            f'{them} in every matrix, correct the rows that should lead to {them}, or give a "start" that does'
        )
    return process


def _check_keys(document: dict[str, Any]) -> None:
    for key in document:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f'did you mean "{near}"?' if near is not None else f"known are {_quoted(_KEYS)}"
            raise _Malformed(f'unknown key "{key}": {hint}')
    for key in _NEEDED:
        if key not in document:
            raise _Malformed(f'the key "{key}" is missing: a machine needs {_quoted(_NEEDED)}')


def _names(document: dict[str, Any], key: str) -> list[Hashable]:
    given = document[key]
    if not isinstance(given, list) or not given:
        raise _Malformed(f'"{key}" is {_kind(given)}: expected a list of names, one or more')
    names: list[Hashable] = []
    for index, name in enumerate(given):
        if isinstance(name, dict) or (isinstance(name, float) and not math.isfinite(name)):
            raise _Malformed(f'"{key}"[{index}] is {_kind(name)}: expected a string or a number')
        names.append(_tuples(name))
        if names.index(names[-1]) < index:
            first = names.index(names[-1])
            raise _Malformed(f'"{key}"[{index}] is {json.dumps(name)}, as is [{first}]: names must be distinct')
    return names


def _matrices(given: Any, alphabet: list[Hashable]) -> np.ndarray:
    if not isinstance(given, dict):
        raise _Malformed(f'"matrices" is {_kind(given)}: expected an object with one matrix for each symbol')
    keys = [_key(symbol) for symbol in alphabet]
    for index, key in enumerate(keys):
        if keys.index(key) < index:
            raise _Malformed(f'"alphabet"[{keys.index(key)}] and [{index}] both have the matrix "{key}": rename one')
        if key not in given:
            raise _Malformed(f'"matrices" has no "{key}": it needs a matrix for each symbol of "alphabet"')
    for key in given:
        if key not in keys:
            near = nearest(key, keys)
            hint = f'did you mean "{near}", or ' if near is not None else ""
            raise _Malformed(f'"matrices" has "{key}", which is not in "alphabet": {hint}is it to be added there?')
    first = given[keys[0]]
    n_state = len(first) if isinstance(first, list) else 0
    return np.array([_matrix(given[key], f'"matrices"["{key}"]', n_state) for key in keys])


def _matrix(given: Any, place: str, n_state: int) -> list[list[float]]:
    if not isinstance(given, list) or not given:
        raise _Malformed(f"{place} is {_kind(given)}: expected a list of rows, one or more")
    if len(given) != n_state:
        raise _Malformed(f"{place} has {len(given)} rows, but the first matrix has {n_state}: all must be n by n")
    return [_numbers(row, f"{place}[{i}]", n_state) for i, row in enumerate(given)]


def _vector(given: Any, key: str, n_state: int) -> list[float]:
    return _numbers(given, f'"{key}"', n_state)


def _numbers(given: Any, place: str, count: int) -> list[float]:
    if not isinstance(given, list):
        raise _Malformed(f"{place} is {_kind(given)}: expected a list of {count} numbers")
    if len(given) != count:
        raise _Malformed(f"{place} has {len(given)} numbers: expected {count}, one for each state")
    return [_number(value, f"{place}[{index}]") for index, value in enumerate(given)]


def _number(value: Any, place: str) -> float:
    if isinstance(value, str) and _FRACTION.fullmatch(value):
        return float(Fraction(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        repair = ', without quotes, or a fraction such as "1/3"' if isinstance(value, str) else ""
        raise _Malformed(f"{place} is {_kind(value)}: expected a number{repair}")
    if not abs(value) <= _LARGEST:
        shown = f"{value:g}" if isinstance(value, float) else f"an integer of {len(str(abs(value)))} digits"
        raise _Malformed(f"{place} is {shown}: expected a finite number")
    return float(value)


def _check_rows(T: np.ndarray, alphabet: list[Hashable], states: list[Hashable] | None) -> None:
    for x, i, j in np.argwhere(T < 0)[:1]:
        raise _Malformed(
            f'"matrices"["{_key(alphabet[x])}"][{i}][{j}] is {T[x, i, j]:g}: probabilities are not negative '
            '(a generalised machine with signed entries needs "start" and "evaluate")'
        )
    sums = T.sum(axis=(0, 2))
    for i in np.flatnonzero(abs(sums - 1) > SUM_TOL)[:1]:
        state = f" ({json.dumps(states[i])})" if states is not None else ""
        transposed = np.allclose(T.sum(axis=(0, 1)), 1, rtol=0, atol=SUM_TOL)
        repair = "columns do: are the matrices transposed?" if transposed else "correct that row in one of them"
        raise _Malformed(f"the rows {i}{state} of all matrices together sum to {sums[i]:.9g}, not 1: {repair}")


def _listed(states: np.ndarray, process: HMM) -> str:
    """Some states by number and name, the first few of them."""
    shown = ", ".join(
        str(i) if process.states[i] == i else f"{i} ({json.dumps(process.states[i], default=str)})"
        for i in states[:_SHOWN]
    )
    return f"state{'s' * (len(states) > 1)} {shown}{f' and {len(states) - _SHOWN} more' * (len(states) > _SHOWN)}"


def machine_text(given: AnyPresentation) -> str:
    """What `save` writes. Raises ValueError as it does."""
    process = as_presentation(given)
    if isinstance(process, HMM) and len(lost := unreachable(process)):
        raise ValueError(
            f"{_listed(lost, process)} cannot be reached from the start, which a machine file may not have: "
            "save(trim(process), path) leaves them out"
        )
    keys = [_key(symbol) for symbol in process.alphabet]
    if len(set(keys)) < len(keys):
        raise ValueError(f"the symbols {process.alphabet} are not all different as JSON text: rename some of them")
    matrices = ",\n".join(f"    {json.dumps(key)}: {_rows(T)}" for key, T in zip(keys, process.T, strict=True))
    parts = [
        f'"alphabet": {_names_text(process.alphabet, "alphabet")}',
        f'"states": {_names_text(process.states, "states")}',
        f'"start": {json.dumps(process.start.tolist())}',
        f'"matrices": {{\n{matrices}\n  }}',
    ]
    if isinstance(process, GHMM):
        parts.append(f'"evaluate": {json.dumps(process.evaluate.tolist())}')
    if process.name is not None:
        parts.append(f'"name": {json.dumps(process.name)}')
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _rows(matrix: np.ndarray) -> str:
    rows = ",\n      ".join(json.dumps(row) for row in matrix.tolist())
    return f"[\n      {rows}\n    ]"


def _names_text(names: tuple[Hashable, ...], what: str) -> str:
    text = _json(names)
    if _tuples(json.loads(text)) != names:
        raise ValueError(f"{what} {names} cannot be written as JSON and read back: use strings or numbers as names")
    return text


def _key(symbol: Hashable) -> str:
    return symbol if isinstance(symbol, str) else _json(symbol)


def _json(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the name {value!r} cannot be written as JSON: use strings or numbers as names") from error


def _tuples(value: Any) -> Hashable:
    """Lists as tuples, so that they can be names."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _quoted(keys: tuple[str, ...]) -> str:
    return " and ".join(f'"{key}"' for key in keys) if len(keys) == 2 else ", ".join(f'"{key}"' for key in keys)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        shown = value if len(value) <= 20 else value[:20] + "..."
        return f"the string {json.dumps(shown)}"
    if isinstance(value, int | float):
        return f"the number {value:g}"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "an object"
