"""One array given for several parameters, one of which is written to."""
import numpy as np
import pytest

import s2sad
from s2sad import numeric

X = np.array([1.3, 0.7, 1.7, 0.4])


def smooth(y, x, k):
    for i in range(1, 4):
        y[i] = y[i] + k * x[i - 1] * x[i]
    return np.sum(y * x)


def smooth_one(a, k):
    return smooth(a, a, k)


def rebinds(x, y):
    x[0] = y[1] * y[0]
    y = y * 2.0
    y += x
    x *= y[::-1]
    return np.sum(x) * y[0]


def rebinds_one(a):
    return rebinds(a, a)


def reads(x, y):
    return np.sum(x * x * y)


@pytest.mark.parametrize("wrt", ["y", "x", 0, ("x",), ("k", "x")])
def test_one_storage(wrt):
    value, gradient = s2sad.value_and_grad(smooth, wrt=wrt)(*(2 * (X.copy(),)), 0.3)
    by_a = numeric.gradient(smooth_one, (X.copy(), 0.3), wrt="a").value
    by_k = numeric.gradient(smooth_one, (X.copy(), 0.3), wrt="k").value
    assert value == pytest.approx(smooth_one(X.copy(), 0.3), rel=1e-14)
    want = (by_a,) if wrt == ("x",) else (by_k, by_a) if wrt == ("k", "x") else by_a
    for got, right in zip(gradient, want) if isinstance(want, tuple) else [(gradient, want)]:
        np.testing.assert_allclose(got, right, rtol=1e-9)


def test_views_of_the_same_elements_and_rebinding():
    a = X.copy()
    want = numeric.gradient(rebinds_one, (X.copy(),)).value
    np.testing.assert_allclose(s2sad.grad(rebinds)(a[:], a[:]), want, rtol=1e-9)
    assert np.array_equal(a, X), "the caller's array is untouched"
    strided = np.repeat(X, 2)
    np.testing.assert_allclose(s2sad.grad(rebinds)(strided[::2], strided[::2]), want, rtol=1e-9)


def test_separate_arrays_are_still_separate():
    gradient = s2sad.grad(smooth, wrt=("y", "x"))(X.copy(), X.copy(), 0.3)
    want = numeric.gradient(smooth, (X.copy(), X.copy(), 0.3), wrt=("y", "x")).value
    for got, right in zip(gradient, want):
        np.testing.assert_allclose(got, right, rtol=1e-9)


def test_by_both_names_is_refused():
    a = X.copy()
    with pytest.raises(s2sad.BadCall, match="one array") as refusal:
        s2sad.grad(smooth, wrt=("x", "y"))(a, a, 0.3)
    assert refusal.value.code == "S2S051"


def test_parts_that_overlap_are_refused():
    a = X.copy()
    with pytest.raises(s2sad.BadCall, match="overlap"):
        s2sad.grad(rebinds)(a[1:], a[:-1])


def test_what_is_only_read_is_independent():
    a = X.copy()
    np.testing.assert_allclose(s2sad.grad(reads)(a, a), 2.0 * X * X, rtol=1e-14)


def by_a_number(t, x, y):
    x[0] = t * t * y[1]
    return x[0] * y[0] + np.sum(x * y)


@pytest.mark.parametrize("derivative", [
    lambda a: s2sad.jvp(s2sad.grad(rebinds), (a, a), (np.ones(4), None)),
    lambda a: s2sad.vjp(s2sad.grad(rebinds), a, a),
    lambda a: s2sad.grad(s2sad.grad(by_a_number))(0.7, a, a),
    lambda a: s2sad.grad(s2sad.grad(s2sad.grad(by_a_number)))(0.7, a, a),
])
def test_derivatives_of_gradients_do_not_take_one_array_for_two(derivative):
    with pytest.raises(s2sad.S2sadError, match="overlap in memory") as e:
        derivative(X.copy())
    assert e.value.code == "S2S051"


def fills(y, x, k):
    for i in range(1, 4):
        y[i] = y[i] * x[i - 1] + k
    return y[3] * x[0]


def fills_one(a, k):
    return fills(a, a, k)


@pytest.mark.parametrize("tangents", [(X, None), (None, X), "both"])
def test_jvp_of_one_array(tangents):
    a, t = X.copy(), X * X
    given = (t, t) if tangents == "both" else tuple(None if g is None else t for g in tangents)
    value, change = s2sad.jvp(fills, (a, a, 0.3), (*given, 1.0))
    assert value == pytest.approx(fills_one(X.copy(), 0.3), rel=1e-14)
    by_a, by_k = numeric.gradient(fills_one, (X.copy(), 0.3), wrt=("a", "k")).value
    assert change == pytest.approx(np.dot(by_a, t) + by_k, rel=1e-9)
    assert np.array_equal(a, X), "the caller's array is untouched"


def test_vjp_of_one_array():
    a = X.copy()
    value, pullback = s2sad.vjp(fills, a, a, 0.3, wrt=("k", "x"))
    assert value == pytest.approx(fills_one(X.copy(), 0.3), rel=1e-14)
    by_a, by_k = numeric.gradient(fills_one, (X.copy(), 0.3), wrt=("a", "k")).value
    for _ in range(2):
        got_k, got_a = pullback(1.0)
        np.testing.assert_allclose(got_a, by_a, rtol=1e-9)
        assert got_k == pytest.approx(by_k, rel=1e-9)


def test_what_one_array_ends_as():
    a = X.copy()
    weights = np.array([0.3, -1.0, 0.5, 2.0])
    (end,), pullback = s2sad.vjp(fills, a, a, 0.3, wrt="x", outputs="y")
    final = X.copy()
    fills_one(final, 0.3)
    assert np.array_equal(end, final) and np.array_equal(a, X)

    def weighted(a):
        b = a.copy()
        fills_one(b, 0.3)
        return np.dot(weights, b)

    np.testing.assert_allclose(pullback((weights,))[0], numeric.gradient(weighted, (X,)).value, rtol=1e-9)
    (end,), (change,) = s2sad.jvp(fills, (a, a, 0.3), (X, None, None), outputs=("y",))
    assert np.array_equal(end, final)
    assert np.dot(weights, change) == pytest.approx(np.dot(X, numeric.gradient(weighted, (X,)).value), rel=1e-9)


def test_one_array_has_one_tangent_and_one_gradient():
    a = X.copy()
    with pytest.raises(s2sad.BadCall, match="two tangents") as refusal:
        s2sad.jvp(fills, (a, a, 0.3), (X, 2.0 * X, None))
    assert refusal.value.code == "S2S051" and refusal.value.hint
    with pytest.raises(s2sad.BadCall, match="wrt names both") as refusal:
        s2sad.vjp(fills, a, a, 0.3)
    assert refusal.value.code == "S2S051" and refusal.value.hint


def test_one_array_partly_is_refused_in_products_too():
    a = np.append(X, 0.2)
    with pytest.raises(s2sad.BadCall, match="overlap"):
        s2sad.vjp(fills, a[1:], a[:-1], 0.3)
    with pytest.raises(s2sad.BadCall, match="overlap"):
        s2sad.jvp(fills, (a[1:], a[:-1], 0.3), (X, None, None))
