"""What `compmech infer` prints: how much structure there is, the machine, and what it was chosen from."""

from typing import Any

from compmech.cli.machine_table import machine_lines, statistics_lines
from compmech.cli.tables import wrapped

__all__ = ["SURE", "candidate_lines", "data_lines", "inference_table"]

# Candidates, symbols with their meaning, and states printed; --json has all.
_CANDIDATES = 8
_MEANINGS = 12
_STATES = 32

SURE = 0.05
"""p-value below which there is structure, in words."""


def inference_table(document: dict[str, Any]) -> list[str]:
    """The lines, at most 80 columns wide."""
    return [
        *_data(document["diagnostics"]),
        "",
        *wrapped(verdict(document), "  "),
        "",
        *_machine(document),
        "",
        *statistics_lines(document, "found"),
        *wrapped("intervals are those of the probabilities, given the transitions", "  "),
        "",
        *candidate_lines(document),
    ]


def verdict(document: dict[str, Any]) -> str:
    """How much structure there is, in one sentence."""
    p, n = document["p_structure"], round(document["n_causal_states"]["value"])
    told, states = document["diagnostics"]["told_by_the_past"], f"{n} causal state{'s' if n > 1 else ''}"
    against = f"p = {p:.2g} against shuffled symbols"
    if len(document["diagnostics"]["data"]["alphabet"]) == 1:
        return "no structure to be found: the series is one symbol throughout, one state that never surprises"
    if n == 1 and p > SURE:
        return f"no structure found: one state, and the past tells of the next symbol no more than chance ({against})"
    if n == 1:
        return (
            f"one state, though the past tells something of the next symbol ({against}, {told:.2g} bits at most): no "
            "machine that was tried earned more states on what was held out; more data may tell"
        )
    if p > SURE:
        return (
            f"{states}, but short pasts tell of the next symbol no more than chance ({against}): either the structure "
            "lies in longer pasts, or there is none"
        )
    return f"structure found: {states} ({against})"


def _data(found: dict[str, Any]) -> list[str]:
    alphabet = found["data"]["alphabet"]
    kinds = f"{len(alphabet)} different" if len(alphabet) > 1 else "all the same"
    return data_lines(found, f"{found['symbols']:,} symbols, {kinds}")


def data_lines(found: dict[str, Any], what: str) -> list[str]:
    """The file, what it holds and in how many pieces, how it was read, and what symbols stand for."""
    data = found["data"]
    gaps = f", in {found['pieces']:,} pieces between gaps" if found["pieces"] > 1 else ""
    lines = [data["file"], *wrapped(what + gaps, "  ")]
    for note in data["notes"]:
        lines += wrapped(note, "  ")
    meaning = list(data["meaning"].items())
    for name, stands_for in meaning[:_MEANINGS]:
        lines += wrapped(stands_for, f"  {name:<6}")
    return lines + _more(len(meaning) - _MEANINGS, "symbols")


def _machine(document: dict[str, Any]) -> list[str]:
    machine = document["machine"]
    n = len(machine["states"])
    if n > _STATES:
        return [f"  {n} states, too many to print (--json has them)"]
    return machine_lines(machine)


def candidate_lines(document: dict[str, Any]) -> list[str]:
    """What was chosen from, the cheapest on held-out symbols first."""
    found = document["diagnostics"]["candidates"]
    lines = [f"  {'candidate':<34}{'states':>8}{'free':>6}{'held-out bits':>16}"]
    taken = document["diagnostics"]["setting"]
    for one in found[:_CANDIDATES]:
        how = f"{one['method']} {_setting(one)}"
        chosen = all(one.get(key) == value for key, value in {"method": document["method"], **taken}.items())
        cost = one["held_out_bits_per_symbol"]
        cost = f"{cost:.6f}" if isinstance(cost, float) else "forbids some"
        lines.append(f"  {how:<34}{one['n_state']:>8}{one['n_free']:>6}{cost:>16}{'  chosen' if chosen else ''}")
    return lines + _more(len(found) - _CANDIDATES, "candidates")


def _setting(one: dict[str, Any]) -> str:
    names = {
        "history": "histories of {}",
        "horizon": "futures of {}",
        "states": "best of {} states",
        "order": "chain of order {}",
    }
    said = [text.format(one[key]) for key, text in names.items() if key in one]
    return ", ".join(said) + (f", {one['significance']:g}" if "significance" in one else "")


def _more(n: int, what: str) -> list[str]:
    return [f"  and {n} {what} more (--json has all)"] if n > 0 else []
