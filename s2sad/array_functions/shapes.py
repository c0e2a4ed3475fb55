"""What bodies ask about their operands when the compiler runs: axes, shapes, indices, element types."""
from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.array_functions.declare import refused, static


@static
def require_array(a: Any, name: str) -> bool:
    """Refuse a number where an array with axes is needed."""
    if getattr(a, "ndim", 0) == 0:
        raise refused(f"`{name}` of a number is not supported", "use the number itself, or an array")
    return True


@static
def is_number(a: Any) -> bool:
    """Whether this is a number, and no array or sequence."""
    return not isinstance(a, tuple) and getattr(a, "ndim", 0) == 0


@static
def require_at_most(a: Any, most: int, name: str) -> bool:
    if a.ndim > most:
        raise refused(f"`{name}` takes arrays with at most {most} axes", "reshape the array")
    return True


# ---------------------------------------------------------------------------- axes

@static
def axis_of(axis: Any, ndim: int) -> int:
    """An axis counted from the front."""
    if type(axis) is not int:
        raise refused("the axis must be a literal integer", "write the axis out")
    if not -ndim <= axis < ndim:
        raise refused(f"axis {axis} is out of bounds for an array with {ndim} axes", "give an axis the array has")
    return axis % ndim


@static
def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes meant by ``None`` (all), a number, or a tuple of numbers, in order."""
    if axis is None:
        return tuple(range(ndim))
    found = tuple(sorted(axis_of(k, ndim) for k in (axis if isinstance(axis, tuple) else (axis,))))
    if len(set(found)) < len(found):
        raise refused("an axis is given twice", "give each axis once")
    return found


@static
def all_axes(a: Any) -> tuple[int, ...]:
    return tuple(range(a.ndim))


@static
def scalar_result(axes: tuple, ndim: int, keepdims: Any) -> bool:
    """Whether a reduction over these axes leaves a number."""
    return len(axes) == ndim and not keepdims


@static
def innermost(axes: tuple, ndim: int) -> bool:
    """Whether the last axis is among these."""
    return ndim - 1 in axes


@static
def kept(shape: tuple, axes: tuple) -> tuple:
    """A shape (or index) without some axes."""
    return tuple(n for k, n in enumerate(shape) if k not in axes)


@static
def only(shape: tuple, axes: tuple) -> tuple:
    """A shape (or index) of some axes."""
    return tuple(n for k, n in enumerate(shape) if k in axes)


@static
def reduced(shape: tuple, axes: tuple, keepdims: Any) -> tuple:
    """The shape after a reduction."""
    return tuple(1 if k in axes else n for k, n in enumerate(shape)) if keepdims else kept(shape, axes)


@static
def at_kept(index: tuple, axes: tuple, keepdims: Any) -> tuple:
    """The index into a reduction's result for an index into its operand."""
    return tuple(0 if k in axes else i for k, i in enumerate(index)) if keepdims else kept(index, axes)


@static
def merged(outer: tuple, inner: tuple, axes: tuple) -> tuple:
    """The index whose places ``axes`` come from ``inner`` and whose others from ``outer``."""
    rest, own = iter(outer), iter(inner)
    return tuple(next(own) if k in axes else next(rest) for k in range(len(outer) + len(inner)))


@static
def widened(outer: tuple, axes: tuple, keepdims: Any, ndim: int) -> tuple:
    """The index into a reduction's result for an index of the axes that are kept."""
    if not keepdims:
        return outer
    rest = iter(outer)
    return tuple(0 if k in axes else next(rest) for k in range(ndim))


@static
def replaced(shape: tuple, axis: int, n: Any) -> tuple:
    """A shape or index with one place changed."""
    return (*shape[:axis], n, *shape[axis + 1:])


# ---------------------------------------------------------------------------- element types

def _dtype(a: Any) -> np.dtype:
    if isinstance(a, type):
        return np.dtype(a)
    found = getattr(a, "dtype", None)
    return np.dtype(type(a)) if found is None else np.dtype(found)


@static
def kind_of(a: Any) -> Any:
    """The element type."""
    return _dtype(a).type


@static
def sum_kind(a: Any, dtype: Any = None) -> Any:
    """What numba adds up elements in: 64-bit integers for narrower ones."""
    if dtype is not None:
        return np.dtype(dtype).type
    found = _dtype(a)
    if found.kind == "b" or found.kind == "i" and found.itemsize < 8:
        return np.int64
    return np.uint64 if found.kind == "u" else found.type


@static
def mean_kind(a: Any) -> Any:
    """The type of a mean: that of the elements where they are not integers."""
    found = _dtype(a)
    return np.float64 if found.kind in "biu" else found.type


@static
def is_floating(a: Any) -> bool:
    return _dtype(a).kind == "f"


@static
def is_complex(a: Any) -> bool:
    return _dtype(a).kind == "c"


@static
def joint_kind(*operands: Any) -> Any:
    """The type that holds the elements of all."""
    return np.result_type(*(_dtype(a) for a in operands)).type
