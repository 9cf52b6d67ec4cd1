"""Words of the command line turned into objects: `mess3`, `mess3:x=0.15,a=0.6`, `machine.json`, `gru:width=32`."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from compmech.cli.failure import Misused, misuse, unreadable
from compmech.hmm import GHMM, HMM

# Labels are names of files, two of them in one name of at most 255 bytes; longer ones, of long lists, are cut and told
# apart by a checksum.
_LONGEST_LABEL = 100

__all__ = ["NamedProcess", "parse_process", "parse_settings", "parse_value", "read_process", "safe_label"]


@dataclass(frozen=True)
class NamedProcess:
    """A process as the user named it: `label` is short and safe for file names, `title` says all parameters."""

    label: str
    title: str
    process: HMM | GHMM


def parse_settings(word: str) -> tuple[str, dict[str, Any]]:
    """`name:key=value,key=value` as the name and its settings.

    Values are JSON, or numbers such as `.5` and `1/3`, or else text. Commas inside brackets or quotes belong to a
    value, as in `renewal:law=[0.25,0.75]`. Raises Misused for a setting without `=`, an empty name, or a key given
    twice.
    """
    name, _, rest = word.partition(":")
    if not name:
        raise Misused(f"{word!r} names nothing: write NAME or NAME:key=value,key=value")
    settings: dict[str, Any] = {}
    for part in _pieces(rest):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not key or not value:
            raise Misused(f"{part!r} in {word!r} is not a setting: write key=value")
        if key in settings:
            raise Misused(f"{key!r} is set twice in {word!r}")
        settings[key] = parse_value(value)
    return name, settings


def parse_value(text: str) -> Any:
    """A JSON value, a decimal number that JSON does not know (`.5`, `1.`, `+0.5`), a fraction (`1/3`), or text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?", text):
        return float(text)
    if re.fullmatch(r"-?\d+/0*[1-9]\d*", text):
        above, below = text.split("/")
        return int(above) / int(below)
    return text


def _pieces(text: str) -> list[str]:
    """Parted at the commas that stand outside brackets and quotes; nothing for no text."""
    pieces, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        if not quoted:
            depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth <= 0 and not quoted:
            pieces.append("")
        else:
            pieces[-1] += letter
    return pieces if text else []


def read_process(path: Path) -> NamedProcess:
    """A machine file. Raises Misused if it cannot be read or is no machine."""
    from compmech import zoo
    from compmech.io import load

    with unreadable(path), misuse():
        process = load(path)
    label = process.name or path.stem
    if label in zoo.names():  # the name is that of a built-in process, which has settings of its own, and it is not
        label = f"{label}-file"
    return NamedProcess(safe_label(label), str(path), process)


def parse_process(word: str, parameters: dict[str, Any] | None = None) -> NamedProcess:
    """A zoo process with its parameters, or a machine file if the word ends in `.json`.

    Raises Misused for a name that does not exist, a parameter that the process does not have or cannot take.
    """
    from compmech import zoo

    if word.endswith(".json"):
        if parameters:
            raise Misused(f"{word} is a file: its matrices are fixed, so --param has nothing to set")
        return read_process(Path(word))
    name, settings = parse_settings(word)
    for key in parameters or {}:
        if key in settings:
            raise Misused(f"{key!r} is set twice, in {word!r} and by --param")
    settings |= parameters or {}
    with misuse():
        entry = zoo.entry(name)
        process = entry.build(**settings)
    values = {p.name: settings.get(p.name, p.default) for p in entry.parameters}
    listed = ", ".join(
        f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in values.items()
    )
    changed = [f"{key}{settings[key]}" for key in values if key in settings]
    return NamedProcess(safe_label("-".join([entry.name, *changed])), f"{entry.name}({listed})", process)


def safe_label(label: str) -> str:
    """A label as a name of a file; one of more than 100 bytes is cut, with a checksum at its end."""
    safe = "".join(c if c.isalnum() or c in "._-" else "-" for c in label).strip(".-") or "process"
    if len(safe.encode()) <= _LONGEST_LABEL:
        return safe
    cut = safe.encode()[: _LONGEST_LABEL - 9].decode(errors="ignore")  # a letter that was cut in two goes as a whole
    return f"{cut}-{crc32(label.encode()):08x}"
