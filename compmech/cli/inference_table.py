"""What `compmech infer` prints: how much structure there is, the machine, and what it was chosen from."""

from typing import Any

from compmech.cli.machine_table import machine_lines, statistics_lines
from compmech.cli.tables import wrapped

__all__ = ["SURE", "candidate_lines", "data_lines", "inference_table"]

# Candidates, symbols with their meaning, states, and lines of the machine printed; --json has all.
_CANDIDATES = 8
_MEANINGS = 12
_STATES = 32
_LINES = 40

# Choices that are no number of states, and letters of the statistics.
_NO_NUMBER = {"not_finite": "no finite machine", "without": "nothing"}
_LETTERS = {"entropy_rate": "h", "statistical_complexity": "C", "excess_entropy": "E"}

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
        *_chosen_again(document["diagnostics"]),
        "",
        *candidate_lines(document),
        "",
        *_beside(document),
    ]


def verdict(document: dict[str, Any]) -> str:
    """How much structure there is, in a sentence or two."""
    p, test = document["p_structure"], document["diagnostics"]["structure"]
    if len(document["diagnostics"]["data"]["alphabet"]) == 1:
        return "no structure to be found: the series is one symbol throughout, one state that never surprises"
    n, states = _size(document)
    looked_at = _looked_at(test)
    if test["surrogates"] != "shuffled":
        says = "speak" if p <= SURE else "do not speak"
        return (
            f"{states}; {looked_at} {says} against the hypothesis that {test['null']} (p = {p:.2g}){_growing(document)}"
        )
    against = f"p = {p:.2g} against shuffled symbols"
    if n == 1 and p > SURE:
        return f"no structure found: {states}, and {looked_at} tell of the next symbol no more than chance ({against})"
    if n == 1:
        return (
            f"{states}, though {looked_at} tell something of the next symbol ({against}, {test['found']:.2g} bits at "
            "most): no machine that was tried earned more states on what was held out; more data may tell"
        )
    if p > SURE:
        return (
            f"{states}, but {looked_at} tell of the next symbol no more than chance ({against}): either the structure "
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


def _looked_at(test: dict[str, Any]) -> str:
    """What the statistic is of."""
    if test["longest"] is None:
        return "predictions of held-out symbols"
    return f"pasts of up to {test['longest']} symbol{'s' if test['longest'] > 1 else ''}"


def _chosen_again(found: dict[str, Any]) -> list[str]:
    """How often the choice comes back, and the intervals of the bootstrap."""
    again = found.get("selection")
    if again is None:
        return wrapped("how sure the number of states is was not asked: --bootstrap 20 does", "  ")
    shares = [f"{n}: {share:.0%}" for n, share in again["state_frequencies"].items()]
    shares += [f"{what}: {again[key]:.0%}" for key, what in _NO_NUMBER.items() if again[key]]
    chosen = sum(one["frequency"] for one in again["topologies"] if one["is_chosen"])
    lines = wrapped(
        f"states chosen again from {again['n_series']} series that the machine made: {', '.join(shares)}; the same "
        f"transitions: {chosen:.0%}",
        "  ",
    )
    for way, intervals in found.get("intervals", {}).items():
        if way != "posterior":
            both = ", ".join(
                f"{letter} {intervals[key]['low']:.4f} .. {intervals[key]['high']:.4f}"
                for key, letter in _LETTERS.items()
            )
            lines += wrapped(f"{way} bootstrap: {both}", "  ")
    return lines


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
    lines = machine_lines(machine)
    if len(lines) > _LINES:
        return [*lines[:_LINES], *wrapped(f"and so on, {n} states in all (--json has them)", "  ")]
    return lines


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


def _beside(document: dict[str, Any]) -> list[str]:
    """What other predictors need for the same symbols."""
    lines = [f"  {'on the same symbols':<34}{'held-out bits':>16}{'above machine':>16}{'error':>12}"]
    for one in document["diagnostics"]["beside"]:
        name = f"{one['name']} of order {one['setting']['order']}" if "order" in one["setting"] else one["name"]
        cost, above, error = one["held_out_bits_per_symbol"], one["above"], one["error"]
        if isinstance(cost, float) and isinstance(above, float):
            last = "" if error is None else f"{error:>12.6f}"
            lines.append(f"  {name:<34}{cost:>16.6f}{above:>+16.6f}{last}")
        else:
            lines.append(f"  {name:<34}{'forbids some':>16}")
    return lines


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
