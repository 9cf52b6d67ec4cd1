"""What a comparison can be asked for beside its standing rows: more probes, targets, nulls, p-values, edits, budgets.

All of it is off unless asked for: every probe beside ridge is fitted fold by fold, and permutations are many fits.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from compmech import GHMM, HMM
from probes.distributions import LogisticProbe, SimplexProbe
from probes.history import Histories, Weighting
from probes.identifiable import unidentifiable_target
from probes.intervention.places import EditName
from probes.intervention.replacements import visible_horizon
from probes.kernel import KernelProbe
from probes.other_beliefs import (
    constrained_target,
    foreign_target,
    last_symbols_target,
    log_odds_target,
    markov_approximation,
    position_target,
    state_target,
)
from probes.prefixes import Source
from probes.probe import Probe
from probes.reduced_rank import ReducedRankProbe
from probes.targets import Target, beyond_targets

__all__ = ["DESCRIPTION_LENGTH", "PROBES", "TARGETS", "Further", "further_targets", "transfer_targets"]

PROBES: dict[str, Callable[[], Probe]] = {
    "reduced-rank": ReducedRankProbe,
    "logistic": LogisticProbe,
    "simplex": SimplexProbe,
    "kernel": KernelProbe,
}
"""Probes beside ridge, by name."""

DESCRIPTION_LENGTH = "description-length"
"""Asked for like a probe: the online code, whose rows score the share of bits saved."""

TARGETS = ("beyond-k", "state", "position", "constrained", "log-odds", "unidentifiable", "last-K", "order-K")
"""Targets beside belief, next and beyond, by name; K is a number. beyond-k stands for every horizon that is left."""

CONTROLS = ("geometric-shuffle",)

_NUMBERED = re.compile(r"(last|order)-([0-9]{1,3})")


@dataclass(frozen=True)
class Further:
    """What is asked for beside the standing rows.

    Attributes:
        probes: names from `PROBES`, or `DESCRIPTION_LENGTH`; by probability only.
        targets: names from `TARGETS`.
        controls: further nulls: "geometric-shuffle".
        transfer: labels and processes whose beliefs are read from predictors trained on another one, as a control.
        twins: untrained twins of each network, with initialisations of their own.
        jointly: also probe the outputs of all layers side by side, as the site "layers".
        permutations: of the targets, for a p-value of each score of ridge by probability; 0: none.
        by_position: also record each site's scores at every position, by probability, histories held out.
        edits: of each network: `carry`, `rows<=t`, `row t`.
        edit_kinds: what they put in; see `probes.intervention.KINDS`.
        edit_cases: how many edits of each are drawn.
        checkpoints: how many log-spaced checkpoints of each training are scored; 0: none.
        extract: also find the machine that each network has learned.
    """

    probes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    transfer: tuple[tuple[str, HMM | GHMM], ...] = field(default=(), repr=False)
    twins: int = 1
    jointly: bool = False
    permutations: int = 0
    by_position: bool = False
    edits: tuple[str, ...] = ()
    edit_kinds: tuple[str, ...] = ("transplant", "belief")
    edit_cases: int = 64
    checkpoints: int = 0
    extract: bool = False

    def __post_init__(self) -> None:
        _all_known("probe", self.probes, (*PROBES, DESCRIPTION_LENGTH))
        _all_known("control", self.controls, CONTROLS)
        named = tuple(name for name in self.targets if not _NUMBERED.fullmatch(name))
        _all_known("target", named, TARGETS)
        unnumbered = [name for name in named if name.endswith("-K")]
        if unnumbered:
            raise ValueError(f"{unnumbered[0]}: write a number for K, as in {unnumbered[0][:-1]}3")
        _all_known("edit", self.edits, get_args(EditName))
        for kind in self.edit_kinds:
            visible_horizon(kind)  # refuses a kind that there is not
        if self.checkpoints == 1:
            raise ValueError("checkpoints are two or more, the first before training and the last after; got 1")
        for name, least in (("twins", 1), ("permutations", 0), ("edit_cases", 1), ("checkpoints", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be an integer of at least {least}; got {value!r}")

    @property
    def made_probes(self) -> tuple[Probe, ...]:
        """The probes themselves."""
        return tuple(PROBES[name]() for name in self.probes if name in PROBES)

    @property
    def codes(self) -> bool:
        """Whether description lengths are asked for."""
        return DESCRIPTION_LENGTH in self.probes

    @property
    def predicts_distributions(self) -> bool:
        """Whether targets need their distributions."""
        return self.codes or any(getattr(probe, "distributional", False) for probe in self.made_probes)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "probes": list(self.probes),
            "targets": list(self.targets),
            "controls": list(self.controls),
            "transfer": [label for label, _ in self.transfer],
            "twins": self.twins,
            "jointly": self.jointly,
            "permutations": self.permutations,
            "by_position": self.by_position,
            "edits": list(self.edits),
            "edit_kinds": list(self.edit_kinds),
            "edit_cases": self.edit_cases,
            "checkpoints": self.checkpoints,
            # cells of stores that knew no extraction keep their names
            **({"extract": True} if self.extract else {}),
        }


def further_targets(
    process: Source, histories: Histories, names: Sequence[str], *, weighting: Weighting
) -> tuple[Target, ...]:
    """The targets of some names, in their order.

    Raises:
        ValueError: if k of a last-k or order-k is not possible.
    """
    found: list[Target] = []
    for name in names:
        numbered = _NUMBERED.fullmatch(name)
        if numbered:
            k = int(numbered[2])
            one = (
                last_symbols_target(process, histories, k)
                if numbered[1] == "last"
                else foreign_target(markov_approximation(process, k), histories, f"order-{k}")
            )
            found.append(one)
        elif name == "beyond-k":
            found += beyond_targets(process, histories, weighting=weighting)[1:]
        elif name == "state":
            found.append(state_target(histories))
        elif name == "position":
            found.append(position_target(histories))
        elif name == "constrained":
            found.append(constrained_target(process, histories))
        elif name == "log-odds":
            found.append(log_odds_target(process, histories))
        else:
            found.append(unidentifiable_target(process, histories, weighting=weighting))
    return tuple(found)


def transfer_targets(histories: Histories, others: Sequence[tuple[str, HMM | GHMM]]) -> tuple[Target, ...]:
    """The beliefs that other processes would hold after the same symbols, as the control `transfer`.

    A predictor was not trained to hold them: what is read of them is read of any rich function of the history.
    """
    found = []
    for label, other in others:
        one = foreign_target(other, histories, f"belief of {label}")
        found.append(Target(one.name, one.Y, one.reason, "transfer"))
    return tuple(found)


def _all_known(kind: str, asked: Sequence[str], known: Sequence[str]) -> None:
    for name in asked:
        if name not in known:
            raise ValueError(f"there is no {kind} {name!r}; there are {', '.join(known)}")
        if asked.count(name) > 1:
            raise ValueError(f"each {kind} once: {name} is given {asked.count(name)} times")
