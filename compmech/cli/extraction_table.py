"""What `compmech extract` prints: the machine, its statistics beside the process's, and what speaks against it."""

from typing import Any

from compmech.cli.machine_table import machine_lines, statistics_lines
from compmech.cli.tables import shown, wrapped

__all__ = ["extraction_table"]

# Tolerances of the curve that are printed; --json has all.
_EVERY = 2


def extraction_table(document: dict[str, Any], title: str) -> list[str]:
    """The lines, at most 80 columns wide."""
    found = document["diagnostics"]
    lines = [*wrapped(title, "", 6), *_verdict(document)]
    if found["finite"]:
        lines += ["", *machine_lines(document["machine"]), *_left_out(document)]
    else:
        lines += ["", *_curve(found["states_by_tolerance"])]
    beside = found["process"]
    own = {} if beside is None else beside["statistics"]
    return [*lines, "", *statistics_lines(document, "predictor", own), "", *_support(document)]


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


def _rounded(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else shown(value)


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
