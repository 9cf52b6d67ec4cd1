"""What `compmech infer` prints: how much structure there is, the machine, and what it was chosen from."""

from typing import Any

from compmech.cli.machine_table import machine_lines, statistics_lines
from compmech.cli.tables import wrapped

__all__ = ["inference_table"]

# Candidates, symbols with their meaning, and states printed; --json has all.
_CANDIDATES = 8
_MEANINGS = 12
_STATES = 32

# Choices that are no number of states, and letters of the statistics.
_NO_NUMBER = {"not_finite": "no finite machine", "without": "nothing"}
_LETTERS = {"entropy_rate": "h", "statistical_complexity": "C", "excess_entropy": "E"}

# p-value below which there is structure, in words.
_SURE = 0.05


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
        *_how_sure(document),
        "",
        *_candidates(document),
        "",
        *_beside(document),
    ]


def verdict(document: dict[str, Any]) -> str:
    """How much structure there is, in one sentence."""
    p, n = document["p_structure"], _number(document)
    test = document["diagnostics"]["structure"]
    states = "no finite machine" if n is None else f"{n} causal state{'s' if n > 1 else ''}"
    if len(document["diagnostics"]["data"]["alphabet"]) == 1:
        return "no structure to be found: the series is one symbol throughout, one state that never surprises"
    if test["surrogates"] != "shuffled":
        says = "speaks against" if p <= _SURE else "does not speak against"
        return f"{states}; the test {says} the hypothesis that {test['null']} (p = {p:.2g}, {_looked_at(test)})"
    against = f"p = {p:.2g} against shuffled symbols"
    if n == 1 and p > _SURE:
        return f"no structure found: one state, and {_looked_at(test)} tell no more than chance ({against})"
    if n == 1:
        return (
            f"one state, though {_looked_at(test)} tell something ({against}, {test['found']:.2g} bits at most): no "
            "machine that was tried earned more states on what was held out; more data may tell"
        )
    if p > _SURE:
        return (
            f"{states}, but {_looked_at(test)} tell no more than chance ({against}): either the structure lies in "
            "longer pasts, or there is none"
        )
    return f"structure found: {states} ({against})"


def _number(document: dict[str, Any]) -> int | None:
    found = document["n_causal_states"]
    return None if found is None else round(found["value"])


def _looked_at(test: dict[str, Any]) -> str:
    """What the statistic is of."""
    if test["longest"] is None:
        return "its predictions of held-out symbols"
    return f"pasts of up to {test['longest']} symbol{'s' if test['longest'] > 1 else ''}"


def _how_sure(document: dict[str, Any]) -> list[str]:
    """What the intervals hold, and how often the choice comes back."""
    found = document["diagnostics"]
    lines = wrapped("intervals of h, C and E: draws of the posterior of the probabilities, given the transitions", "  ")
    again = found.get("selection")
    if again is None:
        return lines + wrapped("how sure the number of states is was not asked: --bootstrap 20 does", "  ")
    shares = [f"{n}: {share:.0%}" for n, share in again["state_frequencies"].items()]
    shares += [f"{what}: {again[key]:.0%}" for key, what in _NO_NUMBER.items() if again[key]]
    chosen = sum(one["frequency"] for one in again["topologies"] if one["is_chosen"])
    lines += wrapped(
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
    data = found["data"]
    alphabet = data["alphabet"]
    kinds = f"{len(alphabet)} different" if len(alphabet) > 1 else "all the same"
    gaps = f", in {found['pieces']:,} pieces between gaps" if found["pieces"] > 1 else ""
    lines = [data["file"], *wrapped(f"{found['symbols']:,} symbols, {kinds}{gaps}", "  ")]
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


def _candidates(document: dict[str, Any]) -> list[str]:
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
    names = {"history": "histories of {}", "states": "best of {} states", "order": "chain of order {}"}
    said = [text.format(one[key]) for key, text in names.items() if key in one]
    return ", ".join(said) + (f", {one['significance']:g}" if "significance" in one else "")


def _more(n: int, what: str) -> list[str]:
    return [f"  and {n} {what} more (--json has all)"] if n > 0 else []
