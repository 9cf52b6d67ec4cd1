"""The statistics of a process: `statistics(process)` and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isinf, isnan
from types import MappingProxyType

import numpy as np

from compmech.causal_states import epsilon_machine
from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.measures.block import short_block_entropies
from compmech.measures.findings import EXACT, Findings, Quantity
from compmech.measures.finite import finite_statistics
from compmech.measures.infinite import ergodic_mixture, infinite_statistics, turned
from compmech.measures.interval import Bounds, entropy
from compmech.measures.proofs import infinitely_many
from compmech.measures.renewal import renewal
from compmech.measures.retrodiction import reversed_matrices
from compmech.measures.signed import signed_statistics
from compmech.merging import MERGE_TOL
from compmech.minimal import minimal
from compmech.partition import refine
from compmech.spans import horizon_ranks
from compmech.stationarity import as_stationary, check_stationary

# Mixed states looked at before asking whether there are infinitely many causal states, and after that was not proved.
_FEW_STATES = 100
_MAX_STATES = 3000

# Block entropies reported: up to this length, while there are at most so many words.
_BLOCK_LENGTH = 10
_BLOCK_WORDS = 4096


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What is known of a stationary process. Informations in bits, rates in bits per symbol.

    Every quantity is a number where it is known exactly (to rounding), `Bounds` where it is certified to lie between
    two numbers, and None where it is not defined or was not computed. `how` says for each name which of these it is,
    and why. Infinite quantities are math.inf.

    With C+ and C- the forward and reverse statistical complexity: crypticity = C+ - E, irreversibility = C+ - C-,
    bidirectional complexity = C+ + C- - E; T = sum_{L>=0} [E + hL - H(L)]; S = sum_{L>=0} H[S_L | X_0:L], S_L the
    causal state after L symbols; with rho = H[X_0] - h predicted: h = r + b, rho = b + q, E = rho + sigma, r
    ephemeral, b bound, q enigmatic and sigma elusive information.

    Reference:
        Crutchfield and Feldman, Chaos 13, 25 (2003); Ellison, Mahoney and Crutchfield, J. Stat. Phys. 136, 1005 (2009);
        James, Ellison and Crutchfield, Chaos 21, 037109 (2011).
    """

    entropy_rate: Quantity
    statistical_complexity: Quantity
    excess_entropy: Quantity
    crypticity: Quantity
    reverse_statistical_complexity: Quantity
    bidirectional_complexity: Quantity
    causal_irreversibility: Quantity
    transient_information: Quantity
    synchronization_information: Quantity
    single_symbol_entropy: Quantity
    predicted_information: Quantity
    ephemeral_information: Quantity
    bound_information: Quantity
    enigmatic_information: Quantity
    elusive_information: Quantity
    markov_order: Quantity
    cryptic_order: Quantity
    period: Quantity
    n_causal_states: Quantity
    n_reverse_causal_states: Quantity
    n_mixed_states: Quantity
    n_transient_mixed_states: Quantity
    minimal_dimension: Quantity
    block_entropies: tuple[float, ...]
    how: Mapping[str, str]

    def to_dict(self) -> dict[str, object]:
        """The statistics in JSON types: numbers, {"lower", "upper"}, None, "inf" or "-inf", and how each was found."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: _json(value) for key, value in named.items()}


def statistics(process: AnyPresentation) -> Statistics:
    """The statistics of a stationary process, exact or with certified bounds.

    A process with finitely many causal states is analysed through its epsilon-machine: all is exact where its mixed
    states and reverse causal states are finitely many, and the rest is bounded. For other processes the entropy rate, E
    and T are bounded by means of the most recent words, and C is infinite, bounded or left out according to what can be
    proved. Mixtures of ergodic processes are allowed.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary.
    Raises:
        NotStationary: if one step changes the start; `stationary(process)` gives the distribution that it does not.
    Example:
        >>> from compmech import zoo
        >>> found = statistics(zoo.even())
        >>> round(found.excess_entropy, 6), found.markov_order, found.how["excess_entropy"]
        (0.918296, inf, 'exact')
    """
    presentation = as_stationary(process)
    found = _analysed(presentation)
    found.put("minimal_dimension", horizon_ranks(presentation)[-1])
    blocks = short_block_entropies(presentation, max_length=_BLOCK_LENGTH, max_words=_BLOCK_WORDS)
    how = MappingProxyType(found.how | {"block_entropies": EXACT})
    return Statistics(**found.values, block_entropies=blocks, how=how)


def entropy_rate(process: AnyPresentation) -> Quantity:
    """Bits per symbol that remain when the whole past is known: `statistics(process).entropy_rate`.

    Of a unifilar machine, minimal or not, it is the entropy of the next symbol given the state, found without the rest.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary.
    Raises:
        NotStationary: if the start is not stationary.
    Reference:
        Shannon, Bell System Technical Journal 27, 379 (1948), theorem 5.
    Example:
        >>> from compmech import zoo
        >>> round(entropy_rate(zoo.golden_mean()), 6)
        0.666667
    """
    machine = _unifilar(process)
    if machine is None:
        return statistics(process).entropy_rate
    return float(machine.start @ entropy(machine.emission)) + 0.0  # no minus before a zero


def statistical_complexity(process: AnyPresentation) -> Quantity:
    """Bits that the causal state holds of the past: `statistics(process).statistical_complexity`.

    Of a unifilar machine it is the entropy of the state, once states of equal future are one, found without the rest.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary.
    Raises:
        NotStationary: if the start is not stationary.
    Reference:
        Crutchfield and Young, Physical Review Letters 63, 105 (1989).
    Example:
        >>> from compmech import zoo
        >>> round(statistical_complexity(zoo.golden_mean()), 6)
        0.918296
    """
    machine = _unifilar(process)
    if machine is None:
        return statistics(process).statistical_complexity
    if isinstance(machine, EpsilonMachine):
        return float(entropy(machine.start)) + 0.0
    successor = np.where(machine.emission > 0, machine.T.argmax(axis=2).T, -1)
    label = refine(machine.emission, successor, MERGE_TOL)
    return float(entropy(np.bincount(label, weights=machine.start))) + 0.0


def excess_entropy(process: AnyPresentation) -> Quantity:
    """Bits that the past shares with the future: `statistics(process).excess_entropy`.

    Raises:
        NotStationary: if the start is not stationary.
    """
    return statistics(process).excess_entropy


def _unifilar(process: AnyPresentation) -> HMM | EpsilonMachine | None:
    """The process itself if it is a unifilar machine with a stationary start; None if it is no unifilar machine."""
    machine = process if isinstance(process, EpsilonMachine) else as_presentation(process)
    if isinstance(machine, GHMM) or not machine.is_unifilar:
        return None
    check_stationary(machine)
    return machine


def _analysed(presentation: HMM | GHMM) -> Findings:
    """Everything but what is the same for all processes: by the epsilon-machine of the process or of its reverse, else
    by what can be proved and bounded."""
    one_symbol = float(entropy(presentation.start @ presentation.emission))
    machine = _machine(presentation, _FEW_STATES)
    if machine is not None:
        return finite_statistics(machine, one_symbol)
    if isinstance(presentation, GHMM):
        least = minimal(presentation)
        events = renewal(least.T, least.evaluate)
        machine = _machine(presentation, _MAX_STATES) if events is None else None
        return signed_statistics(presentation, events) if machine is None else finite_statistics(machine, one_symbol)
    process, is_ergodic = ergodic_mixture(presentation)
    proof = infinitely_many(process.T, process.start) if is_ergodic else None
    if proof is None:
        machine = _machine(process, _MAX_STATES)
        if machine is not None:
            return finite_statistics(machine, one_symbol)
    reverse = HMM(reversed_matrices(process.T, process.start), start=process.start, alphabet=process.alphabet)
    machine = _machine(reverse, _FEW_STATES)
    if machine is not None:
        return turned(finite_statistics(machine, one_symbol), proof)
    return infinite_statistics(process, one_symbol, proof)


def _machine(process: HMM | GHMM, max_states: int) -> EpsilonMachine | None:
    try:
        return epsilon_machine(process, max_states=max_states)
    except NoFiniteEpsilonMachine:
        return None


def _json(value: object) -> object:
    match value:
        case Bounds():
            return {"lower": _json(value.lower), "upper": _json(value.upper)}
        case float() if isinf(value):
            return "inf" if value > 0 else "-inf"
        case float():
            assert not isnan(value)
            return float(value)
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
    return value
