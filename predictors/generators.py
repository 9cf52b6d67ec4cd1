"""The state of a NumPy generator as plain numbers, and the generator that goes on from there."""

from typing import Any

import numpy as np

__all__ = ["generator_from", "state_of"]

KINDS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
"""The bit generators of NumPy, by name: nothing else is looked up."""


def state_of(rng: np.random.Generator) -> dict[str, Any]:
    """All that determines what a generator will draw, or spawn, in types of JSON.

    Raises:
        ValueError: if its bit generator is not one of NumPy's, seeded by a SeedSequence.
    """
    bits = rng.bit_generator
    seeds = bits.seed_seq
    if type(bits).__name__ not in KINDS or not isinstance(seeds, np.random.SeedSequence):
        raise ValueError(
            f"the state of a {type(bits).__name__} cannot be kept, only that of {', '.join(KINDS)}: use "
            "numpy.random.default_rng(seed)"
        )
    return {
        "kind": type(bits).__name__,
        "state": _plain(bits.state),
        "entropy": _plain(seeds.entropy),
        "spawn_key": list(seeds.spawn_key),
        "pool_size": seeds.pool_size,
        "spawned": seeds.n_children_spawned,
    }


def generator_from(state: dict[str, Any]) -> np.random.Generator:
    """The generator whose `state_of` this is.

    Raises:
        ValueError: if it is the state of none.
    """
    try:
        if state["kind"] not in KINDS:
            raise ValueError(f"unknown kind {state['kind']!r}")
        seeds = np.random.SeedSequence(
            state["entropy"],
            spawn_key=tuple(state["spawn_key"]),
            pool_size=state["pool_size"],
            n_children_spawned=state["spawned"],
        )
        bits = getattr(np.random, state["kind"])(seeds)
        bits.state = state["state"]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"no state of a random generator ({type(error).__name__}: {error})") from None
    return np.random.Generator(bits)


def _plain(value: Any) -> Any:
    """Arrays as lists, numbers as Python's."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
