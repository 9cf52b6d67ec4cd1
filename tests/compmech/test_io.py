"""Machine files: what is saved is read back, and each way a file can be wrong is one clear line."""

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from machines import golden_mean, probability_clock, rrxor
from strategies import any_hmms, few

from compmech import GHMM, HMM, MachineFileError, NotErgodic, epsilon_machine, load, save, trim

GOLDEN_MEAN = {"alphabet": ["0", "1"], "matrices": {"0": [[0.5, 0], [1, 0]], "1": [[0, 0.5], [0, 0]]}}


def written(folder: Path, content: object) -> Path:
    path = folder / "machine.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_reads_the_format_as_documented(tmp_path: Path) -> None:
    machine = load(written(tmp_path, GOLDEN_MEAN))
    assert isinstance(machine, HMM)
    assert machine.alphabet == ("0", "1")
    assert machine.states == (0, 1)
    np.testing.assert_array_equal(machine.T, golden_mean().T)
    np.testing.assert_allclose(machine.start, [2 / 3, 1 / 3], rtol=1e-15)
    full = {**GOLDEN_MEAN, "states": ["A", "B"], "start": [1, 0], "name": "golden mean"}
    machine = load(str(written(tmp_path, full)))
    assert (machine.states, machine.name) == (("A", "B"), "golden mean")
    np.testing.assert_array_equal(machine.start, [1, 0])
    assert isinstance(load(written(tmp_path, {**full, "evaluate": [1, 1]})), GHMM)


def test_order_of_symbols_is_that_of_the_alphabet(tmp_path: Path) -> None:
    machine = load(written(tmp_path, {**GOLDEN_MEAN, "alphabet": ["1", "0"]}))
    np.testing.assert_array_equal(machine.T, golden_mean().T[::-1])


def test_symbols_may_be_numbers(tmp_path: Path) -> None:
    assert load(written(tmp_path, {**GOLDEN_MEAN, "alphabet": [0, 1]})).alphabet == (0, 1)


@few
@given(any_hmms())
def test_hmms_come_back_bit_by_bit(tmp_path_factory: pytest.TempPathFactory, machine: HMM) -> None:
    path = tmp_path_factory.mktemp("machine") / "machine.json"
    machine = trim(machine)
    save(machine, path)
    again = load(path)
    np.testing.assert_array_equal(again.T, machine.T)
    np.testing.assert_array_equal(again.start, machine.start)
    assert (again.alphabet, again.states, again.name) == (machine.alphabet, machine.states, machine.name)


def test_names_and_other_kinds_come_back(tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    named = HMM(golden_mean().T, alphabet=['a"b', "é"], states=[("A", 1), None], name="the golden\nmean")
    save(named, path)
    again = load(path)
    assert (again.alphabet, again.states, again.name) == (named.alphabet, named.states, named.name)
    clock = probability_clock()
    save(clock, path)
    again = load(path)
    assert isinstance(again, GHMM)
    np.testing.assert_array_equal(again.T, clock.T)
    np.testing.assert_array_equal(again.evaluate, clock.evaluate)
    save(epsilon_machine(rrxor()), path)
    np.testing.assert_array_equal(load(path).T, rrxor().T)


def test_the_file_is_readable_by_people(tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    save(golden_mean(), path)
    lines = path.read_text().splitlines()
    assert "      [0.5, 0.0]," in lines
    assert max(len(line) for line in lines) < 80


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ('{"alphabet": ["0"],', r"not JSON: .* at line 1, column 20"),
        ('{\n "alphabet": [0 1]}', r"not JSON: .* at line 2, column 17"),
        (b"\xff\xfe\x00\x01", r"not UTF-8 text \(byte 0\)"),
        ("[" * 100_000, "nested too deep"),
        ("[1, 2]", r"expected a JSON object with the keys \"alphabet\" and \"matrices\"; got a list"),
        ("null", "got null"),
        ({"alphabet": ["0"]}, r'the key "matrices" is missing'),
        ({"matrices": {}}, r'the key "alphabet" is missing'),
        ({**GOLDEN_MEAN, "matrixes": 1}, r'unknown key "matrixes": did you mean "matrices"\?'),
        ({**GOLDEN_MEAN, "Start": [1, 0]}, r'unknown key "Start": did you mean "start"\?'),
        ({**GOLDEN_MEAN, "xyzzy": 1}, r'unknown key "xyzzy": known are'),
        ('{"alphabet": ["0"], "alphabet": ["1"], "matrices": {}}', r'the key "alphabet" stands twice'),
        ({**GOLDEN_MEAN, "alphabet": "01"}, r'"alphabet" is the string "01": expected a list of names'),
        ({**GOLDEN_MEAN, "alphabet": []}, r'"alphabet" is an empty list'),
        ({**GOLDEN_MEAN, "alphabet": ["0", "0"]}, r'"alphabet"\[1\] is "0", as is \[0\]: names must be distinct'),
        ({**GOLDEN_MEAN, "alphabet": ["0", {}]}, r'"alphabet"\[1\] is an object'),
        ({**GOLDEN_MEAN, "alphabet": ["0", 0]}, r'both have the matrix "0": rename one'),
        ({**GOLDEN_MEAN, "alphabet": ["0", "1", "2"]}, r'"matrices" has no "2"'),
        ({**GOLDEN_MEAN, "alphabet": ["0"]}, r'"matrices" has "1", which is not in "alphabet"'),
        ({**GOLDEN_MEAN, "matrices": [[1]]}, r'"matrices" is a list: expected an object'),
        ({**GOLDEN_MEAN, "matrices": {"0": [], "1": []}}, r'"matrices"\["0"\] is an empty list'),
        ({**GOLDEN_MEAN, "matrices": {"0": 1, "1": 1}}, r'"matrices"\["0"\] is the number 1: expected a list of rows'),
        ({"alphabet": ["0"], "matrices": {"0": [[1, 0], [1]]}}, r'"matrices"\["0"\]\[1\] has 1 numbers: expected 2'),
        (
            {"alphabet": ["0"], "matrices": {"0": [[1, 0], 1]}},
            r'"matrices"\["0"\]\[1\] is the number 1: expected a list',
        ),
        (
            {"alphabet": ["0", "1"], "matrices": {"0": [[1]], "1": [[0, 0], [0, 0]]}},
            r'"matrices"\["1"\] has 2 rows, but the first matrix has 1',
        ),
        (
            {"alphabet": ["0"], "matrices": {"0": [[1, "0.5"], [1, 0]]}},
            r'"matrices"\["0"\]\[0\]\[1\] is the string "0.5": expected a number, without quotes, or a '
            r'fraction such as "1/3"',
        ),
        ({"alphabet": ["0"], "matrices": {"0": [[None]]}}, r'"matrices"\["0"\]\[0\]\[0\] is null'),
        ({"alphabet": ["0"], "matrices": {"0": [[True]]}}, r'"matrices"\["0"\]\[0\]\[0\] is true'),
        ('{"alphabet": ["0"], "matrices": {"0": [[NaN]]}}', r'"matrices"\["0"\]\[0\]\[0\] is nan: expected a finite'),
        ('{"alphabet": ["0"], "matrices": {"0": [[1e999]]}}', r"is inf: expected a finite number"),
        ('{"alphabet": ["0"], "matrices": {"0": [[1' + "0" * 400 + "]]}}", "is an integer of 401 digits"),
        ('{"alphabet": ["0"], "matrices": {"0": [[1' + "0" * 5000 + "]]}}", "integer string conversion"),
        (
            {**GOLDEN_MEAN, "matrices": {"0": [[0.5, 0], [0.9, 0]], "1": [[0, 0.5], [0, 0]]}},
            r"the rows 1 of all matrices together sum to 0\.9, not 1",
        ),
        (
            {**GOLDEN_MEAN, "matrices": {"0": [[0.5, 0], [0.9, 0]], "1": [[0, 0.5], [0, 0]]}, "states": ["A", "B"]},
            r'the rows 1 \("B"\) of all matrices',
        ),
        (
            {**GOLDEN_MEAN, "matrices": {"0": [[0.5, 1], [0, 0]], "1": [[0, 0], [0.5, 0]]}},
            r"sum to 1\.5, not 1: columns do: are the matrices transposed\?",
        ),
        (
            {**GOLDEN_MEAN, "matrices": {"0": [[1.5, 0], [1, 0]], "1": [[0, -0.5], [0, 0]]}},
            r'"matrices"\["1"\]\[0\]\[1\] is -0\.5: probabilities are not negative',
        ),
        ({**GOLDEN_MEAN, "start": [1, 0, 0]}, r'"start" has 3 numbers: expected 2, one for each state'),
        ({**GOLDEN_MEAN, "start": [0.5, 0.4]}, r"start must sum to 1; it sums to 0\.9"),
        ({**GOLDEN_MEAN, "start": "A"}, r'"start" is the string "A": expected a list of 2 numbers'),
        ({**GOLDEN_MEAN, "states": ["A"]}, r'"states" has 1 names, but the matrices have 2 rows'),
        ({**GOLDEN_MEAN, "name": 3}, r'"name" is the number 3: expected a string'),
        ({**GOLDEN_MEAN, "evaluate": [1, 1]}, r'"start" is missing: a machine with "evaluate" needs it'),
        ({**GOLDEN_MEAN, "evaluate": [1, 2], "start": [1, 0]}, r"A @ evaluate must equal evaluate"),
    ],
)
def test_a_malformed_file_is_one_clear_line(tmp_path: Path, content: object, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(MachineFileError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.path == str(path)


def test_a_process_that_is_not_ergodic_is_told_to_give_a_start(tmp_path: Path) -> None:
    path = written(tmp_path, {"alphabet": ["0"], "matrices": {"0": [[1, 0], [0, 1]]}})
    with pytest.raises(MachineFileError, match=r"2 closed classes.*start") as caught:
        load(path)
    assert isinstance(caught.value.__cause__, NotErgodic)


def test_a_missing_file_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.json")


def test_saving_replaces_whole_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "machine.json"
    save(golden_mean(), path)
    before = path.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match="No space left") as caught:
            save(rrxor(), path)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["machine.json"]
    save(rrxor(), path)
    assert load(path).n_state == 5


def test_saved_files_have_the_usual_permissions(tmp_path: Path) -> None:
    save(golden_mean(), tmp_path / "machine.json")
    (tmp_path / "plain").write_text("")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("machine.json", "plain")]
    assert modes[0] == modes[1]


def test_saving_to_no_folder_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        save(golden_mean(), tmp_path / "no" / "machine.json")
    assert caught.value.filename == str(tmp_path / "no" / "machine.json")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"alphabet": [frozenset(), 1]}, "cannot be written as JSON"),
        ({"alphabet": ["1", 1]}, "not all different as JSON text"),
        ({"states": [float("nan"), 1]}, "cannot be written as JSON"),
        ({"states": [b"A", 1]}, "cannot be written as JSON"),
    ],
)
def test_names_that_json_cannot_hold_are_refused_before_writing(tmp_path: Path, names: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        save(HMM(golden_mean().T, **names), tmp_path / "machine.json")
    assert list(tmp_path.iterdir()) == []


def test_numbers_may_be_fractions(tmp_path: Path) -> None:
    content = {
        "alphabet": ["0", "1"],
        "matrices": {"0": [["1/3", 0], [1, 0]], "1": [[0, "2/3"], [0, 0]]},
        "start": ["3/5", "002/005"],
    }
    process = load(written(tmp_path, content))
    assert process.T.tolist() == [[[1 / 3, 0], [1, 0]], [[0, 2 / 3], [0, 0]]]
    assert process.start.tolist() == [3 / 5, 2 / 5]
    signed = load(
        written(tmp_path, {"alphabet": ["a"], "matrices": {"a": [["1/1"]]}, "start": ["-1/2"], "evaluate": [-2]})
    )
    assert signed.start.tolist() == [-0.5]


@pytest.mark.parametrize("text", ["1/0", "1/-3", "1 / 3", "1/3/5", "0.1/3", "1/00", "/3", "1" * 301 + "/3"])
def test_what_is_no_fraction_is_refused(tmp_path: Path, text: str) -> None:
    content = {"alphabet": ["0", "1"], "matrices": {"0": [[text, 0], [1, 0]], "1": [[0, 0.5], [0, 0]]}}
    with pytest.raises(MachineFileError, match=r'"0"\]\[0\]\[0\] is the string .*or a fraction such as "1/3"'):
        load(written(tmp_path, content))


# ------------------------------------------------------------------------------------------------- unreachable states

FALLS = {"alphabet": ["0", "1"], "matrices": {"0": [[0.5, 0.5], [0, 0]], "1": [[0, 0], [0, 1]]}, "states": ["A", "B"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (FALLS, r'state 0 \("A"\) can never be reached: no start is given, and the stationary one leads elsewhere'),
        ({**FALLS, "start": [0, 1]}, r'state 0 \("A"\) can never be reached: from "start", which leads elsewhere'),
        (
            {k: FALLS[k] for k in ("alphabet", "matrices")},
            r"state 0 can never .* Delete rows and columns of it in every",
        ),
        (
            {"alphabet": ["a"], "matrices": {"a": [[0] * 11 + [1]] * 12}},
            r'states 0, 1, 2, 3, 4, 5, 6, 7 and 3 more can .* columns of them .* or give a "start" that does',
        ),
    ],
)
def test_states_that_cannot_be_reached_are_named_with_the_repair(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(MachineFileError, match=message) as caught:
        load(written(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_the_repairs_of_unreachable_states_are_repairs(tmp_path: Path) -> None:
    assert load(written(tmp_path, {**FALLS, "start": [1, 0]})).n_state == 2  # transient, but visited
    process = HMM([[[0.5, 0.5], [0, 0]], [[0, 0], [0, 1]]], states="AB")
    path = tmp_path / "saved.json"
    with pytest.raises(ValueError, match=r'state 0 \("A"\) cannot be reached.*save\(trim\(process\), path\) leaves'):
        save(process, path)
    assert not path.exists()
    save(trim(process), path)
    again = load(path)
    assert again.states == ("B",)
    np.testing.assert_array_equal(again.T, [[[0.0]], [[1.0]]])
