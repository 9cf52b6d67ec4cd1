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
        *_intervals(document),
        "",
        *candidate_lines(document),
    ]


def verdict(document: dict[str, Any]) -> str:
    """How much structure there is, in a sentence or two."""
    p, told = document["p_structure"], document["diagnostics"]["told_by_the_past"]
    against = f"p = {p:.2g} against shuffled symbols"
    if len(document["diagnostics"]["data"]["alphabet"]) == 1:
        return "no structure to be found: the series is one symbol throughout, one state that never surprises"
    n, states = _size(document)
    if n == 1 and p > SURE:
        return f"no structure found: {states}, and the past tells of the next symbol no more than chance ({against})"
    if n == 1:
        return (
            f"{states}, though the past tells something of the next symbol ({against}, {told:.2g} bits at most): no "
            "machine that was tried earned more states on what was held out; more data may tell"
        )
    if p > SURE:
        return (
            f"{states}, but short pasts tell of the next symbol no more than chance ({against}): either the structure "
            f"lies in longer pasts, or there is none{_growing(document)}"
        )
    return f"structure found: {states} ({against}){_growing(document)}"


def _size(document: dict[str, Any]) -> tuple[int, str]:
    """The number of states or dimensions, and what they are."""
    found = document["n_causal_states"]
    if found is not None:
        n = round(found["value"])
        return n, f"{n} causal states" if n > 1 else "one state"
    n = len(document["machine"]["start"])
    if "evaluate" in document["machine"]:
        return n, f"a generalised hidden Markov model of dimension {n}"
    return n, f"a hidden Markov model of {n} hidden state{'s' if n > 1 else ''}"


def _growing(document: dict[str, Any]) -> str:
    """What is to be said of a number of states that does not settle, or of a process that has none."""
    grown, finite = document["diagnostics"]["growth"], document["diagnostics"]["finite"]
    if grown is None:
        return ""
    counts = [(symbols, n) for symbols, n in zip(grown["symbols"], grown["n_state"], strict=True) if n is not None]
    still = f"still growing ({', '.join(f'{n} from {symbols:,} symbols' for symbols, n in counts)})"
    if document["n_causal_states"] is not None:
        return f". The number of states is {still}: no finite machine is claimed" if grown["still_growing"] else ""
    told = (
        f". No finite machine is claimed: the best has {finite['n_state']} states and takes more numbers, or more bits"
    )
    return told + (f", and the number is {still}" if grown["still_growing"] else "")


def _intervals(document: dict[str, Any]) -> list[str]:
    if document["n_causal_states"] is not None:
        return wrapped("intervals are those of the probabilities, given the transitions", "  ")
    how = document["diagnostics"]["how"]
    of_h, of_E = how["entropy_rate"], how["excess_entropy"]
    if of_h == of_E:
        return wrapped(f"entropy rate and excess entropy {of_h}", "  ")
    return [*wrapped(f"entropy rate {of_h}", "  "), *wrapped(f"excess entropy {of_E}", "  ")]


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
        "groups": "{} groups",
        "remembers": "remembers {}",
        "states": "best of {} states",
        "order": "chain of order {}",
        "words": "words of {}",
        "dimension": "dimension {}",
        "hidden": "{} hidden",
    }
    said = [text.format(one[key]) for key, text in names.items() if key in one]
    return ", ".join(said) + (f", {one['significance']:g}" if "significance" in one else "")


def _more(n: int, what: str) -> list[str]:
    return [f"  and {n} {what} more (--json has all)"] if n > 0 else []
