"""`compmech infer` as a user meets it: what is printed and written, what can be asked, and how it is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inference_keys import KEYS

from compmech import epsilon_machine, load, zoo
from compmech.cli import _status, beside_networks, inferring, network_futures, streamed_files
from compmech.cli.inference_table import inference_table
from compmech.cli.series_files import read_series
from compmech.cli.surrogate_words import surrogates_of
from compmech.inference import isomorphism, latent_model, proposals, topology_model

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals and large topologies are not looked at here."""
    monkeypatch.setattr(proposals, "MOST_STATES", {1: 1, 2: 3, 3: 2, 4: 2})
    monkeypatch.setattr(latent_model, "REFITS", 2)
    monkeypatch.setattr(topology_model, "RESAMPLES", 8)
    monkeypatch.setattr(topology_model, "COSTLY", 2)


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """2,000 symbols of the golden mean as text, in lines of 60."""
    text = "".join(map(str, zoo.golden_mean().sample(1, 2_000, rng=np.random.default_rng(0))[0]))
    return written(tmp_path / "golden.txt", "\n".join(text[i : i + 60] for i in range(0, len(text), 60)))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def one_line(capsys: Captured) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("compmech: ")
    return lines[0]


# ------------------------------------------------------------------------------------------------------- the command


def test_json_has_the_keys_of_inference_and_a_machine_that_can_be_loaded(
    golden: Path, tmp_path: Path, capsys: Captured
) -> None:
    picture = tmp_path / "new" / "machine.svg"
    assert _status(["infer", str(golden), "--json", "-o", str(picture)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == KEYS
    for key in KEYS[1:5]:
        assert document[key]["low"] <= document[key]["value"] <= document[key]["high"]
    (tmp_path / "machine.json").write_text(json.dumps(document["machine"]))
    found, truth = epsilon_machine(load(tmp_path / "machine.json")), epsilon_machine(zoo.golden_mean())
    match = isomorphism(found, truth)
    assert match is not None
    assert match.largest_difference < 0.04
    assert "<svg" in picture.read_text()


def test_the_same_seed_gives_the_same_numbers(golden: Path, capsys: Captured) -> None:
    told = []
    for seed in ("0", "0", "5"):
        assert _status(["infer", str(golden), "--json", "--method", "cssr", "--seed", seed]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]


def test_people_get_a_table_that_fits(golden: Path, tmp_path: Path, capsys: Captured) -> None:
    assert _status(["infer", str(golden), "--method", "cssr", "-o", str(tmp_path / "a.dot")]) == 0
    told = capsys.readouterr().out
    assert max(len(line) for line in told.splitlines()[1:-1]) <= 80
    assert "2,000 symbols, 2 different" in told
    assert "line breaks are left out" in told
    assert "structure found: 2 causal states (p = 0.005 against shuffled symbols)" in told
    assert "chosen" in told
    assert told.splitlines()[-1] == str(tmp_path / "a.dot")


@pytest.fixture
def mess3(tmp_path: Path) -> Path:
    """5,000 symbols of a process with infinitely many causal states."""
    return written(
        tmp_path / "mess3.txt", "".join(map(str, zoo.mess3().sample(1, 5_000, rng=np.random.default_rng(0))[0]))
    )


def test_where_states_still_grow_no_finite_machine_is_claimed(mess3: Path, capsys: Captured) -> None:
    assert _status(["infer", str(mess3), "--method", "cssr"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "The number of states is still growing (" in told
    assert "from 1,250 symbols" in told
    assert "no finite machine is claimed" in told


def test_a_process_of_some_dimension_is_a_table_a_picture_and_a_file(
    mess3: Path, tmp_path: Path, capsys: Captured
) -> None:
    picture = tmp_path / "process.svg"
    assert _status(["infer", str(mess3), "--method", "spectral", "-o", str(picture)]) == 0
    told = capsys.readouterr().out
    assert max(len(line) for line in told.splitlines()[1:-1]) <= 80
    assert "structure found: a generalised hidden Markov model of dimension 3" in told
    assert "entries of the matrices: symbol, value, column" in told
    assert " -0." in told
    assert "a t interval" in " ".join(told.split())
    assert "<svg" in picture.read_text()
    assert _status(["infer", str(mess3), "--method", "spectral", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n_causal_states"] is document["statistical_complexity"] is None
    (tmp_path / "machine.json").write_text(json.dumps(document["machine"]))
    assert load(tmp_path / "machine.json").n_state == 3


def test_hidden_states_are_drawn(
    golden: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "MOST_HIDDEN", 2)
    assert _status(["infer", str(golden), "--method", "baum-welch", "-o", str(tmp_path / "a.svg")]) == 0
    told = capsys.readouterr().out
    assert "structure found: a hidden Markov model of 2 hidden states" in told
    assert "baum-welch 2 hidden" in told
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_no_structure_is_said_plainly(tmp_path: Path, capsys: Captured) -> None:
    values = np.random.default_rng(3).normal(size=1_000)
    table = written(tmp_path / "returns.csv", "day,gain\n" + "\n".join(f"{i},{x}" for i, x in enumerate(values)))
    arguments = [str(table), "--column", "gain", "--time", "day", "--symbols", "sign", "--method", "cssr"]
    assert _status(["infer", *arguments]) == 0
    told = capsys.readouterr().out
    assert "no structure found: one state" in told
    assert "+     x > 0" in told


def test_one_symbol_throughout_is_said(tmp_path: Path, capsys: Captured) -> None:
    assert _status(["infer", str(written(tmp_path / "a.txt", "a" * 200))]) == 0
    assert "the series is one symbol throughout" in " ".join(capsys.readouterr().out.split())


def test_one_state_although_the_past_tells_something_is_said(tmp_path: Path, capsys: Captured) -> None:
    """A chain over 40 symbols, of which 200 show no machine that holds them better than none."""
    text = "".join(chr(ord("0") + i % 40) * 2 for i in range(100))
    assert _status(["infer", str(written(tmp_path / "a.txt", text))]) == 0
    assert "more data may tell" in " ".join(capsys.readouterr().out.split())


def test_many_symbols_do_not_fill_the_screen(tmp_path: Path, capsys: Captured) -> None:
    letters = np.random.default_rng(0).integers(0, 40, size=600)
    text = "".join(chr(ord("A") + i) for i in letters) + " \u00e9"
    assert _status(["infer", str(written(tmp_path / "a.txt", text))]) == 0
    told = capsys.readouterr().out
    assert "more" in told
    assert max(len(line) for line in told.splitlines()[1:]) <= 80
    assert len(told.splitlines()) < 40


@pytest.mark.parametrize(
    ("text", "arguments", "complaint"),
    [
        ("ab" * 40, [], "there are 80 symbols: nothing can be told from fewer than 100"),
        ("", [], "there are no symbols"),
        (
            "ab" * 200,
            ["--method", "csr"],
            "there is no method 'csr'; there are auto, cssr, merging, bayes, spectral",
        ),
        ("ab" * 200 + "abcabc", ["--method", "cssr"], "'c' occurs only there"),
        ("abcdefghij" * 30, ["--method", "bayes"], "too many topologies over 10 symbols"),
        ("abcdefghij" * 30, ["--method", "spectral"], "210 symbols of 10 kinds fill no Hankel matrix"),
        ("ab" * 200, ["-o", "machine.xyz"], ".xyz"),
        ("1 2 3", ["--symbols", "quantil:3"], "there is no symboliser 'quantil'; did you mean 'quantile'?"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path, capsys: Captured, text: str, arguments: list[str], complaint: str
) -> None:
    assert _status(["infer", str(written(tmp_path / "data.txt", text)), *arguments]) == 2
    assert complaint in one_line(capsys)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned the golden mean."""
    out = tmp_path_factory.mktemp("runs") / "gru"
    arguments = ["golden_mean", "--predictor", "gru:width=8,n_layer=1", "--length", "6", "--lr", "0.02", "--clip", "1"]
    arguments += ["--steps", "200", "--batch", "64", "--targets", "exact", "-o", str(out)]
    assert _status(["train", *arguments]) == 0
    return out


def test_a_trained_network_merges_histories_of_the_data(golden: Path, run: Path, capsys: Captured) -> None:
    capsys.readouterr()
    assert _status(["infer", str(golden), "--predictor", str(run), "--method", "predictor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["method"] == "predictor"
    assert document["n_causal_states"]["value"] == 2
    assert document["diagnostics"]["data"]["predictor"] == str(run)
    told = "\n".join(inference_table(document))
    assert "structure found: 2 causal states" in told
    assert "predictor 2 groups" in told


def test_a_network_of_other_symbols_and_no_network_are_one_line(
    golden: Path, run: Path, tmp_path: Path, capsys: Captured
) -> None:
    capsys.readouterr()
    three = written(tmp_path / "three.csv", "x\n" + "0\n1\n2\n" * 60)
    assert _status(["infer", str(three), "--predictor", str(run)]) == 2
    told = one_line(capsys)
    assert "predicts 2 symbols (0, 1)" in told
    assert "three.csv has 3 (0, 1, 2): 2 is none of the network's" in told
    assert _status(["infer", str(golden), "--predictor", str(tmp_path)]) == 2
    assert "no training.json" in one_line(capsys)
    assert _status(["infer", str(golden), "--predictor", str(run), "--method", "cssr"]) == 2
    assert "the method cssr takes no predictor" in one_line(capsys)
    assert _status(["infer", str(golden), "--method", "predictor"]) == 2
    assert "needs a predictor" in one_line(capsys)
    short = written(tmp_path / "short.txt", "0101")
    assert _status(["infer", str(short), "--predictor", str(run)]) == 2
    assert "two stretches of at least one symbol without a gap; there are 0 of 6" in one_line(capsys)


def test_a_network_that_reads_too_little_is_said() -> None:
    class Short:
        class config:
            max_length = 5

    assert network_futures._length(Short, 16, 3) == 2
    with pytest.raises(ValueError, match="reads at most 5 symbols"):
        network_futures._length(Short, 16, 5)


def test_the_channel_between_two_columns(tmp_path: Path, capsys: Captured) -> None:
    """The golden mean, and what a delay makes of it: the state is the last input."""
    came = zoo.golden_mean().sample(1, 1_000, rng=np.random.default_rng(0))[0]
    rows = [f"{t},{x},{'nan' if t == 400 else y}" for t, (x, y) in enumerate(zip(came[1:], came[:-1], strict=True))]
    table = written(tmp_path / "delay.csv", "t,in,out\n" + "\n".join(rows[:500] + rows[510:]))
    arguments = ["infer", str(table), "--column", "out", "--input-column", "in", "--time", "t", "--step", "1"]
    assert _status([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n_channel_states"] == {"value": 2, "low": 2, "high": 2}
    assert document["held_out_bits_per_symbol"] == 0
    assert document["unread"] == [{"state": "B", "input": "1"}]
    assert document["diagnostics"]["pieces"] == 3
    assert document["diagnostics"]["data"]["input_column"] == "in"
    assert _status(arguments) == 0
    told = capsys.readouterr().out
    assert max(len(line) for line in told.splitlines()[1:]) <= 80
    assert "memory found: 2 causal states of the channel (p = 0.005 against outputs" in told
    assert "988 times, 2 different inputs (in), 2 different outputs" in " ".join(told.split())
    assert "never read, so that nothing is known of what follows: 1 in B" in told
    assert "markov remembers last input" in told
    picture = tmp_path / "pictures" / "delay.dot"
    assert _status([*arguments, "-o", str(picture)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(picture)
    drawn = picture.read_text()
    assert 's0 -> s0 [label="0|0:1"]' in drawn
    assert "1|1:1" not in drawn  # never read


def test_no_memory_of_a_channel_is_said_and_real_values_are_made_symbols(tmp_path: Path, capsys: Captured) -> None:
    rng = np.random.default_rng(2)
    sent = rng.normal(size=600)
    rows = "\n".join(f"{x},{y}" for x, y in zip(sent, sent + rng.normal(size=600), strict=True))
    table = written(tmp_path / "line.csv", "x,y\n" + rows)
    arguments = ["infer", str(table), "--column", "y", "--input-column", "x", "--symbols", "threshold:0"]
    assert _status([*arguments, "--input-symbols", "sign"]) == 0
    told = capsys.readouterr().out
    assert "no memory found: given its input, the past tells of an output no more" in told
    assert "in +" in told
    assert _status([*arguments, "--input-symbols", "ordinal:2"]) == 2
    assert "inputs and outputs must be of the same times; there are 300 and 600" in one_line(capsys)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--input-column", "b", "--method", "bayes"], "--method is for a series alone, not for a channel"),
        (["--input-column", "b", "--predictor", "run"], "--predictor is for a series alone"),
        (["--input-column", "b", "-o", "a.bmp"], "must end in .png"),
        (["--input-column", "b", "--bootstrap", "3"], "--bootstrap is for a series alone"),
        (["--input-column", "b", "--surrogates", "block"], "--surrogates is for a series alone"),
        (["--input-column", "b", "--statistic", "gain"], "--statistic is for a series alone"),
        (["--input-column", "b", "--beside", "gru"], "--beside is for a series alone"),
        (["--input-column", "b", "--report", "r"], "--report is for a series alone"),
        (["--input-column", "b", "--stream"], "--stream is for a series alone"),
        (["--input-column", "b", "--words"], "--words is for a series alone"),
        (["--input-column", "c"], "no column 'c'; it has a, b"),
        (["--input-column", "b"], "there are 2 times at which both input and output are there"),
        (["--input-symbols", "sign"], "--input-symbols needs --input-column"),
    ],
)
def test_what_a_channel_cannot_be_asked_is_one_line(
    tmp_path: Path, capsys: Captured, options: list[str], complaint: str
) -> None:
    table = written(tmp_path / "a.csv", "a,b\n0,1\n1,0\n")
    assert _status(["infer", str(table), "--column", "a", *options]) == 2
    assert complaint in one_line(capsys)


def test_a_missing_file_and_an_unwritable_picture(golden: Path, tmp_path: Path, capsys: Captured) -> None:
    assert _status(["infer", str(tmp_path / "none.csv")]) == 2
    assert "none.csv: No such file" in one_line(capsys)
    (tmp_path / "file").write_text("")
    assert _status(["infer", str(golden), "--method", "cssr", "-o", str(tmp_path / "file" / "a.svg")]) == 1
    assert "cannot write" in one_line(capsys)


# ------------------------------------------------------------------------------- how sure, against what, beside what


def test_the_choice_is_made_again_and_said(golden: Path, capsys: Captured) -> None:
    arguments = ["infer", str(golden), "--method", "cssr", "--bootstrap", "4"]
    assert _status([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    again = document["diagnostics"]["selection"]
    assert again["n_series"] == 4
    assert sum(again["state_frequencies"].values()) + again["without"] + again["not_finite"] == pytest.approx(1)
    numbers = [int(n) for n in again["state_frequencies"]]
    assert document["n_causal_states"] == {"value": 2, "low": min(2, *numbers), "high": max(2, *numbers)}
    assert set(document["diagnostics"]["intervals"]) == {"posterior", "parametric", "block"}
    assert document["diagnostics"]["intervals"]["block"]["block_length"] > 1
    assert _status(arguments) == 0
    told = capsys.readouterr().out
    assert max(len(line) for line in told.splitlines()[1:]) <= 80
    assert "states chosen again from 4 series" in told
    assert "block bootstrap: h " in told


def test_what_was_not_asked_is_said_and_others_need_more(golden: Path, capsys: Captured) -> None:
    assert _status(["infer", str(golden), "--method", "cssr"]) == 0
    told = capsys.readouterr().out
    assert "was not asked: --bootstrap 20 does" in told
    assert "k-gram of order" in told
    assert "longest suffix" in told


@pytest.mark.parametrize(
    ("word", "name", "null"),
    [
        ("markov:1", "markov:1", "do not speak against the hypothesis that the series is a Markov chain of order 1"),
        ("markov", "markov:1", "do not speak against the hypothesis that the series is a Markov chain of order 1"),
        ("block:1", "block:1", "speak against the hypothesis that stretches of 1 symbols are independent"),
    ],
)
def test_other_null_hypotheses_are_named(golden: Path, capsys: Captured, word: str, name: str, null: str) -> None:
    assert _status(["infer", str(golden), "--method", "cssr", "--surrogates", word]) == 0
    assert null in " ".join(capsys.readouterr().out.split())


def test_blocks_and_orders_are_chosen_where_they_are_not_given(golden: Path) -> None:
    brought = read_series(golden)
    assert int(surrogates_of("block", brought, None).name.removeprefix("block:")) > 3
    assert surrogates_of("markov", brought, None).kept >= 2


def test_phases_are_turned_before_values_become_symbols(tmp_path: Path, capsys: Captured) -> None:
    values = np.random.default_rng(3).normal(size=400)
    table = written(tmp_path / "a.csv", "x\n" + "\n".join(map(str, values)))
    arguments = ["infer", str(table), "--symbols", "sign", "--method", "cssr", "--surrogates", "phase"]
    assert _status([*arguments, "--json"]) == 0
    test = json.loads(capsys.readouterr().out)["diagnostics"]["structure"]
    assert test["surrogates"] == "phase"
    assert test["p"] > 0.01
    assert _status([*arguments, "--statistic", "gain"]) == 2
    assert "phase surrogates are of the whole series" in one_line(capsys)


def test_the_gain_is_a_statistic_too(golden: Path, capsys: Captured) -> None:
    assert _status(["infer", str(golden), "--method", "cssr", "--statistic", "gain", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["p_structure"] == 1 / 200
    assert document["diagnostics"]["structure"]["longest"] is None


def test_a_network_is_scored_on_the_same_symbols(
    golden: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hardly trained, it is near the frequencies of the symbols at best."""
    monkeypatch.setattr(beside_networks, "STEPS", 4)
    monkeypatch.setattr(beside_networks, "EVERY", 2)
    network = "gru:width=4,n_layer=1"
    assert _status(["infer", str(golden), "--method", "cssr", "--beside", network, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    row = document["diagnostics"]["beside"][2]
    assert row["name"] == network
    assert row["setting"]["updates"] in (0, 2, 4)
    assert row["above"] > 0.1 > 3 * row["error"] > 0
    assert row["above"] == pytest.approx(row["held_out_bits_per_symbol"] - document["held_out_bits_per_symbol"])


def test_a_predictor_that_cannot_speak_first_counts_the_first_symbol_as_uniform() -> None:
    import torch

    class Late:
        n_symbol, first_row = 2, 1

        def log_probs(self, tokens: torch.Tensor) -> torch.Tensor:
            return torch.log(torch.tensor([0.75, 0.25])).expand(*tokens.shape, 2)

    late: Any = Late()
    found = beside_networks.NetworkWords(late).log_prob(np.array([[0, 1, 1], [1, 0, 1]]))
    assert found == pytest.approx(np.log([0.5 * 0.25**2, 0.5 * 0.75 * 0.25]), rel=1e-6)
    chances = beside_networks.NetworkWords(late).chances(np.array([[0, 1, 1], [1, 0, 1]]))
    assert chances == pytest.approx(np.array([[0.5, 0.25, 0.25], [0.5, 0.75, 0.25]]), rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--surrogates", "shufled"], "there are no surrogates 'shufled'; did you mean 'shuffled'?"),
        (["--surrogates", "zzz"], "there are no surrogates 'zzz'; take shuffled, block:20, markov:2 or phase"),
        (["--surrogates", "markov:two"], "'markov:two': write it as one of shuffled, block:20, markov:2 or phase"),
        (["--surrogates", "block:0"], "blocks must have at least 1 symbol; got 0"),
        (["--surrogates", "phase"], "phase surrogates are of real values: say with --symbols"),
        (["--statistic", "pats"], "there is no statistic 'pats'; there are past, gain"),
        (["--beside", "gruu"], "gruu"),
        (["--beside", "uniform"], "uniform is not trained by gradient: --beside takes networks"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    golden: Path, capsys: Captured, arguments: list[str], complaint: str
) -> None:
    assert _status(["infer", str(golden), *arguments]) == 2


def test_a_report_has_pictures_and_the_numbers(golden: Path, tmp_path: Path, capsys: Captured) -> None:
    arguments = ["infer", str(golden), "--method", "cssr", "--report", str(tmp_path / "report")]
    assert _status(arguments) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "report")
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert names == ["blocks.svg", "candidates.svg", "inference.json", "machine.svg"]
    written_there = json.loads((tmp_path / "report" / "inference.json").read_text())
    assert list(written_there) == [*KEYS, "files"]
    assert sorted(written_there["files"]) == ["blocks.svg", "candidates.svg", "machine.svg"]
    assert "chosen" in (tmp_path / "report" / "candidates.svg").read_text()
    assert _status(arguments) == 2
    assert "is not empty" in one_line(capsys)
    (tmp_path / "report" / "notes.txt").write_text("mine")
    many = "".join(map(chr, ord("B") + np.cumsum(np.random.default_rng(0).integers(0, 8, size=4_000)) % 20))
    other = written(tmp_path / "many.txt", many)
    arguments[1] = str(other)
    assert _status([*arguments[:3], "markov", *arguments[4:], "--overwrite"]) == 0
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert names == ["blocks.svg", "candidates.svg", "inference.json", "machine.dot", "notes.txt"]


def test_that_nothing_can_be_written_is_said_before_any_work(
    golden: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object, **options: object) -> None:
        raise AssertionError("it began to work")

    monkeypatch.setattr(inferring, "_whole", refused)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    for option in (["--report", str(tmp_path / "full")], ["-o", str(golden / "a.svg")]):
        assert _status(["infer", str(golden), *option]) in (1, 2)
        one_line(capsys)


def test_what_fails_leaves_no_folder(tmp_path: Path, capsys: Captured) -> None:
    short = written(tmp_path / "short.txt", "ab")
    for option in (["--report", str(tmp_path / "new" / "r")], ["-o", str(tmp_path / "new" / "a.svg")]):
        assert _status(["infer", str(short), *option]) == 2
        assert "fewer than 100" in one_line(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["short.txt"]


def test_a_machine_of_many_transitions_is_reported_as_text_and_cut_short_in_the_table(
    tmp_path: Path, capsys: Captured
) -> None:
    letters = np.cumsum(np.random.default_rng(0).integers(0, 3, size=4_000)) % 20
    text = "".join(chr(ord("A") + i) for i in letters).replace("A", " ")
    arguments = [str(written(tmp_path / "a.txt", text)), "--method", "markov", "--report", str(tmp_path / "report")]
    assert _status(["infer", *arguments]) == 0
    told = capsys.readouterr().out
    assert "20 states in all (--json has them)" in told
    assert len(told.splitlines()) < 80
    assert (tmp_path / "report" / "machine.dot").read_text().startswith("digraph")
    assert not (tmp_path / "report" / "machine.svg").exists()


# ------------------------------------------------------------------------------------------------- long files, in parts


@pytest.mark.parametrize("suffix", [".txt", ".npy"])
def test_a_file_read_in_parts_gives_the_machine_that_it_gives_as_a_whole(
    suffix: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    symbols = zoo.golden_mean().sample(1, 100_000, rng=np.random.default_rng(0))[0]
    path = tmp_path / f"golden{suffix}"
    if suffix == ".npy":
        np.save(path, symbols.astype(np.int8))
    else:
        text = "".join(map(str, symbols))
        written(path, "\n".join(text[i : i + 60] for i in range(0, len(text), 60)))
    monkeypatch.setattr(streamed_files, "_PIECE", 7_001)
    machines = []
    for options in (["--stream"], ["--method", "cssr"]):
        assert _status(["infer", str(path), "--json", *options]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["diagnostics"]["symbols"] == 100_000
        assert document["n_causal_states"]["value"] == 2
        machines.append(document["machine"]["matrices"])
    one, other = (np.array(list(matrices.values())) for matrices in machines)
    np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "content", "options", "complaint"),
    [
        ("a.txt", b"01 10", [], "this has spaces"),
        ("a.txt", "01\u00e9".encode(), [], "letters in ASCII"),
        ("a.txt", b"\n\n", [], "there are no symbols"),
        ("a.txt", b"", [], "there are no symbols"),
        ("a.txt", b"01" * 100, [], "fewer than 100,000"),
        ("a.txt", b"01", ["--words"], "goes without --words"),
        ("a.txt", b"01", ["--method", "bayes"], "method bayes needs the series as a whole"),
        ("a.npy", np.zeros(3), [], "this is float64 of shape (3,)"),
        ("a.npy", np.zeros((2, 2), dtype=int), [], "this is int64 of shape (2, 2)"),
        ("a.npy", np.array([0, -1]), [], "whole numbers from 0"),
        ("a.npy", np.arange(300), [], "300 distinct symbols: at most 256"),
        ("a.npy", b"no array", [], "not an array that can be read"),
        ("a.csv", b"x\n" + b"1\n0\n" * 100_000, [], "a.csv is a table"),
        ("none.txt", None, [], "No such file"),
        ("none.npy", None, [], "No such file"),
    ],
)
def test_what_cannot_be_read_in_parts_is_one_line(
    name: str, content: Any, options: list[str], complaint: str, tmp_path: Path, capsys: Captured
) -> None:
    if isinstance(content, np.ndarray):
        np.save(tmp_path / name, content)
    elif content is not None:
        (tmp_path / name).write_bytes(content)
    assert _status(["infer", str(tmp_path / name), "--stream", *options]) == 2
    assert complaint in one_line(capsys)
