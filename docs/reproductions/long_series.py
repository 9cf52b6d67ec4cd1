"""What `compmech infer --stream` takes for long files: seconds, and memory, which does not grow with the file.

    python docs/reproductions/long_series.py -o docs/results/long-series.json [--small]

The files hold the even process: blocks of 0 and of 11, either as likely. Each is read by the command in a process of
its own, whose processor time and greatest memory the system tells.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compmech.whole_files import written_aside

COMMAND = "python docs/reproductions/long_series.py -o docs/results/long-series.json"
SIZES = (1_000_000, 10_000_000, 100_000_000)
AT_ONCE = 4_000_000


def write_even(path: Path, n_symbol: int, rng: np.random.Generator) -> None:
    """The even process as text, made and written in pieces that no memory is needed for."""
    left = n_symbol
    with path.open("wb") as file:
        while left:
            one = rng.random(AT_ONCE) < 0.5
            piece = np.repeat(one.astype(np.uint8) + ord("0"), 1 + one)[:left]
            file.write(piece.tobytes())
            left -= len(piece)


def inferred(path: Path) -> dict[str, Any]:
    """What the command finds, and what it takes."""
    command = [sys.executable, "-m", "compmech", "infer", str(path), "--stream", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        document = json.loads(child.stdout.read())
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"compmech infer ended with {child.returncode}")
    return {
        "symbols": document["diagnostics"]["symbols"],
        "file_mb": path.stat().st_size / 1e6,
        "processor_s": round(usage.ru_utime + usage.ru_stime, 2),
        "memory_mb": round(usage.ru_maxrss * 1024 / 1e6, 1),
        "n_causal_states": document["n_causal_states"]["value"],
        "entropy_rate": document["entropy_rate"],
        "held_out_bits_per_symbol": document["held_out_bits_per_symbol"],
    }


def table(found: dict[str, Any]) -> str:
    """One line for each file."""
    head = f"{'symbols':>12}{'file, MB':>10}{'memory, MB':>12}{'processor, s':>14}{'states':>8}{'h':>10}"
    rows = [
        f"{row['symbols']:>12,}{row['file_mb']:>10.0f}{row['memory_mb']:>12.0f}{row['processor_s']:>14.1f}"
        f"{row['n_causal_states']:>8.0f}{row['entropy_rate']['value']:>10.6f}"
        for row in found["rows"]
    ]
    return "\n".join([head, *rows])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="one file of 200,000 symbols")
    asked = parser.parse_args(arguments)
    rng, rows = np.random.default_rng(asked.seed), []
    with tempfile.TemporaryDirectory() as folder:
        for size in (200_000,) if asked.small else SIZES:
            path = Path(folder) / f"even-{size}.txt"
            write_even(path, size, rng)
            rows.append(inferred(path))
            path.unlink()
    found = {"command": COMMAND, "python": sys.version.split()[0], "numpy": np.__version__, "rows": rows}
    with written_aside(asked.out) as aside:
        aside.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
