"""Types as people write them in signatures."""
from __future__ import annotations

from numba import types


def spelled(t: object) -> str:
    """A numba type, or a nested tuple of them, as it is written in a signature.

    Examples
    --------
    >>> from numba import float64, int64
    >>> spelled(float64[:, ::1]), spelled(float64[::1, :]), spelled((float64, int64[:])), spelled(types.boolean)
    ('float64[:, ::1]', 'float64[::1, :]', 'Tuple((float64, int64[:]))', 'boolean')
    """
    if isinstance(t, types.Array):
        axes = [":"] * t.ndim
        if t.layout == "C":
            axes[-1:] = ["::1"] * bool(axes)
        elif t.layout == "F":
            axes[:1] = ["::1"] * bool(axes)
        return f"{spelled(t.dtype)}[{', '.join(axes)}]"
    if isinstance(t, types.UniTuple):
        return f"UniTuple({spelled(t.dtype)}, {t.count})"
    if isinstance(t, tuple | types.BaseTuple):
        items = ", ".join(spelled(item) for item in t)
        return f"Tuple(({items},))" if len(t) == 1 else f"Tuple(({items}))"
    if isinstance(t, types.Boolean):
        return "boolean"
    return "none" if t is None or isinstance(t, types.NoneType) else str(t)
