"""``checkpointed``: a loop whose reverse sweep keeps a few of its states and computes the others again."""
from __future__ import annotations

from typing import TypeVar

from numba.extending import register_jitable

Loop = TypeVar("Loop")


@register_jitable
def checkpointed(loop: Loop, snapshots: int | None = None, memory: int | str | None = None,
                 schedule: str = "binomial") -> Loop:
    """The loop itself, which in reverse mode keeps snapshots of its state instead of a tape of all steps.

    Parameters
    ----------
    loop : range or bool
        A call of ``range`` in the head of a ``for`` loop, or the condition of a ``while`` loop.
    snapshots : int, optional
        How many states are kept at most: a constant.
    memory : int or str, optional
        Instead of ``snapshots``: how many bytes they may take, as a number or as in ``"500MB"``.
    schedule : {"binomial", "periodic", "sqrt", "store_all"}, optional
        ``"binomial"`` computes as few steps again as is possible with so many snapshots; in a ``while`` loop, whose
        length is not known, no step more often than necessary. For ``for`` loops: ``"periodic"`` takes them at
        equal distances, ``"sqrt"`` as many as there are steps between two of them; both compute each step once again,
        and keep a tape of the steps between two snapshots. ``"store_all"`` is a loop like any other.

    Returns
    -------
    range or bool
        ``loop``.

    Notes
    -----
    The gradient is the same, bit for bit. A step may not draw random numbers. In plain Python and for numba this is
    nothing but the loop.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def decay(x, n):
    ...     for _ in s2sad.checkpointed(range(n), snapshots=5):
    ...         x = x - 0.01 * x * x
    ...     return x
    >>> s2sad.value_and_grad(decay)(1.0, 3)
    (0.97059109920399, 0.9417644952279198)
    """
    return loop
