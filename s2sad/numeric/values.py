"""Arguments and results as flat vectors of numbers, and back."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from s2sad.errors import BadCall
from s2sad.ir.trees import Node, built, container_of


def copied(value: Any) -> Any:
    """The same value with arrays of its own, so that a function may write to them."""
    return each(value, lambda v: np.array(v, copy=True, order="K", subok=False) if isinstance(v, np.ndarray) else v)


def each(value: Any, f: Callable[..., Any], seed: Any = None) -> Any:
    """A value of the same structure: ``f`` of every leaf, and of the seed beside it where seeds are given."""
    found = container_of(value)
    if found is None:
        return f(value) if seed is None else f(value, seed)
    held = None if seed is None else container_of(seed)
    beside = [None] * len(found[1]) if held is None else held[1]
    return built(Node(tuple(range(len(found[1]))), found[0]), lambda k: each(found[1][k], f, beside[k]))


def outermost(value: Any) -> Iterator[Any]:
    """The value and all it holds, containers included."""
    yield value
    for v in (container_of(value) or (None, ()))[1]:
        yield from outermost(v)


def has_derivative(value: Any) -> bool:
    """Whether this leaf is a floating-point or complex number or array."""
    if isinstance(value, (float, complex)):
        return True
    return getattr(getattr(value, "dtype", None), "kind", "") in "fc" and hasattr(value, "dtype")


def leaves(value: Any) -> Iterator[Any]:
    found = container_of(value)
    if found is not None:
        for v in found[1]:
            yield from leaves(v)
    else:
        yield value


def flat(value: Any) -> np.ndarray:
    """All floating-point numbers in a value, in order."""
    parts = [np.array(v).reshape(-1) for v in leaves(value) if has_derivative(v)]
    # A copy in double precision: float32 differences are divided by small steps.
    parts = [p.astype(np.complex128 if p.dtype.kind == "c" else np.float64) for p in parts]
    return np.concatenate(parts) if parts else np.zeros(0)


def in_parts(numbers: Any, as_complex: bool | None = None) -> np.ndarray:
    """Numbers in a row; of complex ones the real and the imaginary parts in turn.

    >>> in_parts(1.0 + 2.0j).tolist(), in_parts(3.0).tolist()
    ([1.0, 2.0], [3.0])

    With ``as_complex`` one real number, an error, stands for both parts:

    >>> in_parts(3.0, as_complex=True).tolist()
    [3.0, 3.0]
    """
    row = np.ravel(np.asarray(numbers))
    if np.iscomplexobj(row):
        return row.astype(np.complex128).view(np.float64)
    return np.repeat(row.astype(np.float64), 2 if as_complex else 1)


def shaped(like: Any, numbers: np.ndarray) -> Any:
    """``numbers`` in the structure of a value; parts without a derivative become zero."""
    used = 0

    def build(v: Any) -> Any:
        nonlocal used
        if not has_derivative(v):
            return None if v is None or isinstance(v, str) else np.zeros(np.shape(v)) if np.ndim(v) else 0.0
        count = int(np.size(v))
        part = numbers[used:used + count]
        used += count
        if not np.iscomplexobj(v):
            part = np.real(part)
        return part.reshape(np.shape(v)).copy() if isinstance(v, np.ndarray) else part[0].item()

    return each(like, build)


def require_number(value: Any, function: str) -> None:
    if np.shape(value) != () or isinstance(value, tuple) or not has_derivative(value):
        raise BadCall(f"{function} does not return one floating-point number", code="S2S042",
                      hint="use numeric.directional for functions with other results")


def precision(args: Any) -> float:
    """The relative rounding error of the least precise floating-point argument."""
    dtypes = [np.asarray(v).dtype for v in leaves(args) if has_derivative(v)]
    return max((float(np.finfo(d).eps) for d in dtypes), default=2.0 ** -52)


def scales(value: Any, tangent: Any) -> tuple[float, ...]:
    """Lengths, in multiples of ``tangent``, over which a function of ``value`` may be expected to be smooth."""
    v, t = np.abs(flat(value)), np.abs(flat(tangent))
    size = float(np.max(t, initial=0.0))
    if size == 0.0 or not np.isfinite(size):
        return (1.0,)
    moved = v[t > 0.0]
    found: list[float] = []
    for s in (float(np.min(moved)), float(np.sqrt(np.mean(v * v))), 1.0):
        if s > 0.0 and np.isfinite(s) and all(not 0.125 < s / size / other < 8.0 for other in found):
            found.append(s / size)
    return tuple(found)
