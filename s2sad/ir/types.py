"""Questions about numba types that passes ask; numba itself is the type system."""
from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

Type = types.Type


def is_array(t: object) -> bool:
    return isinstance(t, types.Array)


def is_float(t: object) -> bool:
    """A real floating-point scalar, or an array of them."""
    if isinstance(t, types.Array):
        t = t.dtype
    return isinstance(t, types.Float)


def is_complex(t: object) -> bool:
    if isinstance(t, types.Array):
        t = t.dtype
    return isinstance(t, types.Complex)


def is_differentiable(t: object) -> bool:
    """A real or complex floating-point scalar, or an array of them: what can carry a derivative."""
    return is_float(t) or is_complex(t)


def is_integer(t: object) -> bool:
    return isinstance(t, (types.Integer, types.Boolean))


def item_bytes(t: Any) -> int:
    """The bytes of a scalar, or of an element of an array."""
    return int(np.dtype(dtype_name(types.unliteral(t))).itemsize)


def dtype_name(t: Any) -> str:
    """The NumPy name of a scalar type or of an array's element type."""
    if isinstance(t, types.Array):
        t = t.dtype
    return str(np.dtype(as_dtype(t)))
