"""The statistics of a process: `statistics(process)` and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf, isinf
from types import MappingProxyType

import numpy as np

from compmech.causal_states import epsilon_machine
from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NoFiniteEpsilonMachine
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.measures.block import short_block_entropies
from compmech.measures.budget import DEFAULT, Budget
from compmech.measures.causal import FEW_STATES
from compmech.measures.countable import PROOF, renewal_statistics
from compmech.measures.findings import EXACT, Findings, Quantity
from compmech.measures.finite import finite_statistics
from compmech.measures.infinite import ergodic_mixture, infinite_statistics, turned
from compmech.measures.interval import entropy
from compmech.measures.periods import with_period
from compmech.measures.proofs import infinitely_many
from compmech.measures.renewal import renewal
from compmech.measures.retrodiction import reversed_matrices
from compmech.measures.signed import signed_statistics
from compmech.measures.tables import table_statistics
from compmech.merging import MERGE_TOL, ROUNDED
from compmech.minimal import equal_futures, minimal
from compmech.partition import refine
from compmech.plain import plain
from compmech.spans import horizon_ranks
from compmech.stationarity import as_stationary, check_stationary

# Block entropies are reported while there are at most so many words.
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

    Mixed states are distributions over causal states: one that predicts as a causal state does, such as a start may,
    counts beside it.

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
        return {key: plain(value) for key, value in named.items()}


_KEYS = [field.name for field in fields(Statistics) if field.name not in ("block_entropies", "how")]


def statistics(
    process: AnyPresentation,
    *,
    max_states: int = DEFAULT.max_states,
    max_words: int = DEFAULT.max_words,
    max_entries: int = DEFAULT.max_entries,
    max_length: int = DEFAULT.max_length,
) -> Statistics:
    """The statistics of a stationary process, exact or with certified bounds.

    A process with finitely many causal states is analysed through its epsilon-machine: all is exact where its mixed
    states and reverse causal states are finitely many, and the rest is bounded. For other processes the entropy rate, E
    and T are bounded by means of the most recent words, and C is infinite, bounded or left out according to what can be
    proved. Mixtures of ergodic processes are allowed.

    Args:
        process: an HMM, GHMM or EpsilonMachine whose start is stationary.
        max_states: mixed states looked at, for the causal states, those of the reverse and the transient ones each.
        max_words: numbers in the matrices of the words looked at, where a quantity is bounded by means of words. The
            defaults of both are a second or two at most for processes of a few states; bounds hold for any number, and
            `how` names the limit that kept a quantity from being exact.
        max_entries: numbers in the labelled matrices of an EpsilonMachine. One that needs more has only what follows
            from its table: h, C, H[X_0], rho, the period and the number of states.
        max_length: of `block_entropies`, fewer where there are more than 4096 words.
    Raises:
        ValueError: if a limit is less than 1.
        NotStationary: if one step changes the start; `stationary(process)` gives the distribution that it does not.
    Example:
        >>> from compmech import zoo
        >>> found = statistics(zoo.even())
        >>> round(found.excess_entropy, 6), found.markov_order, found.how["excess_entropy"]
        (0.918296, inf, 'exact')
    """
    budget = Budget(max_states=max_states, max_words=max_words, max_entries=max_entries, max_length=max_length)
    if isinstance(process, EpsilonMachine) and process.n_symbol * process.n_state**2 > budget.max_entries:
        check_stationary(process)
        return _with_blocks(
            table_statistics(process, budget, _KEYS), (0.0, float(entropy(process.start @ process.emit)))
        )
    presentation = as_stationary(process)
    found = _analysed(presentation, budget)
    _put_dimension(found, presentation)
    blocks = short_block_entropies(presentation, max_length=budget.max_length, max_words=_BLOCK_WORDS)
    return _with_blocks(found, blocks)


def _with_blocks(found: Findings, blocks: tuple[float, ...]) -> Statistics:
    how = MappingProxyType(found.how | {"block_entropies": EXACT})
    return Statistics(**found.values, block_entropies=blocks, how=how)


def entropy_rate(process: AnyPresentation) -> Quantity:
    """Bits per symbol that remain when the whole past is known: `statistics(process).entropy_rate`.

    Of a unifilar machine, minimal or not, it is the entropy of the next symbol given the state, found without the rest,
    and so of a process with few causal states.

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
        machine = _machine(as_stationary(process), FEW_STATES)
    if machine is None:
        return statistics(process).entropy_rate
    return float(machine.start @ entropy(machine.emission)) + 0.0  # no minus before a zero


def statistical_complexity(process: AnyPresentation) -> Quantity:
    """Bits that the causal state holds of the past: `statistics(process).statistical_complexity`.

    Of a unifilar machine it is the entropy of the state, once states of equal future are one, found without the rest.
    So is that of a process with few causal states, or with a proof that there are infinitely many and C is infinite.

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
        presentation = as_stationary(process)
        machine = _machine(presentation, FEW_STATES)
        if machine is None and _is_complexity_infinite(presentation):
            return inf
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


def _is_complexity_infinite(presentation: HMM | GHMM) -> bool:
    """Whether the proof that causal states are infinitely many says so, as `statistics` asks it."""
    if isinstance(presentation, GHMM):
        return False
    process, is_ergodic = ergodic_mixture(presentation)
    proof = infinitely_many(process.T, process.start) if is_ergodic else None
    return proof is not None and proof.complexity is not None and isinf(proof.complexity.lower)


def _unifilar(process: AnyPresentation) -> HMM | EpsilonMachine | None:
    """The process itself if it is a unifilar machine with a stationary start; None if it is no unifilar machine."""
    machine = process if isinstance(process, EpsilonMachine) else as_presentation(process)
    if isinstance(machine, GHMM) or not machine.is_unifilar:
        return None
    check_stationary(machine)
    return machine


def _analysed(presentation: HMM | GHMM, budget: Budget) -> Findings:
    """Everything but what is the same for all processes: by the epsilon-machine of the process or of its reverse, else
    by what can be proved and bounded."""
    one_symbol = float(entropy(presentation.start @ presentation.emission))
    few = min(FEW_STATES, budget.max_states)
    machine = _machine(presentation, few)
    if machine is not None:
        return finite_statistics(machine, one_symbol, budget)
    if isinstance(presentation, GHMM):
        least = minimal(presentation)
        events = renewal(least.T, least.evaluate)
        machine = _machine(presentation, budget.max_states) if events is None else None
        if machine is not None:
            return finite_statistics(machine, one_symbol, budget)
        if events is not None and events.never_returns:
            return with_period(renewal_statistics(events, one_symbol), presentation)
        return signed_statistics(presentation, events, budget)
    process, is_ergodic = ergodic_mixture(presentation)
    proof = infinitely_many(process.T, process.start) if is_ergodic else None
    if proof is None:
        machine = _machine(process, budget.max_states)
        if machine is not None:
            return finite_statistics(machine, one_symbol, budget)
    elif proof.reason == PROOF:
        events = renewal(process.T, process.evaluate)
        assert events is not None, "proved to be a renewal process"
        return with_period(renewal_statistics(events, one_symbol), process)
    reverse = HMM(reversed_matrices(process.T, process.start), start=process.start, alphabet=process.alphabet)
    machine = _machine(reverse, few)
    if machine is not None:
        return turned(finite_statistics(machine, one_symbol, budget), proof, budget)
    return infinite_statistics(process, one_symbol, proof, budget)


def _put_dimension(found: Findings, presentation: HMM | GHMM) -> None:
    """The minimal dimension; and for counts of states that the tolerance decided, and not rounding, that it did."""
    rank = horizon_ranks(presentation)[-1]
    found.put("minimal_dimension", rank)
    if rank < presentation.n_state and horizon_ranks(presentation, rank_tol=ROUNDED)[-1] != rank:
        found.how["minimal_dimension"] = f"{EXACT}: directions in which a step moves less than {MERGE_TOL} left out"
    if isinstance(presentation, HMM) and _merged(presentation, MERGE_TOL) != _merged(presentation, ROUNDED):
        for key in ("n_causal_states", "statistical_complexity"):
            if found.how[key] == EXACT:
                found.how[key] = f"{EXACT}: probabilities of a step within {MERGE_TOL} of each other taken as equal"


def _merged(process: HMM, tol: float) -> int:
    """Number of states, those whose steps are alike to a tolerance counted once."""
    if not process.is_unifilar:
        return len(np.unique(equal_futures(process, tol=tol)))
    successor = np.where(process.emission > 0, process.T.argmax(axis=2).T, -1)
    return int(refine(process.emission, successor, tol).max()) + 1


def _machine(process: HMM | GHMM, max_states: int) -> EpsilonMachine | None:
    try:
        return epsilon_machine(process, max_states=max_states)
    except NoFiniteEpsilonMachine:
        return None
