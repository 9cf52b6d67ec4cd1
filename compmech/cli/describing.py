"""`compmech processes` and `compmech stats`: what there is, and what is known of it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.arguments import NamedProcess, parse_process, parse_settings, read_process
from compmech.cli.failure import Failed, Misused, misuse
from compmech.cli.tables import estimates_table, more_table, shown, statistics_table, wrapped

if TYPE_CHECKING:
    from compmech.zoo import Check

__all__ = ["Unused", "add_describing_commands", "chosen_process"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")]
Unused = Annotated[int, typer.Option("--seed", help="Taken, as by all commands; nothing here is random.", min=0)]


def add_describing_commands(app: typer.Typer) -> None:
    """Put the commands of this file into the command line."""
    app.command("processes")(processes)
    app.command("stats")(stats)


def processes(
    check: Annotated[
        bool, typer.Option("--check", help="Compute all statistics again and compare them with the golden ones.")
    ] = False,
    seed: Unused = 0,
    as_json: AsJson = False,
) -> None:
    """List the built-in processes with their parameters and sources, or check their statistics.

    With --check the exit status is 1 if any value differs from its golden one by more than 1e-9 relatively (1e-6 where
    the golden value is no better).
    """
    from compmech import zoo

    if check:
        _check_all(as_json)
        return
    entries = [zoo.entry(name) for name in zoo.names()]
    if as_json:
        print(json.dumps([entry.to_dict() for entry in entries], indent=1, allow_nan=False))
        return
    for entry in entries:
        lines = wrapped(f"{entry.name}  {entry.description}", "", 6)
        for parameter in entry.parameters:
            allowed = f"{_default(parameter.default)} in {parameter.range}"
            lines += wrapped(f"{parameter.name} = {allowed}: {parameter.range.meaning}", "    ", 6)
        if entry.aliases:
            lines += wrapped(f"also called {', '.join(entry.aliases)}", "    ", 6)
        print("\n".join(lines + wrapped(entry.source, "    ", 6)))


def _check_all(as_json: bool) -> None:
    from threadpoolctl import threadpool_limits

    from compmech import zoo

    if not as_json:
        print(_CHECK_ROW.format("process", "values", "bounded", "unknown", "error"))
    checks: list[Check] = []
    for name in zoo.names():
        with threadpool_limits(1):
            done = zoo.check_entry(zoo.entry(name))
        checks += done
        for found in done:
            if not as_json:
                print(_check_lines(found), flush=True)
    n_off = sum(len(found.off) for found in checks)
    n_values = sum(found.n_values for found in checks)
    if as_json:
        document = {"values": n_values, "off": n_off, "checks": [found.to_dict() for found in checks]}
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        n_bounded, n_unknown = (sum(len(getattr(f, key)) for f in checks) for key in ("bounded", "unknown"))
        print(f"{n_values} golden values: {n_off} off, {n_bounded} within wider bounds, {n_unknown} not computed")
    if n_off:
        raise Failed(f"{n_off} of {n_values} statistics are not the golden ones")


_CHECK_ROW = "{:<38.38}{:>7}{:>8}{:>8}{:>9}"


def _check_lines(found: "Check") -> str:
    from compmech.plain import plain

    counts = found.n_values, len(found.bounded), len(found.unknown)
    lines = [_CHECK_ROW.format(found.name, *counts, f"{found.worst:.1e}")]
    for difference in found.off:
        golden, computed = (shown(plain(value)) for value in (difference.golden, difference.found))
        lines.append(f"  off: {difference.key} is {computed}, not {golden}")
    return "\n".join(lines)


def _default(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def stats(
    name: Annotated[str | None, typer.Argument(help="A built-in process; `compmech processes` lists them.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A machine file in place of a built-in process.")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", help="key=value; may be given again.")] = None,
    more: Annotated[
        bool,
        typer.Option(
            "--more",
            help="Also the spectrum of the mixed states, convergence of h_L, correlations and lines of the power "
            "spectrum, Renyi variants, C_q of the q-machine, oracular and gauge information.",
        ),
    ] = False,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Also sampled estimates of E, crypticity, r, b, q, sigma with intervals, and of the beliefs' entropy "
            "rate, Lyapunov exponents and dimensions.",
        ),
    ] = False,
    symbols: Annotated[int, typer.Option(help="Of --estimate: symbols sampled.", min=2000)] = 200_000,
    seconds: Annotated[
        float | None,
        typer.Option(
            help="Of --estimate: sample E, ... for this long instead; not the same again for the same seed.", min=1e-3
        ),
    ] = None,
    max_states: Annotated[int | None, typer.Option(help="Mixed states looked at.", min=1)] = None,
    max_words: Annotated[int | None, typer.Option(help="Numbers in the words looked at for bounds.", min=1)] = None,
    max_length: Annotated[int | None, typer.Option(help="Length of the longest block entropy.", min=0)] = None,
    seed: Annotated[int, typer.Option(help="Of all randomness: same seed, same machine, same numbers.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Compute a process's statistics: entropy rate, complexities, informations, orders, counts. Bits.

    Each is exact, between certified bounds, or missing; the last column, and with --json the key `how`, says which and
    why. With --json, --more adds the key `more` (spectrum, convergence, correlation, renyi, quantum_complexity,
    presentation, how) and --estimate adds `estimates` (information, blackwell, how); all other keys stay as they are.
    """
    from threadpoolctl import threadpool_limits

    from compmech import statistics

    named = chosen_process(name, file, param or [])
    limits = {"max_states": max_states, "max_words": max_words, "max_length": max_length}
    # matrices are small: more threads only wait for one another, for seconds where the machine is busy
    with misuse(within=named.title), threadpool_limits(1):
        computed = statistics(named.process, **{key: value for key, value in limits.items() if value is not None})
        found: dict[str, Any] = computed.to_dict()
        if more:
            from compmech.cli.further import more_of

            found["more"] = more_of(named.process, computed)
        if estimate:
            import numpy as np

            from compmech.cli.further import estimates_of

            rng = np.random.default_rng(seed)
            found["estimates"] = estimates_of(named.process, rng=rng, symbols=symbols, seconds=seconds)
    if as_json:
        print(json.dumps(found, indent=1, allow_nan=False))
        return
    print("\n".join([*wrapped(named.title, "", 6), *statistics_table(found)]))
    if more:
        print("\n".join(more_table(found["more"])))
    if estimate:
        print("\n".join(estimates_table(found["estimates"])))


def chosen_process(name: str | None, file: Path | None, param: list[str]) -> NamedProcess:
    """The one process that a command was given, by name or as a file. Raises Misused if it is none, or both."""
    bare = (name or "process").partition(":")[0] or "process"  # as messages name it
    settings = parse_settings(f"{bare}:{','.join(param)}")[1] if param else {}
    if (name is None) == (file is None):
        raise Misused("name one process, or give one machine file with --file (see compmech processes)")
    if file is not None:
        if settings:
            raise Misused(f"{file} is a file: its matrices are fixed, so --param has nothing to set")
        return read_process(file)
    return parse_process(str(name), settings)
