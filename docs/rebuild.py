"""All that is recorded made again from nothing, and every figure from that. Days of one core.

    python docs/rebuild.py FOLDER [NAME ...] [--weights FOLDER] [--list]

Each file of docs/results says by which commands it was made. FOLDER gets a copy of the documentation, in which the
named files (all of them, if none is named) are made again by their commands, one after another, and then the figures,
in FOLDER/docs/_figures. What is recorded here stays as it is. Stopped, the same line goes on behind what is finished.
`--list` shows the commands. Two audits read weights that others published, and nothing downloads these: without
`--weights` the recorded files stand in for them, which is said.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
OF_OTHERS = ("belief-audit", "released-networks")
"""Files that need weights which others published."""


def recorded(root: Path) -> dict[str, list[str]]:
    """The commands of every file of results, by its name below docs/results without the suffix."""
    results, found = root / "docs" / "results", {}
    for path in sorted(results.rglob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        text = "\n".join(content.get("commands", [content.get("command", "")]))
        found[path.relative_to(results).with_suffix("").as_posix()] = text.replace("\\\n", " ").splitlines()
    return found


def arguments(command: str, name: str, kept: Path, weights: Path | None) -> list[str]:
    """A command as it is run in the copy: with a place for its folder, and results where pages look for them."""
    own = str(weights if name in OF_OTHERS else kept)
    parent = name.rpartition("/")[0]
    words = [{"FOLDER": own, parent: f"docs/results/{parent}"}.get(word, word) for word in shlex.split(command)]
    program = {"python": [], "compmech": ["-m", "compmech"]}[words[0]]
    return [sys.executable, *program, *words[1:]]


def rebuild(root: Path, folder: Path, names: Sequence[str], weights: Path | None) -> int:
    """Make the named files and all figures; the exit code of the first command that fails, or 0."""
    commands = recorded(root)
    folder = folder.resolve()
    if not (folder / "docs").exists():
        shutil.copytree(root / "docs", folder / "docs", ignore=shutil.ignore_patterns("_build", "_figures"))
    for name in names:
        if name in OF_OTHERS and weights is None:
            print(f"{name}: as it is recorded; it needs --weights")
        elif code := _made(name, commands[name], folder, root, weights):
            return code
    figures = "compmech figures --scripts docs/figures -o docs/_figures"
    return _run(arguments(figures, "", folder, None), folder, root)


def _made(name: str, commands: Sequence[str], folder: Path, root: Path, weights: Path | None) -> int:
    kept = folder / "kept" / name
    begun, ended = kept.with_suffix(".begun"), kept.with_suffix(".ended")
    if ended.exists():
        print(f"{name}: is there")
        return 0
    if not begun.exists():  # else what is there was begun by this script
        results = folder / "docs" / "results"
        if parent := name.rpartition("/")[0]:
            shutil.rmtree(results / parent)
        else:
            (results / f"{name}.json").unlink()
        kept.mkdir(parents=True)
        begun.touch()
    for command in commands:
        if code := _run(arguments(command, name, kept, weights and weights.resolve()), folder, root):
            print(f"{name}: {command}: ended with {code}", file=sys.stderr)
            return code
    ended.touch()
    return 0


def _run(words: Sequence[str], folder: Path, root: Path) -> int:
    print(shlex.join(words[1:]), flush=True)
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.run(words, cwd=folder, env=_beside(os.environ, root) | one_thread, check=False).returncode


def _beside(environment: Mapping[str, str], root: Path) -> dict[str, str]:
    """This checkout's packages, whatever else is installed."""
    paths = [str(root), *environment.get("PYTHONPATH", "").split(os.pathsep)]
    return dict(environment) | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def main(words: Sequence[str], *, root: Path = ROOT) -> int:
    """The command."""
    commands = recorded(root)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of files below docs/results, without .json")
    parser.add_argument("--weights", type=Path, help="folder of the weights of released networks")
    parser.add_argument("--list", action="store_true", help="the files, and their commands")
    asked = parser.parse_args(words)
    if asked.list:
        print("\n".join(f"{name}\n" + "\n".join(f"    {each}" for each in lines) for name, lines in commands.items()))
        return 0
    if asked.folder is None:
        parser.error("a FOLDER is needed, for the copy")
    if unknown := [name for name in asked.names if name not in commands]:
        parser.error(f"{', '.join(unknown)}: not among {', '.join(commands)}")
    return rebuild(root, asked.folder, asked.names or list(commands), asked.weights)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
