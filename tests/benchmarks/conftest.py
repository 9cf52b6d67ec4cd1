"""Speed, side by side with a peer or a limit in one run. `make bench` prints the table; nothing here asserts a time."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def pytest_terminal_summary(terminalreporter) -> None:
    """The lines that are no groups of pytest-benchmark: ours beside peers and bars."""
    from network_sides import absent
    from speed_lines import LINES, table

    if LINES:
        terminalreporter.section("speed lines")
        terminalreporter.write_line(table())
        for library in absent():
            terminalreporter.write_line(f"{library} is not installed, and not beside us: pip install {library}")
