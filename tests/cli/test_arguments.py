"""Words of the command line turned into objects, and what a slip is told."""

import json
from pathlib import Path

import numpy as np
import pytest

from compmech import HMM, save, zoo
from compmech.cli.arguments import parse_process, parse_settings, read_process
from compmech.cli.failure import Misused


def test_a_bare_name_has_no_settings() -> None:
    assert parse_settings("gru") == ("gru", {})


def test_values_are_json_where_they_can_be() -> None:
    name, settings = parse_settings("transformer:width=32,activation=gelu,lr=1e-3")
    assert name == "transformer"
    assert settings == {"width": 32, "activation": "gelu", "lr": 1e-3}
    assert isinstance(settings["width"], int)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (".5", 0.5),
        ("-.25", -0.25),
        ("+0.5", 0.5),
        ("1.", 1.0),
        (".5e-2", 0.005),
        ("1/3", 1 / 3),
        ("-3/4", -0.75),
        ("1/0", "1/0"),  # no number: whoever takes it says so
        ("0110", "0110"),  # a word of symbols, not 110
        (".", "."),
        ("nan", "nan"),
        ("a/b", "a/b"),
    ],
)
def test_numbers_may_be_written_as_people_write_them(text: str, value: float | str) -> None:
    assert parse_settings(f"x:p={text}") == ("x", {"p": value})


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("gru:width", "'width' in 'gru:width' is not a setting"),
        ("gru:width=", "is not a setting"),
        ("gru:=3", "is not a setting"),
        (":width=3", "names nothing"),
        ("gru:width=3,width=4", "'width' is set twice"),
    ],
)
def test_a_malformed_setting_is_named(word: str, complaint: str) -> None:
    with pytest.raises(Misused, match=complaint):
        parse_settings(word)


def test_a_process_with_parameters_is_that_process() -> None:
    named = parse_process("mess3:x=0.15,a=0.6")
    assert np.array_equal(named.process.T, zoo.mess3(x=0.15, a=0.6).T)
    assert named.title == "mess3(x=0.15, a=0.6)"
    assert named.label == "mess3-x0.15-a0.6"


def test_a_name_at_its_defaults_says_them() -> None:
    assert parse_process("rrxor").label == "rrxor"
    assert "=" in parse_process("rrxor").title


def test_a_typo_is_told_the_nearest_name() -> None:
    with pytest.raises(Misused, match="rrxor"):
        parse_process("rrxorr")


def test_a_typo_in_a_parameter_is_told_the_parameters() -> None:
    with pytest.raises(Misused, match="golden_mean"):
        parse_process("golden_mean:probability=0.3")


def test_a_parameter_out_of_range_is_told_its_range() -> None:
    with pytest.raises(Misused, match=r"p must be in \[0, 1\]"):
        parse_process("golden_mean:p=1.5")


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(Misused, match="set twice"):
        parse_process("golden_mean:p=0.3", {"p": 0.4})


def test_a_file_is_read_and_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "my coin.json"
    path.write_text(json.dumps({"alphabet": ["H", "T"], "matrices": {"H": [[0.5]], "T": [[0.5]]}}))
    named = parse_process(str(path))
    assert named.process.n_symbol == 2
    assert named.label == "my-coin"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misused, match=r"absent\.json"):
        parse_process(str(tmp_path / "absent.json"))


def test_a_file_does_not_pass_for_the_built_in_process_of_its_name(tmp_path: Path) -> None:
    save(zoo.golden_mean(), tmp_path / "rrxor.json")
    assert read_process(tmp_path / "rrxor.json").label == "golden_mean-file"
    save(HMM([[[0.5]], [[0.5]]]), tmp_path / "rrxor.json")
    assert read_process(tmp_path / "rrxor.json").label == "rrxor-file"
