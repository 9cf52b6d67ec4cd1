"""Nats and bits: what is named log_*, loss or KL is in nats, every reported statistic in bits, converted here only."""

from math import log

NATS_PER_BIT = log(2.0)


def bits(nats: float) -> float:
    """Nats as bits."""
    return nats / NATS_PER_BIT


def nats(bits: float) -> float:
    """Bits as nats."""
    return bits * NATS_PER_BIT
