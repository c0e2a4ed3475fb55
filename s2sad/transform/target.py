"""What a target decides about an adjoint: where tapes live, and whether storing or computing again is cheaper."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from s2sad.ir.names import Names
from s2sad.ir.nodes import Function
from s2sad.transform.tapes import Tapes


@dataclass(frozen=True)
class Target:
    """``tapes`` makes the tapes of one function; with ``computes_again`` all that can be computed again is."""

    tapes: Callable[[Function, Names, dict[str, Any]], Tapes]
    computes_again: bool = False


CPU = Target(Tapes)
