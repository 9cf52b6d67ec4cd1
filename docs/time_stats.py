"""Seconds of CPU time that `compmech stats NAME` takes as a whole command, for every built-in process.

    python docs/time_stats.py docs/results/stats-seconds.txt

Each process is its own run of the interpreter, with one thread: start-up, imports, statistics, table. The lines are
sorted by time; the first is the start-up alone (`compmech --help`), and the last says what the bar is.
"""

import resource
import subprocess
import sys
from pathlib import Path

BAR = 2.0
_COMMAND = [sys.executable, "-c", "from compmech.cli import main; main()"]


def cpu_seconds(*arguments: str) -> float:
    """CPU time, of the user and the system, of one run of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*_COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(seconds: dict[str, float], start_up: float) -> str:
    """The table: the slowest first."""
    rows = sorted(seconds.items(), key=lambda row: -row[1])
    middle = rows[len(rows) // 2][1]
    worst, over = rows[0][1], sum(taken >= BAR for taken in seconds.values())
    lines = [f"{'compmech stats NAME':<40}{'CPU seconds':>12}"]
    lines.append(f"{'(compmech --help: start-up alone)':<40}{start_up:>12.2f}")
    lines += [f"{name:<40}{taken:>12.2f}" for name, taken in rows]
    lines.append(f"{len(rows)} processes: median {middle:.2f} s, worst {worst:.2f} s, {over} at or above {BAR:g} s")
    return "\n".join(lines) + "\n"


def main(out: Path) -> None:
    """Time every process and write the table."""
    from compmech import zoo

    cpu_seconds("--help")  # bytecode is compiled, files are in memory
    start_up = min(cpu_seconds("--help") for _ in range(3))
    seconds = {name: cpu_seconds("stats", name) for name in zoo.names()}
    out.write_text(report(seconds, start_up), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
