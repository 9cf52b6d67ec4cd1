"""Input that is no process: each error says where, and what to do. The same in Python and in machine files."""

import json
from pathlib import Path

import numpy as np
import pytest

from compmech import GHMM, HMM, ImpossibleWord, MachineFileError, NotErgodic, filter_beliefs, load, product, zoo
from compmech.compose import PresentationTooLarge

GOOD = [[[0.5, 0.0], [1.0, 0.0]], [[0.0, 0.5], [0.0, 0.0]]]
SHORT = [[[0.5, 0.0], [0.9, 0.0]], [[0.0, 0.5], [0.0, 0.0]]]
NEGATIVE = [[[0.5, 0.0], [1.2, 0.0]], [[0.0, 0.5], [0.0, -0.2]]]
TURNED = np.swapaxes(np.array([[[0.2, 0.3], [0.9, 0.0]], [[0.5, 0.0], [0.0, 0.1]]]), 1, 2).tolist()
TWO = [[[1.0, 0.0], [0.0, 0.5]], [[0.0, 0.0], [0.0, 0.5]]]


@pytest.mark.parametrize(
    ("T", "kind", "place", "repair", "in_a_file"),
    [
        (
            SHORT,
            ValueError,
            r"state 1 sums to 0\.9",
            r"T was read as \(symbol, state, next_state\)",
            r"sum to 0\.9",
        ),
        (NEGATIVE, ValueError, r"T\[1, 1, 1\] is -0\.2", r"GHMM\(T, start, evaluate\)", r'"1"\]\[1\]\[1\] is -0\.2'),
        (TURNED, ValueError, r"state 0 sums to 1\.6", r"T looks transposed.*swapaxes\(T, 1, 2\)", "transposed"),
        (TWO, NotErgodic, r"2 closed classes of states \(\[0\]; \[1\]\)", r"Give start=", "2 closed classes"),
    ],
    ids=["rows that do not sum", "negative", "transposed", "no unique stationary vector"],
)
def test_matrices(tmp_path: Path, T: list, kind: type, place: str, repair: str, in_a_file: str) -> None:
    with pytest.raises(kind, match=f"{place}.*{repair}"):
        HMM(T)
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"alphabet": ["0", "1"], "matrices": dict(zip("01", T, strict=True))}))
    with pytest.raises(MachineFileError, match=rf"^\S*machine\.json: .*{in_a_file}"):
        load(path)


def test_impossible_words() -> None:
    """Golden mean: 11 cannot be."""
    with pytest.raises(ImpossibleWord, match=r"symbol 1 at t=2 has probability 0 after \[0, 1\].*drop such words"):
        filter_beliefs(HMM(GOOD), [[0, 1, 1]])
    with pytest.raises(ImpossibleWord) as caught:
        HMM(GOOD).predict([[0, 0, 0], [1, 1, 0]])
    assert (caught.value.word, caught.value.t) == ((1, 1, 0), 1)
    assert HMM(GOOD).log_prob([[0, 1, 1]])[0] == -np.inf


def test_signed_matrices() -> None:
    with pytest.raises(ValueError, match=r"A @ evaluate must equal evaluate.*entry 1 is 0\.9.*Is T transposed"):
        GHMM(SHORT, [1, 0], [1, 1])
    with pytest.raises(ValueError, match=r"start @ evaluate must be 1; it is 2.*Give start / \(start @ evaluate\)"):
        GHMM(GOOD, [1, 1], [1, 1])


def test_a_presentation_too_large_for_its_budget() -> None:
    parts = zoo.rrxor(), zoo.golden_mean(), zoo.golden_mean()
    with pytest.raises(PresentationTooLarge, match=r"the product.*more than max_entries=100\. Give max_entries=3200"):
        product(*parts, max_entries=100)
    assert product(*parts, max_entries=3200).T.size == 3200
