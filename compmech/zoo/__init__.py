"""Built-in processes, each with its source, the ranges of its parameters and golden statistics."""

from compmech.zoo.catalogue import Entry, Parameter, Range, entry, get, names
from compmech.zoo.cryptic import nemo, rip
from compmech.zoo.logical import leaky_rrxor, rrxor
from compmech.zoo.nonunifilar import mess3, sns
from compmech.zoo.sofic import even, golden_mean
from compmech.zoo.templates import noisy_period, z1r

__all__ = [
    "Entry",
    "Parameter",
    "Range",
    "entry",
    "get",
    "names",
    "even",
    "golden_mean",
    "leaky_rrxor",
    "mess3",
    "nemo",
    "noisy_period",
    "rip",
    "rrxor",
    "sns",
    "z1r",
]
