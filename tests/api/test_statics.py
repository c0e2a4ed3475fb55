"""Functions and texts as arguments of the differentiated function: a derivative for each, and never another's."""
import functools
import gc
import math

import numba
import numpy as np
import pytest

import s2sad
from s2sad.errors import S2sadError


def integrate(f, a, b, n=40):
    h = (b - a) / n
    s = 0.0
    for i in range(n):
        s += f(a + (i + 0.5) * h)
    return s * h


@numba.njit
def cube(v):
    return v * v * v


def root(v):
    return math.sqrt(v + 1.0)


@s2sad.differentiate
def wave(v):
    return v * math.sin(v)


def line(slope):
    def f(v):
        return slope * v
    return f


FUNCTIONS = [cube, root, wave, math.exp, np.cos, abs, lambda v: v * v, lambda v: 1.0 / (v + 2.0), line(2.0), line(3.0)]


def by_differences(f, b, h=1e-5):
    plain = getattr(f, "py_func", f)
    return (integrate(plain, 0.0, b + h) - integrate(plain, 0.0, b - h)) / (2 * h)


def test_each_function_its_own_derivative():
    g = s2sad.grad(integrate, wrt="b")
    for _ in range(2):
        for f in FUNCTIONS:
            assert g(f, 0.0, 1.5) == pytest.approx(by_differences(f, 1.5), rel=1e-8)
    second = s2sad.grad(g, wrt="b")
    for f in FUNCTIONS:
        want = (g(f, 0.0, 1.5001) - g(f, 0.0, 1.4999)) / 2e-4
        assert second(f, 0.0, 1.5) == pytest.approx(want, rel=1e-6, abs=1e-8)


def test_found_again_for_the_same_function():
    program = s2sad.api.program.program_of(integrate)
    assert program.bound({"f": cube}) is program.bound({"f": cube})
    assert program.bound({"f": line(1.0)}) is not program.bound({"f": line(1.0)})
    g = s2sad.grad(integrate, wrt="b")
    f = line(5.0)
    g(f, 0.0, 1.0)
    done = program.bound({"f": f})._done
    assert len(done) == 1
    g(f, 0.0, 2.0)
    assert len(done) == 1


def test_functions_made_anew_are_never_mistaken():
    g = s2sad.grad(integrate, wrt="b")
    for k in range(5):
        # The one before is collected, and its address may be taken again.
        f = line(float(k))
        assert g(f, 0.0, 2.0, 10) == pytest.approx(2.0 * k)
        del f
        gc.collect()


def test_other_ways_to_ask():
    value, pullback = s2sad.vjp(integrate, cube, 0.5, 1.5)
    assert pullback(1.0) == pytest.approx((-by_differences(cube, 0.5), by_differences(cube, 1.5)), abs=1e-3)
    assert s2sad.vjp(integrate, cube, 0.5, 1.5, wrt=(2, 1))[1](1.0) == pullback(1.0)[::-1]
    again, d = s2sad.jvp(integrate, (cube, 0.5, 1.5), (None, 0.25, -1.0))
    assert again == value and d == pytest.approx(0.25 * pullback(1.0)[0] - pullback(1.0)[1])
    assert s2sad.value_and_grad(integrate, wrt=1)(b=1.5, a=0.5, f=cube) == (value, pullback(1.0)[0])
    text = s2sad.source(integrate, "grad", cube, 0.5, 1.5, wrt="b")
    assert "def integrate_grad(a, b, n):" in text and text != s2sad.source(integrate, "grad", root, 0.5, 1.5, wrt="b")
    s2sad.check_grads(integrate, (root, 0.5, 1.5), wrt=("a", "b"), order=2)


def test_called_as_a_differentiable():
    f = s2sad.differentiate(integrate, wrt="b")
    assert f(root, 0.0, 1.0) == pytest.approx(integrate(root, 0.0, 1.0))
    assert f(cube, 0.0, 1.0) == pytest.approx(integrate(cube.py_func, 0.0, 1.0))
    assert f(wave, 0.0, 1.0) == pytest.approx(integrate(wave, 0.0, 1.0))
    assert f.grad(root, 0.0, 1.0) == pytest.approx(by_differences(root, 1.0))


def test_inside_compiled_code():
    g = s2sad.grad(integrate, wrt="b")

    @numba.njit
    def both(b):
        return g(cube, 0.0, b, 40) + 10.0 * g(math.exp, 0.0, b, 40)

    assert both(1.5) == pytest.approx(g(cube, 0.0, 1.5) + 10.0 * g(math.exp, 0.0, 1.5))


def pair(fs, x, how="sum"):
    if how == "sum":
        return fs[0](x) + fs[1](x)
    elif how in ("product", "times"):
        return fs[0](x) * fs[1](x)
    return fs[0](fs[1](x))


def test_texts_and_tuples_of_functions():
    g = s2sad.grad(pair, wrt="x")
    fs = (math.sin, cube)
    assert g(fs, 0.7) == pytest.approx(math.cos(0.7) + 3 * 0.49)
    assert g(fs, 0.7, "times") == pytest.approx(math.cos(0.7) * 0.343 + math.sin(0.7) * 3 * 0.49)
    assert g(fs, 0.7, how="chain") == pytest.approx(math.cos(0.343) * 3 * 0.49)
    assert g((cube, math.sin), 0.7, "chain") == pytest.approx(3 * math.sin(0.7) ** 2 * math.cos(0.7))
    assert g(fs, 0.7) == pytest.approx(math.cos(0.7) + 3 * 0.49)


def fill(f, y):
    for i in range(y.shape[0]):
        f(y, i)


def step(y, i):
    y[i] = y[i] * y[i] * y[0]


def test_functions_that_write():
    y = np.array([1.5, 2.0, 3.0])
    value, pullback = s2sad.vjp(fill, step, y.copy(), outputs=("y",))
    by_hand = y.copy()
    fill(step, by_hand)
    np.testing.assert_allclose(value[0], by_hand)
    got = pullback((np.array([0.0, 1.0, 0.0]),))[0]
    # y1 y1 y0^3
    np.testing.assert_allclose(got, [2.0 ** 2 * 3 * 1.5 ** 2, 2 * 2.0 * 1.5 ** 3, 0.0])


@pytest.mark.parametrize("call, words", [
    (lambda: s2sad.grad(integrate)(cube, 0.0, 1.0), "S2S041"),
    (lambda: s2sad.grad(integrate, wrt="f")(cube, 0.0, 1.0), "S2S041"),
    (lambda: s2sad.grad(integrate, wrt="b")(functools.partial(pow, 2.0), 0.0, 1.0), "S2S043"),
    (lambda: s2sad.grad(integrate, wrt="b")("a text", 0.0, 1.0), "S2S023"),
    (lambda: s2sad.jvp(integrate, (cube, 0.0, 1.0), (1.0, 0.0, 1.0)), "S2S043"),
    (lambda: s2sad.tangent(integrate, wrt="b")(cube, 0.0, 1.0, 1.0, 3), "S2S043"),
    (lambda: s2sad.source(integrate, "grad", signature="float64, float64", wrt="b"), "S2S044"),
])
def test_refused(call, words):
    with pytest.raises(S2sadError, match=words):
        call()


# ---------------------------------------------------------------- names of parameters

def test_parameters_called_like_what_generated_code_uses():
    prange = numba.prange

    def awkward(np, d_x, max=2.0, *, zmul=1.0, tape=0.5):
        b_np = np * d_x
        range = max * tape
        for math in prange(2):  # noqa: F402
            b_np = b_np * zmul + range * (np if math == 0 else d_x)
        return b_np

    def polite(a, b, c=2.0, *, d=1.0, e=0.5):
        return a * b * d * d + c * e * a * d + c * e * b

    names, others = ("np", "d_x", "max", "zmul", "tape"), ("a", "b", "c", "d", "e")
    want = s2sad.grad(polite, wrt=others)(1.5, 0.7, 3.0, d=1.2, e=0.8)
    assert s2sad.grad(awkward, wrt=names)(1.5, 0.7, 3.0, zmul=1.2, tape=0.8) == pytest.approx(want)
    assert s2sad.vjp(awkward, 1.5, 0.7, wrt=("max", "np"))[1](1.0) == pytest.approx(
        s2sad.vjp(polite, 1.5, 0.7, wrt=("c", "a"))[1](1.0))
    second = s2sad.grad(s2sad.grad(awkward, wrt="np"), wrt="zmul")(1.5, 0.7, zmul=1.2)
    assert second == pytest.approx(s2sad.grad(s2sad.grad(polite, wrt="a"), wrt="d")(1.5, 0.7, d=1.2))
    assert s2sad.tangent(awkward, wrt="np")(1.5, 1.0, 0.7, 3.0, 1.2, 0.8)[1] == pytest.approx(want[0])


def test_written_parameters_called_like_what_generated_code_uses():
    x, y = np.array([1.5, 2.0]), np.array([3.0, 4.0])

    def squares(np, range):
        for i in prange(np.shape[0]):
            np[i] = np[i] * np[i] * range[i]

    prange = numba.prange
    value, pullback = s2sad.vjp(squares, x, y, outputs="np")
    np.testing.assert_allclose(value[0], x * x * y)
    gx, gy = pullback((np.array([1.0, 10.0]),))
    np.testing.assert_allclose(gx, 2 * x * y * [1.0, 10.0])
    np.testing.assert_allclose(gy, x * x * [1.0, 10.0])
