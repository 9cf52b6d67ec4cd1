"""Building networks: deterministic, without the global generator, with refusals that name the field."""

import copy
import dataclasses
import subprocess
import sys

import pytest
import torch

from predictors import (
    CONFIGS,
    GRU,
    LSTM,
    GRUConfig,
    LSTMConfig,
    Mamba,
    MambaConfig,
    Predictor,
    Transformer,
    TransformerConfig,
    at,
    build,
    capture,
    edited,
    n_parameters,
)
from predictors.hybrid import Hybrid, HybridConfig
from predictors.lru import LRU, LRUConfig
from predictors.mamba2 import Mamba2, Mamba2Config
from predictors.mingru import MinGRU, MinGRUConfig
from predictors.network import Network
from predictors.recurrent import RNN, RNNConfig

SMALL = [
    TransformerConfig(n_symbol=3, max_length=6, width=8, n_layer=2, n_head=2, head_width=4, mlp_width=16),
    RNNConfig(n_symbol=3, width=8, n_layer=2),
    LSTMConfig(n_symbol=3, width=8, n_layer=2),
    GRUConfig(n_symbol=3, width=8, n_layer=2),
    MinGRUConfig(n_symbol=3, width=8, n_layer=2, expand=2),
    LRUConfig(n_symbol=3, width=8, n_layer=2, n_state=5),
    MambaConfig(n_symbol=3, width=8, n_layer=2, n_state=4),
    Mamba2Config(n_symbol=3, width=8, n_layer=2, n_state=4, head_width=4),
    HybridConfig(n_symbol=3, width=8, n_layer=2, n_head=2, head_width=4, mlp_width=16, n_state=4),
]
MAMBA = 6
WORDS = torch.randint(0, 3, (4, 6), generator=torch.Generator().manual_seed(1))


def seeded(config, seed: int = 0) -> Network:
    return build(config, rng=torch.Generator().manual_seed(seed))


def test_every_architecture_has_a_name() -> None:
    assert list(CONFIGS) == ["transformer", "rnn", "lstm", "gru", "mingru", "lru", "mamba", "mamba2", "hybrid"]
    assert [type(config) for config in SMALL] == list(CONFIGS.values())
    kinds = (Transformer, RNN, LSTM, GRU, MinGRU, LRU, Mamba, Mamba2, Hybrid)
    for config, kind in zip(SMALL, kinds, strict=True):
        model = seeded(config)
        assert type(model) is kind
        assert isinstance(model, Predictor)
        assert model.config == config
        assert (model.n_symbol, model.first_row) == (3, 0)


@pytest.mark.parametrize("config", SMALL)
def test_the_same_seed_gives_the_same_bytes_and_the_global_generator_is_left_alone(config) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, other = (seeded(config, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    assert all(bool(value.isfinite().all()) for value in one.values())


def test_parameter_counts_by_hand() -> None:
    vectors = 8 + 3 * 8 + 3 * 8 + 3  # begin, embedding, readout and its bias
    attention, perceptron, norm = (8 * 24 + 24) + (8 * 8 + 8), (8 * 16 + 16) + (16 * 8 + 8), 2 * 8
    transformer = vectors + 7 * 8 + 2 * (attention + perceptron + 2 * norm) + norm
    inner, rank, n_state = 16, 1, 4
    block = 8 + 2 * inner * 8 + inner * 4 + inner + (rank + 2 * n_state) * inner
    block += inner * rank + inner + inner * n_state + inner + 8 * inner
    mamba, last_norm = vectors + 2 * block + 8, 8
    recurrent = [vectors + 2 * n_gate * (2 * 64 + 16) for n_gate in (1, 4, 3)]
    mingru = vectors + 2 * (norm + 2 * (16 * 8 + 16) + 8 * 16) + norm
    lru = vectors + 2 * (norm + 3 * 5 + 2 * (10 * 8) + 8 + 2 * (8 * 8 + 8)) + norm
    bare = 8 + 8 * 24 + 8 * 8 + 8 + 3 * 8 * 16  # RMS norms, no biases, SwiGLU
    hybrid = vectors + block + bare + last_norm
    convolved, n_head = inner + 2 * n_state, 4
    block2 = 8 + (inner + convolved + n_head) * 8 + convolved * 4 + convolved + 3 * n_head + inner + 8 * inner
    mamba2 = vectors + 2 * block2 + last_norm
    expected = [transformer, *recurrent, mingru, lru, mamba, mamba2, hybrid]
    assert [n_parameters(seeded(config)) for config in SMALL] == expected


def test_frozen_parameters_are_not_counted() -> None:
    model = seeded(GRUConfig(n_symbol=3, width=8))
    whole = n_parameters(model)
    model.embedding.requires_grad_(False)
    assert n_parameters(model) == whole - 24


@pytest.mark.parametrize("config", SMALL)
@pytest.mark.parametrize("field", ["n_symbol", "width", "n_layer"])
@pytest.mark.parametrize("value", [0, -1, True])
def test_sizes_that_are_no_sizes_are_refused(config, field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{field} must be an integer of at least 1; got {value!r}"):
        dataclasses.replace(config, **{field: value})


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (SMALL[0], {"n_head": 0}, "n_head must be an integer of at least 1"),
        (SMALL[0], {"head_width": 0}, "head_width"),
        (SMALL[0], {"mlp_width": 0}, "mlp_width"),
        (SMALL[0], {"max_length": -1}, "max_length must be an integer of at least 0"),
        (SMALL[0], {"max_length": None}, "learned positions need max_length"),
        (SMALL[0], {"position": "rotary", "head_width": 5}, "head_width must be even; got 5"),
        (SMALL[0], {"rotary_base": 1.0}, "rotary_base must be above 1; got 1.0"),
        (SMALL[0], {"norm_eps": 0.0}, "norm_eps must be above 0; got 0.0"),
        (SMALL[4], {"expand": 0}, "expand"),
        (SMALL[5], {"n_state": 0}, "n_state"),
        (SMALL[5], {"r_min": 0.9, "r_max": 0.8}, "0 <= r_min < r_max <= 1; got r_min 0.9, r_max 0.8"),
        (SMALL[5], {"r_max": 1.1}, "r_max 1.1"),
        (SMALL[5], {"max_phase": 7.0}, "max_phase must be above 0 and at most 2 pi; got 7.0"),
        (SMALL[MAMBA], {"n_state": 0}, "n_state"),
        (SMALL[MAMBA], {"n_conv": 1}, "n_conv must be an integer of at least 2; got 1"),
        (SMALL[MAMBA], {"expand": 0}, "expand"),
        (
            SMALL[8],
            {"pattern": "mamba,gru"},
            "pattern must be attention or mamba, separated by commas; got 'mamba,gru'",
        ),
        (SMALL[8], {"pattern": ""}, "pattern must be attention or mamba"),
        (SMALL[8], {"n_conv": 1}, "n_conv"),
        (SMALL[8], {"mlp_width": 0}, "mlp_width"),
    ],
)
def test_other_fields_that_make_no_sense_are_refused(config, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(config, **changes)


@pytest.mark.parametrize("config", SMALL)
def test_configurations_are_frozen(config) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.width = 3


@pytest.mark.parametrize("config", SMALL)
def test_sites_begin_with_embed_end_with_final_and_every_layer_is_there(config) -> None:
    sites = seeded(config).sites
    assert (next(iter(sites)), next(reversed(sites))) == ("embed", "final")
    assert {"layer.0", "layer.1"} <= sites.keys()
    assert any(site.state for site in sites.values())
    assert not any(sites[name].state for name in ("embed", "layer.0", "layer.1", "final"))


@pytest.mark.parametrize("config", SMALL)
def test_the_begin_vector_is_no_symbol(config) -> None:
    model = seeded(config)
    assert model.embedding.shape == (3, 8)
    assert model.log_probs(WORDS[:, :0]).shape == (4, 1, 3)
    with pytest.raises(ValueError, match=r"tokens\[0, 0\] is 3"):
        model.log_probs(torch.full((1, 2), 3))


@pytest.mark.parametrize("config", SMALL)
def test_calling_the_module_is_log_probs(config) -> None:
    model = seeded(config)
    assert torch.equal(model(WORDS), model.log_probs(WORDS))


@pytest.mark.parametrize("config", SMALL)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int16])
def test_tokens_of_any_integer_type_are_read(config, dtype: torch.dtype) -> None:
    model = seeded(config)
    assert torch.equal(model.log_probs(WORDS.to(dtype)), model.log_probs(WORDS))


@pytest.mark.parametrize("config", SMALL)
def test_a_carry_that_does_not_fit_is_refused(config) -> None:
    model = seeded(config)
    with pytest.raises(ValueError, match="must have the carry's 3 sequences; got 4"):
        model.step(WORDS[:, 0], model.init_carry(3))

    class Other:
        row, log_probs = 0, None

    with pytest.raises(ValueError, match="a carry made by this network's init_carry, advance or step; got Other"):
        model.step(WORDS[:, 0], Other())


@pytest.mark.parametrize("config", SMALL)
def test_a_copy_is_independent(config) -> None:
    model = seeded(config)
    rows, twin = model.log_probs(WORDS), copy.deepcopy(model)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(model.log_probs(WORDS), rows)
    assert not torch.equal(twin.log_probs(WORDS), rows)


WRONG_TYPES = """
import torch
from predictors import GRUConfig, TransformerConfig, build
from predictors.hybrid import HybridConfig
from predictors.recurrent import RNNConfig

rng = torch.Generator().manual_seed(0)
model = build(GRUConfig(n_symbol=3), rng=rng)
for call in (
    lambda: build("gru", rng=rng),
    lambda: GRUConfig(n_symbol=3.0),
    lambda: TransformerConfig(n_symbol=3, max_length=4, activation="tanh"),
    lambda: TransformerConfig(n_symbol=3, position="sine"),
    lambda: TransformerConfig(n_symbol=3, max_length=4, norm="batch"),
    lambda: RNNConfig(n_symbol=3, activation="gelu"),
    lambda: HybridConfig(n_symbol=3, position="learned"),
    lambda: HybridConfig(n_symbol=3, pattern=("mamba",)),
    lambda: model.log_probs(torch.zeros(2, 3)),
    lambda: model.log_probs(torch.zeros(3, dtype=torch.long)),
    lambda: model.step(torch.zeros(2, 1, dtype=torch.long), model.init_carry(2)),
):
    try:
        call()
    except ValueError as error:
        print(error)
"""


def test_wrong_types_are_refused_in_words_where_no_annotation_is_checked() -> None:
    """In a process of its own: under pytest the annotations stand in front of these messages."""
    done = subprocess.run([sys.executable, "-c", WRONG_TYPES], capture_output=True, text=True, check=True)
    expected = [
        "build takes one of TransformerConfig, RNNConfig, LSTMConfig, GRUConfig, MinGRUConfig, LRUConfig, MambaConfig, "
        "Mamba2Config, HybridConfig; got str",
        "n_symbol must be an integer of at least 1; got 3.0",
        "activation must be 'relu', 'gelu', 'gelu_tanh' or 'swiglu'; got 'tanh'",
        "position must be 'learned', 'rotary', 'alibi' or 'none'; got 'sine'",
        "norm must be 'layer' or 'rms'; got 'batch'",
        "activation must be 'tanh' or 'relu'; got 'gelu'",
        "position must be 'none', 'rotary' or 'alibi'; got 'learned'",
        "pattern must be attention or mamba, separated by commas; got ('mamba',)",
        "tokens must be integers 0 .. 2; got dtype torch.float32: use tokens.long()",
        "tokens must have axes (seq, time); got shape (3,): one sequence is tokens[None]",
        "a step reads one symbol a sequence, axes (seq,); got shape (2, 1)",
    ]
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize("config", SMALL)
def test_a_batch_of_no_sequences_is_read_and_edited_like_any_other(config) -> None:
    model, none = seeded(config), WORDS[:0]
    assert model.log_probs(none).shape == (0, 7, 3)
    values = capture(model, none, list(model.sites))
    assert {name: value.shape for name, value in values.items()} == {
        name: (0, 7, site.width) for name, site in model.sites.items()
    }
    for site in model.sites:
        row, carry = edited(model, {site: at(1, torch.zeros_like)}).step(none[:, 0], model.init_carry(0))
        rows, _ = model.advance(none[:, 1:], carry)
        assert (row.shape, rows.shape) == ((0, 3), (0, 5, 3))


@pytest.mark.parametrize("config", SMALL)
def test_an_edit_may_change_its_value_in_place(config) -> None:
    """In a step a recurrent layer's output is the carry itself, and the begin vector is a parameter seen from afar."""
    model = seeded(config)
    for site in model.sites:
        for pure, writing in (
            (at(2, lambda value: value + 1), at(2, lambda value: value.add_(1))),
            (lambda rows, value: value + 1, lambda rows, value: value.add_(1)),
        ):
            expected = edited(model, {site: pure}).log_probs(WORDS)
            found = edited(model, {site: writing})
            assert torch.equal(found.log_probs(WORDS), expected)
            carry = found.init_carry(len(WORDS))
            rows = [carry.log_probs]
            for t in range(WORDS.shape[1]):
                row, carry = found.step(WORDS[:, t], carry)
                rows.append(row)
            torch.testing.assert_close(torch.stack(rows, 1), expected, rtol=0, atol=1e-5)
