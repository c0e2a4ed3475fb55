"""What numba's linear algebra returns, by types: asking numba itself means compiling the function, for seconds.

A function gives ``None`` where it does not know; then numba is asked, which also has the error message.
"""
from __future__ import annotations

from typing import Any

from numba import types


def matrix(a: Any) -> Any:
    """The element type of a matrix that numba takes, else ``None``."""
    if isinstance(a, types.Array) and a.ndim == 2:
        return a.dtype if isinstance(a.dtype, (types.Float, types.Complex)) else None
    return None


def real(dtype: Any) -> Any:
    return getattr(dtype, "underlying_float", dtype)


def _square(layout: str) -> Any:
    def of(a: Any, *_: Any) -> Any:
        return matrix(a) and types.Array(a.dtype, 2, layout)

    return of


in_c_order = _square("C")
in_f_order = _square("F")


def solved(a: Any, b: Any) -> Any:
    if matrix(a) is None or not isinstance(b, types.Array) or b.dtype != a.dtype:
        return None
    return types.Array(a.dtype, 1, "C") if b.ndim == 1 else types.Array(a.dtype, 2, "F") if b.ndim == 2 else None


def determinant(a: Any) -> Any:
    return matrix(a) and (types.complex128 if isinstance(a.dtype, types.Complex) else types.float64)


def sign_and_logarithm(a: Any) -> Any:
    return matrix(a) and types.Tuple((determinant(a), types.float64))


def q_and_r(a: Any) -> Any:
    return matrix(a) and types.Tuple((types.Array(a.dtype, 2, "A"), types.Array(a.dtype, 2, "F")))


def spectrum(a: Any) -> Any:
    return matrix(a) and types.Array(real(a.dtype), 1, "C")


def spectrum_and_vectors(a: Any) -> Any:
    return matrix(a) and types.Tuple((spectrum(a), types.Array(a.dtype, 2, "F")))


def eigenvalues(a: Any) -> Any:
    return matrix(a) and types.Array(a.dtype, 1, "C")


def eigenvalues_and_vectors(a: Any) -> Any:
    return matrix(a) and types.Tuple((eigenvalues(a), types.Array(a.dtype, 2, "F")))


def singular_values(a: Any, *_: Any) -> Any:
    vectors = matrix(a) and types.Array(a.dtype, 2, "F")
    return vectors and types.Tuple((vectors, spectrum(a), vectors))


def length(x: Any, *_: Any) -> Any:
    of_numbers = isinstance(x, types.Array) and isinstance(x.dtype, (types.Float, types.Complex))
    return types.float64 if of_numbers and x.ndim <= 2 else None


def least_squares(a: Any, b: Any, *_: Any) -> Any:
    found = solved(a, b)
    if found is None:
        return None
    x = found.copy(layout="C")
    return types.Tuple((x, spectrum(a), types.int32, spectrum(a)))
