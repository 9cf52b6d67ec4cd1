"""Histories against enumeration of every word, and the KL of predictors against closed forms."""

import numpy as np
import pytest

from compmech import HMM, filter_beliefs, zoo
from probes import histories, kl_by_position, mean_kl
from tests.probes.ground_for_tests import SMALL, all_words, by_length, in_other_coordinates


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("process", SMALL, ids=lambda p: p.name)
def test_all_histories_are_the_words_of_positive_probability(process: HMM) -> None:
    found = histories(process, 5)
    index = by_length(found)
    assert len(index) == len(found)  # distinct
    n_possible = 0
    for t in range(1, 6):
        words = all_words(process.n_symbol, t)
        log_p = process.log_prob(words)
        possible = np.flatnonzero(np.isfinite(log_p))
        n_possible += len(possible)
        rows = [index[tuple(words[i].tolist())] for i in possible]
        np.testing.assert_allclose(found.log_probability[rows], log_p[possible], atol=1e-12)
        np.testing.assert_allclose(found.belief[rows], filter_beliefs(process, words[possible])[:, -1], atol=1e-12)
        np.testing.assert_allclose(found.prediction[rows], process.predict(words[possible])[:, -1], atol=1e-12)
        assert (found.row[rows] == t).all()
    assert n_possible == len(found)


def test_a_signed_presentation_has_the_same_histories_and_exact_zeros() -> None:
    process = zoo.rrxor()
    plain, signed = histories(process, 7), histories(in_other_coordinates(process, rng()), 7)
    np.testing.assert_array_equal(plain.words, signed.words)
    np.testing.assert_array_equal(plain.prediction == 0, signed.prediction == 0)
    np.testing.assert_allclose(plain.prediction, signed.prediction, atol=1e-10)


def test_counts() -> None:
    # every word of Mess3 is possible: 3 + 9 + ... + 3^10; the RRXOR counts were found by independent enumeration
    assert len(histories(zoo.mess3(), 10)) == (3**11 - 3) // 2
    found = histories(zoo.rrxor(), 16)
    assert (len(found), len(found.words)) == (20_398, 7_876)
    assert (found.complete, found.drawn) == (True, 0)


def test_words_texts_and_symbols_agree() -> None:
    found = histories(zoo.golden_mean(), 4)
    texts = [found.text(i) for i in range(len(found))]
    assert texts[:5] == ["0", "1", "00", "01", "10"]
    assert all("11" not in text for text in texts)
    named = histories(HMM(zoo.golden_mean().T, alphabet=["up", "down"]), 2)
    assert named.text(3) == "up down"


def test_recent_symbols_come_latest_first_and_stop_at_the_beginning() -> None:
    found = histories(zoo.mess3(), 4)
    i = by_length(found)[(2, 0, 1)]
    assert found.recent(4)[i].tolist() == [1, 0, 2, -1]


def test_weights_give_every_length_the_same() -> None:
    found = histories(zoo.rrxor(), 9)
    for t in range(1, 10):
        assert found.frequency[found.row == t].sum() == pytest.approx(1 / 9, abs=1e-12)
    np.testing.assert_allclose(found.weight("probability"), found.probability / 9, rtol=1e-12)
    np.testing.assert_allclose(found.weight("uniform"), 1 / len(found), rtol=1e-12)
    with pytest.raises((ValueError, TypeError), match="weighting"):  # the latter from the checks of types in tests
        found.weight("loud")  # type: ignore[arg-type]


def test_a_sample_is_of_whole_possible_words_within_the_cap() -> None:
    process = zoo.rrxor()
    found = histories(process, 16, max_histories=3000, rng=rng())
    assert len(found) <= 3000
    assert not found.complete
    assert found.drawn > 0
    index = by_length(found)
    assert len(index) == len(found)
    assert all(word[:-1] in index for word in index if len(word) > 1)  # every prefix of a history is one
    assert np.isfinite(process.log_prob(found.words)).all()
    # the word after the last would not have fitted, so fewer than a word's prefixes are missing
    assert len(found) > 3000 - 16
    np.testing.assert_allclose(found.log_probability[found.row == 16], process.log_prob(found.words), atol=1e-10)
    for t in range(1, 17):
        assert found.frequency[found.row == t].sum() == pytest.approx(1 / 16, abs=1e-12)
    shares = found.frequency * 16 * found.drawn
    np.testing.assert_allclose(shares, shares.round(), atol=1e-9)  # counts of draws


def test_draws_are_kept_until_the_next_would_not_fit() -> None:
    process = zoo.rrxor()
    drawn = process.sample(64, 6, rng=rng(3))  # the first block of draws for each of these caps
    for cap in range(20, 61):
        seen: set[tuple[int, ...]] = set()
        kept = 0
        for word in drawn.tolist():
            longer = seen | {tuple(word[:t]) for t in range(1, 7)}
            if len(longer) > cap:
                break
            seen, kept = longer, kept + 1
        assert kept < 64
        found = histories(process, 6, max_histories=cap, rng=rng(3))
        assert found.drawn == kept
        assert set(by_length(found)) == seen


def test_sampled_weights_estimate_the_exact_ones() -> None:
    process = zoo.mess3(x=0.15, a=0.6)
    samples = [histories(process, 8, max_histories=400, rng=rng(seed)) for seed in range(60)]
    indices = [by_length(found) for found in samples]
    drawn = sum(found.drawn for found in samples)
    for word in [(0,), (1, 1), (0, 1), (2, 2, 2)]:
        p = float(np.exp(process.log_prob([word])[0]))
        count = sum(
            found.frequency[index[word]] * 8 * found.drawn
            for found, index in zip(samples, indices, strict=True)
            if word in index
        )
        # 5 standard errors of a share of `drawn` words
        assert abs(count / drawn - p) < 5 * np.sqrt(p * (1 - p) / drawn)


def test_a_cap_that_is_not_reached_gives_everything() -> None:
    found = histories(zoo.rrxor(), 8, max_histories=20_000, rng=rng())
    assert found.complete
    assert len(found) == len(histories(zoo.rrxor(), 8))


def test_draws_stop_where_the_rest_is_too_rare() -> None:
    # words with a second symbol have probability 1e-9: without a bound, 30 histories would take 1e10 draws
    rare = HMM([[[1 - 1e-9]], [[1e-9]]])
    found = histories(rare, 20, max_histories=30, rng=rng())
    assert len(found) == 20
    assert found.drawn == 16 * 30


def test_the_same_generator_gives_the_same_sample() -> None:
    one, two = (histories(zoo.mess3(), 20, max_histories=2000, rng=rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.words, two.words)
    np.testing.assert_array_equal(one.frequency, two.frequency)


def test_too_many_histories_are_noticed_at_once() -> None:
    with pytest.raises(ValueError, match="give rng"):
        histories(zoo.mess3(), 200, max_histories=20_000)
    with pytest.raises(ValueError, match="give max_histories and rng"):
        histories(zoo.mess3(), 20)
    with pytest.raises(ValueError, match="one word of length 50"):
        histories(zoo.mess3(), 50, max_histories=49, rng=rng())
    with pytest.raises(ValueError, match="at least 1"):
        histories(zoo.mess3(), 0)


def test_gather_takes_the_row_after_the_last_symbol() -> None:
    process = zoo.rrxor()
    found = histories(process, 6)
    beliefs = filter_beliefs(process, found.words)
    np.testing.assert_allclose(found.gather(beliefs), found.belief, atol=1e-12)
    np.testing.assert_allclose(found.gather(beliefs[:, 1:]), found.belief, atol=1e-12)
    with pytest.raises(ValueError, match=r"Capture on histories\.words"):
        found.gather(beliefs[:, 2:])
    with pytest.raises(ValueError, match=r"Capture on histories\.words"):
        found.gather(beliefs[:-1])


def test_kl_is_zero_for_the_exact_predictor_and_finite_where_it_forbids_what_is_forbidden() -> None:
    process = zoo.rrxor()
    found = histories(process, 8)
    with np.errstate(divide="ignore"):
        exact = np.log(process.predict(found.words))
    assert np.isneginf(exact).any()
    np.testing.assert_allclose(kl_by_position(found, exact), 0, atol=1e-14)
    assert mean_kl(found, exact[:, 1:]) == pytest.approx(0, abs=1e-14)


def test_kl_of_the_uniform_predictor_gives_the_published_optimal_losses() -> None:
    # arXiv 2507.07432, context 8: optimal RRXOR losses in nats after 1 .. 8 symbols, printed to four digits
    published = [0.6931, 0.6365, 0.6285, 0.5987, 0.5776, 0.5615, 0.5398, 0.5269]
    found = histories(zoo.rrxor(), 8)
    uniform = np.full((len(found.words), 9, 2), -np.log(2.0))
    # log 2 is the optimal loss and the KL together
    np.testing.assert_allclose(np.log(2) - kl_by_position(found, uniform), published, atol=6e-5)


def test_kl_is_infinite_exactly_where_a_possible_symbol_gets_nothing() -> None:
    process = zoo.golden_mean()
    found = histories(process, 4)
    guessed = np.log(np.full((len(found.words), 5, 2), 0.5))
    guessed[:, 3] = [-np.inf, 0.0]
    kl = kl_by_position(found, guessed)
    assert np.isinf(kl).tolist() == [False, False, True, False]
    assert mean_kl(found, guessed) == np.inf


def test_kl_of_one_planted_error() -> None:
    process = zoo.golden_mean()
    found = histories(process, 3)
    with np.errstate(divide="ignore"):
        guessed = np.log(process.predict(found.words))
    wrong = np.array([0.9, 0.1])
    guessed[found.words[:, 0] == 0, 1] = np.log(wrong)  # after the history "0", of probability 2/3
    kl = 2 / 3 * (0.5 * np.log(0.5 / wrong)).sum()
    np.testing.assert_allclose(kl_by_position(found, guessed), [kl, 0, 0], atol=1e-14)
