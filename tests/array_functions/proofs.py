"""How a function of :mod:`s2sad.array_functions` is proved: small programs, run by NumPy itself as the reference."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

A = np.array([0.7, -1.3, 2.1, 0.4, -0.6])
B = np.array([1.9, 0.8, -0.3, 1.1, 0.5])
M = np.array([[0.3, -1.2, 0.8], [1.7, 0.45, -0.9]])
N = np.array([[1.1, 0.6, -0.7], [-0.2, 1.4, 0.35]])
T = np.linspace(-1.0, 1.7, 24).reshape(2, 3, 4) ** 3 + np.cos(np.arange(24.0)).reshape(2, 3, 4)
P = np.array([0.1, 0.4, 0.9, 1.6, 2.5])


@dataclass(frozen=True)
class Proof:
    """``program`` uses the functions ``names``; it is differentiated by the parameters ``wrt`` at ``args``."""

    names: tuple[str, ...]
    program: Callable[..., Any]
    args: tuple[Any, ...]
    wrt: tuple[str, ...]


PROOFS: dict[str, Proof] = {}


def proof(names: str, *args: Any, wrt: str | None = None) -> Callable[[Callable], Callable]:
    """Add a program that uses some functions (short names, in one text); by default all floating arguments count."""
    def add(program: Callable) -> Callable:
        params = program.__code__.co_varnames[:program.__code__.co_argcount]
        floating = tuple(p for p, a in zip(params, args)
                         if isinstance(a, float) or isinstance(a, np.ndarray) and a.dtype.kind in "fc")
        key = program.__name__
        while key in PROOFS:
            key += "'"
        own = tuple(names.split())
        used = {n for c in (program.__code__, *(k for k in program.__code__.co_consts if hasattr(k, "co_names")))
                for n in c.co_names}
        assert all(n.rpartition(".")[2] in used for n in own), (key, own)
        PROOFS[key] = Proof(tuple(n if "." in n else f"np.{n}" for n in own), program, args,
                            floating if wrt is None else tuple(wrt.split()))
        return program

    return add
