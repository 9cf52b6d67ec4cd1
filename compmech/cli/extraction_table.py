"""What `compmech extract` prints: the machine, its statistics beside the process's, and what speaks against it."""

from typing import Any

from compmech.cli.tables import shown, wrapped

__all__ = ["extraction_table"]

_ROW = "  {:<25}{:>12}  {:<27}{}"

# Tolerances of the curve that are printed; --json has all.
_EVERY = 2


def extraction_table(document: dict[str, Any], title: str) -> list[str]:
    """The lines, at most 80 columns wide."""
    found = document["diagnostics"]
    lines = [*wrapped(title, "", 6), *_verdict(document)]
    if found["finite"]:
        lines += ["", *_machine(document["machine"]), *_left_out(document)]
    else:
        lines += ["", *_curve(found["states_by_tolerance"])]
    return [*lines, "", *_statistics(document), "", *_support(document)]


def _verdict(document: dict[str, Any]) -> list[str]:
    found = document["diagnostics"]
    lines = wrapped(found["reason"], "  ")
    finer = found["finer"]
    if finer is not None:
        said = (
            f"at a finer tolerance {finer['n_state']} states stand out as well, {_rounded(finer['residual'])} bits off"
        )
        lines += wrapped(said, "  ")
    beside = found["process"]
    if beside is None:
        return lines + wrapped("not compared with any process: give one with --process", "  ")
    if beside["undertrained"]:
        said = (
            f"undertrained: the network is {_rounded(beside['kl_nats'])} nats a symbol from the process; what is found "
            "is the network's own, whatever it shares with the process"
        )
        lines += wrapped(said, "  ")
    if beside["isomorphic"]:
        most = beside["largest_difference"]
        lines += wrapped(f"isomorphic to the machine of the process; probabilities differ by up to {most:.2g}", "  ")
    else:
        said = "not compared state by state" if beside["isomorphic"] is None else "not the machine of the process"
        lines += wrapped(f"{said}: {beside['why']}", "  ")
    return lines


def _machine(machine: dict[str, Any]) -> list[str]:
    """One transition a line, states in order of their probability."""
    states = machine["states"]
    lines = [f"  {'state':<8}{'':>10}  transitions: symbol, probability, next state"]
    for i, state in enumerate(states):
        ways = [
            f"{symbol} {row[j]:.4f} {states[j]}"
            for symbol, matrix in machine["matrices"].items()
            for row in [matrix[i]]
            for j in range(len(states))
            if row[j] > 0
        ]
        lines += wrapped(",  ".join(ways), f"  {state!s:<8}{machine['start'][i]:>10.4f}  ")
    return lines


def _left_out(document: dict[str, Any]) -> list[str]:
    states, dropped = document["machine"]["states"], document["diagnostics"]["dropped"]
    if not dropped:
        return ["  no transition was left out"]
    listed = ", ".join(f"{states[each['state']]} on {each['symbol']} ({each['probability']:.2g})" for each in dropped)
    return wrapped(f"left out: {listed}", "  ")


def _curve(growth: list[dict[str, Any]]) -> list[str]:
    lines = ["  bits a symbol off   states needed"]
    for each in growth[::_EVERY]:
        needed = "more than were tried" if each["n_state"] is None else str(each["n_state"])
        lines.append(f"  {each['tolerance']:>17.3g}   {needed}")
    return lines


def _statistics(document: dict[str, Any]) -> list[str]:
    beside = document["diagnostics"]["process"]
    own = {} if beside is None else beside["statistics"]
    lines = [_ROW.format("", "predictor", "95 % interval", "process" if own else "").rstrip()]
    for key in ("n_causal_states", "entropy_rate", "statistical_complexity", "excess_entropy"):
        value = document[key]
        number, interval = "-", ""
        if value is not None:
            digits = 0 if key == "n_causal_states" else 6
            number = f"{value['value']:.{digits}f}"
            interval = f"{value['low']:.{digits}f} .. {value['high']:.{digits}f}"
        known = _short(own[key]) if own else ""
        lines.append(_ROW.format(key.replace("_", " "), number, interval, known).rstrip())
    lines.append(
        _ROW.format("held-out bits per symbol", f"{document['held_out_bits_per_symbol']:.6f}", "", "").rstrip()
    )
    return lines


def _rounded(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else shown(value)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        value = (value["lower"] + value["upper"]) / 2 if "inf" not in value.values() else shown(value)
    return f"{value:.6f}" if isinstance(value, float) else shown(value)


def _support(document: dict[str, Any]) -> list[str]:
    found = document["diagnostics"]
    drawn, hankel, spectral, merged = found["rollout"], found["hankel"], found["spectral"], found["merged"]
    grown = "" if found["ranks"] is None else f" (ranks {', '.join(map(str, found['ranks']))} by length)"
    said = [
        f"{drawn['sequences']} sequences of {drawn['length']} symbols drawn from it, trained on "
        f"{drawn['trained_length']}; {100 * drawn['never_drawn']:.2g} % of its probability, too small to be drawn",
        f"histories merged by their next {found['horizon']} symbols{grown}; {100 * merged['inconsistent']:.2g} % of "
        f"probability leads elsewhere than the machine says, which is {merged['residual']:.2g} bits a symbol off",
        f"rank of its predictions {hankel['rank']}, the same in {100 * hankel['sure']:.3g} % of resamples; the process "
        f"of that dimension is {spectral['residual_process']:.2g} bits a symbol off"
        + ("" if spectral["projected"] is None else f", projected, because {spectral['projected']}"),
        f"structure: p = {document['p_structure']:.2g} against shuffled sequences",
    ]
    return [line for text in said for line in wrapped(text, "  ", 4)]
