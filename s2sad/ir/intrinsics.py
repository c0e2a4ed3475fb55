"""What a CUDA kernel finds around it: its place in the grid, and memory of its own or of its block.

In the IR they are parameters after the author's, which the emitted kernel binds itself, so that every pass sees plain
integers and arrays. A barrier is ``Effect(Call("cuda.syncthreads", arrays))``: its arguments are all the arrays in
shared memory, which it counts as writing, because other threads may have.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BARRIER = "cuda.syncthreads"


@dataclass(frozen=True)
class Intrinsic:
    """``text`` is the expression that gives it in a kernel; ``space`` is ``place``, ``shared`` or ``local``."""

    text: str
    space: str
    type: Any
    shape: tuple[int, ...] = ()


def numba_name(t: Any) -> str:
    """What ``numba`` calls a scalar type."""
    return {"bool": "boolean"}.get(str(t), str(t))
