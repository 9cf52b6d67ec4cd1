"""Text, numbers and matrices in LaTeX, without any package."""

import re

import numpy as np
from jaxtyping import Float

from compmech.draw.wording import short_number

_SPECIAL = {
    "\\": r"$\backslash$",
    "{": r"\{",
    "}": r"\}",
    "$": r"$\$$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\^{}",
    "~": r"\~{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "{''}",
}


def tex_text(text: str) -> str:
    """Text with the characters that TeX would read escaped."""
    return "".join(_SPECIAL.get(character, character) for character in " ".join(text.split()))


def tex_number(value: float) -> str:
    """A number in math mode: a fraction where it is one with a small denominator, else few digits.

    Example:
        >>> tex_number(0.5), tex_number(-1 / 3), tex_number(0.85), tex_number(1.5e-7)
        ('\\\\frac{1}{2}', '-\\\\frac{1}{3}', '0.85', '1.5 \\\\cdot 10^{-7}')
    """
    return tex_written(short_number(value))


def tex_written(text: str) -> str:
    """A number as `short_number` writes it, in math mode."""
    over, slash, under = text.removeprefix("-").partition("/")
    if slash:
        return rf"{'-' if text.startswith('-') else ''}\frac{{{over}}}{{{under}}}"
    scientific = re.fullmatch(r"(.*)e(-?\d+)", text)
    return rf"{scientific[1]} \cdot 10^{{{scientific[2]}}}" if scientific else text


def tex_matrix(matrix: Float[np.ndarray, "row column"]) -> str:
    """A matrix in math mode. An array, which unlike pmatrix has no greatest number of columns."""
    rows = (" & ".join(tex_number(float(value)) for value in row) for row in matrix)
    body = " \\\\\n  ".join(rows)
    return rf"\left(\begin{{array}}{{{'c' * matrix.shape[1]}}}" + f"\n  {body}\n" + r"\end{array}\right)"
