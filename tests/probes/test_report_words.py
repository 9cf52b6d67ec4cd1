"""Sentences and titles are chosen by the numbers: other numbers, other sentences."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from probes.headline import headline
from probes.report.numerals import count, decimal, interval, nats, seconds, signed
from probes.report.titles import headline_title, kl_title, learning_title, simplex_title, sites_title, suffix_title
from probes.report.words import compared, listed, seen, standing
from probes.results import Comparison, Row
from tests.probes.sample_comparison import EMPTY, REFUSED, RRXOR, sample_comparison


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_point=50)


def changed(comparison: Comparison, change: Callable[[Row], Row]) -> Comparison:
    return replace(comparison, rows=[change(row) for row in comparison.rows])


def text_of(comparison: Comparison, process: int) -> str:
    return "\n".join(seen(comparison, comparison.processes[process]))


@pytest.mark.parametrize(
    ("best", "place"),
    [
        ((0.9, 0.85, 0.95), "above"),
        ((0.82, 0.79, 0.85), "level"),
        ((0.6, 0.5, 0.7), "below"),
        ((0.81, None, None), "above"),
    ],
)
def test_standing_needs_intervals_apart(comparison: Comparison, best: tuple[float, ...], place: str) -> None:
    found = headline(comparison, "rrxor", "gru", "beyond")  # the baseline has 0.78 .. 0.80
    assert found.best is not None
    moved = replace(found.best, value=best[0], low=best[1], high=best[2])
    assert standing(replace(found, best=moved)) == place


def test_standing_is_empty_without_a_score(comparison: Comparison) -> None:
    found = headline(comparison, "rrxor", "gru", "beyond")
    assert standing(replace(found, baseline=None)) == ""
    assert standing(headline(comparison, "mess3", "gru", "beyond")) == ""


def test_rrxor_in_words(comparison: Comparison) -> None:
    text = text_of(comparison, 1)
    assert "Of the belief's 4 dimensions, 3 do not show" in text
    assert "R² 0.790 (suffix-grams, K=6–7)" in text
    assert "Above it: LSTM (0.996 at layer.0.carry) and GRU (0.998 at layer.0.carry)" in text
    assert "not told apart from it: Mamba (0.770 at layer.1.ssm)" in text
    assert "below it: Transformer (0.450 at layer.3)" in text
    assert "permuted among each other the same probes reach at most 0.280." in text
    assert "Mamba shows it best in its state of the state-space model (0.770 at layer.1.ssm)" in text
    assert "discriminates states" in text
    assert REFUSED in text
    assert "Nothing of the belief" not in text


def test_the_title_of_suffixes_says_who_reaches_more(comparison: Comparison) -> None:
    start = "RRXOR: what lies beyond the next symbol from the last symbols alone reaches R² 0.790 (K=6–7)"
    assert suffix_title(comparison, comparison.processes[1]) == f"{start}; LSTM and GRU reach more"
    for value, end in ((-1.0, "no network reaches more"), (0.9, "every network reaches more")):
        rows = [
            replace(row, score=value) if row.predictor and row.score is not None else row for row in comparison.rows
        ]
        assert suffix_title(replace(comparison, rows=rows), comparison.processes[1]) == f"{start}; {end}"


def test_random_features_are_named_by_their_width(comparison: Comparison) -> None:
    rows = [
        replace(row, width=32)
        if row.predictor == "mamba"
        else replace(row, score=0.9, width=64, low=0.89, high=0.91)
        if (row.control, row.target, row.process) == ("random-features", "beyond", RRXOR)
        else row
        for row in comparison.rows
    ]
    text = text_of(replace(comparison, rows=rows), 1)
    assert "R² 0.900 (random features of width 64) and R² 0.790 (suffix-grams, K=6–7) are reached" in text
    assert "not told apart from it: Mamba" in text  # beside suffix-grams, as it is only 32 wide


def test_mess3_in_words(comparison: Comparison) -> None:
    text = text_of(comparison, 0)
    assert f"Nothing of the belief lies beyond the next symbol here ({EMPTY})" in text
    assert "True next-symbol probabilities alone give R² 1.000." in text
    assert "discriminates" not in text


def test_clustering_is_said_where_permuted_beliefs_score_as_well(comparison: Comparison) -> None:
    def fooled(row: Row) -> Row:
        high = row.control == "permuted-classes" and row.predictor == "gru" and row.target == "beyond"
        return replace(row, score=0.97) if high and row.score is not None else row

    text = text_of(changed(comparison, fooled), 1)
    assert "the same probe does about as well on GRU (0.970): there the score shows that histories" in text
    assert "about as well" not in text_of(comparison, 1)


def test_training_that_added_nothing_is_said(comparison: Comparison) -> None:
    def idle(row: Row) -> Row:
        high = row.control == "untrained" and row.predictor == "mamba" and row.target == "beyond"
        return replace(row, score=0.9) if high and row.score is not None else row

    assert "For Mamba training added nothing to that." in text_of(changed(comparison, idle), 1)
    assert "added nothing" not in text_of(comparison, 1)


def test_networks_that_predict_no_better_than_counts_are_named(comparison: Comparison) -> None:
    assert "All do better than k-gram counts (4.0×10⁻³)." in text_of(comparison, 0)
    assert "k-gram counts give a possible symbol no probability" in text_of(comparison, 1)
    runs = [replace(run, kl=0.02) if run.predictor == "k-gram" else run for run in comparison.runs]
    text = text_of(replace(comparison, runs=runs), 1)
    assert "Transformer does no better than k-gram counts (0.02)." in text
    runs = [replace(run, kl=1e-9) if run.predictor == "k-gram" else run for run in comparison.runs]
    assert "None of them does better than k-gram counts" in text_of(replace(comparison, runs=runs), 1)


def test_titles_carry_what_is_seen(comparison: Comparison) -> None:
    mess3, rrxor = comparison.processes
    assert simplex_title(comparison, mess3) == (
        "Mess3: beliefs are read almost exactly from Transformer, LSTM, GRU and Mamba"
    )
    assert simplex_title(comparison, rrxor) == (
        "RRXOR: beliefs are read almost exactly from LSTM and GRU, in part from Transformer and Mamba"
    )
    assert headline_title(comparison, rrxor) == (
        "RRXOR, beyond the next symbol: LSTM and GRU above the best model-free baseline, Mamba level with it, "
        "Transformer below it"
    )
    assert sites_title(comparison, rrxor).endswith("GRU at layer.0.carry and Mamba at layer.1.ssm")
    assert kl_title(comparison, rrxor) == (
        "RRXOR: GRU predicts best, 2.0×10⁻⁴ nats above the optimum (k-gram ∞, uniform 0.121)"
    )
    counted = [replace(run, kl=1e-4) if run.predictor == "k-gram" else run for run in comparison.runs]
    assert kl_title(replace(comparison, runs=counted), rrxor) == (
        "RRXOR: GRU is the best of the networks, 2.0×10⁻⁴ nats above the optimum (k-gram 1.0×10⁻⁴, uniform 0.121)"
    )
    hopeless = replace(comparison, runs=[replace(run, kl=math.inf) for run in comparison.runs])
    assert kl_title(hopeless, rrxor) == "RRXOR: every network gives some possible symbol probability 0"
    assert learning_title(comparison, rrxor).startswith("RRXOR: training ends 2.0×10⁻⁴ (GRU), ")
    more = [replace(run, predictor="rnn") for run in comparison.runs if run.predictor == "transformer"]
    five = replace(comparison, runs=[*comparison.runs, *more])
    assert learning_title(five, rrxor) == "RRXOR: training ends 2.0×10⁻⁴ (GRU) to 0.041 (RNN) nats above the optimum"


def test_what_was_compared_names_histories_and_seeds(comparison: Comparison) -> None:
    (text,) = compared(comparison, comparison.processes[1])
    assert "a sample of 20,000 histories of up to 16 symbols" in text
    assert "times from different seeds" not in text
    runs = [replace(run, training={}) if run.predictor == "mamba" else run for run in comparison.runs]
    (text,) = compared(replace(comparison, runs=runs), comparison.processes[1])
    assert "Transformer, LSTM and GRU were trained" in text
    assert "Mamba was taken as given, not trained." in text
    several = sample_comparison(n_seed=3, n_point=50)
    (text,) = compared(several, several.processes[1])
    assert "each 3 times from different seeds" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.500"), (0.99996, "0.999"), (1.0, "1.000"), (-0.0001, "0.000"), (-0.01, "-0.010"), (None, "-")],
)
def test_r2_never_rounds_up_to_one(value: float | None, text: str) -> None:
    assert decimal(value) == text


@pytest.mark.parametrize(
    ("value", "text", "plain"),
    [
        (0.0412, "0.041", "0.041"),
        (0.12, "0.12", "0.12"),
        (2.04e-4, "2.0×10⁻⁴", "2.0e-4"),
        (9.96e-3, "0.01", "0.01"),
        (9.94e-3, "9.9×10⁻³", "9.9e-3"),
        (1e-17, "0", "0"),
        (-6e-18, "0", "0"),
        (math.inf, "∞", "inf"),
        (None, "-", "-"),
    ],
)
def test_divergences_have_two_figures(value: float | None, text: str, plain: str) -> None:
    assert (nats(value), nats(value, plain=True)) == (text, plain)


def test_other_numerals() -> None:
    assert (signed(0.208), signed(-0.02), signed(0.0), signed(None)) == ("+0.208", "-0.020", "0.000", "-")
    assert (interval(0.9, 1.0), interval(None, 1.0)) == ("0.900..1.000", "-")
    assert (count(1234567), count(None)) == ("1,234,567", "-")
    assert (seconds(3.14), seconds(41.7), seconds(None)) == ("3.1", "42", "-")
    assert (listed([]), listed(["a"]), listed(["a", "b"]), listed("abc")) == ("", "a", "a and b", "a, b and c")
