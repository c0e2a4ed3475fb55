"""Tangents with several directions: the same as one direction at a time, for programs of every kind."""
from __future__ import annotations

import numba
import numpy as np
import pytest

import s2sad
from tests.derivatives.programs import CASES
from tests.derivatives.test_programs import parameters
from tests.execution import copied, execute, generate, tangent_arguments

WIDTH = 3
SAMPLE = sorted(CASES)[::9]


def case(name):
    f, args, wrt = CASES[name]
    rng = np.random.default_rng(11)
    places = [parameters(f).index(n) for n in wrt]
    return f, args, wrt, [{n: rng.normal(size=np.shape(args[k]))[()] for n, k in zip(wrt, places)}
                          for _ in range(WIDTH)]


def vector_arguments(generated, args, directions):
    out = []
    for p, a in zip(generated.interface.params, copied(args)):
        out.append(a)
        if p in generated.interface.active:
            d = np.zeros((*np.shape(a), WIDTH))
            for k, given in enumerate(directions):
                d[..., k] = given.get(p, 0.0)
            out.append(d)
    return out


@pytest.mark.parametrize("name", SAMPLE)
def test_each_direction(name):
    f, args, wrt, directions = case(name)
    try:
        vector = generate(f, args, "vector_tangent", wrt, width=WIDTH)
    except s2sad.UnsupportedFunction as e:
        assert "a call of" in str(e)            # a function that stays one: directions are taken one at a time
        return
    value, moved = execute(vector)[vector.name](*vector_arguments(vector, args, directions))
    plain = generate(f, args, "tangent", wrt)
    for k, d in enumerate(directions):
        one, wanted = execute(plain)[plain.name](*tangent_arguments(plain, args, d))
        assert value == one
        assert abs(moved[k] - wanted) <= 1e-13 * (1.0 + abs(wanted))


def products(x, a):
    y = a @ x
    b = a @ a
    return np.dot(y, x), x @ b


def test_products_of_vectors_and_matrices():
    x, a = np.array([0.5, -1.0, 2.0]), np.arange(9.0).reshape(3, 3) / 5
    made = s2sad.jacobian(products, ("x", "a"), "forward")._specialise(tuple(map(numba.typeof, (x, a)))).generated
    assert "products_directions" in made.source
    s_x, s_a, v_x, v_a = execute(made)[made.name](x, a)
    assert np.allclose(s_x, (a + a.T) @ x) and np.allclose(s_a, np.outer(x, x))
    assert np.allclose(v_x, (a @ a).T)
    e = np.eye(3)
    assert np.allclose(v_a, np.einsum("m,nj->jmn", x, a) + np.einsum("m,jn->jmn", a.T @ x, e))


def falls(x, n):
    return x if n == 0 else np.sin(falls(x, n - 1)) * x


@pytest.mark.parametrize("width", [1, 2, 5])
def test_widths_and_remainders(width):
    def f(x, y, a):
        s = np.zeros(x.shape[0])
        for i in range(x.shape[0]):
            for j in range(y.shape[1]):
                s[i] += x[i] * y[0, j] * a * y[1, j]
        return s
    x, y, a = np.array([1.0, 2.0, 3.0]), np.array([[1.0, -1.0], [0.5, 2.0]]), 0.7
    jac = s2sad.jacobian(f, ("y", "x", "a"), "forward", width=width)
    made = jac._specialise(tuple(map(numba.typeof, (x, y, a)))).generated
    by_y, by_x, by_a = execute(made)[made.name](x, y, a)
    assert np.allclose(by_y, np.einsum("i,kj->ikj", a * x, y[::-1])) and np.allclose(by_a, x * (y[0] @ y[1]))
    assert np.allclose(by_x, np.eye(3) * a * (y[0] @ y[1]))


def test_what_cannot_have_several_directions_is_done_one_by_one():
    made = s2sad.jacfwd(falls)
    x = 0.6
    h = 1e-30
    z = x + 1j * h
    wanted = (np.sin(np.sin(z * 1) * z) * z).imag / h
    assert np.isclose(made(x, 2), wanted, rtol=1e-14)
    with pytest.raises(s2sad.UnsupportedFunction, match="several directions"):
        s2sad.source(falls, "vector_tangent", x, 2)


def test_widths_are_checked():
    for wrong in (0, -1, 65, 2.0, True):
        with pytest.raises(s2sad.BadCall, match="the width of a tangent"):
            s2sad.jacobian(products, width=wrong)
