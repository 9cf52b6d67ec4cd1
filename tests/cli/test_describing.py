"""`compmech stats --more --estimate` and `compmech divergence`: what they print, on a narrow terminal and as JSON."""

import json
from math import log2

import numpy as np
import pytest

from compmech import estimate, save, spectrum, statistics, zoo
from compmech.blackwell import blackwell
from compmech.cli import _status, app
from compmech.hmm import HMM

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in test_drawing: the checker of types refuses the context of --version."""
    monkeypatch.setattr(app, "registered_callback", None)


def run(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    status = _status(list(arguments))
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == (status != 0), err
    return status, out, err


def document(capsys: Captured, *arguments: str) -> dict:
    status, out, _ = run(capsys, *arguments, "--json")
    assert status == 0
    return json.loads(out)


@pytest.mark.parametrize(
    ("name", "estimated"), [("even", True), ("sns", False), ("cantor", True), ("days_of_week", False), ("frdn", False)]
)
def test_every_table_fits_80_columns(capsys: Captured, name: str, estimated: bool) -> None:
    asked = ["--estimate", "--symbols", "2000"] if estimated else []
    status, out, _ = run(capsys, "stats", name, "--more", *asked)
    assert status == 0
    assert max(len(line) for line in out.splitlines()) <= 80
    for title in ("spectrum", "convergence", "correlation", "renyi", "quantum complexity", "presentation"):
        assert title in out.splitlines()
    assert ("beliefs" in out.splitlines()) is estimated


def test_more_adds_one_key_and_changes_none(capsys: Captured) -> None:
    plain, more = document(capsys, "stats", "even"), document(capsys, "stats", "even", "--more")
    added = more.pop("more")
    assert plain == more
    modes = added["spectrum"]["modes"]
    assert [mode["eigenvalue"][0] for mode in modes] == pytest.approx(spectrum(zoo.even()).eigenvalues.real)
    assert sum(mode["excess_part"][0] for mode in modes) == pytest.approx(plain["excess_entropy"])
    assert added["convergence"]["total_predictability"] == pytest.approx(2 / 3 - 1)
    assert added["convergence"]["rates"] == pytest.approx(np.diff(plain["block_entropies"]).tolist())
    assert added["correlation"]["autocorrelation"][:2] == pytest.approx([1, 2 / 3])  # 00 and 11, each with 1/3
    assert added["correlation"]["lines"][0] == pytest.approx({"frequency": 0, "power": 5 / 9})
    assert added["renyi"]["orders"] == [0, 2, "inf"]
    assert added["renyi"]["entropy_rate"][0] == pytest.approx(log2((1 + 5**0.5) / 2))
    assert added["quantum_complexity"] == pytest.approx(plain["statistical_complexity"])  # chi = 0
    assert added["presentation"]["gauge_information"] == pytest.approx(0, abs=1e-12)
    assert set(added["how"]) == set(added) - {"how"}


def test_delta_lines_of_a_period_are_told(capsys: Captured) -> None:
    lines = document(capsys, "stats", "alternating_biased_coins", "--more")["more"]["correlation"]["lines"]
    assert [line["frequency"] for line in lines] == pytest.approx([0, np.pi])


def test_a_group_that_a_process_lacks_is_null_with_the_reason(capsys: Captured) -> None:
    more = document(capsys, "stats", "mess3", "--more")["more"]
    assert more["spectrum"] is None
    assert more["quantum_complexity"] is None
    for reason in more["how"].values():  # for people: no functions and attributes of the library
        assert "`" not in reason
        assert "process=" not in reason
    assert "not computed: no finite epsilon-machine found" in more["how"]["spectrum"]
    assert set(more["renyi"]["entropy_rate"][2]) == {"lower", "upper"}
    more = document(capsys, "stats", "moon", "--more")["more"]
    assert more["presentation"] is None
    assert "needs states" in more["how"]["presentation"]


def test_estimates_are_those_of_the_library_and_of_the_seed(capsys: Captured) -> None:
    asked = ["stats", "nemo", "--estimate", "--symbols", "5000", "--seed"]
    found = document(capsys, *asked, "3")["estimates"]
    first, second = np.random.default_rng(3).spawn(2)
    assert found["information"] == estimate(zoo.nemo(), rng=first, n_symbols=5000).to_dict()
    assert found["blackwell"] == blackwell(zoo.nemo(), rng=second, n_symbols=5000).to_dict()
    assert found == document(capsys, *asked, "3")["estimates"]
    assert found != document(capsys, *asked, "4")["estimates"]


def test_limits_reach_the_statistics(capsys: Captured) -> None:
    found = document(capsys, "stats", "leaky_rrxor", "--max-states", "50", "--max-words", "2000", "--max-length", "4")
    expected = statistics(zoo.leaky_rrxor(), max_states=50, max_words=2000, max_length=4).to_dict()
    assert found == json.loads(json.dumps(expected))
    assert "max_words = 2000" in found["how"]["entropy_rate"]
    status, out, err = run(capsys, "stats", "even", "--max-states", "0")
    assert (status, out) == (2, "")
    assert "max-states" in err


@pytest.mark.parametrize(
    "arguments",
    [["processes"], ["stats", "even"], ["msp", "even"], ["divergence", "even", "golden_mean", "--length", "2"]],
)
def test_all_take_json_and_a_seed(capsys: Captured, arguments: list[str]) -> None:
    status, out, _ = run(capsys, *arguments, "--json", "--seed", "1")
    assert status == 0
    json.loads(out)


def test_every_command_takes_json_and_a_seed() -> None:
    for command in app.registered_commands:
        names = command.callback.__annotations__
        assert "as_json" in names, command.name
        assert "seed" in names, command.name


def test_divergence_of_two_coins_is_the_closed_form(capsys: Captured) -> None:
    found = document(capsys, "divergence", "biased_coin:p=0.5", "biased_coin:p=0.25", "--length", "3")
    bits = log2(2 / 3**0.5)
    assert found["relative_entropy_rate"] == pytest.approx(bits)
    assert found["words"]["kl_nats"] == pytest.approx(3 * bits * np.log(2))
    assert found["equivalent"] is False
    word = found["distinguishing_word"]
    assert sorted([word["probability_p"], word["probability_q"]]) in ([0.25, 0.5], [0.5, 0.75])
    assert found["sampled"] is None
    assert set(found["how"]) == set(found) - {"p", "q", "equivalent", "how"}


def test_divergence_of_a_process_from_itself_is_nothing(capsys: Captured, tmp_path) -> None:
    save(HMM(np.kron(zoo.even().T, np.full((2, 2), 0.5)), alphabet=zoo.even().alphabet), tmp_path / "m.json")
    found = document(capsys, "divergence", "even", str(tmp_path / "m.json"))
    assert found["equivalent"] is True
    assert found["distinguishing_word"] is None
    assert found["relative_entropy_rate"] == pytest.approx(0, abs=1e-12)
    assert found["words"]["total_variation"] == pytest.approx(0, abs=1e-12)


def test_words_too_many_to_enumerate_are_sampled(capsys: Captured) -> None:
    asked = ["divergence", "mess3", "mess3:x=0.1", "--length", "30", "--samples", "400", "--seed"]
    found = document(capsys, *asked, "5")
    assert found["words"] is None
    assert "max_words" in found["how"]["words"]
    assert found["sampled"]["low"] <= found["sampled"]["kl_nats"] <= found["sampled"]["high"]
    assert found["sampled"] == document(capsys, *asked, "5")["sampled"]
    assert found["sampled"] != document(capsys, *asked, "6")["sampled"]


def test_a_process_without_states_has_no_rate_and_says_so(capsys: Captured) -> None:
    found = document(capsys, "divergence", "moon", "golden_mean", "--length", "3")
    assert found["relative_entropy_rate"] is None
    assert "not computed" in found["how"]["relative_entropy_rate"]


@pytest.mark.parametrize(
    ("p", "q"), [("golden_mean", "even"), ("flower", "flower"), ("mess3", "mess3:x=0.06"), ("even", "even")]
)
def test_the_table_of_divergences_fits(capsys: Captured, p: str, q: str) -> None:
    status, out, _ = run(capsys, "divergence", p, q, "--samples", "10", "--length", "4")
    assert status == 0
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "D(P || Q) per symbol, bits" in out


@pytest.mark.parametrize("command", ["stats", "msp"])
def test_long_parameters_go_on_in_the_next_line(capsys: Captured, command: str) -> None:
    status, out, _ = run(capsys, command, "flower")
    assert status == 0
    first, second, *_ = out.splitlines()
    assert first.startswith("flower(")
    assert second.startswith("      ")
    assert max(len(line) for line in out.splitlines()) <= 80


def test_symbols_alike_in_print_are_misuse(capsys: Captured, tmp_path) -> None:
    save(HMM(zoo.even().T), tmp_path / "m.json")
    status, out, err = run(capsys, "divergence", "even", str(tmp_path / "m.json"))
    assert (status, out) == (2, "")
    assert "relabelled(process, str)" in err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["divergence", "even", "evn"], "did you mean"),
        (["divergence", "even"], "Missing argument"),
        (["divergence", "even", "even", "--samples", "1"], "n_words must be >= 2"),
        (["stats", "even", "--estimate", "--symbols", "10"], "--symbols"),
        (["stats", "even", "--estimate", "--seconds", "-1"], "--seconds"),
    ],
)
def test_misuse_is_one_line_and_status_2(capsys: Captured, arguments: list[str], complaint: str) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert complaint in err
