"""The zoo on the command line: structured parameters, and `compmech processes --check`."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compmech import zoo
from compmech.cli.arguments import parse_process, parse_settings
from compmech.cli.describing import processes
from compmech.cli.failure import Failed, Misused
from compmech.cli.tables import wrapped


def printed(capsys, **options: bool) -> str:
    """What the command prints, called as a function."""
    processes(**options)
    return str(capsys.readouterr().out)


def test_commas_in_brackets_and_quotes_belong_to_a_value() -> None:
    assert parse_settings("renewal:law=[0.25,0.5,0.25],tail=0.5") == (
        "renewal",
        {"law": [0.25, 0.5, 0.25], "tail": 0.5},
    )
    assert parse_settings("x:a=[[1,0],[0,1]],b=2") == ("x", {"a": [[1, 0], [0, 1]], "b": 2})
    assert parse_settings('x:a="1,2",b={"c": [1,2]}') == ("x", {"a": "1,2", "b": {"c": [1, 2]}})
    assert parse_settings("x:a=1,b=2") == ("x", {"a": 1, "b": 2})
    with pytest.raises(Misused, match="is not a setting"):
        parse_settings("x:a=1,,b=2")


@pytest.mark.parametrize(
    ("word", "process"),
    [
        ("renewal:law=[0.5,0.5]", lambda: zoo.renewal([0.5, 0.5])),
        ("flower:forward=[0.5,0.5],back=[[1,0],[0.5,0.5]]", lambda: zoo.flower([0.5, 0.5], [[1, 0], [0.5, 0.5]])),
        ("periodic_word:word=0011", lambda: zoo.periodic_word("0011")),
        ("periodic_word:word=1100", lambda: zoo.periodic_word("1100")),
        ('periodic_word:word=["b","a"]', lambda: zoo.periodic_word(["b", "a"])),
        ("matching_parens:open_probs=[1,0.25]", lambda: zoo.matching_parentheses([1, 0.25])),
        ("random_unifilar:n=6,symbols=3,connectivity=2,seed=7", lambda: zoo.random_unifilar(6, 3, 2, 7)),
        ("die:sides=20", lambda: zoo.die(20)),
    ],
)
def test_structured_parameters_are_json(word: str, process) -> None:
    named = parse_process(word)
    assert np.array_equal(named.process.T, process().T)
    assert named.process.alphabet == process().alphabet
    assert all(letter.isalnum() or letter in "._-" for letter in named.label)


def test_long_lists_have_short_labels_of_their_own() -> None:
    labels = {parse_process(f"iid:probabilities={[1 / n] * n}").label for n in (60, 61)}
    assert len(labels) == 2
    assert all(len(label) <= 100 for label in labels)


def test_a_wrong_list_is_told_what_it_should_be() -> None:
    with pytest.raises(Misused, match="renewal: law must be in lists of at least 1 probabilities that sum to 1"):
        parse_process("renewal:law=[0.5,0.6]")


def test_the_list_shows_every_kind_of_parameter(capsys) -> None:
    out = printed(capsys)
    assert "law = (0.25, 0.5, 0.25) in lists of at least 1 probabilities that sum to 1" in out
    listed = {entry["name"]: entry for entry in json.loads(printed(capsys, as_json=True))}
    assert set(listed) == set(zoo.names())
    assert listed["renewal"]["parameters"][0]["default"] == [0.25, 0.5, 0.25]
    assert listed["even"]["parameters"][0]["high"] == 1


@pytest.fixture
def two_processes(monkeypatch) -> None:
    monkeypatch.setattr(zoo, "names", lambda: ("even", "moon"))


@pytest.mark.usefixtures("two_processes")
def test_check_prints_a_table_that_fits_a_terminal(capsys) -> None:
    lines = printed(capsys, check=True).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].split() == ["process", "values", "bounded", "unknown", "error"]
    assert [line.split()[0] for line in lines[1:3]] == ["even", "moon"]
    assert "0 off" in lines[-1]


def test_the_list_fits_a_terminal(capsys) -> None:
    text = printed(capsys)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "are the weights of a measurement's\n      two outcomes\n" in text


def test_a_name_without_a_text_is_still_listed() -> None:
    assert wrapped("", "  name   ") == ["  name"]
    assert wrapped("one two-three", " " * 70) == [" " * 70 + "one", " " * 70 + "two-three"]


@pytest.mark.usefixtures("two_processes")
def test_check_in_json(capsys) -> None:
    document = json.loads(printed(capsys, check=True, as_json=True))
    assert document["off"] == 0
    assert [check["name"] for check in document["checks"]] == ["even", "moon"]
    assert document["values"] == sum(check["values"] for check in document["checks"])


@pytest.mark.usefixtures("two_processes")
@pytest.mark.parametrize("as_json", [False, True])
def test_check_fails_if_a_value_is_off(capsys, monkeypatch, as_json: bool) -> None:
    entry = zoo.entry
    wrong = replace(entry("even"), golden=dict(entry("even").golden) | {"entropy_rate": 0.7})
    monkeypatch.setattr(zoo, "entry", lambda name: wrong if name == "even" else entry(name))
    with pytest.raises(Failed, match=r"^1 of [0-9]+ statistics are not the golden ones"):
        processes(check=True, as_json=as_json)
    out = capsys.readouterr().out
    if as_json:
        assert json.loads(out)["off"] == 1
    else:
        assert "  off: entropy_rate is 0.666666667, not 0.7" in out.splitlines()


@pytest.mark.parametrize(("golden", "status"), [("2 / 3", 0), ("0.7", 1)])
def test_the_exit_status_tells(golden: str, status: int) -> None:
    code = (
        "from dataclasses import replace; from compmech import zoo; from compmech.cli import main;"
        f"wrong = replace(zoo.entry('even'), golden={{'entropy_rate': {golden}}});"
        "zoo.names, zoo.entry = lambda: ('even',), lambda name: wrong;"
        "main(['processes', '--check'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == status
    assert len(done.stderr.splitlines()) == status
