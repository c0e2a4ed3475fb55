"""``jvp`` and ``vjp``: structures, outputs, ownership, errors."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import s2sad
from tests.api.programs import cube, fill, scale, weighted

X = np.array([1.0, 2.0, 3.0])
V = np.array([1.0, 0.0, -1.0])


def test_jvp_of_a_number():
    assert s2sad.jvp(weighted, (X, 2.0), (V, None)) == (28.0, float(4.0 * X @ V))
    assert s2sad.jvp(weighted, (X, 2.0), (V, 1.0)) == (28.0, float(4.0 * X @ V) + 14.0)
    assert s2sad.jvp(weighted, (X, 2.0), (None, None)) == (28.0, 0.0)


def test_jvp_with_outputs_copies_what_is_written():
    out, v, d = np.ones(3), np.zeros(3), np.array([1.0, 0.0, 0.0])
    (s, y), (ds, dy) = s2sad.jvp(fill, (out, X, 3), (v, d, None), outputs=("return", "out"))
    assert s == (6.0, 3) and np.array_equal(y, X)
    assert ds == (1.0, 0) and np.array_equal(dy, d)
    assert out.sum() == 3.0 and not v.any() and d[0] == 1.0
    (y,), (dy,) = s2sad.jvp(scale, (X, 2.0), (None, 1.0), outputs="y")
    assert np.array_equal(y, 4.0 * X) and np.array_equal(dy, 4.0 * X)


def test_jvp_of_an_array_keeps_the_caller_arrays_apart():
    def g(x):
        y = x.copy()
        y[0] = x[0] * x[1]
        return y

    v = np.ones(3)
    value, d = s2sad.jvp(g, (X,), (v,))
    assert np.array_equal(value, [2.0, 2.0, 3.0]) and np.array_equal(d, [3.0, 1.0, 1.0])
    assert not np.may_share_memory(d, v)


@pytest.mark.parametrize("tangents, message", [
    ((np.ones(2), None), "shape"),
    ((np.ones(3, np.float32), None), "float32"),
    ((1.0, None), "array"),
    ((None, np.ones(2)), "real number"),
    ((None, 1j), "real number"),
    ((V,), "1 tangents"),
    (V, "tuple"),
])
def test_jvp_tangents_that_do_not_fit(tangents, message):
    with pytest.raises(s2sad.BadCall, match=message):
        s2sad.jvp(weighted, (X, 2.0), tangents)


def test_jvp_integers_take_no_tangent():
    assert s2sad.jvp(fill, (np.ones(3), X, 3), (None, V, 0))[1] == (0.0, 0)
    with pytest.raises(s2sad.BadCall, match="'n'"):
        s2sad.jvp(fill, (np.ones(3), X, 3), (None, V, 1.0))


def test_procedures_and_outputs_that_are_none():
    with pytest.raises(s2sad.BadCall, match="writes to 'y'"):
        s2sad.jvp(scale, (X, 2.0), (None, 1.0))
    with pytest.raises(s2sad.BadCall, match="writes to 'y'"):
        s2sad.vjp(scale, X, 2.0)
    for outputs, message in (("z", "not a parameter"), (("a",), "does not write to 'a'"), ((), "empty"),
                             (("return",), "returns nothing"), (("y", "y"), "twice")):
        with pytest.raises(s2sad.BadCall, match=message):
            s2sad.vjp(scale, X, 2.0, outputs=outputs)
        with pytest.raises(s2sad.BadCall, match=message):
            s2sad.jvp(scale, (X, 2.0), (None, 1.0), outputs=outputs)


def test_vjp_by_default_goes_to_every_float():
    value, pullback = s2sad.vjp(weighted, X, 2.0)
    assert value == 28.0
    gx, ga = pullback(1.0)
    assert np.array_equal(gx, 4.0 * X) and ga == 14.0
    (ga,) = s2sad.vjp(weighted, X, 2.0, wrt="a")[1](2.0)
    assert ga == 28.0
    gx, ga = s2sad.vjp(weighted, X.astype(np.float32), np.float32(2.0))[1](1.0)
    assert gx.dtype == np.float32 and type(ga) is np.float32
    # The decorator's choice comes before that.
    assert len(s2sad.differentiate(weighted, wrt="a").vjp(X, 2.0)[1](1.0)) == 1


def test_vjp_with_outputs():
    x, out = X.copy(), np.ones(3)
    value, pullback = s2sad.vjp(fill, out, x, 3, outputs=("out", "return"))
    assert np.array_equal(value[0], X) and value[1] == (6.0, 3)
    g_out, g_x = pullback((V, (2.0, None)))
    assert np.array_equal(g_out, X * (V + 2.0)) and np.array_equal(g_x, V + 2.0)
    assert np.array_equal(out, np.ones(3))
    # Nothing done to arguments or value reaches the pullback, and it can be called again.
    x[:] = out[:] = np.nan
    value[0][:] = np.nan
    again = pullback((V, (2.0, 0)))
    assert np.array_equal(again[0], g_out) and np.array_equal(again[1], g_x)
    assert np.array_equal(pullback((None, (1.0, None)))[0], X)


def test_vjp_runs_the_primal_once(capfd):
    def loud(x):
        print("running")
        return x * x

    value, pullback = s2sad.vjp(loud, 3.0)
    assert (pullback(1.0), pullback(2.0)) == ((6.0,), (12.0,))
    assert capfd.readouterr().out.count("running") == 1


def test_pullbacks_run_concurrently():
    def steps(x, n):
        y = x.copy()
        for _ in range(n):
            for i in range(1, y.shape[0]):
                y[i] = y[i] * y[i - 1] + x[i]
        return y

    x = np.linspace(0.1, 0.9, 50)
    _, pullback = s2sad.vjp(steps, x, 20)
    seeds = [np.eye(50)[k] for k in range(16)]
    expected = [pullback(s)[0] for s in seeds]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda s: pullback(s)[0], seeds))
    assert all(np.array_equal(a, b) for a, b in zip(found, expected))


@pytest.mark.parametrize("cotangent, message", [
    (V, "tuple of 2"),
    ((V,), "tuple of 2"),
    ((V, 1.0), r"\[1\] has to be a tuple"),
    ((np.ones(2), (1.0, None)), r"the cotangent\[0\] has to be an array of shape \(3,\)"),
    ((V.astype(np.float32), (1.0, None)), "float32"),
    ((V, (1.0, 1.0)), r"\[1\]\[1\] has to be None or zero"),
    ((V, (X, None)), "real number"),
])
def test_cotangents_that_do_not_fit(cotangent, message):
    _, pullback = s2sad.vjp(fill, np.ones(3), X, 3, outputs=("out", "return"))
    with pytest.raises(s2sad.BadCall, match=message):
        pullback(cotangent)


def test_overlap_is_refused():
    memory = np.ones(6)
    with pytest.raises(s2sad.BadCall, match="overlap"):
        s2sad.vjp(fill, memory[:4], memory[2:], 3)
    with pytest.raises(s2sad.BadCall, match="overlap"):
        s2sad.jvp(fill, (memory[:4], memory[2:], 3), (None, None, None))


def test_products_of_gradients():
    assert s2sad.jvp(s2sad.grad(cube), (2.0,), (1.0,)) == (12.0, 12.0)
    value, pullback = s2sad.vjp(s2sad.grad(cube), 2.0)
    assert (value, pullback(1.0)) == (12.0, (12.0,))


def test_forward_over_reverse_is_a_hessian_vector_product():
    def quartic(x):
        s = 0.0
        for i in range(x.shape[0]):
            s += x[i] ** 4 + x[i] * x[i - 1]
        return s

    _, hv = s2sad.jvp(s2sad.grad(quartic), (X,), (V,))
    coupling = np.ones((3, 3)) - np.eye(3)
    assert np.allclose(hv, (np.diag(12 * X ** 2) + coupling) @ V, rtol=1e-14)
