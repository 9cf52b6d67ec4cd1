"""What `compmech infer --input-column` prints: what the channel remembers, and what it was chosen from."""

from typing import Any

from compmech.cli.inference_table import SURE, candidate_lines, data_lines
from compmech.cli.machine_table import machine_lines, statistics_lines
from compmech.cli.tables import wrapped

__all__ = ["channel_table"]

# States printed; --json has all.
_STATES = 32

_KEYS = ("n_channel_states", "channel_complexity", "output_entropy_rate")


def channel_table(document: dict[str, Any]) -> list[str]:
    """The lines, at most 80 columns wide."""
    found = document["diagnostics"]
    memoryless = document["memoryless_bits_per_symbol"]
    return [
        *data_lines(found, _data(found)),
        "",
        *wrapped(_verdict(document), "  "),
        "",
        *_channel(document),
        "",
        *statistics_lines(document, "found", keys=_KEYS),
        *wrapped(f"a channel without memory takes {memoryless:.6f} bits per held-out symbol", "  "),
        *wrapped("intervals are those of the probabilities, given the transitions", "  "),
        "",
        *candidate_lines(document),
    ]


def _data(found: dict[str, Any]) -> str:
    inputs, outputs = found["data"]["inputs"], found["data"]["outputs"]
    return (
        f"{found['times']:,} times, {len(inputs)} different inputs ({found['data']['input_column']}), {len(outputs)} "
        "different outputs"
    )


def _verdict(document: dict[str, Any]) -> str:
    p, n = document["p_memory"], round(document["n_channel_states"]["value"])
    against = f"p = {p:.2g} against outputs shuffled among times of equal input"
    if n == 1 and p > SURE:
        return f"no memory found: given its input, the past tells of an output no more than chance ({against})"
    if n == 1:
        return (
            f"one state, though the past tells something of the output ({against}): no channel that was tried earned "
            "more states on what was held out; more data may tell"
        )
    if p > SURE:
        return f"{n} states, but short pasts tell of the output no more than chance ({against})"
    return f"memory found: {n} causal states of the channel ({against})"


def _channel(document: dict[str, Any]) -> list[str]:
    made = document["transducer"]
    states = made["states"]
    if len(states) > _STATES:
        return [f"  {len(states)} states, too many to print (--json has them)"]
    matrices: dict[str, list[list[float]]] = {}
    for way in made["transitions"]:
        rows = matrices.setdefault(f"{way['input']}:{way['output']}", [[0.0] * len(states) for _ in states])
        rows[states.index(way["state"])][states.index(way["next"])] = way["probability"]
    lines = machine_lines({"states": states, "start": made["weight"], "matrices": matrices}, symbol_is="input:output")
    if document["unread"]:
        never = ", ".join(f"{one['input']} in {one['state']}" for one in document["unread"])
        lines += wrapped(f"never read, so that nothing is known of what follows: {never}", "  ")
    return lines
