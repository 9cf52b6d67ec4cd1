"""Processes with known answers, written out: tests of the core do not lean on the zoo."""

import numpy as np

from compmech import GHMM, HMM


def golden_mean(p: float = 0.5) -> HMM:
    """No two 1s in a row; p = P(1 | A)."""
    return HMM([[[1 - p, 0], [1, 0]], [[0, p], [0, 0]]], states=["A", "B"])


def even(p: float = 0.5) -> HMM:
    """1s in blocks of even length; p = P(1 | A)."""
    return HMM([[[1 - p, 0], [0, 0]], [[0, p], [1, 0]]], states=["A", "B"])


def nemo(p: float = 0.5, q: float = 0.5) -> HMM:
    return HMM([[[0, 1 - p, 0], [0, 0, 1], [1 - q, 0, 0]], [[p, 0, 0], [0, 0, 0], [q, 0, 0]]], states=["A", "B", "C"])


def z1r() -> HMM:
    return HMM([[[0, 1, 0], [0, 0, 0], [0.5, 0, 0]], [[0, 0, 0], [0, 0, 1], [0.5, 0, 0]]], states=["Z", "O", "R"])


def rip(p: float = 0.5, q: float = 0.5) -> HMM:
    """Random insertion: p = P(0 | A), q = P(0 | B)."""
    return HMM([[[0, p, 0], [0, 0, q], [0, 0, 0]], [[0, 0, 1 - p], [0, 0, 1 - q], [1, 0, 0]]])


def rrxor() -> HMM:
    """Two random bits, then their exclusive or."""
    T = np.zeros((2, 5, 5))
    T[0, 0, 1] = T[1, 0, 2] = 0.5
    T[0, 1, 4] = T[1, 1, 3] = 0.5
    T[0, 2, 3] = T[1, 2, 4] = 0.5
    T[1, 3, 0] = T[0, 4, 0] = 1
    return HMM(T, states=["S", "0", "1", "T", "F"])


def sns(p: float = 0.5, q: float = 0.5) -> HMM:
    """The simple nonunifilar source: its mixed states are countably many."""
    return HMM([[[1 - p, p], [0, 1 - q]], [[0, 0], [q, 0]]])


def mess3(x: float = 0.15, a: float = 0.6) -> HMM:
    b, y = (1 - a) / 2, 1 - 2 * x
    T = np.full((3, 3, 3), b * x)
    for s in range(3):
        T[s, :, s] = a * x
        T[s, np.arange(3), np.arange(3)] = b * y
        T[s, s, s] = a * y
    return HMM(T)


def abc(p: float = 0.75, q: float = 0.25) -> HMM:
    """Two states that swap on every symbol: they synchronise only in the limit."""
    return HMM([[[0, p], [q, 0]], [[0, 1 - p], [1 - q, 0]]])


def two_coins() -> HMM:
    """One of two biased coins, chosen once: not ergodic."""
    return HMM([[[0.2, 0], [0, 0.8]], [[0.8, 0], [0, 0.2]]], start=[0.5, 0.5])


def period(n: int) -> HMM:
    """0 repeated n - 1 times, then 1."""
    T = np.zeros((2, n, n))
    T[0, np.arange(n - 1), np.arange(1, n)] = 1
    T[1, n - 1, 0] = 1
    return HMM(T)


def probability_clock(turn: float = 1.0, shrink: float = 0.3, swing: float = 0.5) -> GHMM:
    """Reading 0 turns a vector, 1 resets it: P(0^n | reset) = shrink^n (1 + swing cos(n turn)) / (1 + swing).

    No finite HMM does so if the angle is not a rational part of the circle.

    Reference:
        Jaeger, Neural Computation 12, 1371 (2000).
    """
    cosine, sine = np.cos(turn), np.sin(turn)
    zero = shrink * np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
    evaluate = np.array([1.0, swing, 0.0])
    reset = np.array([1.0, 1.0, 0.0]) / (1 + swing)
    one = np.outer(evaluate - zero @ evaluate, reset)
    return GHMM([zero, one], start=reset, evaluate=evaluate)
