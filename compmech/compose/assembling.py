"""What all compositions share: processes as matrices, a budget asked beforehand, and the result put together."""

from collections.abc import Hashable, Iterable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from compmech.errors import BudgetExceeded
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.names import check_names_match
from compmech.validation import check_count

# Numbers in the labelled matrices of a composed process: 80 MB. Every composition takes `max_entries` to ask for more.
MAX_ENTRIES = 10**7

# Sums that miss 1 by more than this do so because of the digits they were given with, not because of float64.
_ROUNDING = 1e-13


class PresentationTooLarge(BudgetExceeded):
    """A presentation would need more numbers than were allowed.

    Attributes:
        found: what was built, None if the size was known beforehand.
        what: the composition in question.
        n_symbol: the symbols it would have.
        n_state: the states it would have.
        max_entries: the budget it exceeds, in numbers n_symbol * n_state ** 2.
    """

    def __init__(self, what: str, n_symbol: int, n_state: int, max_entries: int, found: object = None) -> None:
        self.what = what
        self.n_symbol = int(n_symbol)
        self.n_state = int(n_state)
        self.max_entries = int(max_entries)
        super().__init__(f"{what} would have more numbers", "max_entries", max_entries, self.n_entries, found)
        self.args = (what, self.n_symbol, self.n_state, self.max_entries, found)  # what unpickling calls

    @property
    def n_entries(self) -> int:
        """The numbers needed, n_symbol * n_state ** 2."""
        return self.n_symbol * self.n_state**2

    @property
    def reason(self) -> str:
        """What is wrong and what helps, without the attribute that keeps what was built."""
        return (
            f"{self.what} would have {self.n_symbol} symbols and {self.n_state} states, matrices of {self.n_entries} "
            f"numbers ({8 * self.n_entries / 1e9:.3g} GB), more than max_entries={self.max_entries}. Give "
            f"max_entries={self.n_entries} if the memory is there, or make the parts smaller first "
            "(minimal, epsilon_machine)."
        )


@runtime_checkable
class HasEvaluate(Protocol):
    """Something with states and a vector that closes its words: a process, or a factor of a coupled one."""

    @property
    def evaluate(self) -> Float[np.ndarray, " state"]:
        """All ones for an HMM."""
        ...


@runtime_checkable
class HasSize(Protocol):
    """A process that knows how large its matrices would be."""

    @property
    def n_symbol(self) -> int: ...
    @property
    def n_state(self) -> int: ...


def check_budget(what: str, n_symbol: int, n_state: int, max_entries: int) -> None:
    """Raise PresentationTooLarge if so many symbols and states need more numbers than allowed."""
    if n_symbol * n_state**2 > check_count(max_entries, "max_entries"):
        raise PresentationTooLarge(what, n_symbol, n_state, max_entries)


def as_part(process: AnyPresentation, max_entries: int) -> HMM | GHMM:
    """A process as matrices whose rows sum to 1 to rounding, so that products of them do so as well.

    A table of nine digits may miss 1 by 1e-9, which products add up; its rows are divided by their sums.

    Raises:
        PresentationTooLarge: if it is a table of states (EpsilonMachine) too large to be written as matrices.
    """
    if not isinstance(process, HMM | GHMM) and isinstance(process, HasSize):
        check_budget(f"{process!r} as matrices", process.n_symbol, process.n_state, max_entries)
    presentation = as_presentation(process)
    if isinstance(presentation, GHMM):
        return presentation
    sums, total = presentation.T.sum(axis=(0, 2)), presentation.start.sum()
    if abs(sums - 1).max() <= _ROUNDING and abs(total - 1) <= _ROUNDING:
        return presentation
    return HMM(
        presentation.T / sums[:, None],
        start=presentation.start / total,
        alphabet=presentation.alphabet,
        states=presentation.states,
        name=presentation.name,
    )


def as_parts(processes: Iterable[AnyPresentation], what: str, max_entries: int) -> tuple[HMM | GHMM, ...]:
    """At least one process as matrices."""
    given = tuple(processes)
    for process in given:
        if isinstance(process, list | tuple):
            raise ValueError(
                f"{what} takes processes one by one; got a {type(process).__name__} of {len(process)}. "
                f"Give {what}(*processes), and all else by its name"
            )
    parts = tuple(as_part(process, max_entries) for process in given)
    if not parts:
        raise ValueError(f"{what} needs at least one process; got none")
    return parts


def assembled(
    T: Float[np.ndarray, "symbol state state"],
    start: Float[np.ndarray, " state"],
    evaluate: Float[np.ndarray, " state"] | None,
    alphabet: Iterable[Hashable],
    states: Iterable[Hashable],
    name: str | None,
) -> HMM | GHMM:
    """The composed process: a GHMM where an evaluation vector is given, else an HMM."""
    if evaluate is None:
        return HMM(T, start=start, alphabet=alphabet, states=states, name=name)
    return GHMM(T, start, evaluate, alphabet=alphabet, states=states, name=name)


def changed(
    process: HMM | GHMM,
    kind: str,
    T: Float[np.ndarray, "symbol state state"],
    alphabet: Iterable[Hashable],
    *,
    start: Float[np.ndarray, " state"] | None = None,
) -> HMM | GHMM:
    """A process with other matrices on the same states; start=None: the same start."""
    return assembled(
        T,
        process.start if start is None else start,
        None if isinstance(process, HMM) else process.evaluate,
        alphabet,
        process.states,
        composed_name(kind, process),
    )


def composed_name(kind: str, *parts: HMM | GHMM) -> str | None:
    """kind(name, name, ...) where every part has a name."""
    names = [part.name for part in parts]
    return f"{kind}({', '.join(str(name) for name in names)})" if all(name is not None for name in names) else None


def part_labels(parts: Iterable[HMM | GHMM]) -> tuple[Hashable, ...]:
    """A name for each part: their own where all have one and all differ, else 0, 1, ..."""
    names = [part.name for part in parts]
    distinct = None not in names and len(set(names)) == len(names)
    return tuple(names) if distinct else tuple(range(len(names)))


def shared_alphabet(parts: Iterable[HMM | GHMM]) -> tuple[Hashable, ...]:
    """The symbols of all parts, by name, in order of first appearance.

    Raises:
        ValueError: if symbols differ in type alone, as '1' and 1 do.
    """
    alphabets = [part.alphabet for part in parts]
    check_names_match(alphabets)
    return tuple(dict.fromkeys(symbol for alphabet in alphabets for symbol in alphabet))


def spread_over(part: HMM | GHMM, alphabet: tuple[Hashable, ...]) -> Float[np.ndarray, "symbol state state"]:
    """The matrices of a part over a larger alphabet, zero for symbols it does not have."""
    T = np.zeros((len(alphabet), part.n_state, part.n_state))
    T[[alphabet.index(symbol) for symbol in part.alphabet]] = part.T
    return T
