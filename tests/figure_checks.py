"""What is known of the numbers of each figure script: closed forms, published values, what the pages say of them."""

from collections.abc import Callable
from math import comb, log2
from typing import Any

import numpy as np
import pytest

__all__ = ["CHECKS"]

GOLDEN_C = log2(3) - 2 / 3
SNS_H, SNS_C, SNS_E = 0.6778671810551528, 2.7114687242206, 0.1472319415973
"""Closed forms at p = 1/2; and sums of the series of the renewal process, as published."""


def check_causal_states(n: dict[str, Any]) -> None:
    assert n["n_causal_states"] == 2
    assert n["n_futures"] == 3, "those of the two states, and of the one history that does not tell"
    assert n["markov_order"] == "inf"
    # P(1^n) of the even process: n = 5 ones begin and end in either state
    assert n["undecided_probability"] == pytest.approx(1 / 6)


def check_mixed_states(n: dict[str, Any]) -> None:
    counts = {
        name: (each["n_states"], each["n_mixed"], each["n_transient"]) for name, each in n.items() if name != "read"
    }
    assert counts == {"golden_mean": (2, 3, 1), "even": (2, 4, 2), "nemo": (3, 6, 3), "rrxor": (5, 36, 31)}
    # of the even process, no state is known as long as nothing but 1s was read
    assert n["even"]["out_of_step"]["after_10"] == pytest.approx(2**-5)
    assert n["golden_mean"]["out_of_step"]["after_10"] == 0


def check_belief_simplex(n: dict[str, Any]) -> None:
    assert n["n_words"] == n["n_beliefs"]["mess3"] == 3 ** n["length"]
    assert n["dimension"] == {"mess3": 3, "mess3_wide": 3, "mess3_third": 1}
    assert n["n_beliefs"]["mess3_third"] == 3
    assert n["ranks"] == {"mess3": [3], "rrxor": [2, 3, 4, 5]}


def check_entropy_rate(n: dict[str, Any]) -> None:
    for name in ("golden_mean", "even", "rrxor"):
        assert n[name]["h"] == pytest.approx(2 / 3, abs=1e-12)
        assert n[name]["state_by_state"] == pytest.approx(2 / 3, abs=1e-12)
    assert n["sns"]["h"] == pytest.approx(SNS_H, abs=1e-10)
    # A emits 0 for certain, B a fair coin, and both are as frequent
    assert n["sns"]["state_by_state"] == pytest.approx(0.5, abs=1e-12)
    assert n["golden_mean"]["excess_at_8"] == pytest.approx(0, abs=1e-12)
    assert all(each["h_1"] >= each["h_8"] >= each["h"] - 1e-12 for each in n.values())


def check_statistical_complexity(n: dict[str, Any]) -> None:
    assert n["n_machines"] == sum((3, 7, 78)[: n["most_states"]])
    assert n["most"] <= n["ceiling"] + 1e-9
    for name in ("golden_mean", "even"):
        assert n["named"][name] == pytest.approx({"h": 2 / 3, "C": GOLDEN_C})
    assert n["named"]["fair_coin"] == pytest.approx({"h": 1, "C": 0})
    assert n["named"]["period"] == pytest.approx({"h": 0, "C": 1})


def check_excess_entropy(n: dict[str, Any]) -> None:
    assert n["golden_mean"]["E"] == pytest.approx(log2(3) - 4 / 3)
    assert n["even"]["E"] == pytest.approx(GOLDEN_C)
    assert (n["sns"]["C"], n["sns"]["E"]) == pytest.approx((SNS_C, SNS_E), abs=1e-4)
    assert n["rrxor"]["E"] == pytest.approx(n["rrxor"]["C"])
    assert 0 < n["rrxor_at_length"] < n["rrxor"]["E"]


def check_crypticity(n: dict[str, Any]) -> None:
    for each in n.values():
        assert each["crypticity"] == pytest.approx(each["C_forward"] - each["E"], abs=1e-12)
        assert each["reverse_crypticity"] == pytest.approx(each["C_reverse"] - each["E"], abs=1e-9)
    assert n["golden_mean"]["crypticity"] == pytest.approx(2 / 3)
    assert n["even"]["crypticity"] == 0
    assert n["four_state_almost_iid"]["C_reverse"] > 1.5 * n["four_state_almost_iid"]["C_forward"]


def check_anatomy_of_a_bit(n: dict[str, Any]) -> None:
    for each in n.values():
        assert each["H1"] == pytest.approx(each["r"] + each["b"] + each["rho"])
        assert each["h"] == pytest.approx(each["r"] + each["b"])
        assert each["rho"] == pytest.approx(each["b"] + each["q"])
        assert each["E"] == pytest.approx(each["rho"] + each["sigma"])
    assert n["even"]["q"] == pytest.approx(log2(3) - 2)
    assert n["even"]["r"] == n["rrxor"]["r"] == 0
    assert n["rrxor"]["q"] == pytest.approx(-1 / 3)


def check_spectral_view(n: dict[str, Any]) -> None:
    assert n["even"]["largest"] == pytest.approx(2**-0.5)
    assert n["rrxor"]["largest"] == pytest.approx(2 ** (-1 / 3))
    assert n["rrxor"]["greatest_correlation"] < 1e-12
    assert n["even"]["greatest_correlation"] == pytest.approx(0.25)
    for each in n.values():
        assert sum(mode["excess_part"] for mode in each["modes"]) == pytest.approx(each["E"])


def check_generalised_processes(n: dict[str, Any]) -> None:
    assert n["bloch_walk"]["least_entry"] < 0
    assert n["bloch_walk"]["greatest_radius"] < 1
    for each in n["perturbed_coin"].values():
        p = each["p"]
        # two pure states whose overlap is 2 sqrt(p (1 - p)), as likely as each other
        weights = np.array([0.5 + (p * (1 - p)) ** 0.5, 0.5 - (p * (1 - p)) ** 0.5])
        assert each["C_q"] == pytest.approx(float(-(weights * np.log2(weights)).sum()), abs=1e-9)
        assert each["C"] == pytest.approx(1)
        assert each["E"] == pytest.approx(1 + p * log2(p) + (1 - p) * log2(1 - p))


def check_why_a_fractal(n: dict[str, Any]) -> None:
    found = n["settings"]
    # published, and computed by exponents of scalar maps
    assert found["cantor"]["theory"] == pytest.approx(0.61964, abs=1e-5)
    assert found["sns"]["theory"] == found["sns"]["D_1"] == 0
    for name in ("cantor", "mess3"):
        assert abs(found[name]["D_1"] - found[name]["theory"]) < 4 * found[name]["error"] + 0.02
    assert found["mess3"]["D_0"] > 3 * found["mess3"]["D_1"]
    assert n["n_settings"] == len(found)


def check_how_big(n: dict[str, Any]) -> None:
    assert n["built_in"]["largest"] == {"n_states": 15, "n_mixed": 568}, "the page says that it deals pieces from a bag"
    L = n["length"]
    beliefs = {name: each["n_beliefs"] for name, each in n["by_length"].items()}
    assert (beliefs["even"], beliefs["sns"], beliefs["mess3"]) == (3, L + 1, 3**L)
    assert all(each["matter"] <= each["n_beliefs"] for each in n["by_length"].values())
    two = n["two_rrxor"]
    assert (two["n_states"], two["dimension"], two["factored"], two["one_mixed"]) == (25, 24, 8, 36)
    assert [n["topologies"][f"states_{k}"]["n"] for k in (1, 2)] == [3, 7]


def check_token_order(n: dict[str, Any]) -> None:
    # of k events told in any order, j are known after j tokens: which, and what each was
    assert n["beliefs_in_paragraph"] == [comb(3, j) * 2**j for j in range(4)]
    assert n["order_bits_per_token"] == pytest.approx(log2(6) / 3)
    assert n["world_dimension"] == 1
    # in order: two states in each of three phases, told apart by the time word
    assert n["dimension"]["in_order"] == 2 * 3 - 1
    assert n["dimension"]["out_of_order"] > n["dimension"]["in_order"]
    assert n["told_first"]["after"] < n["told_first"]["beginning_after"] < n["told_first"]["before"] == pytest.approx(1)


def check_reading_a_score(n: dict[str, Any]) -> None:
    assert (n["mess3"]["dimensions_beyond"], n["rrxor"]["dimensions_beyond"]) == (0, 3)
    for process, found in n.items():
        for network in ("transformer", "lstm", "gru", "mamba"):
            scores = {key: each["r2"] for key, each in found[network].items() if isinstance(each, dict)}
            assert scores["network"] > scores["untrained"], "it was trained"
            assert found[network]["difference"] == pytest.approx(scores["network"] - scores["baseline"])
            # the next symbol's probabilities show all of Mess3's belief, and nothing of what lies beyond them
            assert scores["true_p"] == pytest.approx(1.0 if process == "mess3" else 0.0, abs=1e-3)


def check_choosing(n: dict[str, Any]) -> None:
    beyond = {name: each["dimensions_beyond"] for name, each in n["processes"].items()}
    assert beyond == {
        **dict.fromkeys(("golden_mean", "even", "mess3", "bloch_walk", "moon"), 0),
        **{"nemo": 1, "z1r": 1, "frdn": 2, "rrxor": 3},
    }
    for name, each in n["processes"].items():
        assert (each["share_beyond"] > 0) == (beyond[name] > 0)
        assert each["dimensions"] >= beyond[name]
    # least squares on columns of noise explains columns over rows less one (Wherry 1931)
    for each in n["noise"]:
        expected = min(1.0, n["width"] / (each["n_histories"] - 1))
        assert each["in_sample"] == pytest.approx(expected, abs=0.09)
        assert each["held_out"] < 0.05


def check_architectures_gallery(n: dict[str, Any]) -> None:
    found = n["architectures"]
    gru, width, symbols = found["gru"], 64, n["n_symbol"]
    # begin vector and embedding; two layers of three gates with two biases; readout with bias
    assert gru["parameters"] == (symbols + 1) * width + 2 * 3 * (2 * width**2 + 2 * width) + symbols * (width + 1)
    assert gru["carried"] == 2 * width
    assert (gru["cached_each_row"], found["transformer"]["carried"]) == (0, 0)
    assert found["transformer"]["cached_each_row"] == 4 * 2 * 64
    assert min(found["hybrid"]["carried"], found["hybrid"]["cached_each_row"]) > 0


def check_unknown_process(n: dict[str, Any]) -> None:
    assert n["league"]["series"] == n["league"]["n_process"] * n["league"]["n_seed"]
    assert all(right <= n["league"]["series"] for right in n["league"]["right"].values())
    assert n["extraction"]["n_recovered"] <= n["extraction"]["n_network"]
    assert n["extraction"]["largest_difference"] <= n["extraction"]["near"], "recovered means that"
    stopped = n["extraction"]["undertrained"]
    assert stopped["after_300"]["states"] == stopped["after_300"]["rank"] == 5, "those of RRXOR"
    assert stopped["after_1"]["kl"] > stopped["after_100"]["kl"] > stopped["after_900"]["kl"] > 0
    growth = list(n["growth"].values())
    assert all(each["latent_dimensions"] == [3] for each in growth), "Mess3 has three hidden states"
    assert [max(each["states"]) for each in growth] == sorted(max(each["states"]) for each in growth)
    # (k - 1) d^2 free numbers of a process of dimension d over k symbols
    assert all(each["latent_free"] == 2 * 3**2 for each in growth)


def check_market_gains(n: dict[str, Any]) -> None:
    gains = n["gains"]
    for name in ("sp500_sign", "nasdaq_sign"):
        for predictor in ("k_gram", "GRU", "transformer"):
            low, high = gains[name][predictor]["interval"]
            assert low < 0 < high < 0.01, "the page says that nothing is gained"
    assert gains["planted_0_01"]["transformer"]["interval"][0] > 0, "and that this would have been found"
    assert all(gains[name]["GRU"]["interval"][0] > 0.03 for name in ("sp500_size", "nasdaq_size"))
    assert gains["coin"]["longest_suffix"]["bits"] < -0.1
    least = 1 / (1 + n["n_surrogate"])
    for tests in n["tests"].values():
        assert all(tests["size"][part]["p"] == pytest.approx(least) for part in ("all", "first", "second"))
        assert tests["sign"]["second"]["p"] > least
    spectrum = n["spectrum"]
    least = 1 / (1 + spectrum["n_surrogate"])
    for name in ("spectrum", "spectrum_of_normal_scores"):  # a line is in a spectrum, a product is in none
        assert spectrum["planted_line_direction_all"][name]["p"] > 0.05
        assert spectrum["planted_product_direction_all"][name]["p"] == pytest.approx(least)
        assert all(spectrum[f"{index}_size_all"][name]["p"] > 0.05 for index in ("sp500", "nasdaq"))


def check_training_data(n: dict[str, Any]) -> None:
    assert set(n["texts"]) == {"licence", "manual", "chain", "shuffled"}
    for found in n["texts"].values():
        # the states of the suffix automaton are at most twice the letters
        assert found["n_fit"] <= found["longest_suffix"]["setting"]["states"] <= 2 * found["n_fit"]
        assert sum(found["share_by_match"]) == pytest.approx(1)
        assert 0 < found["alone_forbids"] < 1
    chain, shuffled = n["texts"]["chain"], n["texts"]["shuffled"]
    one_error = 3 * chain["truth"]["error"]
    for name in ("k_gram", "longest_suffix", "gru", "transformer", "gru_and_longest_suffix"):
        assert chain[name]["bits"] > chain["truth"]["bits"] - one_error, "nobody beats the truth"
        assert shuffled[name]["bits"] > shuffled["base_rate"]["bits"] - 0.02, "there is nothing to find"
    manual = n["texts"]["manual"]
    assert manual["longest_suffix"]["by_match"][-1] < manual["gru"]["by_match"][-1], "the page says who is better where"
    assert manual["longest_suffix"]["by_match"][0] > manual["gru"]["by_match"][0]
    assert manual["gru_and_longest_suffix"]["bits"] < min(manual[name]["bits"] for name in ("gru", "longest_suffix"))


NETWORKS = ("mamba", "mamba2", "transformer", "lstm", "gru", "rnn")


def check_budgets(n: dict[str, Any]) -> None:
    assert all(each["n_near"] == n["n_seeds"] for name in ("mess3", "nemo") for each in n[name].values())
    fewest = {name: min(n[name], key=lambda each: n[name][each]["flops_near"]) for name in ("mess3", "nemo")}
    assert fewest == {"mess3": "rnn", "nemo": "rnn"}, "the page says which network needs the fewest operations"
    most = {name: max(n[name], key=lambda each: n[name][each]["flops_near"]) for name in ("mess3", "nemo")}
    assert most == {"mess3": "transformer", "nemo": "transformer"}
    last = [each["symbols_near"] == each["n_symbols"] for each in n["mess3"].values()]
    assert sum(last) == 5, "the page says how many are near only at the last checkpoint"
    nemo = n["nemo"]
    assert nemo["gru"]["symbols_near"] == nemo["mamba"]["symbols_near"]
    assert nemo["lstm"]["seconds_near"] < nemo["rnn"]["seconds_near"]
    lost = {name: each["n_lost"] for name, each in n["nemo"].items()}
    assert lost["mamba"] == lost["mamba2"] == n["n_seeds"], "the page says that all of them lose it"
    assert max(each["n_lost"] for each in n["mess3"].values()) == 0


def check_only_transformers(n: dict[str, Any]) -> None:
    studies = {name: each for name, each in n.items() if isinstance(each, dict)}
    assert len(studies) == 7
    for each in studies.values():
        for name in NETWORKS:
            assert each[name]["low"] <= each[name]["r2"] <= each[name]["high"]
            # of the best baseline without a network, which may be another than the table of suffixes
            assert each[name]["above"] == pytest.approx(each[name]["r2"] - each["baseline"], abs=0.02)
        assert each["n_below_transformer"] == 0, "the page says that it is surely above none"
    assert all(studies["two_mess3"][name]["above"] > 0.2 for name in NETWORKS)
    without = [name for name, each in studies.items() if max(each[a]["above"] for a in NETWORKS) <= 0]
    assert len(without) == 5, "the page says on how many processes a table of suffixes tells as much or more"
    above = {name: each["n_above_transformer"] for name, each in studies.items()}
    assert above["frdn"] == above["mess3"] == above["rrxor"]
    assert above["nemo"] == 0
    best = max(NETWORKS, key=lambda name: studies["rrxor"][name]["r2"])
    assert best == "gru"


def check_is_it_used(n: dict[str, Any]) -> None:
    controls = ("wrong-belief", "random-direction", "shuffled-probe", "untrained")
    for process in ("mess3", "two_mess3"):
        for name in NETWORKS:
            each = n[process][name]
            assert each["low"] > 0.9
            assert each["strongest_control"] == max(each[control] for control in controls)
            assert each["strongest_control"] <= n["strongest_on_mess3"] < 0.2
    assert all(n["two_mess3"][name]["belief"] >= n["two_mess3"]["mamba"]["belief"] for name in NETWORKS)
    for process in ("rrxor", "nemo"):
        assert n[process]["mamba"]["random-direction"] > 0.4, "bad news that the page tells"
    mixture = n["two_mess3"]
    assert mixture["transformer"]["row_next"] > 0.9
    assert abs(mixture["transformer"]["row_later"]) < 1e-9, "the last layer is read by no later row"
    assert mixture["rnn"]["row_later"] > 0.9
    for name in NETWORKS:
        assert mixture[name]["through_probe"] < mixture[name]["belief"]


def check_not_there(n: dict[str, Any]) -> None:
    noise = n["noise"]
    width = np.array(noise["widths"])
    # least squares on noise explains width / (rows - 1) of any target
    assert noise["in_sample"] == pytest.approx(width / (noise["n_histories"] - 1), abs=0.15)
    assert max(noise["held_out"]) < 0.05
    held = n["released"]
    assert held["untrained"]["held_out"] < 0.1 < 0.8 < held["shuffled"]["in_sample"] < held["trained"]["in_sample"]
    assert held["suffixes"]["held_out"] > held["trained"]["held_out"]
    mess3, rrxor = n["controls"]["mess3"], n["controls"]["rrxor"]
    assert min(mess3[name] for name in ("untrained", "random-features", "k-gram", "suffix-grams", "true-p")) > 0.95
    assert abs(rrxor["true-p"]) < 0.01
    assert max(abs(each["shuffled"]) for each in (mess3, rrxor)) < 0.01
    assert rrxor["permuted-classes"] > rrxor["untrained"] + 0.2, "the page says that a wrong geometry is read"
    copies = n["copies"]
    assert copies["planted"] == pytest.approx({"told": 1, "copies": 1}, abs=1e-6)
    assert copies["world"]["told"] == pytest.approx(1, abs=1e-6)
    assert copies["world"]["copies"] < 0.01
    assert all(copies[f"untrained_{seed}"]["copies"] > 0.3 for seed in (1, 2)), "a function of the symbols all the same"


def check_what_is_built(n: dict[str, Any]) -> None:
    for each in n.values():
        ends = each["end"].values()
        assert len(ends) == 2
        for start, end in zip(each["untrained"].values(), ends, strict=True):
            assert end["belief"] > start["belief"]
            assert end["kl"] < start["kl"] / 5
    # on Mess3 the next-symbol distribution is a linear map of the belief, and back
    for end in n["mess3"]["end"].values():
        assert end["belief"] == pytest.approx(end["next"], abs=1e-3)
        assert end["belief"] > 0.99
    assert all("beyond" not in end for end in n["mess3"]["end"].values())
    assert all(start["belief"] > 0.85 for start in n["mess3"]["untrained"].values()), "there before training"
    for name in ("z1r", "rrxor"):
        assert all(start["belief"] < 0.2 for start in n[name]["untrained"].values())
    assert all(start["beyond"] < 0.3 for start in n["rrxor"]["untrained"].values())
    assert all(end["beyond"] > 0.5 for end in n["rrxor"]["end"].values())


def check_spin(n: dict[str, Any]) -> None:
    cases = {name: each for name, each in n.items() if name != "quoted"}
    for each in cases.values():
        steps = [int(key.removeprefix("step_")) for key in each if key.startswith("step_")]
        last = each[f"step_{max(steps)}"]
        assert last["refitted"] == pytest.approx(last["fixed"], abs=0.02)
        assert last["angle"] == pytest.approx(0, abs=0.1)
        assert each["step_0"]["angle"] > 50
        assert each["step_0"]["fixed"] < each["step_0"]["refitted"] - 0.1
        assert each["other_seed"]["fixed"] < 0, "planted: what has nothing to do with it is seen not to"
        assert each["other_seed"]["angle"] > 60
    falling, constant = cases["mess3_transformer"], cases["mess3_transformer_constant_rate"]
    half, late = constant["step_1000"], constant["step_1500"]
    own = [
        each["refitted"]
        for key, each in constant.items()
        if key.startswith("step_") and key not in ("step_0", "step_10")
    ]
    assert min(own) > 0.93, "there all the time"
    assert max(falling["step_100"]["fixed"], half["fixed"]) < 0.3
    assert falling["step_600"]["fixed"] > 0.9
    assert late["angle"] > 2 * falling["step_600"]["angle"], "over nearly as many updates"
    assert {key: (each["made"], each["to_go"]) for key, each in n["quoted"].items()} == {
        "falling_early": (100, 900),
        "falling_late": (600, 400),
        "constant_early": (200, 1800),
        "constant_half": (1000, 1000),
        "constant_late": (1500, 500),
    }
    gru = cases["rrxor_gru"]
    assert gru["step_200"]["refitted"] > 0.9 * gru["step_2000"]["refitted"]
    assert gru["step_200"]["angle"] > 30
    a_tenth = {"mess3_transformer": 100, "z1r_transformer": 30, "rrxor_transformer": 200, "mess3_gru": 100}
    a_tenth |= {"mess3_mamba": 100, "rrxor_gru": 200, "mess3_transformer_constant_rate": 200}
    read = {name: cases[name][f"step_{step}"]["fixed"] for name, step in a_tenth.items()}
    assert [name for name, fixed in read.items() if fixed > 0.5] == ["mess3_gru"], "the one exception of the page"


def check_simplest(n: dict[str, Any]) -> None:
    for kind, found in n["optimisers"].items():
        for name, each in found.items():
            if name != "untrained":
                assert each["kl_nats"]["most"] < 5e-3
                assert each["belief"]["least"] > 0.98
                assert each["coin_1"]["least"] > 0.05, "the page says that none makes a smallest state"
                assert each["share_of_belief"]["most"] < 0.995, kind
    gru = n["optimisers"]["gru"]
    assert gru["sgd"]["share_of_belief"]["least"] > gru["adamw"]["share_of_belief"]["most"]
    assert gru["sgd"]["kl_nats"]["mean"] == pytest.approx(gru["adamw"]["kl_nats"]["mean"], rel=0.5)
    least = min(
        ("adamw", "adamw_no_decay", "adamw_decay_1", "sgd", "muon"), key=lambda name: gru[name]["coin_1"]["mean"]
    )
    assert least == "muon"
    trained = {name: each["share_of_belief"]["mean"] for name, each in gru.items() if name != "untrained"}
    assert min(trained, key=lambda name: trained[name]) == "muon"
    assert gru["adamw"]["coin_4"]["most"] < gru["adamw"]["coin_2"]["least"] < gru["adamw"]["coin_1"]["least"]
    assert n["states"]["even"] == 2
    assert n["states"]["mess3"] == "inf"
    for name in ("mamba", "mingru"):
        assert n["ease"]["even"][name] > 5 * n["ease"]["mess3"][name]
    assert n["ease"]["even"]["lstm"] < n["ease"]["mess3"]["lstm"]
    assert n["extracted"]["networks"] == n["extracted"]["recovered"]
    assert n["together"]["trained"]["least"] > n["together"]["untrained"]["most"]


def check_corpora(n: dict[str, Any]) -> None:
    # states of a suffix automaton: at most two for each token, and one in a text that repeats itself
    assert all(1 <= each <= 2 for each in n["beliefs_per_token"].values())
    assert n["beliefs_per_token"]["period_3"] == 1
    assert n["beliefs_per_token"]["fair_coin"] > 1.99


def check_as_published(n: dict[str, Any]) -> None:
    assert n["mess3"]["trained"] > n["mess3"]["untrained"]
    distance = {name: each["belief"] for name, each in n["rrxor"].items()}
    assert distance["untrained_in_sample"] > distance["trained_held_out"] > 10 * distance["untrained_held_out"]
    assert distance["trained_in_sample"] - distance["untrained_in_sample"] < 0.25, "the caption says: nearly"


def check_edits_by_horizon(n: dict[str, Any]) -> None:
    # in exact Bayes, and so in a network that uses nothing else, all of the way
    for name in ("mess3", "two_mess3"):
        assert all(0.9 < each <= 1 + 1e-9 for network, each in n[name].items() if network != "k-gram"), (
            "the page's claim"
        )
    assert 0.1 < n["bloch_walk"]["transformer"] < 0.5 < n["bloch_walk"]["gru"], "the transformer has not learned it"


def check_two_worlds(n: dict[str, Any]) -> None:
    for each in n["networks"].values():
        assert each["untrained"] < each["trained"] < n["exact"]
    assert n["exact"] - n["networks"]["gru"]["trained"] < 0.01


def check_two_factors(n: dict[str, Any]) -> None:
    assert n["leading"]["together"]["most"] < 0.01 < 0.9 < n["all_together"]["least"]
    assert min(n["leading"][name]["least"] for name in ("factor-1", "factor-2")) > 0.95


def check_adding_up(n: dict[str, Any]) -> None:
    for case, each in n.items():
        assert (each["belief"] > each["constrained"]) == case.startswith("x_0_05")


def check_narrow(n: dict[str, Any]) -> None:
    # as many dimensions as both factors have: the best linear summary holds both
    assert min(n["best_linear"]["factor_1"], n["best_linear"]["factor_2"]) > 0.999
    assert n["most"]["factor_2"] < 0.5 < 0.95 < n["most"]["factor_1"]


def check_zoo(n: dict[str, Any]) -> None:
    assert n["n"] == len(n["statistics"])
    assert n["statistics"]["golden_mean"]["excess_entropy"] == pytest.approx(log2(3) - 4 / 3)


CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    name.removeprefix("check_"): check for name, check in list(globals().items()) if name.startswith("check_")
}
