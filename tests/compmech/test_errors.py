"""Domain errors carry their data, say what to do, and survive pickling (workers send them across processes)."""

import pickle

import pytest
from machines import mess3

from compmech import (
    BudgetExceeded,
    ChangedData,
    ImpossibleWord,
    LostPrecision,
    MachineFileError,
    MissingPackage,
    NegativeProbability,
    NoFiniteEpsilonMachine,
    NotErgodic,
    NotMinimal,
    NotStationary,
    UnknownName,
    mixed_states,
)
from compmech.compose import PresentationTooLarge
from compmech.errors import nearest

EXPLORED = mixed_states(mess3(), max_states=13)

ERRORS = [
    (ImpossibleWord([0, 1, 1], 2), {"word": (0, 1, 1), "t": 2}, "symbol 1 at t=2 has probability 0 after [0, 1]"),
    (NegativeProbability([0, 1], -0.25), {"word": (0, 1), "value": -0.25}, "word [0, 1] gets probability -0.25 < 0"),
    (LostPrecision([0, 1], 0.01), {"word": (0, 1), "error": 0.01}, "word [0, 1] leaves its last symbol's probability"),
    (
        NotErgodic([[0], [1, 2]]),
        {"classes": ((0,), (1, 2))},
        "2 closed classes of states ([0]; [1, 2]); a start says how they are mixed. Give start=...",
    ),
    (
        NotErgodic([[0], [1, 2]], one_class=True),
        {"classes": ((0,), (1, 2)), "one_class": True},
        "each closed class has its own: there are 2 closed classes of states ([0]; [1, 2]); ask for that of one class",
    ),
    (NotStationary(0.125), {"drift": 0.125, "transient": ()}, "one step moves it by up to 0.125"),
    (
        NotStationary(1.0, [2, 3]),
        {"drift": 1.0, "transient": (2, 3)},
        "States [2, 3] of the start, once left, will not be visited again",
    ),
    (NoFiniteEpsilonMachine(EXPLORED), {}, "13 mixed states explored and probability 1 still leads outside"),
    (
        BudgetExceeded("there are 16 words, more", "max_words", 4, 16, (0.0, 1.0), "be brief"),
        {"argument": "max_words", "given": 4, "enough": 16, "found": (0.0, 1.0)},
        "more than max_words=4 allows. max_words=16 is enough; or be brief. `.found` holds what was computed.",
    ),
    (
        BudgetExceeded("there are many words, more", "max_words", 4, 10**5000, None),
        {"enough": 10**5000, "found": None},
        "more than max_words=4 allows. max_words=1.00e+5000 is enough.",
    ),
    (
        PresentationTooLarge("the product", 2, 3, 10, "half"),
        {"what": "the product", "n_entries": 18, "enough": 18, "max_entries": 10, "given": 10, "found": "half"},
        "Give max_entries=18 if the memory is there",
    ),
    (NotMinimal([[0, 2]]), {"groups": ((0, 2),)}, "same future and should be one: [0, 2]"),
    (MachineFileError("m.json", "is empty"), {"path": "m.json", "problem": "is empty"}, "m.json: is empty"),
    (
        MissingPackage("the series weather", "vega_datasets", "data"),
        {"wanted": "the series weather", "package": "vega_datasets", "extra": "data"},
        "the package vega_datasets, which is not installed: pip install 'belief-geometry[data]'",
    ),
    (
        ChangedData("weather", "vega_datasets 1.0", "3 values, 4 were expected"),
        {"name": "weather", "package": "vega_datasets 1.0", "problem": "3 values, 4 were expected"},
        "weather in vega_datasets 1.0 is not what it was when it was checked: 3 values, 4 were expected",
    ),
    (
        UnknownName("process", "rrxr", ["even", "rrxor"]),
        {"kind": "process", "name": "rrxr", "known": ("even", "rrxor")},
        "unknown process 'rrxr': did you mean 'rrxor'? Known: even, rrxor.",
    ),
]


@pytest.mark.parametrize(("error", "data", "message"), ERRORS, ids=[type(error).__name__ for error, _, _ in ERRORS])
def test_data_message_and_pickle(error: ValueError, data: dict, message: str) -> None:
    assert isinstance(error, ValueError)
    for candidate in (error, pickle.loads(pickle.dumps(error))):
        assert message in str(candidate)
        assert "\n" not in str(candidate)
        for name, value in data.items():
            assert getattr(candidate, name) == value


def test_no_finite_epsilon_machine_carries_what_was_explored() -> None:
    again = pickle.loads(pickle.dumps(NoFiniteEpsilonMachine(EXPLORED)))
    assert again.explored.n_mixed == 13
    assert not again.explored.closed


def test_long_words_are_shortened() -> None:
    text = str(ImpossibleWord([0] * 1000 + [1], 1000))
    assert "988 more" in text
    assert len(text) < 300
    assert len(str(NotErgodic([[i] for i in range(1000)]))) < 400


def test_nearest() -> None:
    assert nearest("golden-mean", ["golden_mean", "even"]) == "golden_mean"
    assert nearest("EVEN", ["golden_mean", "even"]) == "even"
    assert nearest("xyz", ["golden_mean", "even"]) is None
    assert "there is none close" in str(UnknownName("process", "xyz", ["even"]))
