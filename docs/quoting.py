"""A Sphinx extension for numbers that nobody types: {num}`NAME KEY.KEY.0 .3f` is the number of a JSON file.

NAME.json is looked for among the numbers that the figure scripts wrote, and in the recorded results; the keys lead to
one number in it (a whole number picks from a list); the last word, if there is one, formats it as Python does. Without
it whole numbers have commas at the thousands, and others four digits.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROLE = "num"


class Unquotable(ValueError):
    """There is no such number."""


def quoted(reference: str, folders: Sequence[Path]) -> str:
    """The text of a reference.

    Raises:
        Unquotable: if the reference is not of the form above, no file or two files have its name, or the keys do not
            lead to a number.
    """
    words = reference.split()
    if len(words) not in (2, 3):
        raise Unquotable(f"{reference!r} must be NAME KEYS or NAME KEYS FORMAT")
    value = _found(json.loads(source(words[0], folders).read_text(encoding="utf-8")), words[1], reference)
    if value in ("inf", "-inf"):
        return str(value).replace("inf", "∞")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unquotable(f"{reference!r} leads to {type(value).__name__}, not to a number")
    shown = format(value, words[2] if len(words) == 3 else "," if isinstance(value, int) else ".4g")
    # a zero that rounding left has no sign
    return shown.removeprefix("-") if not shown.strip("-0.%") else shown.replace("-", "−")


def source(name: str, folders: Sequence[Path]) -> Path:
    """The one file of this name."""
    found = [folder / f"{name}.json" for folder in folders if (folder / f"{name}.json").is_file()]
    if len(found) != 1:
        places = ", ".join(str(folder) for folder in folders)
        how = "make it: compmech figures -o docs/_figures" if not found else "two files have that name"
        raise Unquotable(f"{name}.json is in {len(found)} of the folders {places}: {how}")
    return found[0]


def _found(tree: Any, keys: str, reference: str) -> Any:
    for key in keys.split("."):
        match tree:
            case dict() if key in tree:
                tree = tree[key]
            case list() if key.isdigit() and int(key) < len(tree):
                tree = tree[int(key)]
            case dict():
                raise Unquotable(f"{reference!r}: no {key!r} among {', '.join(map(str, tree))}")
            case _:
                raise Unquotable(f"{reference!r}: nothing is called {key!r} there")
    return tree


def _role(app: Any) -> Callable[..., Any]:
    from docutils import nodes

    folders = [Path(app.srcdir) / folder for folder in app.config.quoted_folders]

    def role(name: str, raw: str, text: str, line: int, inliner: Any, options: Any = None, content: Any = None) -> Any:
        try:
            shown = quoted(text, folders)
        except Unquotable as error:
            problem = inliner.reporter.error(str(error), line=line)
            return [inliner.problematic(raw, raw, problem)], [problem]
        inliner.document.settings.env.note_dependency(str(source(text.split()[0], folders)))
        return [nodes.Text(shown)], []

    return role


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_config_value("quoted_folders", ["_figures", "results"], "env", list)
    app.connect("builder-inited", lambda app: app.add_role(ROLE, _role(app), override=True))
    return {"parallel_read_safe": True}
