"""Recognising the arguments of a call that is like an earlier one, in less than a microsecond.

Only plain numbers and arrays that generated code takes as they are; anything else is left to the full way.
"""
from __future__ import annotations

import numpy as np

NUMBERS = frozenset({float, bool, complex, np.float64, np.float32, np.int64, np.int32, np.complex128})
KINDS = {id(t): t for t in map(np.dtype, ("f8", "f4", "i8", "i4", "c16", "?"))}
"""The types of elements, by the identity of NumPy's only object for each."""


def quick_key(args: tuple[object, ...]) -> tuple[object, ...] | None:
    """Equal for arguments of equal types, layouts and flags; ``None`` where there are others than numbers and arrays.

    >>> quick_key((1.0, np.zeros(3))) == quick_key((2.0, np.ones(5))) != quick_key((1.0, np.zeros(6)[::2]))
    True
    >>> quick_key(((1.0, 2.0),)), quick_key((2 ** 70,))
    (None, None)
    """
    key: list[object] = []
    for a in args:
        t = type(a)
        if t is np.ndarray:
            kind = id(a.dtype)                  # type: ignore[attr-defined]
            if kind not in KINDS:
                return None
            key += (kind, a.ndim, a.flags.num)  # type: ignore[attr-defined]
        elif t in NUMBERS or t is int and -2**63 <= a < 2**63:      # type: ignore[operator]
            key.append(t)
        else:
            return None
    return tuple(key)
