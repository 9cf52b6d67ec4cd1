"""Other predictors on the same held-out symbols: what they need, and by how much that is more, with its error."""

import numpy as np
import pytest
from scipy.stats import sem

from compmech import zoo
from compmech.inference import KGram, Series, infer, k_gram, series
from compmech.inference.beside import LongestSuffixPredictor
from compmech.inference.held_out import blocks_of, cost, mean_apart, sizes


def of(process, n: int, seed: int = 0) -> Series:
    return Series(process.sample(1, n, rng=np.random.default_rng(seed))[0], tuple(range(process.n_symbol)))


def test_a_k_gram_counts_what_followed_each_past_and_its_shorter_ones():
    """By hand: in 0010 the symbol 0 follows 0 once and 1 once, and 1 follows 0 once."""
    grams = k_gram(series("0010"), 1)
    none = np.array([(3 + 2 * 0.5) / 6, (1 + 2 * 0.5) / 6])
    after_0 = np.array([(1 + 2 * none[0]) / 4, (1 + 2 * none[1]) / 4])
    after_1 = np.array([(1 + none[0]) / 2, (0 + none[1]) / 2])
    np.testing.assert_allclose(grams.tables[0], [none])
    np.testing.assert_allclose(grams.tables[1], [after_0, after_1])
    chances = none[0] * after_0[1] * after_1[1]
    assert grams.log_prob([[0, 1, 1]]) == pytest.approx([np.log(chances)])
    assert k_gram(series("0" * 9, alphabet="01"), 1).tables[1][1] == pytest.approx([9.5 / 10, 0.5 / 10]), "never seen"


def test_words_of_one_length_have_total_probability_one():
    grams = k_gram(of(zoo.mess3(), 500), 2)
    words = np.array(np.meshgrid(*[range(3)] * 4)).reshape(4, -1).T
    assert np.exp(grams.log_prob(words)).sum() == pytest.approx(1)
    suffix = LongestSuffixPredictor(of(zoo.mess3(), 500), grams)
    assert np.exp(suffix.log_prob(words)).sum() == pytest.approx(1)


@pytest.mark.parametrize(("name", "orders"), [("fair_coin", (0, 2)), ("golden_mean", (1, 4)), ("even", (4, 12))])
def test_the_order_is_chosen_within_the_series(name, orders):
    grams = k_gram(of(getattr(zoo, name)(), 3_000))
    assert orders[0] <= grams.order <= orders[1]


def test_the_longest_suffix_is_that_of_brute_force():
    fit, rng = of(zoo.even(), 300), np.random.default_rng(1)
    text = "".join(map(str, fit.codes))
    grams = k_gram(fit, 2)
    [word] = rng.integers(0, 2, (1, 12))
    total = 0.0
    for t in range(12):
        before = "".join(map(str, word[:t]))
        while not any(text.startswith(before, i) for i in range(len(text) - len(before))):
            before = before[1:]
        places = [i + len(before) for i in range(len(text) - len(before)) if text.startswith(before, i)]
        came = sum(text[i] == str(word[t]) for i in places)
        different = len({text[i] for i in places})
        total += np.log((came + different * grams.chances(word[None])[0, t]) / (len(places) + different))
    assert LongestSuffixPredictor(fit, grams).log_prob(word[None])[0] == pytest.approx(total)


def test_the_difference_of_two_models_is_that_of_their_blocks():
    rng = np.random.default_rng(0)
    one, other = rng.normal(1, 0.1, 20), rng.normal(0.9, 0.1, 20)
    above, error = mean_apart(one, other, np.full(20, 8))
    assert above == pytest.approx((one - other).mean() / 8)
    assert error == pytest.approx(sem(one - other) / 8)
    assert mean_apart(np.array([np.inf, 1]), np.array([1.0, 1]), np.array([8, 8])) == (np.inf, None)
    assert mean_apart(np.array([np.inf]), np.array([np.inf]), np.array([8])) == (0.0, None)
    assert mean_apart(np.array([2.0]), np.array([1.0]), np.array([8])) == (1 / 8, None)


def test_infer_says_what_others_need_for_the_same_blocks():
    """One that was brought has the process itself; the machine needs no less, and the k-gram no less than either."""
    process = zoo.even()
    data, seen = of(process, 3_000), []

    def brought(fit: Series) -> dict:
        seen.append(fit.n_observed)
        return {"the process": ({"known": True}, process)}

    result = infer(data, method="cssr", beside=brought, rng=np.random.default_rng(0))
    rows = {row.name: row for row in result.diagnostics["beside"]}
    assert list(rows) == ["k-gram", "longest suffix", "the process"]
    assert seen == [2_100]
    blocks = blocks_of(data.split(0.7)[1])
    assert rows["the process"].held_out_bits_per_symbol == pytest.approx(
        cost(process, blocks).sum() / sizes(blocks).sum()
    )
    for row in rows.values():
        assert row.above == pytest.approx(row.held_out_bits_per_symbol - result.held_out_bits_per_symbol)
    assert abs(rows["the process"].above) < 0.01
    assert rows["k-gram"].above > 3 * rows["k-gram"].error > 0
    told = result.to_dict()["diagnostics"]["beside"]
    assert told[2]["setting"] == {"known": True}


def test_one_that_forbids_what_came_needs_infinitely_many_bits():
    forbidding = k_gram(series("01" * 60), 0)
    never = KGram((np.array([[1.0, 0.0]]),))
    data = of(zoo.fair_coin(), 400)
    with np.errstate(divide="ignore"):
        result = infer(
            data,
            method="cssr",
            beside=lambda fit: {"never": ({}, never), "ever": ({}, forbidding)},
            rng=np.random.default_rng(0),
        )
    row = result.to_dict()["diagnostics"]["beside"][2]
    assert (row["held_out_bits_per_symbol"], row["above"], row["error"]) == ("inf", "inf", None)


def test_orders_that_cannot_be_are_said():
    with pytest.raises(ValueError, match="order must be >= 0; got -1"):
        k_gram(series("0110"), -1)
    with pytest.raises(ValueError, match="order 40 is too large: at most 67,108,864 words"):
        k_gram(series("0110"), 40)
