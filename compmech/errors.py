"""Domain errors. Each is a ValueError that carries the data it speaks of as attributes, and survives pickling."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from difflib import get_close_matches

_SHOWN = 12

# Budgets from here on are written with three digits: nobody has the memory.
_WRITTEN_OUT = 10**15


def _explored(presentation: object) -> str:
    """How much of the mixed states was seen, and, where it is known, how much was not."""
    count = len(getattr(presentation, "beliefs", ()))
    expanded = getattr(presentation, "n_expanded", None)
    if expanded is not None:
        return f"{expanded} mixed states explored, which lead to {count - expanded} more"
    lost = getattr(presentation, "lost_mass", None)
    out = "the last of them lead" if lost is None else f"probability {lost:.3g} still leads"
    return f"{count} mixed states explored and {out} outside them"


def _brief(items: Sequence[object]) -> str:
    """The last few items of a sequence, with the number left out."""
    shown = ", ".join(str(item) for item in items[-_SHOWN:])
    return f"[{shown}]" if len(items) <= _SHOWN else f"[... {len(items) - _SHOWN} more, {shown}]"


class ImpossibleWord(ValueError):
    """A word of probability zero was conditioned on, drawn or declared.

    Attributes:
        word: the symbols (as integers) of the sequence in question.
        t: index of the first symbol that cannot follow those before it.
    """

    def __init__(self, word: Sequence[int], t: int) -> None:
        self.word = tuple(int(symbol) for symbol in word)
        self.t = int(t)
        super().__init__(self.word, self.t)

    def __str__(self) -> str:
        before = _brief(self.word[: self.t])
        symbol = self.word[self.t]
        return (
            f"impossible word: symbol {symbol} at t={self.t} has probability 0 after {before}. Nothing can be "
            "conditioned on it; drop such words (log_prob gives -inf for them) or check the process and its start."
        )


class UnmatchedWord(ImpossibleWord):
    """A corpus was asked for the symbol after a word that it nowhere has before one: its filter would divide 0 by 0.

    Attributes:
        word: the symbols (as integers) of the sequence in question.
        t: index of the last symbol of the first such beginning.
        matched: how many symbols its longest suffix has that the corpus has before some symbol.
    """

    def __init__(self, word: Sequence[int], t: int, matched: int) -> None:
        super().__init__(word, t)
        self.matched = int(matched)
        self.args = (self.word, self.t, self.matched)

    def __str__(self) -> str:
        return (
            f"no symbol of the corpus comes after {_brief(self.word[: self.t + 1])} (t={self.t}): no belief matches, "
            "and the filter would be 0/0. A corpus made with exact=False (or corpus.backing_off()) goes on from the "
            f"longest suffix it knows, here of {self.matched} symbols."
        )


class NegativeProbability(ValueError):
    """A generalised hidden Markov model gives some word a negative probability.

    Attributes:
        word: the symbols of that word.
        value: the number found in place of its probability (for long words, of its last symbol given the others).
    """

    def __init__(self, word: Sequence[int], value: float) -> None:
        self.word = tuple(int(symbol) for symbol in word)
        self.value = float(value)
        super().__init__(self.word, self.value)

    def __str__(self) -> str:
        return (
            f"word {_brief(self.word)} gets probability {self.value:.6g} < 0: T, start and evaluate do not describe "
            "a process. Check signs, and that start @ T[x] @ ... @ evaluate is the convention they were written for."
        )


class LostPrecision(ValueError):
    """Rounding has grown along an improbable word until the probability of its next symbol cannot be told.

    It happens to signed beliefs (GHMM) only.

    Attributes:
        word: the symbols of that word, up to the one in question.
        error: how far off the probability of its last symbol may be.
    """

    def __init__(self, word: Sequence[int], error: float) -> None:
        self.word = tuple(int(symbol) for symbol in word)
        self.error = float(error)
        super().__init__(self.word, self.error)

    def __str__(self) -> str:
        return (
            f"rounding along the improbable word {_brief(self.word)} leaves its last symbol's probability uncertain by "
            f"{self.error:.2g}. Beliefs of a GHMM are signed and lose digits on such words; an HMM of the same process "
            "does not."
        )


class NotErgodic(ValueError):
    """A stationary distribution was asked for and is not unique, or one closed class and there are several.

    Attributes:
        classes: the closed classes of states, as tuples of state indices.
        one_class: whether what was asked for is a property of one closed class, however a start would mix them.
    """

    def __init__(self, classes: Collection[Collection[int]], one_class: bool = False) -> None:
        self.classes = tuple(tuple(int(state) for state in members) for members in classes)
        self.one_class = bool(one_class)
        super().__init__(self.classes, self.one_class)

    @property
    def reason(self) -> str:
        """What is wrong, without the names of the library's parts."""
        listed = "; ".join(_brief(members) for members in self.classes[:_SHOWN])
        more = "" if len(self.classes) <= _SHOWN else f"; ... {len(self.classes) - _SHOWN} more"
        what = "each closed class has its own" if self.one_class else "the stationary distribution is not unique"
        repair = "ask for that of one class" if self.one_class else "a start says how they are mixed"
        return f"{what}: there are {len(self.classes)} closed classes of states ({listed}{more}); {repair}"

    def __str__(self) -> str:
        if self.one_class:
            return f"{self.reason}, for states c HMM(process.T[:, c][:, :, c])."
        return (
            f"{self.reason}. Give start=..., a distribution over states; compose.settled(process) then makes it "
            "stationary."
        )


class NotStationary(ValueError):
    """A quantity of stationary processes was asked of a process whose start is not stationary.

    Attributes:
        drift: largest absolute change of a state's probability in one step.
        transient: the states of the start that are left for ever, which no stationary process visits, as indices.
    """

    def __init__(self, drift: float, transient: Collection[int] = ()) -> None:
        self.drift = float(drift)
        self.transient = tuple(int(state) for state in transient)
        super().__init__(self.drift, self.transient)

    def __str__(self) -> str:
        said = (
            f"the start is not stationary: one step moves it by up to {self.drift:.3g}. "
            "compose.settled(process) is the stationary process that it settles into, and stationary(process) the "
            "start of that one; with a single closed class of states it is enough to leave start out."
        )
        if not self.transient:
            return said
        subject, object_ = ("State", "it") if len(self.transient) == 1 else ("States", "them")
        return (
            f"{said} {subject} {_brief(self.transient)} of the start, once left, will not be visited again, and a "
            f"machine file without a start must be without {object_}, rows and columns."
        )


class NoFiniteEpsilonMachine(ValueError):
    """No finite epsilon-machine was found within the search.

    Attributes:
        explored: what was found, a MixedStatePresentation with closed=False.
        found: what was finished before, None if nothing was; the function that raises says what it is.
    """

    def __init__(self, explored: object, found: object = None) -> None:
        self.explored = explored
        self.found = found
        super().__init__(explored, found)

    @property
    def reason(self) -> str:
        """What is wrong, without the names of the library's parts."""
        return (
            f"no finite epsilon-machine found: {_explored(self.explored)}. The process may "
            "have infinitely many causal states, or need a larger max_states"
        )

    def __str__(self) -> str:
        finished = "" if self.found is None else ", `.found` what was finished before"
        return (
            f"{self.reason}. For infinitely many mixed_states(process, depth=...) has those of short words, "
            "statistics(process) bounds, blackwell.blackwell(process, rng=...) their measure; `.explored` holds what "
            f"was found{finished}."
        )


class BudgetExceeded(ValueError):
    """A computation would pass a budget that was given as an argument. What it had computed by then is kept.

    Attributes:
        problem: what there is too much of, to be followed by "than ... allows".
        argument: name of the budget.
        given: its value.
        enough: a value that suffices: what is needed, or a bound on it.
        found: what was computed, None if nothing was; the function that raises says what it is.
        repair: what else helps.
    """

    def __init__(self, problem: str, argument: str, given: int, enough: int, found: object, repair: str = "") -> None:
        self.problem = problem
        self.argument = argument
        self.given = int(given)
        self.enough = int(enough)
        self.found = found
        self.repair = repair
        super().__init__(problem, argument, self.given, self.enough, found, repair)

    @property
    def kept(self) -> str:
        """A sentence that says where what was computed is, if there is any."""
        return "" if self.found is None else " `.found` holds what was computed."

    @property
    def reason(self) -> str:
        """What is wrong and what helps, without the names of the library's parts."""
        enough = str(self.enough) if self.enough < _WRITTEN_OUT else f"{Decimal(self.enough):.3g}"
        repair = f"{self.argument}={enough} is enough" + (f"; or {self.repair}" if self.repair else "")
        return f"{self.problem} than {self.argument}={self.given} allows. {repair}."

    def __str__(self) -> str:
        return f"{self.reason}{self.kept}"


class NotClosed(ValueError):
    """A closed form was asked of a process whose mixed states are not finitely many, or too many.

    Attributes:
        explored: what was found, a MixedStatePresentation with closed=False.
    """

    def __init__(self, explored: object) -> None:
        self.explored = explored
        super().__init__(explored)

    @property
    def reason(self) -> str:
        """What is wrong, without the names of the library's parts."""
        return (
            f"the mixed states do not close: {_explored(self.explored)} still leads outside them or to beliefs too "
            "near to tell apart. Spectral closed forms need finitely many"
        )

    def __str__(self) -> str:
        return (
            f"{self.reason}: raise max_states, or take entropy_convergence(process, length) for h_L, "
            "statistics(process) for bounds of its limits and blackwell.blackwell(process, rng=...) for exponents; "
            "`.explored` holds what was found."
        )


class NotMinimal(ValueError):
    """Causal states of a declared epsilon-machine have the same future.

    Attributes:
        groups: the groups of indistinguishable states, as tuples of state indices.
    """

    def __init__(self, groups: Collection[Collection[int]]) -> None:
        self.groups = tuple(tuple(int(state) for state in members) for members in groups)
        super().__init__(self.groups)

    def __str__(self) -> str:
        listed = "; ".join(_brief(members) for members in self.groups[:_SHOWN])
        return (
            f"not an epsilon-machine: these states have the same future and should be one: {listed}. "
            "epsilon_machine(process) merges them."
        )


class MachineFileError(ValueError):
    """A machine file cannot be read as a process: one line naming the file, the place and the repair.

    Attributes:
        path: the file.
        problem: what is wrong with it, and where.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(path, problem)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class MissingPackage(ValueError):
    """What was asked for lies in a package that is not installed.

    Attributes:
        wanted: what was asked for.
        package: where it lies, as pip knows it.
        extra: the extra of this distribution that brings the package.
    """

    def __init__(self, wanted: str, package: str, extra: str) -> None:
        self.wanted = wanted
        self.package = package
        self.extra = extra
        super().__init__(wanted, package, extra)

    def __str__(self) -> str:
        return (
            f"{self.wanted} lies in the package {self.package}, which is not installed: "
            f"pip install 'belief-geometry[{self.extra}]'"
        )


class ChangedData(ValueError):
    """The data inside an installed package are not those that were checked.

    Attributes:
        name: the series.
        package: where it lies, with its version.
        problem: what differs.
    """

    def __init__(self, name: str, package: str, problem: str) -> None:
        self.name = name
        self.package = package
        self.problem = problem
        super().__init__(name, package, problem)

    def __str__(self) -> str:
        return (
            f"{self.name} in {self.package} is not what it was when it was checked: {self.problem}. Install another "
            "version of the package, or read the file that you trust in its place"
        )


class UnknownName(ValueError):
    """A name that is not among those known.

    Attributes:
        kind: what is named ("process", "key", ...).
        name: the name given.
        known: the names there are.
    """

    def __init__(self, kind: str, name: str, known: Collection[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        super().__init__(kind, name, self.known)

    def __str__(self) -> str:
        near = nearest(self.name, self.known)
        hint = f"did you mean {near!r}?" if near is not None else "there is none close to it."
        return f"unknown {self.kind} {self.name!r}: {hint} Known: {', '.join(self.known)}."


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name most like the one given, or None when nothing is close."""
    lowered = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.5)
    return lowered[close[0]] if close else None
