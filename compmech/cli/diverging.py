"""`compmech divergence`: how far two processes are apart."""

import json
from typing import Annotated, Any

import numpy as np
import typer

from compmech.cli.arguments import parse_process
from compmech.cli.failure import misuse
from compmech.cli.tables import Notes, shown, wrapped
from compmech.hmm import GHMM, HMM

__all__ = ["add_diverging_commands"]


def add_diverging_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("divergence")(divergence)


def divergence(
    p: Annotated[str, typer.Argument(help="A process: NAME, NAME:key=value,... or machine.json.")],
    q: Annotated[str, typer.Argument(help="Another.")],
    length: Annotated[int, typer.Option(help="Of the words compared.", min=0)] = 8,
    samples: Annotated[
        int,
        typer.Option(help="Words drawn from P to estimate D(P || Q) from; 0: none, the words are enumerated.", min=0),
    ] = 0,
    max_states: Annotated[int, typer.Option(help="Pairs of states and beliefs explored for the rates.", min=1)] = 3000,
    max_words: Annotated[int, typer.Option(help="The most words enumerated.", min=1)] = 2**20,
    seed: Annotated[int, typer.Option(help="Of the words drawn: same seed, same words.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Compare two processes: are they one, what word tells them apart, and what does it cost to take P for Q.

    With --json the keys are `p q equivalent distinguishing_word relative_entropy_rate reverse_relative_entropy_rate
    words sampled how`. Rates are in bits per symbol, numbers or bounds; `words` holds the divergences of words of one
    length and `sampled` an estimate with its interval, in the units that their names end in; null with the reason in
    `how` where there is none.
    """
    one, other = parse_process(p), parse_process(q)
    with misuse():
        found = compared(
            one.process,
            other.process,
            length=length,
            samples=samples,
            max_states=max_states,
            max_words=max_words,
            rng=np.random.default_rng(seed),
        )
    found = {"p": one.title, "q": other.title} | found
    print(json.dumps(found, indent=1, allow_nan=False) if as_json else "\n".join(_table(found)))


def compared(
    p: HMM | GHMM,
    q: HMM | GHMM,
    *,
    length: int,
    samples: int,
    max_states: int,
    max_words: int,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """All comparisons, in JSON types, and how each is known."""
    from compmech import distinguishing_word, relative_entropy_rate, sampled_divergence, word_divergences
    from compmech.plain import plain

    how: dict[str, str] = {}
    word = distinguishing_word(p, q)
    found: dict[str, Any] = {"equivalent": word is None, "distinguishing_word": None}
    how["distinguishing_word"] = "exact: a shortest one" if word is not None else "there is none: one process"
    if word is not None:
        found["distinguishing_word"] = {
            "word": [str(symbol) for symbol in word.word],
            "probability_p": word.probability_a,
            "probability_q": word.probability_b,
        }
    for key, (left, right) in {
        "relative_entropy_rate": (p, q),
        "reverse_relative_entropy_rate": (q, p),
    }.items():
        try:
            rate = relative_entropy_rate(left, right, max_states=max_states)
            found[key], how[key] = plain(rate.bits), rate.how
        except ValueError as error:  # a process without states that emit its words
            found[key], how[key] = None, f"not computed: {error}"
    try:
        words = word_divergences(p, q, length, max_words=max_words)
        found["words"], how["words"] = _fields(words), "exact"
    except ValueError as error:  # too many
        found["words"], how["words"] = None, f"not computed: {error}"
    found["sampled"], how["sampled"] = None, "not asked for: give --samples"
    if samples:
        found["sampled"] = _fields(sampled_divergence(p, q, length, n_words=samples, rng=rng))
        how["sampled"] = "estimate: low and high hold D(P || Q) with probability 0.95"
    return found | {"how": how}


def _fields(result: Any) -> dict[str, Any]:
    from dataclasses import fields

    from compmech.plain import plain

    values: dict[str, Any] = {field.name: plain(getattr(result, field.name)) for field in fields(result)}
    if values["forbidden"] is not None:
        values["forbidden"] = [str(symbol) for symbol in values["forbidden"]]
    return values


def _table(found: dict[str, Any]) -> list[str]:
    notes = Notes()
    how = found["how"]
    lines = [*wrapped(found["p"], "P = "), *wrapped(found["q"], "Q = ")]
    lines.append(notes.row("one process", "yes" if found["equivalent"] else "no", ""))
    word = found["distinguishing_word"]
    if word is not None:
        lines.append(notes.row("a word that differs", " ".join(word["word"]) or "(empty)", ""))
        lines.append(
            notes.row("  its probability in P, Q", f"{word['probability_p']:.6g}, {word['probability_q']:.6g}", "")
        )
    lines.append(
        notes.row("D(P || Q) per symbol, bits", shown(found["relative_entropy_rate"]), how["relative_entropy_rate"])
    )
    reverse = "reverse_relative_entropy_rate"
    lines.append(notes.row("D(Q || P) per symbol, bits", shown(found[reverse]), how[reverse]))
    words = found["words"]
    if words is None:
        lines.append(notes.row("words", "-", how["words"]))
    else:
        lines.append(f"words of length {words['length']}")
        for key, name in _WORDS.items():
            lines.append(notes.row(f"  {name}", shown(words[key]), "exact"))
        if words["forbidden"] is not None:
            lines.append(notes.row("  in P, forbidden in Q", " ".join(words["forbidden"]), ""))
    sampled = found["sampled"]
    if sampled is not None:
        lines.append(f"{sampled['n_words']} words of length {sampled['length']} drawn from P")
        interval = f"{shown(sampled['low'])} .. {shown(sampled['high'])}"
        lines.append(notes.row("  D(P || Q), nats", shown(sampled["kl_nats"]), f"within {interval}"))
    return lines + notes.lines


_WORDS = {
    "kl_nats": "D(P || Q), nats",
    "reverse_kl_nats": "D(Q || P), nats",
    "jensen_shannon_bits": "Jensen-Shannon, bits",
    "total_variation": "total variation",
    "bhattacharyya_nats": "Bhattacharyya, nats",
}
