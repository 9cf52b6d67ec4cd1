"""The predictors that a comparison can be asked for by name: built-in architectures, baselines, exact Bayes, and
plug-ins.

Plug-ins are described in `predictors.plugins`. If what one gives is a torch module with parameters, the comparison
trains it like any other.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from predictors import CONFIGS, Predictor, build
from predictors.plugins import GROUP, EntryPoint, check_alone, factory_of, make_plug_in, plug_ins, settings_of
from probes.baselines import BASELINES
from probes.presets import SIZES

__all__ = ["GROUP", "Candidate", "UnknownPredictor", "candidate", "config_of", "make", "names"]


class UnknownPredictor(ValueError):
    """No predictor of that name. Carries `name` and `known`."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name, self.known = name, known
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        super().__init__(f"there is no predictor {name!r}; {hint}there are {', '.join(known)}")


@dataclass(frozen=True)
class Candidate:
    """A predictor to be compared.

    Attributes:
        label: what its rows are called.
        kind: a built-in architecture, a baseline, or a plug-in.
        settings: of its configuration, in place of the preset ones.
        learning_rate: in place of the recorded one; None: the recorded one.
        steps, batch: in place of those of the comparison; None: those.
    """

    label: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    learning_rate: float | None = None
    steps: int | None = None
    batch: int | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "batch"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ValueError(f"{self.label}: {name} must be an integer of at least 1; got {value!r}")

    def to_dict(self) -> dict[str, Any]:
        """In JSON types; a budget is named only where it is this predictor's own, so that keys of stores stay."""
        own = {name: value for name in ("steps", "batch") if (value := getattr(self, name)) is not None}
        return {
            "label": self.label,
            "kind": self.kind,
            "settings": dict(self.settings),
            "learning_rate": self.learning_rate,
            **own,
        }

    @property
    def is_baseline(self) -> bool:
        """Whether it is one that has nothing to train by gradient."""
        return self.kind in BASELINES


def _plug_ins() -> Mapping[str, EntryPoint]:
    return plug_ins()


def names() -> tuple[str, ...]:
    """Every name that `candidate` knows."""
    return (*CONFIGS, *BASELINES, *_plug_ins())


def candidate(name: str, settings: Mapping[str, Any] | None = None, *, label: str | None = None) -> Candidate:
    """A predictor by name.

    Args:
        settings: fields of its configuration, and `lr` for the peak learning rate.
    Raises:
        UnknownPredictor: with the nearest name there is.
        ValueError: for a setting that it does not have, a value that it cannot take, or a plug-in that is broken.
    """
    allowed = settings_of_kind(name)
    chosen = dict(settings or {})
    rate = chosen.pop("lr", None)
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < 10):
        raise ValueError(f"{name}: lr, the peak learning rate, must be a number above 0 and below 10; got {rate!r}")
    if name in BASELINES and rate is not None:
        raise ValueError(f"{name} is not trained by gradient: it has no learning rate")
    for key in chosen:
        if allowed is not None and key not in allowed:
            near = difflib.get_close_matches(key, allowed, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}? " if near else ""
            has = (
                f"its settings are {', '.join((*allowed, 'lr'))}"
                if name not in BASELINES
                else f"it has {list(allowed)}"
            )
            raise ValueError(f"{name} has no setting {key!r}; {hint}{has}")
    found = Candidate(label or name, name, chosen, rate)
    if name in CONFIGS:
        config_of(found, n_symbol=2, length=1)
    k = chosen.get("k", 1)
    if name in BASELINES and (isinstance(k, bool) or not isinstance(k, int) or k < 0):
        raise ValueError(f"{name}: k, the most symbols it looks back on, must be an integer of at least 0; got {k!r}")
    return found


def settings_of_kind(name: str) -> tuple[str, ...] | None:
    """The settings that a predictor can be given, but for its learning rate; None where a plug-in takes any.

    Raises:
        UnknownPredictor: with the nearest name there is.
        ValueError: for a plug-in that is broken: it is loaded now, to be told before anything runs.
    """
    if name in CONFIGS:
        return tuple(f.name for f in fields(CONFIGS[name]) if f.name not in ("n_symbol", "max_length"))
    if name in BASELINES:
        return BASELINES[name].settings
    if name not in names():
        raise UnknownPredictor(name, names())
    check_alone(name)
    return settings_of(factory_of(_plug_ins()[name]))


def make(candidate: Candidate, n_symbol: int, length: int, *, rng: torch.Generator) -> Predictor:
    """A fresh, untrained predictor of a kind that is not a baseline.

    Raises:
        ValueError: if a plug-in fails or gives something else.
    """
    if candidate.kind in CONFIGS:
        return build(config_of(candidate, n_symbol, length), rng=rng)
    return make_plug_in(_plug_ins()[candidate.kind], n_symbol, length, candidate.settings, rng=rng)


def config_of(candidate: Candidate, n_symbol: int, length: int) -> Any:
    """The whole configuration of a built-in architecture: preset sizes, and what the user says in their place."""
    kind = CONFIGS[candidate.kind]
    settings = {**SIZES.get(candidate.kind, {}), **candidate.settings, "n_symbol": n_symbol}
    if any(f.name == "max_length" for f in fields(kind)):
        settings["max_length"] = length
    return kind(**settings)
