"""What a workload is: a function as a user writes it, its arguments, and the adjoint an expert would write by hand."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """One function to differentiate.

    Attributes
    ----------
    name
        What the table calls it.
    function
        Plain Python, compiled by numba in the benchmark; a scalar function, or a procedure that fills ``output``.
    arguments
        Makes the arguments; with ``True`` small ones, for a test of the benchmark.
    wrt
        What the gradient is by.
    hand
        ``hand(*arguments)`` gives the gradient, as a tuple in the order of ``wrt``; compiled by numba as well.
    output
        The argument that a procedure fills; it is seeded with ones.
    reach
        The ratio to the hand-written adjoint, or to the primal where there is none, that is good enough.
    """

    name: str
    function: Callable
    arguments: Callable[[bool], tuple]
    wrt: tuple[str, ...]
    hand: Callable | None = None
    output: str | None = None
    reach: float | None = None
