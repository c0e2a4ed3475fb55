"""``source``: kinds, where the types come from, and that it is what runs."""
from __future__ import annotations

import linecache

import numba
import numpy as np
import pytest

import s2sad
from s2sad.api.signatures import parse_signature
from tests.api.programs import cube, fill, scale, weighted

X = np.array([1.0, 2.0, 3.0])


def test_kinds():
    for kind, name in (("tangent", "cube_tangent"), ("adjoint", "cube_adjoint"), ("grad", "cube_grad"),
                       ("value_and_grad", "cube_value_and_grad"), ("primal", "cube")):
        assert f"def {name}(" in s2sad.source(cube, kind, 1.0)
    both = s2sad.source(weighted, "vjp", X, 2.0)
    assert "def weighted_forward(" in both and "def weighted_reverse(" in both
    assert "def scale_reverse(" in s2sad.source(scale, "vjp", X, 2.0, outputs=("y",))
    with pytest.raises(s2sad.BadCall, match="value_and_grad, vjp"):
        s2sad.source(cube, "hessian", 1.0)


def test_it_runs_alone_and_imports_nothing_of_ours():
    text = s2sad.source(weighted, "grad", X, 2.0)
    assert "s2sad" not in text
    space = {}
    exec(text, space)
    assert np.array_equal(space["weighted_grad"](X, 2.0), 4.0 * X)


def test_types_from_examples_signatures_annotations_and_calls_in_that_order():
    @s2sad.differentiate
    def f(x, n=2):
        return x ** n

    with pytest.raises(s2sad.BadCall, match="not known") as e:
        f.source("grad")
    assert "signature=" in str(e.value)
    wanted = f.source("grad", signature="float32, int64")
    assert f.source("grad", np.float32(1.0)) == wanted
    assert f.source("grad", np.float32(1.0), signature="float64, int64") == wanted
    f(1.0)
    assert f.source("grad") == f.source("grad", signature=(numba.float64, numba.int64))
    f.grad(np.float32(1.0))
    assert f.source("grad") == wanted
    with pytest.raises(s2sad.BadCall, match="3 types"):
        f.source("grad", signature="float64, int64, int64")


def test_annotations():
    def f(x: "float64[::1]", a: float, n: np.int32, k=2):  # noqa: F821, UP037
        return a * x[0] * n

    assert s2sad.source(f, "grad") == s2sad.source(f, "grad", X, 1.0, np.int32(2), 2)


def test_signatures_are_parsed_and_not_evaluated():
    f8, i8 = numba.float64, numba.int64
    assert parse_signature("float64[:], float64[:, ::1], f8[::1, :], int") == (f8[:], f8[:, ::1], f8[::1, :], i8)
    assert parse_signature("numba.float64(types.float64, Tuple((float64, int64)), (int64, int64))") == (
        f8, numba.types.Tuple((f8, i8)), numba.types.UniTuple(i8, 2))
    assert parse_signature(f8(i8)) == (i8,)
    for text in ("__import__('os').abort()", "float65", "float64[1]", "float64[::2", "float64[::1, ::1]", 3):
        with pytest.raises(s2sad.BadCall, match="cannot be read"):
            parse_signature(text)


def test_tracebacks_find_the_lines():
    s2sad.grad(weighted)(X, 2.0)
    entry = s2sad.grad(weighted)._specialise((numba.float64[::1], numba.float64)).entry
    filename = entry.py_func.__code__.co_filename
    assert filename.startswith("<s2sad weighted_grad ")
    linecache.checkcache()
    assert "".join(linecache.getlines(filename)) == s2sad.source(weighted, "grad", X, 2.0)


def test_source_of_a_gradient():
    assert "def cube_grad_grad(" in s2sad.source(s2sad.grad(cube), "grad", 1.0)


def test_wrt_is_checked():
    with pytest.raises(s2sad.BadCall, match="'n'"):
        s2sad.source(fill, "adjoint", X, X, 3, wrt="n")
