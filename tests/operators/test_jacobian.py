"""Jacobians: structures, outputs, modes, compiled code, arrays for results, errors."""
from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import pytest

import s2sad
from tests.execution import execute

X, Y = np.array([0.3, 0.5, 0.7]), np.array([1.0, 2.0, 3.0])
MODES = ("forward", "reverse")


def run(f, args, wrt, mode, outputs=None):
    """The blocks as the generated source gives them, executed as plain Python."""
    made = s2sad.jacobian(f, wrt, mode, outputs)._specialise(tuple(map(numba.typeof, args))).generated
    return execute(made)[made.name](*[a.copy(order="K") if isinstance(a, np.ndarray) else a for a in args])


def several(x, a):
    y = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        y[i] = np.sin(x[i]) * a
    return y, a * a, 3


def in_place(x, y, a):
    s = 0.0
    for i in range(x.shape[0]):
        y[i] = y[i] * x[i] * a
        s += y[i] * y[i]
    return s


def swapped(x, y, n):
    u = x
    v = y
    for _ in range(n):
        for i in range(u.shape[0]):
            v[i] = 2 * u[i] + np.sin(v[i])
        u, v = v, u
    return u


@pytest.mark.parametrize("mode", MODES)
def test_several_outputs_and_arguments(mode):
    found = s2sad.jacobian(several, ("x", "a"), mode)(X, 2.0)
    (y_x, y_a), (s_x, s_a), none = found
    assert np.allclose(y_x, np.diag(2 * np.cos(X)), rtol=1e-15) and np.allclose(y_a, np.sin(X), rtol=1e-15)
    assert np.array_equal(s_x, np.zeros(3)) and s_a == 4.0 and none is None


@pytest.mark.parametrize("mode", MODES)
def test_outputs_that_are_written_to(mode):
    y_x, y_y, y_a, s_x, s_y, s_a = run(in_place, (X, Y, 2.0), ("x", "y", "a"), mode, ("y", "return"))
    z = 2.0 * X * Y
    assert np.allclose(y_x, np.diag(2 * Y)) and np.allclose(y_y, np.diag(2 * X)) and np.allclose(y_a, X * Y)
    assert np.allclose(s_x, 2 * z * 2 * Y) and np.allclose(s_y, 2 * z * 2 * X) and np.isclose(s_a, z @ (X * Y) * 2)
    # `y` is not among the outputs: what it holds in the end does not count.
    (only,) = run(in_place, (X, Y, 2.0), ("y",), mode, ("return",)),
    assert np.allclose(only, s_y)


@pytest.mark.parametrize("mode", MODES)
def test_arrays_swapped_in_a_loop(mode):
    by_x, by_y = run(swapped, (X, Y, 3), ("x", "y"), mode)
    h = 1e-30

    def f(x, y):
        u, v = x.astype(complex), y.astype(complex)
        for _ in range(3):
            u, v = 2 * u + np.sin(v), u
        return u

    columns = [f(X + 1j * h * e, Y).imag / h for e in np.eye(3)], [f(X, Y + 1j * h * e).imag / h for e in np.eye(3)]
    assert np.allclose(by_x, np.transpose(columns[0]), rtol=1e-14)
    assert np.allclose(by_y, np.transpose(columns[1]), rtol=1e-14)


def same(x):
    return x


def views(x):
    return x[1:], x[::-1]


def gram(x):
    return x.T @ x


def no_elements(x):
    return np.zeros((2, 0)) + 0.0 * np.sum(x)


@pytest.mark.parametrize("mode", MODES)
def test_results_that_are_the_argument(mode):
    assert np.array_equal(run(same, (X,), "x", mode), np.eye(3))
    tail, back = run(views, (X,), "x", mode)
    assert np.array_equal(tail, np.eye(3)[1:]) and np.array_equal(back, np.eye(3)[::-1])


@pytest.mark.parametrize("mode", MODES)
def test_arrays_without_elements(mode):
    assert run(same, (np.zeros(0),), "x", mode).shape == (0, 0)
    assert run(no_elements, (X,), "x", mode).shape == (2, 0, 3)
    assert run(no_elements, (np.zeros(0),), "x", mode).shape == (2, 0, 0)


@pytest.mark.parametrize("mode", MODES)
def test_matrices_in_both_orders(mode):
    a = np.arange(6.0).reshape(2, 3)
    e = np.eye(6).reshape(2, 3, 2, 3)
    wanted = np.einsum("kimn,kj->ijmn", e, a) + np.einsum("ki,kjmn->ijmn", a, e)
    assert np.allclose(run(gram, (a,), "x", mode), wanted)
    assert np.allclose(run(gram, (np.asfortranarray(a),), "x", mode), wanted)


def pair(x, a):
    return x * a


@pytest.mark.parametrize("mode", MODES)
def test_single_precision_stays(mode):
    by_x, by_a = run(pair, (X.astype(np.float32), np.float32(2.0)), ("x", "a"), mode)
    assert by_x.dtype == by_a.dtype == np.float32 and np.allclose(by_a, X)


def partly(x, y):
    return s2sad.stop_gradient(x) * y + x[0]


@pytest.mark.parametrize("mode", MODES)
def test_stopped_gradients(mode):
    assert np.array_equal(run(partly, (X, Y), "x", mode), np.outer(np.ones(3), [1, 0, 0]))


@dataclass
class Layer:
    w: np.ndarray
    b: float


def layer(p, x):
    return {"out": p.w @ x + p.b, "size": x.shape[0]}


def test_structured_arguments_and_results():
    w, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -1.0])
    found = s2sad.jacobian(layer, ("p", "x"), "reverse")(Layer(w, 2.0), x)
    by_p, by_x = found["out"]
    assert isinstance(by_p, Layer) and np.array_equal(by_p.b, [1.0, 1.0]) and np.array_equal(by_x, w)
    assert np.array_equal(by_p.w, np.einsum("ij,k->ijk", np.eye(2), x)) and found["size"] is None


def test_auto_takes_the_fewer_runs():
    wide = s2sad.jacobian(narrow)
    assert np.array_equal(wide(np.ones(5)), np.ones((2, 5)))
    assert {k[1] for k in wide._plans if len(k) == 3} == {"jacrev"}
    tall = s2sad.jacobian(widened)
    assert np.array_equal(tall(np.ones(2)), np.ones((6, 2)))
    assert {k[1] for k in tall._plans if len(k) == 3} == {"jacfwd"}


def narrow(x):
    return np.sum(x) * np.ones(2)


def widened(x):
    return np.sum(x) * np.ones(6)


def test_compiled_code_and_arrays_for_results():
    jac = s2sad.jacobian(several, ("x", "a"), "forward")
    into = jac.into
    hvp = s2sad.hvp(cubes, ("x", "a"))
    hvp_into = hvp.into

    @numba.njit
    def use(x, v):
        out = (np.empty((3, 3)), np.empty(3)), (np.empty(3), np.empty(())), None
        into(out, x, 2.0)
        product = np.empty(3), np.empty(())
        hvp_into(product, x, 2.0, (v, 1))
        return jac(x, 2.0), out, hvp(x, 2.0, (v[::-1][::-1], 1.0)), product

    (returned, written, product, product_written) = use(X, Y)
    for k in range(2):
        for j in range(2):
            assert np.array_equal(returned[k][j], written[k][j])
    assert np.array_equal(returned[0][0], np.diag(2 * np.cos(X)))
    assert np.allclose(product[0], 12 * X * Y + 3 * X**2) and np.isclose(product[1], 3 * X**2 @ Y)
    assert np.array_equal(product[0], product_written[0]) and product[1] == product_written[1]


def cubes(x, a):
    return a * np.sum(x ** 3)


def test_arrays_for_results_from_python():
    jac = s2sad.jacobian(same, mode="forward")
    store = np.zeros((5, 3))
    assert jac.into(store[1:4][::-1], X).base is not None
    assert np.array_equal(store[1:4][::-1], np.eye(3)) and not store[0].any() and not store[4].any()
    with pytest.raises(s2sad.BadCall, match="float64 with 2 axes, not one of float32"):
        jac.into(np.zeros((3, 3), np.float32), X)
    with pytest.raises(ValueError, match="does not fit"):
        jac.into(np.zeros((3, 2)), X)
    with pytest.raises(s2sad.BadCall, match="overlaps an argument"):
        jac.into(store[:3], store[2])
    fixed = np.zeros((3, 3))
    fixed.flags.writeable = False
    with pytest.raises(s2sad.BadCall, match="read-only"):
        jac.into(fixed, X)


def noisy(x):
    return x * np.random.normal()


def speaking(x):
    print("once")
    return x * x


def complex_square(z):
    return z * z


def test_what_is_refused():
    with pytest.raises(s2sad.BadCall, match="no mode"):
        s2sad.jacobian(same, mode="both")
    with pytest.raises(s2sad.UnsupportedFunction, match="draws random numbers") as e:
        s2sad.jacfwd(noisy)(X)
    assert e.value.loc.line == noisy.__code__.co_firstlineno + 1
    with pytest.raises(s2sad.UnsupportedFunction, match="prints"):
        s2sad.jacfwd(speaking)(X)
    with pytest.raises(s2sad.BadCall, match="complex"):
        s2sad.jacobian(complex_square, mode="reverse")(X + 0j)
    with pytest.raises(s2sad.BadCall, match="array of int64"):
        s2sad.jacobian(same)(np.arange(3))
    with pytest.raises(s2sad.BadCall, match="returns nothing"):
        s2sad.jacobian(fills)(X)
    with pytest.raises(s2sad.BadCall, match="overlap in memory"):
        s2sad.jacobian(swapped, ("x", "y"), "forward")(X, X, 2)
    with pytest.raises(s2sad.BadCall, match="returns an array"):
        s2sad.hessian(same)(X)


def fills(x):
    x[:] = 1.0


def test_effects_happen_once_in_auto_mode(capfd):
    assert np.allclose(s2sad.jacobian(speaking)(X), np.diag(2 * X))
    assert capfd.readouterr().out == "once\n"


def test_directions_are_checked():
    h = s2sad.hvp(cubes)
    assert np.allclose(h(X, 2.0, Y), 12 * X * Y)
    for wrong in (np.ones(2), np.ones(3, np.float32), [1.0, 1.0, 1.0], 1.0):
        with pytest.raises(s2sad.BadCall, match="the direction has to be"):
            h(X, 2.0, wrong)
    with pytest.raises(s2sad.BadCall, match="arguments of cubes and a direction"):
        h()
    use = numba.njit(lambda h, x, v: h(x, 2.0, v))
    with pytest.raises(ValueError, match="the shape of the direction"):
        use(h, X, np.ones(2))
