"""What the JSON of `compmech infer` and `compmech extract` has, in its order: users' scripts rely on it."""

KEYS = [
    "method",
    "n_causal_states",
    "entropy_rate",
    "statistical_complexity",
    "excess_entropy",
    "held_out_bits_per_symbol",
    "machine",
    "p_structure",
    "diagnostics",
]
